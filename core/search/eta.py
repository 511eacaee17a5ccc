"""The learning rate: of a grid of η the one whose training cost ends lowest, and half of it.

The lecture's climb (:mod:`tunelab.search.climb`) is read off the same curves. The two mostly agree; where they don't,
the cost that ends lowest decides: a cost that falls during the first epochs may end high all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.diagnosis.baselines import constant_cost
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search.climb import START, Climb, climb, course
from tunelab.search.curve import Curve
from tunelab.search.range_test import range_test
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import OutOfTime, Trainer
from tunelab.search.trials import Trials, search_settings
from tunelab.statistics import binomial_test
from tunelab.training.metrics import METRICS
from tunelab.wording import quantity

__all__ = ["find_eta", "learns"]

Array = NDArray[Any]

_GRID = (3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_MIDDLE = 0.2  # of the grid: values near it are trained first, lest time be up
_ADAM = 0.01  # times all of these for Adam, whose steps are about η however small the gradient
_BELOW = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3)  # where the best lies at the lower end, or none learns
_ABOVE = (100.0, 300.0, 1000.0)
_EPOCHS = 4
_MINI_BATCHES = 500  # before the costs of slow values can be compared with those of fast ones
_MOST_EXAMPLES = 20_000  # that those may visit: large mini-batches have seen enough by then
_LONGER = 4  # times as long, where nothing learns
_MEASUREMENTS = 6  # of a training: the climb wants to see whether the cost oscillates
_MEMORIZING = 1.02  # times the lowest validation cost: beyond, a low training cost is bought by memorizing
_BETTER = 0.95  # of the constant answer's cost: below, the input is used


def find_eta(
    base: Experiment, trials: Trainer | None = None, *, seeds: int = 3, epochs: int | None = None
) -> SearchResult:
    """Search η for ``base``: train a logarithmic grid, take the lowest training cost at the end, and half of it.

    Only an η that learns can be chosen (:func:`learns`), and none that merely memorizes, which its validation cost
    shows. Where the best one is at an end of the grid, or none learns, the grid is widened, from 1e-6 to 1000; if still
    none learns, training is longer; then there is no answer. The grid is that of η/(1 − μ) with a momentum μ, and a
    hundredth of it with Adam.

        >>> experiment = Experiment(data={"train": 200, "evaluation": 100}, network={"hidden": [8]})
        >>> result = find_eta(experiment, seeds=1, epochs=2)
        >>> low, high = result.bracket
        >>> result.what, result.chosen == low / 2, low < high
        ('eta', True, True)
        >>> tuned = experiment.changed(result.settings)

    Args:
        base: the experiment; its own η doesn't matter. All of its data are used: few examples answer in seconds.
        trials: who trains; :class:`tunelab.search.Trials`, in this process, if not given.
        seeds: networks for each η.
        epochs: of each trial, at least; 4 if not given. There are more where that is fewer than 500 mini-batches.

    Returns:
        A :class:`SearchResult`: the η chosen; as its bracket the η with the lowest cost and the next larger one; every
        η tried with the course of its cost.

    Where the trainer's time is up on the way, what has been tried decides, and the result says so. Raises
    :class:`tunelab.BadInput` where the experiment doesn't fit its data.
    """
    search = _GridSearch(base, trials or Trials(), seeds, epochs)
    grid = search.scaled(_GRID)
    search.train(sorted(grid, key=lambda eta: abs(math.log(eta / search.scaled([_MIDDLE])[0]))))
    with suppress(OutOfTime):
        best = search.best
        if best is None or best == grid[0]:
            search.train(reversed(search.scaled(_BELOW)))
        if best is None or best == grid[-1]:
            search.train(search.scaled(_ABOVE))
        if search.best is None:
            search.train_longer()
    return search.result()


def learns(curve: Curve, dataset: Dataset) -> list[bool]:
    """Return for each seed whether training has come to use its input, by the last measurement.

    Either more answers are right than guessing allows, on training or on validation examples (a binomial test); or
    both costs are below that of the best constant answer: rare classes and regression show only there.
    """
    network, kinds = curve.experiment.network, len(dataset.classes or ())
    parts = {"training": dataset.training, "evaluation": dataset.validation}
    balanced = curve.experiment.data.class_weights == "balanced"
    constant = {
        part: constant_cost(examples.targets, kinds, network.output, network.cost, balanced=balanced)
        for part, examples in parts.items()
    }
    chance = {
        part: METRICS["accuracy"].chance(examples.targets, kinds, dataset.tolerance) for part, examples in parts.items()
    }
    verdicts = []
    for seed in range(curve.seeds):
        costs = {"training": curve.training_data_cost[-1, seed], "evaluation": curve.evaluation_data_cost[-1, seed]}
        accuracies = {"training": curve.training_accuracy[-1, seed], "evaluation": curve.evaluation_accuracy[-1, seed]}
        cheaper = costs["training"] < _BETTER * constant["training"] and costs["evaluation"] < constant["evaluation"]
        right = any(
            binomial_test(
                round(float(accuracies[part]) * len(examples)), len(examples), chance[part]
            ).better_than_chance()
            for part, examples in parts.items()
            if kinds and math.isfinite(accuracies[part])
        )
        verdicts.append(not curve.diverged[seed] and (right or bool(cheaper)))
    return verdicts


@dataclass(frozen=True, eq=False)
class _Tried:
    """One η after its training, costs as means over seeds; infinite where it diverged."""

    curve: Curve
    learning: tuple[bool, ...]
    outcomes: tuple[str, ...]
    training_cost: float
    validation_cost: float

    @property
    def learns(self) -> bool:
        """Whether two seeds in three learn."""
        return 3 * sum(self.learning) >= 2 * len(self.learning)


class _GridSearch:
    """One search: the grid as far as it has been trained, and what it showed."""

    def __init__(self, base: Experiment, trials: Trainer, seeds: int, epochs: int | None) -> None:
        self._base, self._trials, self._seeds = base, trials, seeds
        self._dataset = trials.dataset(base)
        n, m = len(self._dataset.training), base.training.mini_batch
        enough = math.ceil(min(_MINI_BATCHES * m, _MOST_EXAMPLES) / n)
        self._epochs = max(epochs or _EPOCHS, enough)
        self._scale = _ADAM if base.training.optimizer == "adam" else 1 - base.training.momentum
        self._tried: dict[float, _Tried] = {}
        self.is_cut_short = False

    def scaled(self, etas: Iterable[float]) -> list[float]:
        """The η that are to this optimizer what ``etas`` are to plain steps."""
        return [float(f"{eta * self._scale:.4g}") for eta in etas]

    @property
    def best(self) -> float | None:
        """The η whose training cost ends lowest, of those that learn and don't merely memorize; None without one."""
        return min(self._candidates, key=lambda eta: self._tried[eta].training_cost, default=None)

    @property
    def _candidates(self) -> list[float]:
        learning = [eta for eta in sorted(self._tried) if self._tried[eta].learns]
        bound = _MEMORIZING * min((self._tried[eta].validation_cost for eta in learning), default=math.inf)
        return [eta for eta in learning if self._tried[eta].validation_cost <= bound]

    def train(self, etas: Iterable[float], more: str = "") -> None:
        """Train every η, stacked."""
        n = len(self._dataset.training)
        every = max(self._base.training.mini_batch, self._epochs * n // _MEASUREMENTS)
        base = search_settings(self._base, seeds=self._seeds, epochs=self._epochs, monitor_every=every)
        etas = list(etas)
        if self.is_cut_short:
            raise OutOfTime
        try:
            curves = self._trials.run({f"η = {eta:g}{more}": changed(base, {"training.eta": eta}) for eta in etas})
        except OutOfTime:
            self.is_cut_short = True
            raise
        self.is_cut_short = len(curves) < len(etas)
        self._tried |= {curve.experiment.training.eta: self._look(curve) for curve in curves}

    def train_longer(self) -> None:
        """Train everything again, for several times as many epochs."""
        few, self._epochs = self._epochs, self._epochs * _LONGER
        try:
            self.train(sorted(self._tried), f", {quantity(self._epochs, 'epoch')}")
        except OutOfTime:
            self._epochs = few
            raise

    def _look(self, curve: Curve) -> _Tried:
        seeds = range(curve.seeds)
        return _Tried(
            curve,
            tuple(learns(curve, self._dataset)),
            tuple(course(np.append(curve.first_cost[seed], curve.training_cost[:, seed])) for seed in seeds),
            _mean(curve.training_cost[-1], curve.diverged),
            _mean(curve.evaluation_data_cost[-1], curve.diverged),
        )

    def result(self) -> SearchResult:
        """Choose, and confirm that the choice learns; the evidence with it."""
        best = self.best
        grid = sorted(self._tried)
        if best is None:
            because = f"At no η from {grid[0]:g} to {grid[-1]:g} does the network learn within "
            because += quantity(self._epochs, "epoch")
            because += "." if self.is_cut_short else ": what is wrong isn't η alone."
            sure = "" if self.is_cut_short else "Look at the first weights, λ and the data before anything else."
            rows, bracket = self._rows(None), (grid[0], grid[-1])
            return SearchResult("eta", grid[0], bracket, because, sure, rows, {}, is_cut_short=self.is_cut_short)
        way = climb({eta: tried.outcomes for eta, tried in self._tried.items()}, self.scaled([START])[0])
        half = float(f"{best / 2:.3g}")
        because = self._because(best, half, way)
        between = [eta for eta in grid if best / 4 < eta <= half]
        chosen = half
        if not any(self._tried[eta].learns for eta in between):  # else it lies between two that learn
            with suppress(OutOfTime):
                self.train([half])
            if half not in self._tried:
                chosen = best
                because += f" There was no time to see whether it learns, so η = {best:g} is taken itself."
            elif not self._tried[half].learns:
                chosen = best
                because += f" But with {half:g} it doesn't learn in that time, so η = {best:g} is taken itself."
        above = min((eta for eta in grid if eta > best), default=best * 10)
        result = SearchResult(
            "eta", chosen, (best, above), because, self._sure(best, grid), self._rows(best), {"training.eta": chosen}
        )
        # Its own random streams and networks: nothing of it can touch what was found
        more = {"climb": {"path": list(way.path), "threshold": way.threshold}} if way else {"climb": None}
        second = "" if self.is_cut_short else range_test(self._base, self._trials, seeds=self._seeds).text
        return replace(result, second=second, more=more, is_cut_short=self.is_cut_short)

    def _because(self, best: float, half: float, way: Climb | None) -> str:
        grid = sorted(self._tried)
        cost = self._tried[best].training_cost
        head = f"Of {len(grid)} values from {grid[0]:g} to {grid[-1]:g}, {self._epochs} epochs each, the training cost"
        lowest = min((eta for eta in grid if self._tried[eta].learns), key=lambda eta: self._tried[eta].training_cost)
        if lowest == best:
            because = f"{head} ends lowest at η = {best:g} ({cost:.3g})."
        else:
            ratio = self._tried[lowest].validation_cost / self._tried[best].validation_cost
            because = (
                f"{head} ends lowest at η = {lowest:g} ({self._tried[lowest].training_cost:.3g}), but by memorizing: "
                f"its validation cost is {ratio:.3g} times that of η = {best:g}, which ends lowest ({cost:.3g}) of "
                "those that don't."
            )
        because += f" Half of it leaves room for many epochs: η = {half:g}."
        if momentum := self._base.training.momentum:
            because += f" With momentum {momentum:g} steps go η/(1 − μ) = {half / (1 - momentum):.3g} in the long run."
        if way is None:
            return because + " The lecture's climb finds no η at which the cost falls steadily."
        if way.threshold == best:
            return f"{because} {way.text} Both agree."
        return f"{because} {way.text} The grid's is taken: a cost that falls at first may still end higher."

    def _sure(self, best: float, grid: list[float]) -> str:
        """How much the answer moves between seeds, and whether it lies at an end of the grid."""
        edge = " It lies at the end of what was tried." if best in (grid[0], grid[-1]) else ""
        if self._seeds < 2:
            return f"One seed only: there is no telling how much of this is luck.{edge}"
        candidates = [eta for eta in self._candidates if eta in grid] or [best]
        own = []
        for seed in range(self._seeds):
            costs = {eta: float(self._tried[eta].curve.training_cost[-1, seed]) for eta in candidates}
            own.append(min(costs, key=lambda eta: costs[eta] if math.isfinite(costs[eta]) else math.inf))
        low, high = min(own), max(own)
        if low == high:
            return f"The training cost is lowest at the same η, {low:g}, for all {quantity(self._seeds, 'seed')}.{edge}"
        return f"For single seeds the training cost is lowest between {low:g} and {high:g}.{edge}"

    def _rows(self, best: float | None) -> tuple[SearchRow, ...]:
        rows = []
        for eta in sorted(self._tried):
            tried = self._tried[eta]
            accuracy = tried.curve.final_scores
            std = float(accuracy.std(ddof=1)) if len(accuracy) > 1 else None
            cost = f"cost {tried.training_cost:.3g}" if math.isfinite(tried.training_cost) else "diverges"
            text = cost if tried.learns else f"{cost}, at chance"
            good = best is not None and tried.learns and eta <= best
            rows.append(SearchRow(eta, f"η = {eta:g}", tried.outcomes, good, text, float(accuracy.mean()), std))
        return tuple(rows)


def _mean(costs: Array, diverged: Array) -> float:
    """The geometric mean over seeds; infinite where one isn't finite."""
    if diverged.any() or not np.isfinite(costs).all():
        return math.inf
    return float(np.exp(np.log(np.maximum(costs, 1e-12)).mean()))
