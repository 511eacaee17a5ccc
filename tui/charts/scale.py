"""Axes that read well: limits and ticks at 1, 2 or 5 times a power of ten, and limits that stay put."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from tunelab.tui.charts.spec import Floats, Limits, floats

__all__ = ["held", "label", "labels", "nice_limits", "span_of", "sticky", "ticks", "unit"]

_LARGEST = 1e300  # steps and sums of what lies below it don't overflow
_SMALLEST = 1e-300  # below it, steps of the axis can't be told apart any more


def span_of(values: Iterable[ArrayLike | None], log: bool = False) -> Limits | None:
    """The smallest and largest finite value in all arrays (above 0 only, for a log axis); None without any."""
    low, high = math.inf, -math.inf
    for each in values:
        array = floats(each)
        array = array[np.isfinite(array) & (array > _SMALLEST) if log else np.isfinite(array)]
        if len(array):
            low, high = min(low, float(array.min())), max(high, float(array.max()))
    return (low, high) if low <= high else None


def nice_limits(low: float, high: float, *, log: bool = False, steps: int = 5) -> Limits:
    """Limits around ``low`` … ``high`` that lie on ticks.

    On a log axis they are 1, 2 or 5 times a power of ten. Equal numbers get room around them.
    """
    if low > high:
        low, high = high, low
    if log:
        low, high = (min(max(limit, _SMALLEST), _LARGEST) for limit in (low, high))
        below, above = _one_two_five(low, up=False), _one_two_five(high, up=True)
        if below == above:
            below, above = below / 2, above * 2
        return below, min(above, _LARGEST)
    low, high = held(low), held(high)
    size = max(abs(low), abs(high))
    if high / 2 - low / 2 < max(size * 1e-9, _SMALLEST):
        room = size * 0.1 or 0.5
        room = max(room, _SMALLEST)
        low, high = held(low - room), held(high + room)
    step = _step(high / steps - low / steps)
    # the tolerance keeps 0.3 = 3 × 0.1 from costing a step more than it needs
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return held(first * step), held(last * step)


def held(limit: float) -> float:
    """``limit``, or the largest number of its sign that an axis can end at."""
    return min(max(limit, -_LARGEST), _LARGEST)


def sticky(previous: Limits | None, low: float, high: float, *, log: bool = False) -> Limits:
    """Limits for a chart that grows: the previous ones while the numbers fit and fill at least a third of them.

    So most rows of a live chart stay as they are, and a curve doesn't jump under the eye.
    """
    if previous is not None and previous[0] <= low and high <= previous[1]:
        bottom, top = unit(np.array([low, high]), previous, log)
        if top - bottom >= 1 / 3:
            return previous
    return nice_limits(low, high, log=log)


def unit(values: Floats, limits: Limits, log: bool = False) -> Floats:
    """Where values lie between the limits: 0 at the lower, 1 at the upper, NaN where they aren't finite.

    Far outside, the answer is held at ±1e6: a line to 1e300 leaves the chart where it should, and nothing
    overflows. On a log axis 0 and below lie far under the chart.
    """
    low, high = limits
    with np.errstate(all="ignore"):
        finite = np.isfinite(values)
        if log:
            low, high = math.log10(low), math.log10(high)
            values = np.log10(np.where(values > 0, values, 0.0))
        size = max(abs(low), abs(high))
        share = (values / size - low / size) / (high / size - low / size)
        return np.where(finite, np.clip(np.nan_to_num(share, nan=0.0), -1e6, 1e6), np.nan)


def ticks(limits: Limits, room: int, *, log: bool = False, whole: bool = False) -> list[float]:
    """At most about ``room`` nice numbers between the limits, both ends included where they are nice."""
    room = max(room, 2)
    if log:
        return _log_ticks(limits, room)
    low, high = limits
    step = _step(high / room - low / room)
    if whole and high / 2 - low / 2 >= 1:
        step = max(step, 1.0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    while last - first + 1 > room:
        step = _step(step * 1.5)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _log_ticks(limits: Limits, room: int) -> list[float]:
    first, last = (math.log10(limit) for limit in limits)
    decades = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
    for mantissas in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3)):
        candidates = [
            m * 10.0**d
            for d in range(math.floor(first), math.floor(last + 1e-9) + 1)
            for m in mantissas
            if first - 1e-9 <= d + math.log10(m) <= last + 1e-9
        ]
        if 2 <= len(candidates) <= room:
            return candidates
    apart = max(1, -(-len(decades) // room))
    return [10.0**d for d in decades if d % apart == 0]


def labels(values: Sequence[float], log: bool = False) -> list[str]:
    """The ticks as text, alike in their decimals: 0.5, 1.0, 1.5; on a log axis each as short as it can be."""
    if log:
        return [label(v) for v in values]
    size = max((abs(v) for v in values), default=0.0)
    step = min((b - a for a, b in pairwise(values)), default=size)
    if size == 0 or not 1e-4 <= size < 1e6 or step < 1e-5:
        return _scientific(values)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return [f"{v:.{decimals}f}" if round(v, decimals) else "0" for v in values]


def label(value: float) -> str:
    """One number, short: 0.001, 20, 1e5, 2e-7."""
    if value == 0:
        return "0"
    if 1e-4 < abs(value) < 1e5:
        return f"{value:.6g}"
    return _with_exponent(value, 3)


def _scientific(values: Sequence[float]) -> list[str]:
    texts = ["0" for _ in values]
    for digits in range(1, 15):
        texts = ["0" if v == 0 else _with_exponent(v, digits) for v in values]
        if len(set(texts)) == len(texts):
            break
    return texts


def _with_exponent(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{float(mantissa):.{digits + 1}g}e{int(exponent)}"


def _step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least ``rough``."""
    rough = max(rough, _SMALLEST)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 5):
        if factor * power >= rough * (1 - 1e-9):
            return factor * power
    return 10 * power


def _one_two_five(value: float, *, up: bool) -> float:
    """The 1, 2 or 5 times a power of ten nearest to ``value``, at least it or at most it."""
    power = 10.0 ** math.floor(math.log10(value))
    around = [1 * power, 2 * power, 5 * power, 10 * power]
    if up:
        return min((v for v in around if v >= value * (1 - 1e-9)), default=around[-1])
    return max((v for v in around if v <= value * (1 + 1e-9)), default=around[0])
