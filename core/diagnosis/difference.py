"""Whether two trainings differ by more than luck: intervals over seeds, paired where the seeds are the same."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from tunelab.diagnosis.chance import accuracy_std
from tunelab.diagnosis.student import quantile, two_sided

__all__ = ["Difference", "Interval", "Sample", "difference", "interval"]

_LEVEL = 0.05


@dataclass(frozen=True)
class Sample:
    """One measure of a training for each seed: an accuracy on ``total`` examples, or (total 0) a cost."""

    name: str
    by_seed: Mapping[int, float]
    total: int = 0

    @property
    def values(self) -> list[float]:
        """The numbers alone."""
        return list(self.by_seed.values())


@dataclass(frozen=True)
class Interval:
    """A mean and half the width of its 95 % interval; ``over`` says what it is over: seeds, examples, or nothing."""

    mean: float
    half: float
    over: str


@dataclass(frozen=True)
class Difference:
    """first − second, with half the width of the interval that holds together with ``comparisons`` − 1 others.

    ``p`` is adjusted for them too (Bonferroni). ``how`` is 'paired', 'unpaired' (Welch) or 'examples' (one seed: from
    the number of evaluation examples alone). ``beyond``: whether the interval leaves 0 out.
    """

    first: str
    second: str
    mean: float
    half: float
    p: float
    how: str
    seeds: int
    comparisons: int

    @property
    def beyond(self) -> bool:
        """Whether it is more than luck."""
        return abs(self.mean) > self.half


def interval(sample: Sample) -> Interval:
    """The mean over seeds with Student's interval; with one seed the interval of its examples, if it has any."""
    mean = statistics.fmean(sample.values)
    n = len(sample.by_seed)
    if n > 1:
        half = quantile(_LEVEL, n - 1) * statistics.stdev(sample.values) / math.sqrt(n)
        return Interval(mean, half, "seeds")
    if sample.total:
        return Interval(mean, 1.96 * accuracy_std(_inside(mean, sample.total), sample.total), "examples")
    return Interval(mean, math.nan, "")


def difference(first: Sample, second: Sample, *, same_data: bool, comparisons: int = 1) -> Difference | None:
    """How much more ``first`` has than ``second``; None where nothing can be said (a cost with one seed).

    With the same seeds and data the two trainings share the luck of their seeds, and the differences seed by
    seed are judged. Otherwise Welch's test, its degrees of freedom rounded down.
    """
    mean = statistics.fmean(first.values) - statistics.fmean(second.values)
    level = _LEVEL / comparisons
    n = min(len(first.by_seed), len(second.by_seed))
    total = min(first.total, second.total)
    if n < 2:
        if not total:
            return None
        sides = ((statistics.fmean(s.values), s.total) for s in (first, second))
        error = math.hypot(*(accuracy_std(_inside(value, count), count) for value, count in sides))
        normal = statistics.NormalDist()
        p = 2 * (1 - normal.cdf(abs(mean) / error))
        half = normal.inv_cdf(1 - level / 2) * error
        return Difference(first.name, second.name, mean, half, min(1.0, p * comparisons), "examples", n, comparisons)
    # Seeds that happen to agree to the example still can't be told apart more finely than that
    least = 1 / (total * math.sqrt(12)) if total else 0.0
    if same_data and first.by_seed.keys() == second.by_seed.keys():
        differences = [first.by_seed[seed] - second.by_seed[seed] for seed in first.by_seed]
        error = max(statistics.stdev(differences), least) / math.sqrt(n)
        degrees, how = n - 1, "paired"
    else:
        parts = [
            (max(statistics.stdev(s.values), least) ** 2 / len(s.by_seed), len(s.by_seed) - 1) for s in (first, second)
        ]
        error = math.sqrt(sum(variance for variance, _ in parts))
        spread = sum(variance**2 / free for variance, free in parts)
        degrees = max(int(error**4 / spread), 1) if spread else min(free for _, free in parts)
        how = "unpaired"
    t = abs(mean) / error if error else (math.inf if mean else 0.0)
    half = quantile(level, degrees) * error
    p = min(1.0, two_sided(t, degrees) * comparisons)
    return Difference(first.name, second.name, mean, half, p, how, n, comparisons)


def _inside(accuracy: float, total: int) -> float:
    """Away from 0 and 1, where a count of examples would claim certainty (a half example counts)."""
    return min(max(accuracy, 0.5 / total), 1 - 0.5 / total)
