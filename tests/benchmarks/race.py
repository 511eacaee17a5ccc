"""Timing side by side: every contender once a round, in turn, and ratios taken within a round.

A machine that is busy for a while slows a whole round, so a ratio within a round stands where seconds don't.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .contenders import Array

__all__ = ["Spread", "rounds", "table"]


@dataclass(frozen=True)
class Spread:
    """A number measured several times."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Array) -> Spread:
        """Of one value a round."""
        return cls(float(np.median(values)), float(values.min()), float(values.max()))

    def __str__(self) -> str:
        """Median (lowest–highest), to three digits."""
        return f"{_digits(self.median)} ({_digits(self.lowest)}–{_digits(self.highest)})"


def rounds(count: int, contenders: Mapping[str, Callable[[], float]]) -> dict[str, Array]:
    """Seconds of each contender in each of ``count`` rounds, (count,), after a round that isn't counted."""
    seconds = [{name: run() for name, run in contenders.items()} for _ in range(count + 1)]
    return {name: np.array([one[name] for one in seconds[1:]]) for name in contenders}


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table, its columns aligned so that it reads well in a terminal too."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"

    return "\n".join([line(header), line(tuple("-" * width for width in widths)), *map(line, rows)])


def _digits(value: float) -> str:
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{decimals}f}"
