"""Are the η and the λ that the searches choose good ones? Scored against dense sweeps on some forty problems.

    python -m tests.benchmarks.search [eta | lambda] [--mnist NAME|DIR] [--only WORD …]

η: every problem of :mod:`benchmarks.eta_problems` is trained as long as a person would train it, three seeds for
each of some thirty η. The gap is how many points (of accuracy, or of R²) a choice stays below the best of them.
Beside the rule stand the lecture's climb and half of the range test's lowest point. λ: within a factor 10 of the best
of a dense sweep, or within noise of it, on drawn digits.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, Trials, find_eta, find_lambda
from tunelab.search.eta import learns
from tunelab.search.lambda_search import noise_threshold
from tunelab.search.range_test import range_test
from tunelab.search.trials import search_settings

from .eta_problems import Problem, problems

Array = NDArray[Any]

SEEDS = 3
MANTISSAS = (1.0, 1.5, 2.0, 3.0, 5.0)
STACK = 6  # η side by side: more no longer fit in the processor's cache


class OnDataset(Trials):
    """Trials on one data set."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._dataset = dataset

    def dataset(self, experiment: Experiment) -> Dataset:
        """The same for every experiment."""
        del experiment
        return self._dataset


def quality(curve: Curve, dataset: Dataset) -> float:
    """Accuracy or R² on validation examples at the end, in points, the mean over seeds."""
    if dataset.classes is not None:
        return 100 * float(curve.final_scores.mean())
    variance = 0.5 * float(np.var(dataset.validation.targets, axis=0).sum())
    r2 = 1 - np.nan_to_num(curve.evaluation_data_cost[-1], nan=math.inf) / variance
    return 100 * float(np.maximum(r2, 0).mean())


def eta_case(problem: Problem) -> tuple[dict[str, float], float, str]:
    """Score one problem: the gap of each way to choose, the rule's CPU seconds, and a line that says it."""
    trials, base = OnDataset(problem.dataset), problem.experiment
    began = time.process_time()
    result = find_eta(base, trials, seeds=SEEDS)
    seconds = time.process_time() - began
    way = result.more.get("climb")
    suggested = range_test(base, trials, seeds=SEEDS).suggested
    choices = {
        "the grid": result.chosen if result.settings else math.nan,
        "the lecture's climb": way["threshold"] / 2 if way else math.nan,
        "range test": suggested,
    }
    exponents = range(-6, 2) if "as it is" in problem.name else range(-3, 2)
    dense = [m * 10.0**k for k in exponents for m in MANTISSAS] + [100.0, 300.0]
    etas = sorted({*dense, *(eta for eta in choices.values() if math.isfinite(eta))})
    long = search_settings(base, seeds=SEEDS, epochs=base.training.epochs, monitor_every=10**6)
    curves: dict[float, Curve] = {}
    for start in range(0, len(etas), STACK):
        some = etas[start : start + STACK]
        trained = trials.run({f"{eta:g}": changed(long, {"training.eta": eta}) for eta in some})
        curves |= dict(zip(some, trained, strict=True))
    scores = {eta: quality(curve, problem.dataset) for eta, curve in curves.items()}
    best = max(scores, key=lambda eta: scores[eta])
    if not any(all(learns(curve, problem.dataset)) for curve in curves.values()):
        return {}, seconds, f"{problem.name}: nothing learns; the grid says {choices['the grid']:g} ({seconds:.1f} s)"
    gaps = {name: scores[best] - scores.get(eta, 0.0) for name, eta in choices.items()}
    told = ", ".join(f"{name} {choices[name]:.3g} (−{gap:.1f})" for name, gap in gaps.items())
    at_chance = math.isfinite(choices["the grid"]) and not all(learns(curves[choices["the grid"]], problem.dataset))
    mark = ", AT CHANCE" if at_chance else ""
    return gaps, seconds, f"{problem.name}: best {best:g} at {scores[best]:.1f}; {told}{mark}; {seconds:.1f} s"


def score_eta(mnist: str, only: list[str]) -> None:
    """Print a line a problem, and each rule's mean and worst gap."""
    gaps: dict[str, list[float]] = defaultdict(list)
    total = 0.0
    for problem in problems(mnist):
        if only and not any(word in problem.name for word in only):
            continue
        of_problem, seconds, line = eta_case(problem)
        print(line, flush=True)
        total += seconds
        for name, gap in of_problem.items():
            gaps[name].append(gap)
    print(f"\n{'':22}  mean gap   worst   within 1 point")
    for name, values in gaps.items():
        near = sum(gap <= 1 for gap in values)
        print(f"{name:22}  {np.mean(values):8.2f}  {max(values):6.1f}   {near} of {len(values)}")
    print(f"The searches took {total:.1f} CPU seconds.")


def lambda_case(base: Experiment) -> tuple[bool, bool, str]:
    """Score λ on one problem: within a factor 10 of the best of a dense sweep, or within noise of it."""
    trials = Trials()
    base = changed(base, find_eta(base, trials, seeds=SEEDS).settings)
    values = {"training.epochs": 15, "initialization.seeds": 5}
    grid = [0.0, *(float(f"{v:.3g}") for v in np.geomspace(1e-3, 100, 11))]
    sweep = {f"{v:g}": changed(base, values | {"training.lambda": v}) for v in grid}
    dense = {float(curve.label): curve.final_scores for curve in trials.run(sweep)}
    best = max(dense, key=lambda v: float(dense[v].mean()))
    chosen = find_lambda(base, trials).chosen
    (curve,) = trials.run({"one": changed(base, values | {"training.lambda": chosen})})
    behind = float(dense[best].mean() - curve.final_scores.mean())
    even = behind <= noise_threshold(dense[best], curve.final_scores, curve.evaluation_total)
    near = chosen == best or (min(chosen, best) > 0 and max(chosen / best, best / chosen) <= 10)
    return near, near or even, f"best λ {best:g}, chosen {chosen:g}, {100 * behind:+.1f} points behind"


def score_lambda() -> None:
    """Print a line a shape, and how often the choice was right."""
    verdicts = []
    for hidden, activation in (((), "sigmoid"), ((30,), "sigmoid"), ((30,), "relu"), ((30, 30), "sigmoid")):
        base = Experiment(
            data={"name": "digits", "train": 2000, "evaluation": 2000},
            network={"hidden": hidden, "activation": activation},
        )
        near, good, line = lambda_case(base)
        verdicts.append((near, good))
        print(f"{list(hidden)} {activation}: {line}", flush=True)
    near, good = (sum(verdict[k] for verdict in verdicts) for k in (0, 1))
    print(f"λ by the book's rule: within a factor 10 in {near}, or within noise in {good} of {len(verdicts)}")


def main() -> None:
    """Read the options and score."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("what", nargs="?", choices=["eta", "lambda"], default="eta")
    options.add_argument("--mnist", default="mnist", help="a data set's name, or a directory of IDX files")
    options.add_argument("--only", nargs="+", default=[], help="problems whose names hold one of these words")
    asked = options.parse_args()
    if asked.what == "eta":
        score_eta(asked.mnist, asked.only)
    else:
        score_lambda()


if __name__ == "__main__":
    main()
