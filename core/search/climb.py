"""The lecture's climb to η, read off curves: 0.01, then ×10 while the training cost falls; the threshold; half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Climb", "climb", "course"]

Array = NDArray[Any]

START = 0.01
_LARGEST_RISE = 0.1  # of the way down that may be lost again on the way, before a cost is said to oscillate
_RISEN = 0.1  # of the first cost: an end that lies so far above the lowest point has risen
_FLAT = 0.003  # of the first cost: a cost that falls less doesn't fall


def course(costs: Array) -> str:
    """Return what a training cost does: 'falls', 'flat', 'oscillates', 'rises' or 'diverges'.

    ``costs`` (k,) begins with the cost before any training; NaN where it wasn't finite. The small ups and downs of
    mini-batches differ from real ones by their sum: what is lost on the way, as a share of the way down.
    """
    if not np.isfinite(costs).all():
        return "diverges"
    first, last, lowest = float(costs[0]), float(costs[-1]), float(costs.min())
    down = first - lowest
    # An average over the last few measurements: one unlucky mini-batch at the very end isn't a rise
    end = float(np.mean(costs[-3:]))
    if end > first or end - lowest > max(_RISEN * first, 0.5 * down):
        return "rises"
    if down < _FLAT * first:
        return "flat"
    steps = np.diff(costs)
    if steps[steps > 0].sum() > _LARGEST_RISE * (first - min(last, end)):
        return "oscillates"
    return "falls"


@dataclass(frozen=True)
class Climb:
    """The lecture's way through a grid: the η it visits, in order, and the ``threshold``, the largest that falls."""

    path: tuple[float, ...]
    threshold: float

    @property
    def text(self) -> str:
        """The climb in a sentence, with what it would take."""
        way = ", ".join(f"{eta:g}" for eta in self.path)
        return (
            f"The lecture's climb ({way}) has its threshold, the largest η at which the cost falls, at "
            f"{self.threshold:g}, and takes half of that, {self.threshold / 2:g}."
        )


def climb(outcomes: Mapping[float, tuple[str, ...]], start: float = START) -> Climb | None:
    """Follow the lecture through ``outcomes``, what the cost does for each seed, by η; None where it falls nowhere.

    From ``start`` by tens up to the first η at which too much happens, or down to the first at which the cost falls;
    then over the values between, not above the threshold. A cost falls where it does for two seeds in three. A flat
    cost is no reason to stop going up: some networks need a large step to leave what guessing reaches.
    """

    def falls(eta: float) -> bool:
        return 3 * outcomes[eta].count("falls") >= 2 * len(outcomes[eta])

    def too_much(eta: float) -> bool:
        words = outcomes[eta]
        return not falls(eta) and 3 * sum(word not in ("falls", "flat") for word in words) > len(words)

    def in_grid(eta: float) -> float | None:
        return next((value for value in outcomes if abs(value / eta - 1) < 0.01), None)

    path: list[float] = []
    eta = in_grid(start)
    while eta is not None:
        path.append(eta)
        if too_much(eta):
            break
        eta = in_grid(eta * 10)
    eta = in_grid(start / 10)
    while eta is not None and not any(map(falls, path)):
        path.append(eta)
        eta = in_grid(eta / 10)
    if not any(map(falls, path)):
        return None
    threshold = max(filter(falls, path))
    for between in sorted(value for value in outcomes if threshold < value < 10 * threshold * 0.99):
        path.append(between)
        if not falls(between):
            break
        threshold = between
    return Climb(tuple(path), threshold)
