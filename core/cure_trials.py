"""Experiments that tell causes apart: the same training with one thing changed, side by side, before → after.

What helps is the cure, whatever the curves looked like. Two controls show whether there is anything to be learnt: the
labels shuffled, which must make it worse, and ten examples, which any sound training learns by heart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset, Examples
from tunelab.diagnose import Diagnosis, brief
from tunelab.diagnosis import CAUSES, DataFacts, Setting, Verdict
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, StackedTraining, load_data, stacks
from tunelab.experiment.dotted_keys import changed
from tunelab.statistics import Difference, Mean, mean, sample_difference
from tunelab.training.metrics import metric_for

__all__ = ["CureTrial", "CureTrials", "experiments_for", "try_cures"]

Array = NDArray[Any]

_SEEDS = 5  # three leave an interval of the t distribution in which twenty points are lost
_BY_HEART = 10  # examples
_BY_HEART_EPOCHS = 200
_END = 3  # measurements whose mean counts
_UNEQUAL = 1.5  # times the share of a class if all were alike
_NEAR = 0.02  # of accuracy: a diagnosed cure so near to the best of all stays the cure


@dataclass(frozen=True)
class CureTrial:
    """One experiment: what was changed, where that came to, and its difference from the setting as it is.

    ``change`` is {dotted key: value}, empty for the setting itself, None for a control, which is no cure. ``cause`` is
    what it would show. ``difference`` is corrected for all that were tried beside it.
    """

    label: str
    change: dict[str, Any] | None
    cause: str
    result: Mean
    difference: Difference | None

    @property
    def helps(self) -> bool:
        """Whether it is better by more than noise."""
        d = self.difference
        return self.change is not None and d is not None and d.beyond_noise and d.difference > 0


@dataclass(frozen=True)
class CureTrials:
    """All experiments on one arm; the first is the setting as it is. ``measure`` is accuracy or R².

    ``verdict`` is the cause that they show, with the cure that was tried; None where nothing that was tried helps.
    """

    measure: str
    trials: tuple[CureTrial, ...]
    verdict: Verdict | None
    problem: str = ""


def experiments_for(diagnosis: Diagnosis) -> dict[str, tuple[str, dict[str, Any]]]:
    """What to try: label → (cause that it would show, what to change), the diagnosed cures first."""
    experiment = diagnosis.experiment
    tries = {_label(v.cure): (v.cause, v.cure) for v in diagnosis.verdicts if v.cure}
    s = Setting.from_tables(experiment.to_dict(), 0)
    weights = "he-normal" if s.activation in {"relu", "leaky-relu"} else "scaled"
    hidden = list(s.hidden or ())
    standard: list[tuple[str, dict[str, Any]]] = [
        ("eta-too-large", {"training.eta": float(f"{s.eta / 10:.3g}")}),
        ("eta-too-small", {"training.eta": float(f"{min(s.eta * 10, 1e6):.3g}")}),
        ("lambda-too-large", {"training.lambda": 0.0}),
        ("mini-batch-too-large", {"training.mini_batch": 10}),
        ("saturated-start", {"initialization.weights": weights, "initialization.gain": 1.0}),
        ("vanishing-gradient", {"network.hidden": hidden[:1] if len(hidden) > 2 else hidden[:-1]}),
        ("too-little-capacity", {"network.hidden": [h + 10 for h in hidden] or [10]}),
        ("inputs-unscaled", {"data.standardize": True}),
    ]
    counts = DataFacts.from_event(diagnosis.history.start).training_counts
    if counts and max(counts) > _UNEQUAL * sum(counts) / len(counts):
        standard.append(("unequal-classes", {"data.class_weights": "balanced"}))
    known = [experiment]
    for cause, change in [*tries.values(), *standard]:
        try:
            other = changed(experiment, change)
        except BadInput:
            continue
        if other not in known:
            tries[_label(change)] = (cause, change)
            known.append(other)
    return tries


def _label(change: Mapping[str, Any]) -> str:
    """A change in a few signs: η = 0.05, hidden [30]."""
    signs = {"training.eta": "η", "training.lambda": "λ", "training.mini_batch": "m"}
    if change == {"network.hidden": []}:
        return "no hidden layer"
    return ", ".join(
        f"{signs.get(key, key.split('.')[-1])} = {value:g}" if isinstance(value, float) else
        f"{signs.get(key, key.split('.')[-1])} = {value}"
        for key, value in change.items()
    )  # fmt: skip


def try_cures(
    diagnosis: Diagnosis,
    *,
    dataset: Dataset | None = None,
    pulse: Callable[[], None] | None = None,
    report: Callable[[str], None] | None = None,
) -> CureTrials:
    """Train the experiments for a diagnosis, each with five seeds, stacked where shapes allow; seconds in all.

    ``report`` hears the label of each stack before it is trained. Raises :class:`BadInput` where the data are gone or
    the setting can't be trained.
    """
    whole = dataset or load_data(diagnosis.experiment)
    base, small = brief(diagnosis.experiment, whole)
    base = changed(base, {"initialization.seeds": _SEEDS})
    runs: dict[str, tuple[Experiment, Dataset]] = {"as it is": (base, small)}
    tries = experiments_for(diagnosis)
    for label, (_, change) in list(tries.items()):
        try:
            runs[label] = _with(diagnosis.experiment, change, base, small, given=dataset is not None)
        except BadInput:
            del tries[label]
    if small.classes is not None:
        runs["labels shuffled"] = (base, _shuffled(small))
    runs["ten examples, by heart"] = _ten(base, small)
    scores = _train(runs, pulse, report)
    total = len(small.validation) if small.classes is not None else 0
    now = scores["as it is"]
    trials = [CureTrial("as it is", {}, "", mean(now, total), None)]
    for label, values in scores.items():
        if label == "as it is":
            continue
        difference = sample_difference(values, now, paired=label in tries, total=total)
        trials.append(
            CureTrial(
                label,
                tries[label][1] if label in tries else None,
                tries[label][0] if label in tries else "",
                mean(values, total),
                difference.among(len(tries)) if difference else None,
            )
        )
    measure = metric_for(small, base.data.class_weights).title
    return CureTrials(measure, tuple(trials), _verdict(diagnosis, trials, measure))


def _with(
    experiment: Experiment, change: dict[str, Any], base: Experiment, small: Dataset, *, given: bool
) -> tuple[Experiment, Dataset]:
    """The brief experiment with a change; data are loaded again where the change is one of data."""
    if any(key.startswith("data.") for key in change):
        if given:
            raise BadInput("given data can't be changed")
        other = changed(experiment, change)
        shorter, examples = brief(other, load_data(other))
        return changed(shorter, {"initialization.seeds": _SEEDS, "training.epochs": base.training.epochs}), examples
    n = len(small.training)
    change = dict(change)
    if "training.mini_batch" in change:
        change["training.mini_batch"] = min(change["training.mini_batch"], n)
    if change.get("training.lambda"):
        change["training.lambda"] *= base.data.train / max(experiment.data.train or n, 1) if base.data.train else 1
    if "training.epochs" in change:
        change["training.epochs"] = min(change["training.epochs"], 10 * base.training.epochs)
    return changed(base, change), small


def _shuffled(small: Dataset) -> Dataset:
    old = small.training
    rows = np.random.default_rng(0).permutation(len(old))
    return replace(small, training=Examples(old.inputs, np.asarray(old.targets)[rows], old.scale))


def _ten(base: Experiment, small: Dataset) -> tuple[Experiment, Dataset]:
    count = min(_BY_HEART, len(small.training))
    few = small.training.first(count)
    n = len(small.training)
    keys = {
        "data.train": count,
        "training.mini_batch": min(base.training.mini_batch, count),
        "training.epochs": _BY_HEART_EPOCHS,
        "training.lambda": base.training.lmbda * count / n,
    }
    return changed(base, keys), replace(small, training=few, validation=few)


def _train(
    runs: Mapping[str, tuple[Experiment, Dataset]],
    pulse: Callable[[], None] | None,
    report: Callable[[str], None] | None,
) -> dict[str, list[float]]:
    """Every seed's accuracy (R² for numbers) at the end of each run."""
    scores: dict[str, list[float]] = {}
    groups: dict[int, list[str]] = {}
    for label, (_, data) in runs.items():
        groups.setdefault(id(data), []).append(label)
    for labels in groups.values():
        data = runs[labels[0]][1]
        for stack in stacks([runs[label][0] for label in labels]):
            members = [labels[position] for position in stack]
            if report is not None:
                report(", ".join(members))
            training = StackedTraining([runs[label][0] for label in members], data)
            with np.errstate(all="ignore"):
                rows = [np.where(m.diverged, 0.0, np.maximum(m.evaluation_metric, 0.0)) for m in training.run(pulse)]
            values = np.array(rows[-_END:])
            values = np.where(np.isfinite(values).all(axis=0), values.mean(axis=0), 0.0)
            for label, member in zip(members, training.members, strict=True):
                scores[label] = values[member.replicates].tolist()
    return {label: scores[label] for label in runs}


