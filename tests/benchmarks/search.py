"""Is the η that the rule chooses a good one? Scored against a dense sweep, beside a range test and random search.

    python -m tests.benchmarks.search [--data NAME] [--seeds 0 100]

For every shape (no, one, two hidden layers; sigmoid and ReLU) and first seed a dense sweep trains for as many epochs
as the rule looks at, three networks an η. A choice is right where its η is within a factor 2 of the best of the sweep,
or its accuracy within noise of the best's.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict

import numpy as np
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Trials, find_eta, find_lambda
from tunelab.search.lambda_search import noise_threshold
from tunelab.search.range_test import range_test

SHAPES = [(hidden, activation) for hidden in ((), (30,), (30, 30)) for activation in ("sigmoid", "relu")][1:]
DENSE = [float(f"{eta:.3g}") for eta in np.geomspace(1e-3, 31.6, 19)]
EPOCHS, SEEDS, N = 4, 3, 2000


def eta_case(base: Experiment, score: dict[str, list[tuple[bool, bool]]]) -> str:
    """Score one shape and seed; a line that says what was chosen."""
    trials = Trials()
    values = {"training.epochs": EPOCHS, "initialization.seeds": SEEDS}
    sweep = {f"{eta:g}": changed(base, values | {"training.eta": eta}) for eta in DENSE}
    dense = {float(curve.label): curve.final_accuracy for curve in trials.run(sweep)}
    best = max(dense, key=lambda eta: float(dense[eta].mean()))
    found = find_eta(base, trials, seeds=SEEDS, epochs=EPOCHS)
    rng = np.random.default_rng([base.initialization.seed, 7])
    drawn = [float(f"{eta:.3g}") for eta in 10 ** rng.uniform(-3, 1.5, len(found.rows))]
    random = {float(c.label): c.final_accuracy for c in trials.run(
        {f"{eta:g}": changed(base, values | {"training.eta": eta}) for eta in drawn}
    )}  # fmt: skip
    test = range_test(base, trials, seeds=SEEDS)
    steepest = test.steepest[np.isfinite(test.steepest)]
    chosen = {
        "threshold rule": found.chosen,
        "range test, half of the lowest": test.suggested,
        "range test, steepest": float(np.exp(np.median(np.log(steepest)))) if len(steepest) else math.nan,
        f"random search, {len(drawn)} η": max(random, key=lambda eta: float(random[eta].mean())),
    }
    for name, eta in chosen.items():
        near = math.isfinite(eta) and max(eta / best, best / eta) <= 2.0001
        (curve,) = trials.run({"one": changed(base, values | {"training.eta": eta if math.isfinite(eta) else 1e-6})})
        accuracy = curve.final_accuracy
        behind = float(dense[best].mean() - accuracy.mean())
        even = behind <= noise_threshold(dense[best], accuracy, curve.evaluation_total)
        score[name.split(",")[0] if name.startswith("random") else name].append((near, near or even))
    return f"best {best:g}, " + ", ".join(f"{name} {eta:.3g}" for name, eta in chosen.items())


def lambda_case(base: Experiment, score: dict[str, list[tuple[bool, bool]]]) -> str:
    """The same for λ: within a factor 10 of the best of a dense sweep, or within noise of it."""
    trials = Trials()
    base = changed(base, find_eta(base, trials, seeds=SEEDS, epochs=EPOCHS).settings)
    values = {"training.epochs": 15, "initialization.seeds": 5}
    grid = [0.0, *(float(f"{v:.3g}") for v in np.geomspace(1e-3, 100, 11))]
    sweep = {f"{v:g}": changed(base, values | {"training.lambda": v}) for v in grid}
    dense = {float(curve.label): curve.final_accuracy for curve in trials.run(sweep)}
    best = max(dense, key=lambda v: float(dense[v].mean()))
    found = find_lambda(base, trials)
    (curve,) = trials.run({"one": changed(base, values | {"training.lambda": found.chosen})})
    behind = float(dense[best].mean() - curve.final_accuracy.mean())
    even = behind <= noise_threshold(dense[best], curve.final_accuracy, curve.evaluation_total)
    near = found.chosen == best or (min(found.chosen, best) > 0 and max(found.chosen / best, best / found.chosen) <= 10)
    score["λ by the book's rule (factor 10)"].append((near, near or even))
    return f"best λ {best:g}, chosen {found.chosen:g}, {100 * behind:+.1f} points behind"


def main() -> None:
    """Read the options and score."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", nargs="+", default=["digits"], help="data sets")
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 100, 200], help="first seeds")
    asked = options.parse_args()
    score: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for data in asked.data:
        for hidden, activation in SHAPES:
            for seed in asked.seeds:
                base = Experiment(
                    data={"name": data, "train": N, "evaluation": N},
                    network={"hidden": hidden, "activation": activation},
                    initialization={"seed": seed},
                )
                said = eta_case(base, score)
                if seed == asked.seeds[0]:
                    said += "; " + lambda_case(base, score)
                print(f"{list(hidden)} {activation}, seed {seed}: {said}", flush=True)
    print(f"\n{'':34}  within the factor   or within noise")
    for name, cases in score.items():
        near, good = (sum(case[k] for case in cases) for k in (0, 1))
        print(f"{name:34}  {near:3} of {len(cases)} ({100 * near / len(cases):3.0f} %)   {good:3} of {len(cases)} "
              f"({100 * good / len(cases):3.0f} %)")  # fmt: skip


if __name__ == "__main__":
    main()
