"""From curves to dots: gaps kept, spikes kept, lines cut at the edges, and all of it in numpy.

Coordinates are shares of the canvas: 0 … 1 from left to right and from bottom to top, NaN for a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tunelab.tui.charts.spec import Floats

__all__ = ["ASCII", "BRAILLE", "Bits", "Dots", "Grid", "band", "bars", "stroke", "thinned"]

Bits = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dots:
    """How many dots a cell has across and down, and how a curve is dashed: dots drawn, dots in all."""

    across: int
    down: int
    dash: tuple[int, int]


BRAILLE = Dots(2, 4, (2, 5))
ASCII = Dots(1, 1, (1, 2))


# Which bit of a braille character is which dot of its cell, by (row, column); Unicode numbers them down the
# left column and down the right one, the lowest pair last
_BRAILLE_BITS = {
    (0, 0): 0, (1, 0): 1, (2, 0): 2, (0, 1): 3, (1, 1): 4, (2, 1): 5, (3, 0): 6, (3, 1): 7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grid:
    """A canvas of ``columns`` × ``rows`` cells, each divided into dots."""

    columns: int
    rows: int
    dots: Dots

    @property
    def wide(self) -> int:
        """Dots across."""
        return self.columns * self.dots.across

    @property
    def high(self) -> int:
        """Dots down."""
        return self.rows * self.dots.down

    def column(self, u: float) -> int:
        """The column of the cell in which a dot at ``u`` lies."""
        return round(min(max(u, 0.0), 1.0) * (self.wide - 1)) // self.dots.across

    def row(self, v: float) -> int:
        """The row, from the top, of the cell in which a dot at ``v`` lies."""
        return (self.high - 1 - round(min(max(v, 0.0), 1.0) * (self.high - 1))) // self.dots.down

    def bits(self) -> Bits:
        """No dot set: (high, wide), row 0 at the top."""
        return np.zeros((self.high, self.wide), dtype=np.bool_)

    def braille(self, bits: Bits) -> NDArray[np.uint32]:
        """(rows, columns) code points of the cells' braille characters, 0 where a cell is empty."""
        codes = np.zeros((self.rows, self.columns), dtype=np.uint8)
        dots = bits.view(np.uint8)
        for (row, column), bit in _BRAILLE_BITS.items():
            codes |= dots[row::4, column::2] << np.uint8(bit)
        return np.where(codes == 0, np.uint32(0), np.uint32(0x2800) + codes)


def thinned(u: Floats, v: Floats, columns: int) -> tuple[Floats, Floats]:
    """At most four points for each run of points in one column: first, lowest, highest, last.

    Drawn as lines between neighbours this sets the same dots as all points would (Jugel et al. 2014, "M4"),
    so a spike of one step among thousands stays. Gaps stay gaps. Works for any order of ``u``.
    """
    if len(u) <= 4 * columns:
        return u, v
    gap = np.isnan(u) | np.isnan(v)
    column = np.where(gap, -1e9, np.rint(np.where(gap, 0.0, u) * (columns - 1)))
    starts = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))
    ends = np.concatenate((starts[1:], [len(u)])) - 1
    lowest, highest = np.minimum.reduceat(v, starts), np.maximum.reduceat(v, starts)
    middle = u[(starts + ends) // 2]
    across = np.stack((u[starts], middle, middle, u[ends]), axis=1).ravel()
    up = np.stack((v[starts], lowest, highest, v[ends]), axis=1).ravel()
    return across, up


def stroke(grid: Grid, u: Floats, v: Floats, dashed: bool) -> Bits:
    """The dots of a curve through the points (u, v), cut where it leaves the canvas."""
    bits = grid.bits()
    u, v = thinned(u, v, grid.wide)
    inside = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)  # False for a gap
    here = ~np.isnan(u) & ~np.isnan(v)
    linked = here[1:] & here[:-1]
    alone = inside & ~np.concatenate((linked, [False])) & ~np.concatenate(([False], linked))
    bits[_down(grid, v[alone]), _across(grid, u[alone])] = True
    a = np.flatnonzero(linked)
    x0, y0, x1, y1 = _cut(u[a], v[a], u[a + 1], v[a + 1])
    if not len(x0):
        return bits
    x0, x1 = x0 * (grid.wide - 1), x1 * (grid.wide - 1)
    y0, y1 = y0 * (grid.high - 1), y1 * (grid.high - 1)
    steps = np.maximum(np.abs(np.rint(x1) - np.rint(x0)), np.abs(np.rint(y1) - np.rint(y0)))
    steps = np.maximum(steps, 1).astype(np.int64)
    first = np.cumsum(steps + 1) - (steps + 1)
    line = np.repeat(np.arange(len(steps)), steps + 1)
    share = (np.arange(len(line)) - first[line]) / steps[line]
    across = np.rint(x0[line] + share * (x1 - x0)[line]).astype(np.int64)
    down = grid.high - 1 - np.rint(y0[line] + share * (y1 - y0)[line]).astype(np.int64)
    if dashed:
        # counted in dots along the curve, so that steep and flat parts are dashed alike
        moved = np.concatenate(([True], (across[1:] != across[:-1]) | (down[1:] != down[:-1])))
        drawn, period = grid.dots.dash
        drawn_dots = (np.cumsum(moved) - 1) % period < drawn
        across, down = across[drawn_dots], down[drawn_dots]
    bits[down, across] = True
    return bits