def _verdict(diagnosis: Diagnosis, trials: Sequence[CureTrial], measure: str) -> Verdict | None:
    """The cause that the trials show: what was diagnosed where its cure is about as good as any, else the best."""
    helping = [trial for trial in trials if trial.helps]
    if not helping:
        return None
    best = max(helping, key=lambda trial: trial.result.mean)
    near = [t for t in helping if t.result.mean >= best.result.mean - max(_NEAR, _half(t.difference))]
    diagnosed = [v.cause for v in diagnosis.verdicts if v.cure]
    chosen = next((t for cause in diagnosed for t in near if t.cause == cause), best)
    before, difference = trials[0].result, chosen.difference
    assert difference is not None
    scale, unit = (1, "") if measure == "R²" else (100, " %")
    observation = (
        f"With {chosen.label} the {measure} goes from {scale * before.mean:.3g} to "
        f"{scale * chosen.result.mean:.3g}{unit} (± {scale * difference.half_width:.2g})."
    )
    evidence = {"before": before.mean, "after": chosen.result.mean, "p": difference.pvalue}
    known = next((v for v in diagnosis.verdicts if v.cause == chosen.cause), None)
    return Verdict(
        "tried",
        observation,
        known.why if known else CAUSES[chosen.cause].help,
        f"Use {chosen.label}.",
        evidence,
        chosen.cause,
        chosen.change,
        "certain",
    )


def _half(difference: Difference | None) -> float:
    return difference.half_width if difference is not None and math.isfinite(difference.half_width) else 0.0
