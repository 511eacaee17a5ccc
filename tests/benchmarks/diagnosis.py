"""``python -m tests.benchmarks.diagnosis``: how often a verdict is right, on runs whose truth is known otherwise.

What is true of a run comes from how it was set up and from counterfactual runs with the same seed, never from the
curves that the rules read: the same run with η ten times smaller or larger, without λ, with other first weights, with
four times the width; the same run trained twice as long; held-out examples that the rules don't see.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

TRUTHS = {
    "η too large": {"diverged", "rising", "oscillating", "dead", "eta-large"},
    "η too small": {"too-slow", "eta-small"},
    "no better than chance": {"chance", "constant", "class-shares", "flat", "diverged"},
    "overfitting": {"overfitting"},
    "still improving": {"still-improving"},
    "λ crushing": {"lambda-crushing"},
    "network too small": {"underfitting"},
    "ReLUs dead": {"dead"},
    "saturated first weights": {"saturated-from-start"},
}
"""A truth, and the codes that say it."""

_ETAS = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
_LAMBDAS = (0.0, 1.0, 10.0, 100.0)  # for 1,000 examples; 10 is the lecture's 500 on all of MNIST
_HELD_OUT = 2_000
_VALIDATION = 300


def planned(n: int) -> int:
    """Epochs until the rules look: many where they are short."""
    return 60 if n < 200 else 12


@dataclass(frozen=True)
class Setting:
    """What a run was made with; ``key`` finds its counterfactuals."""

    hidden: tuple[int, ...]
    activation: str
    output: str
    weights: str
    n: int
    eta: float
    lmbda: float
    seed: int


@dataclass
class Labelled:
    """A run's verdicts at its planned end, and what is true of it."""

    setting: Setting
    said: set[str]
    true: set[str]
    first: str
    open: set[str]
    """Truths that can't be told: their counterfactual is missing or in between."""


@dataclass
class Seen:
    """A run to twice its planned end: what the rules may read, and what they may not."""

    events: list[dict[str, Any]]
    known: list[str]  # codes of what is known before training
    data_cost: Any  # training, (2E,)
    accuracy: Any  # held out
    cost: Any
    training_accuracy: Any
    dead: float


def shapes(part: str) -> list[tuple[tuple[int, ...], str, str, str, int]]:
    """Networks of the tuning part, and others of the held-out part."""
    if part == "tune":
        return [
            ((), "sigmoid", "sigmoid", "scaled", 1000),
            ((3,), "sigmoid", "sigmoid", "scaled", 1000),
            ((30,), "sigmoid", "sigmoid", "scaled", 500),
            ((30,), "sigmoid", "sigmoid", "standard", 500),
            ((30,), "relu", "softmax", "he-normal", 500),
            ((20, 20), "tanh", "sigmoid", "scaled", 500),
            ((30,), "sigmoid", "sigmoid", "scaled", 100),
            ((2,), "sigmoid", "softmax", "scaled", 1000),
        ]
    return [
        ((), "sigmoid", "softmax", "scaled", 700),
        ((2,), "tanh", "sigmoid", "scaled", 1000),
        ((24,), "sigmoid", "sigmoid", "scaled", 700),
        ((24,), "sigmoid", "sigmoid", "standard", 700),
        ((24,), "relu", "sigmoid", "he-normal", 700),
        ((16, 16), "relu", "softmax", "he-normal", 500),
        ((16, 16), "sigmoid", "sigmoid", "scaled", 500),
        ((40,), "sigmoid", "softmax", "scaled", 150),
        ((3,), "sigmoid", "sigmoid", "scaled", 700),
    ]