def _cut(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The parts of lines that lie inside the unit square (Liang and Barsky 1984)."""
    enter, leave = np.zeros(len(x0)), np.ones(len(x0))
    hit = np.ones(len(x0), dtype=np.bool_)
    for start, end in ((x0, x1), (y0, y1)):
        way = end - start
        still = way == 0
        hit &= ~still | ((start >= 0) & (start <= 1))
        way = np.where(still, 1.0, way)
        at_low, at_high = -start / way, (1 - start) / way
        enter = np.maximum(enter, np.where(still, 0.0, np.minimum(at_low, at_high)))
        leave = np.minimum(leave, np.where(still, 1.0, np.maximum(at_low, at_high)))
    hit &= enter <= leave
    x0, y0, x1, y1, enter, leave = (each[hit] for each in (x0, y0, x1, y1, enter, leave))
    dx, dy = x1 - x0, y1 - y0
    ends = (x0 + enter * dx, y0 + enter * dy, x0 + leave * dx, y0 + leave * dy)
    # what rounding leaves outside by a hair would otherwise be a dot beside the canvas
    return tuple(np.clip(each, 0.0, 1.0) for each in ends)  # type: ignore[return-value]


def band(grid: Grid, u: Floats, low: Floats, high: Floats) -> Bits:
    """The dots between two curves over one rising ``u``; nothing at gaps and outside the canvas."""
    bits = grid.bits()
    whole = ~(np.isnan(u) | np.isnan(low) | np.isnan(high))
    centres = np.arange(grid.wide) / max(grid.wide - 1, 1)
    rows = np.arange(grid.high, dtype=np.int32)[:, None]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], whole, [False])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        x = u[start:stop]
        if np.any(np.diff(x) < 0):
            continue
        # half a dot to both sides, so that a single point has a band too
        first, end = np.searchsorted(centres, (x[0] - 0.5 / grid.wide, x[-1] + 0.5 / grid.wide))
        reached = centres[first:end]
        lower = np.interp(reached, x, np.minimum(low[start:stop], high[start:stop]))
        upper = np.interp(reached, x, np.maximum(low[start:stop], high[start:stop]))
        bottom, top = (
            (grid.high - 1 - np.rint(np.clip(each, -1, 2) * (grid.high - 1))).astype(np.int32)
            for each in (lower, upper)
        )
        bits[:, first:end] |= (rows >= top) & (rows <= bottom)
    return bits


def _across(grid: Grid, u: Floats) -> Whole:
    return np.rint(u * (grid.wide - 1)).astype(np.int64)


def _down(grid: Grid, v: Floats) -> Whole:
    return grid.high - 1 - np.rint(v * (grid.high - 1)).astype(np.int64)


def bars(grid: Grid, edges: Floats, heights: Floats) -> Bits:
    """The dots of a histogram standing on the bottom edge: ``edges`` (n + 1,) rising, ``heights`` (n,)."""
    centres = np.arange(grid.wide) / max(grid.wide - 1, 1)
    which = np.searchsorted(edges, centres, side="right") - 1
    which = np.where(centres == edges[-1], len(heights) - 1, which)
    known = (which >= 0) & (which < len(heights))
    height = np.where(known, heights[np.clip(which, 0, len(heights) - 1)], np.nan)
    dots = np.rint(np.clip(np.nan_to_num(height, nan=0.0), 0, 1) * grid.high)
    rows = np.arange(grid.high)[:, None]
    return np.asarray(rows >= grid.high - dots, dtype=np.bool_)
