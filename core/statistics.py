"""Chance, noise and differences: every statement about what luck can do, and the levels at which it is made.

Results are small frozen objects with named fields, as in scipy.stats. Only the standard library is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, fmean, stdev
from typing import Any

__all__ = [
    "CHANCE_LEVEL",
    "DIFFERENCE_LEVEL",
    "Accuracy",
    "BinomialTest",
    "Difference",
    "Interval",
    "Mean",
    "accuracy_difference",
    "accuracy_error",
    "binomial_cdf",
    "binomial_sf",
    "binomial_test",
    "bonferroni",
    "fewest_correct",
    "holm",
    "incomplete_beta",
    "mcnemar",
    "mean",
    "paired_difference",
    "resolution_error",
    "sample_difference",
    "t_pvalue",
    "t_quantile",
    "welch_difference",
    "wilson_interval",
]

CHANCE_LEVEL = 0.001
"""How rarely a guesser may do as well before a network is said to do better than chance (or worse)."""

DIFFERENCE_LEVEL = 0.05
"""The p-value below which a difference is beyond noise; intervals of means and differences hold with 95 %."""

_AS_NORMAL = 1e7  # degrees of freedom beyond which Student's t is the normal distribution to 1e-7


# Distributions


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1.

    Binomial tails and Student's t are both values of it. Lentz's method on the continued fraction (DLMF 8.17.22), on
    the side where it converges fast.
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    tiny = 1e-300
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1) or tiny)
    fraction = d
    for m in range(1, 100_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / (1.0 + step * d or tiny)
            c = 1.0 + step / c or tiny
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return min(math.exp(log_front) * fraction / a, 1.0)


def binomial_sf(k: int, n: int, p: float) -> float:
    """P(X ≥ k) for X ~ Binomial(n, p): how often guessing does at least this well."""
    if k <= 0:
        return 1.0
    return 0.0 if k > n else incomplete_beta(k, n - k + 1, min(max(p, 0.0), 1.0))


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X ≤ k) for X ~ Binomial(n, p): how often guessing does no better than this."""
    if k >= n:
        return 1.0
    return 0.0 if k < 0 else incomplete_beta(n - k, k + 1, 1.0 - min(max(p, 0.0), 1.0))


def t_pvalue(t: float, df: float) -> float:
    """P(|T| ≥ |t|) for Student's t with ``df`` > 0 degrees of freedom, whole or not; infinite means normal."""
    if math.isinf(t):
        return 0.0
    if df > _AS_NORMAL:
        return math.erfc(abs(t) / math.sqrt(2))
    return incomplete_beta(df / 2, 0.5, df / (df + t * t))


def t_quantile(level: float, df: float) -> float:
    """The t beyond which ``level`` of all lies, both sides together: 4.30 for 0.05 and 2 degrees of freedom."""
    if df > _AS_NORMAL:
        return NormalDist().inv_cdf(1 - level / 2)
    low, high = 0.0, 1.0
    while t_pvalue(high, df) > level:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_pvalue(middle, df) > level else (low, middle)
    return high


# One proportion, one mean


@dataclass(frozen=True)
class Interval:
    """From ``low`` to ``high``."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Whether a value lies in it, its ends included."""
        return self.low <= value <= self.high


def accuracy_error(accuracy: float, total: int) -> float:
    """Standard error of an accuracy measured on ``total`` examples, √(p(1 − p)/total), as a fraction.

    p is taken no nearer to 0 and 1 than half an example: no count of examples is certain.
    """
    total = max(total, 1)
    p = min(max(accuracy, 0.5 / total), 1 - 0.5 / total)
    return math.sqrt(p * (1 - p) / total)


def resolution_error(total: int) -> float:
    """The standard deviation that rounding to whole examples of ``total`` gives, 1/(total·√12); 0 for no examples."""
    return 1 / (total * math.sqrt(12)) if total else 0.0


def wilson_interval(correct: int, total: int, level: float = DIFFERENCE_LEVEL) -> Interval:
    """Wilson's score interval for the accuracy behind ``correct`` of ``total`` > 0; 0.05 gives 95 %."""
    z2 = NormalDist().inv_cdf(1 - level / 2) ** 2
    p = correct / total
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = math.sqrt(z2 * (p * (1 - p) / total + z2 / (4 * total**2))) / (1 + z2 / total)
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))