def trained(data: str, shape: tuple[Any, ...], seeds: list[int], width: int = 1) -> dict[Setting, Seen]:
    """All η, λ and seeds of one shape, stacked, trained to twice the planned end."""
    import numpy as np
    from tunelab.data import Dataset, Examples, load
    from tunelab.diagnosis import Plan, blind_accuracy, constant_cost, warnings
    from tunelab.experiment import Experiment, assemble
    from tunelab.experiment.assembly import initialization_of
    from tunelab.initialization import effects
    from tunelab.records.measure_events import measure_fields
    from tunelab.training.measurement import score

    hidden, activation, output, weights, n = shape
    whole = load(data, training=n, evaluation=_VALIDATION + _HELD_OUT)
    held = whole.validation
    rest = Examples(held.inputs[_VALIDATION:], held.targets[_VALIDATION:], held.scale)
    dataset = Dataset("", "", whole.training, held.first(_VALIDATION), whole.test, whole.classes, whole.image_shape)
    settings, experiments = [], []
    for eta in _ETAS:
        for lmbda in _LAMBDAS if width == 1 else (0.0,):
            for seed in seeds:
                settings.append(Setting(hidden, activation, output, weights, n, eta, lmbda * n / 1000, seed))
                experiments.append(
                    Experiment(
                        data={"name": data, "train": n},
                        network={
                            "hidden": tuple(width * h for h in hidden),
                            "activation": activation,
                            "output": output,
                        },
                        initialization={"weights": weights, "seed": seed},
                        training={"eta": eta, "lmbda": lmbda * n / 1000, "epochs": 2 * planned(n)},
                    )
                )
    training = assemble(experiments, dataset)
    R = len(settings)
    kinds = len(dataset.classes or ())
    about = {
        "chance": blind_accuracy(dataset.validation.targets, kinds),
        "constant_cost": constant_cost(dataset.training.targets, kinds, output, "cross-entropy"),
        "classes": list(dataset.classes or ()),
        "training": n,
    }
    events: list[list[dict[str, Any]]] = [
        [{"event": "start", "data": about, "seeds": [0], "experiment": e.to_dict()}] for e in experiments
    ]
    first = training.measure()
    for r in range(R):
        events[r].append({"event": "initial"} | measure_fields(first, slice(r, r + 1)))
    columns: list[list[Any]] = [[], [], [], []]
    with np.errstate(all="ignore"):
        for measurement in training:
            held_out = score(training.parameters(), rest, classes=True)
            for column, values in zip(
                columns,
                (measurement.training.data_cost, held_out.accuracy, held_out.data_cost, measurement.training_accuracy),
                strict=True,
            ):
                column.append(values)
            for r in range(R):
                events[r].append({"event": "measure"} | measure_fields(measurement, slice(r, r + 1)))
        dead = np.zeros(R)
        if activation == "relu":
            layers = training.parameters().layers(rest.scaled(slice(0, 500)))
            dead = np.max([(z <= 0).all(axis=1).mean(axis=1) for z in layers[:-1]], axis=0)
    start = effects(
        initialization_of(experiments[0], dataset),
        dataset.training.scaled(slice(0, 200)),
        activation=activation,
        output=output,
        quick=True,
    )
    data_cost, accuracy, cost, fitted = (np.stack(c) for c in columns)
    return {
        s: Seen(
            events[r],
            [v.code for v in warnings(Plan(s.eta, s.lmbda, 10, n), start)],
            data_cost[:, r],
            accuracy[:, r],
            cost[:, r],
            fitted[:, r],
            float(dead[r]),
        )
        for r, s in enumerate(settings)
    }


