"""Regularization by the book's rule: from 1.0 by tens, by validation accuracy, then finer (Nielsen, chapter 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search.curve import Curve
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import OutOfTime, Trainer
from tunelab.search.trials import search_settings
from tunelab.statistics import accuracy_error, sample_difference
from tunelab.training.metrics import Metric
from tunelab.wording import quantity

__all__ = ["find_lambda", "noise_threshold"]

Array = NDArray[Any]

_FINER = (0.2, 0.5, 2.0, 5.0)  # times the best power of ten
_SMALLEST, _LARGEST = 1e-6, 1e6
_FEWEST = 2  # values without which there is nothing to compare
_LAST = 3  # measurements whose mean is judged: one alone moves with the last few mini-batches


def find_lambda(
    base: Experiment, trials: Trainer, *, start: float = 1.0, seeds: int = 5, epochs: int = 15
) -> SearchResult:
    """Search λ for ``base``, whose η stays: from ``start`` by tens while validation accuracy gets better, then finer.

    Every λ is tried with the same ``seeds``, so differences are paired. Values that differ by no more than noise are
    tied, and of those the one with the lowest validation cost (without its penalty, which λ itself would move) is
    chosen: it moves with confidence as well as with rightness, and so by less luck. λ = 0 is always tried beside.
    Where the trainer's time is up on the way, what has been tried decides, and the result says so.
    """
    search = _LambdaSearch(base, trials, seeds, epochs)
    search.score([0.0, start, start * 10, start / 10])
    with suppress(OutOfTime):
        for factor in (10.0, 0.1):
            value = start * factor
            # On while it gets better, and over a plateau once: two steps that bring nothing end it
            while _SMALLEST < value < _LARGEST and search.best in (value, value / factor):
                value *= factor
                search.score([value])
        centre = search.best or start / 10
        search.score([centre * step for step in _FINER])
    return search.result()


def noise_threshold(best: Array, other: Array, total: int) -> float:
    """How far two accuracies of the same seeds, (R,) each, may lie apart by luck: half of their 95 % interval.

    From the paired differences over seeds, whose standard deviation is never believed to be less than half of what
    ``total`` examples alone allow: few seeds may agree by luck.
    """
    least = accuracy_error(float(best.mean()), total) / 2
    difference = sample_difference(best.tolist(), other.tolist(), paired=True, total=max(total, 1), least_std=least)
    return difference.half_width if difference else 0.0


class _LambdaSearch:
    """One search: what has been tried, and how well it did."""

    def __init__(self, base: Experiment, trials: Trainer, seeds: int, epochs: int) -> None:
        self._trials = trials
        self._base = search_settings(base, seeds=seeds, epochs=epochs)
        self._epochs, self._n = epochs, len(trials.dataset(base).training)
        self._curves: dict[float, Curve] = {}
        self._scores: dict[float, Array] = {}
        self._cut_short = False

    def score(self, values: Sequence[float]) -> None:
        """Try some λ, side by side. Raises :class:`OutOfTime` where not all of them could be."""
        new = [v for v in dict.fromkeys(float(f"{v:.3g}") for v in values) if v not in self._curves]
        tried = {f"λ = {value:g}": changed(self._base, {"training.lambda": value}) for value in new}
        if self._cut_short:
            raise OutOfTime
        try:
            curves = self._trials.run(tried) if tried else []
        except OutOfTime:
            self._cut_short = True
            raise
        if len(curves) + len(self._curves) < _FEWEST:
            raise OutOfTime
        self._cut_short = len(curves) < len(tried)
        for curve in curves:
            value = curve.experiment.training.lmbda
            self._curves[value] = curve
            self._scores[value] = np.where(curve.diverged, curve.metric.worst, curve.scores[-_LAST:].mean(axis=0))

    @property
    def best(self) -> float:
        """The λ with the highest mean score, of equals the largest."""
        return max(self._scores, key=lambda value: (float(self._scores[value].mean()), value))

    @property
    def _tied(self) -> list[float]:
        """Every λ that is no worse than the best by more than noise."""
        best, total = self._scores[self.best], self._total
        return sorted(
            value
            for value, score in self._scores.items()
            if float(best.mean() - score.mean()) <= noise_threshold(best, score, total)
        )

    @property
    def _total(self) -> int:
        return next(iter(self._curves.values())).noise_total

    @property
    def _metric(self) -> Metric:
        return next(iter(self._curves.values())).metric

    def _cost(self, value: float) -> float:
        cost = self._curves[value].evaluation_data_cost[-_LAST:].mean()
        return float(cost) if np.isfinite(cost) else math.inf

    def result(self) -> SearchResult:
        """The choice among those tied at the top, with everything that led to it."""
        tied = self._tied
        chosen = min(tied, key=self._cost)
        best = self.best
        rows = [self._row(value, value in tied) for value in sorted(self._scores)]
        score = self._metric.text(float(self._scores[chosen].mean()), digits=1)
        gained = float(self._scores[chosen].mean() - self._scores[0.0].mean())
        because = (
            f"From 1.0 by tens and then finer, {quantity(self._epochs, 'epoch')} each: λ = {chosen:g} comes to {score}"
        )
        if len(tied) > 1:
            because += (
                f". From {tied[0]:g} to {tied[-1]:g} it makes no difference beyond noise, and there the validation "
                f"cost is lowest at {chosen:g}."
            )
        else:
            because += ", more than noise above every other."
        if chosen and 0.0 in tied:
            because += f" It isn't better than no λ by more than luck ({self._metric.difference_text(gained)})."
        elif chosen:
            because += f" Without λ it is {self._metric.difference_text(gained)} less."
        because += f" What counts is λ/n = {chosen / self._n:.2g}: another number of examples wants another λ."
        edge = chosen and chosen in (max(self._scores), min(v for v in self._scores if v))
        spread = self._scores[best]
        sure = (
            f"{quantity(len(spread), 'seed')}, ± {self._metric.difference_text(float(spread.std(ddof=1)))} between them"
            if len(spread) > 1
            else ("One seed only: how much of this is luck can't be said")
        )
        sure += "; the best lies at the edge of what was tried, so look further." if edge else "."
        return SearchResult(
            "lambda",
            chosen,
            (tied[0], tied[-1]),
            because,
            sure,
            tuple(rows),
            {"training.lambda": chosen},
            is_cut_short=self._cut_short,
        )

    def _row(self, value: float, good: bool) -> SearchRow:
        score, diverged = self._scores[value].tolist(), self._curves[value].diverged.tolist()
        return SearchRow.of_scores(value, f"λ = {value:g}", score, good, diverged=diverged, metric=self._metric)