@dataclass(frozen=True)
class BinomialTest:
    """``correct`` of ``total`` examples beside ``chance``, the accuracy of the best answer that ignores the input.

    ``pvalue`` is P(X ≥ correct) and ``pvalue_below`` P(X ≤ correct), X ~ Binomial(total, chance).
    """

    correct: int
    total: int
    chance: float
    pvalue: float
    pvalue_below: float

    def better_than_chance(self, tries: int = 1) -> bool:
        """Whether this is more than luck, when it was one of ``tries`` (Bonferroni)."""
        return self.pvalue * tries < CHANCE_LEVEL

    def worse_than_chance(self, tries: int = 1) -> bool:
        """Whether so few are correct that guessing would hardly ever do as badly: a fault of the labels."""
        return self.pvalue_below * tries < CHANCE_LEVEL

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of the accuracy."""
        return wilson_interval(self.correct, self.total)

    @property
    def text(self) -> str:
        """The comparison in words."""
        often = "less than once in a million tries" if self.pvalue < 1e-6 else f"with probability {self.pvalue:.2g}"
        return f"{self.correct} of {self.total} right; guessing does as well {often}"


def binomial_test(correct: int, total: int, chance: float) -> BinomialTest:
    """Compare a number of right answers with guessing."""
    above, below = binomial_sf(correct, total, chance), binomial_cdf(correct, total, chance)
    return BinomialTest(correct, total, chance, above, below)


def fewest_correct(total: int, chance: float) -> int:
    """How many of ``total`` must be right to be better than chance; more than ``total`` where none suffice."""
    low, high = 0, total + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if binomial_sf(middle, total, chance) < CHANCE_LEVEL else (middle + 1, high)
    return low


@dataclass(frozen=True)
class Mean:
    """A mean of ``n`` numbers, its standard ``error`` and degrees of freedom; NaN error where nothing tells it."""

    mean: float
    error: float
    df: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval."""
        return math.nan if math.isnan(self.error) else t_quantile(DIFFERENCE_LEVEL, self.df) * self.error

    @property
    def interval(self) -> Interval:
        """Student's 95 % interval."""
        return Interval(self.mean - self.half_width, self.mean + self.half_width)


def mean(values: Sequence[float], total: int = 0) -> Mean:
    """The mean of at least one number, over seeds, folds or runs, with its standard error.

    One accuracy on ``total`` examples has the error of its examples.
    """
    n = len(values)
    if n > 1:
        return Mean(fmean(values), stdev(values) / math.sqrt(n), n - 1, n)
    return Mean(values[0], accuracy_error(values[0], total) if total else math.nan, math.inf, n)