def labelled(data: str, part: str, seeds: list[int]) -> Iterator[Labelled]:
    """Every run of a part, with its verdicts and its truths."""
    for shape in shapes(part):
        began = time.perf_counter()
        runs = trained(data, shape, seeds)
        wider = trained(data, shape, seeds, 5) if shape[0] and max(shape[0]) < 5 else {}
        hidden, activation, output, weights, n = shape
        better = trained(data, (hidden, activation, output, "scaled", n), seeds) if weights == "standard" else {}
        print(f"{data} {shape}: {len(runs)} runs, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        for setting, seen in runs.items():
            yield _labelled(setting, seen, runs, wider, better)


def _labelled(
    s: Setting, seen: Seen, runs: dict[Setting, Seen], wider: dict[Setting, Seen], better: dict[Setting, Seen]
) -> Labelled:
    from dataclasses import replace

    import numpy as np
    from tunelab.records.history import History

    at = planned(s.n) - 1
    arm = History("")
    for event in seen.events[: at + 3]:
        arm.add(event)
    arm.done = {"event": "done"}
    found = arm.verdicts()
    said = {v.code for v in found} | set(seen.known)
    if any(v.code == "saturated" and v.evidence["from_the_start"] for v in found) or "saturated-start" in seen.known:
        said.add("saturated-from-start")
    if any(v.code == "saturated" and not v.evidence["from_the_start"] for v in found):
        said.add("eta-large")

    for verdict in found:
        if (eta := verdict.evidence.get("try_eta", s.eta)) != s.eta:
            said.add("eta-large" if eta < s.eta else "eta-small")

    def final(run: Seen) -> tuple[float, float]:
        """Training data cost and held-out accuracy at the planned end; no number is infinitely bad."""
        cost = float(run.data_cost[at])
        return (cost if np.isfinite(cost) else np.inf), float(run.accuracy[at])

    cost, accuracy = final(seen)
    true, open_ = set(), set()

    def tell(truth: str, holds: bool, fails: bool) -> None:
        if holds:
            true.add(truth)
        elif not fails:
            open_.add(truth)

    others = [(t.eta, *final(run)) for t, run in runs.items() if replace(t, eta=0.0) == replace(s, eta=0.0)]
    for truth, there in (
        ("η too large", [(c, a) for eta, c, a in others if eta < s.eta]),
        ("η too small", [(c, a) for eta, c, a in others if eta > s.eta]),
    ):
        if there:
            clearly = any(c < 0.7 * cost and a > accuracy + 0.03 for c, a in there)
            tell(truth, clearly, not any(c < 0.95 * cost and a > accuracy + 0.01 for c, a in there))
    luck = 3 * np.sqrt(0.09 / _HELD_OUT)
    tell("no better than chance", accuracy < 0.12 + luck / 3, accuracy > 0.12 + 2 * luck)
    held = seen.cost[: at + 1]
    risen = held[at] / max(float(np.nanmin(held)), 1e-9) - 1 if np.isfinite(held).all() else np.nan
    fitted = float(seen.training_accuracy[at]) - accuracy
    tell("overfitting", bool(risen > 0.05 and fitted > 0.05), not risen > 0.01)
    gained = float(seen.accuracy[-3:].mean() - seen.accuracy[at - 2 : at + 1].mean())
    # Where nothing is learnt yet, or η is too small, that is what should be said
    if true & {"no better than chance", "η too small"} or "η too small" in open_:
        open_.add("still improving")
    else:
        tell("still improving", gained > 0.015, gained < 0.007)
    free = runs.get(replace(s, lmbda=0.0))
    if s.lmbda > 0 and free:
        there, right = final(free)
        tell(
            "λ crushing",
            right > accuracy + 0.03 and there < 0.9 * cost,
            right < accuracy + 0.01,
        )
    wide = wider.get(s)
    if wide is not None:
        gain = float(wide.training_accuracy[at] - seen.training_accuracy[at])
        settled = float(seen.training_accuracy[-1] - seen.training_accuracy[at]) < 0.05
        tell("network too small", gain > 0.05 and settled and accuracy > 0.15, gain < 0.02)
    if s.activation == "relu":
        tell("ReLUs dead", seen.dead > 0.9, seen.dead < 0.5)
    fresh = better.get(replace(s, weights="scaled"))
    if fresh is not None:
        there, right = final(fresh)
        tell(
            "saturated first weights", right > accuracy + 0.02 or there < 0.8 * cost, right < accuracy and there > cost
        )
    return Labelled(s, said, true, found[0].code, open_)


def report(runs: list[Labelled]) -> str:
    """Precision and recall of every verdict as a Markdown table, and how often nothing was clear."""
    from .race import table

    rows = []
    for truth, codes in TRUTHS.items():
        judged = [run for run in runs if truth not in run.open]
        said = [run for run in judged if run.said & codes]
        true = [run for run in judged if truth in run.true]
        both = sum(truth in run.true for run in said)
        rows.append((truth, str(len(true)), str(len(said)), _share(both, len(said)), _share(both, len(true))))
    unclear = sum(run.first == "not-clear" for run in runs)
    found = table(("what is true", "runs", "said", "precision", "recall"), rows)
    return f"{found}\n\n{len(runs)} runs; “not clear yet” for {_share(unclear, len(runs))}"


def _share(part: int, whole: int) -> str:
    """A share with its standard error, in percent."""
    if whole == 0:
        return "—"
    p = part / whole
    return f"{100 * p:.0f} ± {100 * (p * (1 - p) / whole) ** 0.5:.0f} %"


def errors(runs: list[Labelled], truth: str) -> str:
    """Which settings are missed and which are wrongly accused, counted."""
    codes = TRUTHS[truth]
    counts: Counter[str] = Counter()
    for run in runs:
        if truth in run.open or (truth in run.true) == bool(run.said & codes):
            continue
        kind = "missed" if truth in run.true else "accused"
        s = run.setting
        counts[f"{kind} {s.hidden} {s.activation} {s.weights} η={s.eta:g} λ={s.lmbda:g}: {sorted(run.said)}"] += 1
    return "\n".join(f"{count} × {what}" for what, count in sorted(counts.items()))


def main() -> None:
    """Print the table on stdout, progress on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--data", action="append", help="data sets' names or directories; drawn digits if not given")
    parser.add_argument(
        "--part", choices=("tune", "judge"), default="judge", help="thresholds were tuned on 'tune' only"
    )
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--errors", metavar="TRUTH", action="append", default=[])
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    first = 0 if options.part == "tune" else 100
    runs: list[Labelled] = []
    for data in options.data or ["digits"]:
        mine = list(labelled(data, options.part, list(range(first, first + options.seeds))))
        print(f"{data}, {options.part}\n\n{report(mine)}\n", flush=True)
        runs += mine
    for truth in options.errors:
        print(f"{truth}\n{errors(runs, truth)}\n")


if __name__ == "__main__":
    main()