@dataclass(frozen=True)
class Accuracy:
    """An accuracy: its mean over ``seeds``, its standard deviation over them, and on how many examples (``total``)."""

    accuracy: float
    std: float
    seeds: int
    total: int

    @property
    def error(self) -> float:
        """Standard error: the luck of first weights (over seeds) and that of which examples there are (binomial)."""
        return math.hypot(self.std / math.sqrt(self.seeds), accuracy_error(self.accuracy, self.total))

    @property
    def text(self) -> str:
        """The accuracy in per cent with its standard error."""
        return f"{100 * self.accuracy:.1f} ± {100 * self.error:.1f} %"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a journal holds them."""
        return {"accuracy": self.accuracy, "std": self.std, "seeds": self.seeds, "total": self.total}


# Differences


@dataclass(frozen=True)
class Difference:
    """first − second: the difference, its standard ``error``, its degrees of freedom and its p-value (two-sided).

    ``method`` is 'paired' (Student's t over pairs), 'unpaired' (Welch), 'examples' (two proportions) or 'mcnemar'.
    ``n`` is the number of pairs, or of the smaller sample. ``pvalue`` and ``interval`` hold together with those of
    ``comparisons`` − 1 others (Bonferroni).
    """

    difference: float
    error: float
    df: float
    pvalue: float
    method: str
    n: int
    comparisons: int = 1

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return t_quantile(DIFFERENCE_LEVEL / self.comparisons, self.df) * self.error

    @property
    def interval(self) -> Interval:
        """The 95 % interval, widened where it is one of several comparisons."""
        return Interval(self.difference - self.half_width, self.difference + self.half_width)

    @property
    def beyond_noise(self) -> bool:
        """Whether it is more than luck."""
        return self.pvalue < DIFFERENCE_LEVEL

    def among(self, comparisons: int) -> Difference:
        """The same, not corrected so far, as one of so many differences that are looked at together (Bonferroni)."""
        return replace(self, pvalue=min(1.0, self.pvalue * comparisons), comparisons=comparisons)


def paired_difference(first: Sequence[float], second: Sequence[float], *, least_std: float = 0.0) -> Difference:
    """Student's paired t-test over at least two pairs: the same seeds, folds or problems on both sides.

    ``least_std`` is a bound below which a standard deviation is not believed: a few seeds may agree by luck.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    n = len(differences)
    return _t_test(fmean(differences), max(stdev(differences), least_std) / math.sqrt(n), n - 1, "paired", n)


def welch_difference(first: Sequence[float], second: Sequence[float], *, least_std: float = 0.0) -> Difference:
    """Welch's t-test for two samples of at least two, with the Welch–Satterthwaite degrees of freedom as they are.

    ``least_std`` is as in :func:`paired_difference`, for each sample.
    """
    parts = [(max(stdev(values), least_std), len(values)) for values in (first, second)]
    return _welch(fmean(first) - fmean(second), parts)


def sample_difference(
    first: Sequence[float], second: Sequence[float], *, paired: bool, total: int = 0, least_std: float = 0.0
) -> Difference | None:
    """The difference of two trainings that were measured once a seed; None where nothing can be said.

    ``paired`` where both have the same seeds and data. Accuracies were measured on ``total`` examples, of which they
    can't tell parts apart; with one seed their difference is judged by the examples alone. A cost has no total, and
    with one seed no error either.
    """
    least_std = max(least_std, resolution_error(total))
    if min(len(first), len(second)) > 1:
        test = paired_difference if paired else welch_difference
        return test(first, second, least_std=least_std)
    return _example_difference(fmean(first), total, fmean(second), total) if total else None


def accuracy_difference(first: Accuracy, second: Accuracy) -> Difference:
    """The difference of two accuracies: Welch's where both have several seeds, else from their examples alone.

    The examples alone know nothing of the luck of first weights.
    """
    if min(first.seeds, second.seeds) < 2:
        return _example_difference(first.accuracy, first.total, second.accuracy, second.total)
    parts = [(max(a.std, resolution_error(a.total)), a.seeds) for a in (first, second)]
    return _welch(first.accuracy - second.accuracy, parts)


def mcnemar(only_first: int, only_second: int, total: int) -> Difference:
    """McNemar's exact test of two accuracies on the same ``total`` examples.

    ``only_first`` are the examples that the first alone got right, ``only_second`` those of the second. The p-value is
    the exact binomial one; the error that of the difference of two paired proportions.
    """
    discordant = only_first + only_second
    difference = (only_first - only_second) / total
    error = math.sqrt(max(discordant - total * difference**2, 0.0)) / total
    pvalue = min(1.0, 2 * binomial_sf(max(only_first, only_second), discordant, 0.5)) if discordant else 1.0
    return Difference(difference, error, math.inf, pvalue, "mcnemar", total)


def bonferroni(pvalues: Sequence[float], comparisons: int | None = None) -> list[float]:
    """P-values that hold together: each times the number of comparisons (by default as many as are given)."""
    return [min(1.0, p * (comparisons or len(pvalues))) for p in pvalues]


def holm(pvalues: Sequence[float]) -> list[float]:
    """P-values that hold together by Holm's step-down method: as safe as Bonferroni's and never larger."""
    adjusted = [0.0] * len(pvalues)
    largest = 0.0
    for rank, position in enumerate(sorted(range(len(pvalues)), key=pvalues.__getitem__)):
        largest = max(largest, min(1.0, pvalues[position] * (len(pvalues) - rank)))
        adjusted[position] = largest
    return adjusted


def _example_difference(first: float, first_total: int, second: float, second_total: int) -> Difference:
    """Two proportions by the normal distribution, as if on different examples: cautious where they are the same."""
    error = math.hypot(accuracy_error(first, first_total), accuracy_error(second, second_total))
    return _t_test(first - second, error, math.inf, "examples", 1)


def _welch(difference: float, samples: Sequence[tuple[float, int]]) -> Difference:
    """Welch's test from each sample's standard deviation and size."""
    variances = [(std**2 / n, n - 1) for std, n in samples]
    variance = sum(part for part, _ in variances)
    spread = sum(part**2 / free for part, free in variances)
    df = variance**2 / spread if spread else float(min(free for _, free in variances))
    return _t_test(difference, math.sqrt(variance), df, "unpaired", min(n for _, n in samples))


def _t_test(difference: float, error: float, df: float, method: str, n: int) -> Difference:
    t = difference / error if error else (math.inf if difference else 0.0)
    return Difference(difference, error, df, t_pvalue(t, df), method, n)
