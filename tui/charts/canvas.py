"""The inside of a chart: layers of dots and characters, the series in focus on top."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tunelab.tui.charts import palette as colours
from tunelab.tui.charts import raster
from tunelab.tui.charts.palette import Style
from tunelab.tui.charts.picture import Ink, cells
from tunelab.tui.charts.scale import unit
from tunelab.tui.charts.spec import ChartSpec, Floats, Limits, Role, Series, Zone, floats

__all__ = ["Canvas", "paint"]

_Scale = Callable[[Floats], Floats]
_Inked = Callable[[Role], Ink]
_BETWEEN_MARKERS = 11  # columns: close enough to find one, far enough to see the curve


class Canvas:
    """Characters and inks, a cell at a time; what is set later lies above."""

    def __init__(self, grid: raster.Grid, style: Style) -> None:
        self.grid, self.style, self.ascii = grid, style, style.ascii
        self.characters: NDArray[np.uint32] = np.full((grid.rows, grid.columns), ord(" "), dtype=np.uint32)
        self.inks: list[Ink] = [Ink()]
        self.numbers = {Ink(): 0}
        self.inked = np.zeros((grid.rows, grid.columns), dtype=np.intp)
        self.free = np.ones((grid.rows, grid.columns), dtype=np.bool_)

    def dots(self, bits: raster.Bits, ink: Ink, sign: str, *, free: bool = False) -> None:
        """Dots as braille characters, or as ``sign`` where there is only ASCII.

        A cell stays ``free`` for words where the dots are mere shading.
        """
        characters = np.where(bits, np.uint32(ord(sign)), np.uint32(0)) if self.ascii else self.grid.braille(bits)
        there = characters != 0
        self.characters[there] = characters[there]
        self.inked[there] = self._number(ink)
        self.free[there] = free

    def cell(self, column: int, row: int, character: str, ink: Ink) -> None:
        """One character, if it lies on the canvas."""
        if 0 <= column < self.grid.columns and 0 <= row < self.grid.rows:
            self.characters[row, column] = ord(character)
            self.inked[row, column] = self._number(ink)
            self.free[row, column] = False

    def words(self, column: int, row: int, text: str, ink: Ink) -> None:
        """A short text from ``column`` on."""
        for offset, character in enumerate(text):
            self.cell(column + offset, row, character, ink)

    def drawable(self, text: str) -> str:
        """``text`` as this canvas can show it: only what takes one column a character."""
        return "".join(c for c in self.style.text(text) if c.isprintable() and cells(c) == 1)

    def row(self, row: int) -> list[tuple[str, Ink]]:
        """A row as pieces of one ink each."""
        text = self.characters[row].astype("<u4").tobytes().decode("utf-32-le")
        inked = self.inked[row]
        starts = [0, *(np.flatnonzero(inked[1:] != inked[:-1]) + 1).tolist(), len(text)]
        return [(text[a:b], self.inks[int(inked[a])]) for a, b in pairwise(starts)]

    def _number(self, ink: Ink) -> int:
        if ink not in self.numbers:
            self.numbers[ink] = len(self.inks)
            self.inks.append(ink)
        return self.numbers[ink]


def paint(canvas: Canvas, spec: ChartSpec, limits: tuple[Limits, Limits]) -> None:
    """Everything of ``spec`` that lies inside the axes, from the back to the front."""
    muted = Ink(dim=True)
    grid = canvas.grid

    def across(values: Floats) -> Floats:
        return unit(values, limits[0], spec.x.log)

    def up(values: Floats) -> Floats:
        return unit(values, limits[1], spec.y.log)

    def inked(role: Role, dim: bool = False) -> Ink:
        ink = colours.ink(role, canvas.style)
        return Ink(ink.colour, ink.background, dim or ink.dim, ink.bold)

    down, over = np.arange(grid.high)[:, None], np.arange(grid.wide)[None, :]
    sparse = (down % 4 == 1) & (over % 2 == 0) & ((down // 4 + over // 2) % 2 == 0)
    for zone in spec.zones:
        ends = _ends(zone, across) * (grid.wide - 1)
        canvas.dots(sparse & (over >= ends[0]) & (over <= ends[1]), muted, ".", free=True)

    by_focus = sorted(spec.series, key=lambda each: each.label == spec.focus)
    checks = (down + over) % 2 == 0 if canvas.ascii else (down % 2 == 0) & ((over + down // 2) % 2 == 0)
    curves = [(each, across(floats(each.x)), up(floats(each.y))) for each in by_focus]
    for each, u, v in curves:
        if each.low is not None and each.high is not None:
            low, high = up(_finite(each.low, v)), up(_finite(each.high, v))
            canvas.dots(raster.band(grid, u, low, high) & checks, inked(each.colour, dim=True), ":")

    tallest = sorted(spec.bars, key=lambda each: -np.max(floats(each.heights), initial=0.0))
    for bar in tallest:
        filled = raster.bars(grid, across(floats(bar.edges)), up(floats(bar.heights)))
        canvas.dots(filled & ((down + over) % 2 == 0), inked(bar.colour, dim=True), "#")

    for level in spec.levels:
        at = up(floats(level.y))[0]
        if 0 <= at <= 1:
            dotted = (down == grid.high - 1 - round(at * (grid.high - 1))) & (over % 2 == 0)
            canvas.dots(dotted, inked(level.colour), "-")
    for mark in spec.marks:
        at = across(floats(mark.x))[0]
        if 0 <= at <= 1:
            for row in range(grid.rows):
                canvas.cell(grid.column(at), row, "|" if canvas.ascii else "┊", inked(mark.colour))

    for each, u, v in curves:
        sign = colours.ascii_marker(each.colour)
        canvas.dots(raster.stroke(grid, u, v, each.dashed), inked(each.colour), sign)
    if not canvas.ascii:
        for each, u, v in curves:
            _markers(canvas, each, u, v, inked(each.colour))
    for each, u, v in curves:
        _leaving(canvas, u, v, inked(each.colour))
    _words(canvas, spec, across, up, inked)


def _finite(edge: object, around: Floats) -> Floats:
    """A band's edge; where the curve itself has a gap, so has the band."""
    values = floats(edge)  # type: ignore[arg-type]
    return np.where(np.isnan(around), np.nan, values)


def _markers(canvas: Canvas, series: Series, u: Floats, v: Floats, ink: Ink) -> None:
    """Markers on some of the points, and on the last one: where a live curve has got to."""
    if not series.points:
        return
    grid = canvas.grid
    inside = np.flatnonzero((u >= 0) & (u <= 1) & (v >= 0) & (v <= 1))
    if not len(inside):
        return
    columns = np.rint(u[inside] * (grid.wide - 1)).astype(np.int64) // grid.dots.across
    arm = series.colour if isinstance(series.colour, int) else 0
    # every arm starts elsewhere, so that markers of curves on top of each other stand side by side
    slots = (columns - (3 * arm + 6 * series.dashed) % _BETWEEN_MARKERS) // _BETWEEN_MARKERS
    picked = np.concatenate(([slots[0] >= 0], (slots[1:] != slots[:-1])))
    picked &= np.abs(columns - columns[-1]) >= 4
    picked[-1] = True
    sign = colours.marker(series.colour, series.dashed)
    for column, height in zip(columns[picked].tolist(), v[inside][picked].tolist(), strict=True):
        canvas.cell(column, grid.row(height), sign, ink)


def _leaving(canvas: Canvas, u: Floats, v: Floats, ink: Ink) -> None:
    """An arrow at the edge wherever a curve goes above or below what the axis shows."""
    grid = canvas.grid
    for outside, edge, row, sign in (
        (v > 1, 1.0, 0, "^" if canvas.ascii else "↑"),
        (v < 0, 0.0, grid.rows - 1, "v" if canvas.ascii else "↓"),
    ):
        starts = np.flatnonzero(outside & ~np.concatenate(([False], outside[:-1])))
        for at in starts.tolist():
            where = u[at]
            if at > 0 and not math.isnan(u[at - 1]) and not math.isnan(v[at - 1]):
                share = (edge - v[at - 1]) / (v[at] - v[at - 1])
                where = u[at - 1] + share * (u[at] - u[at - 1])
            if 0 <= where <= 1:
                canvas.cell(grid.column(where), row, sign, ink)


def _words(canvas: Canvas, spec: ChartSpec, across: _Scale, up: _Scale, inked: _Inked) -> None:
    """Labels of marks, levels and zones, where they hide nothing; otherwise not at all."""
    grid = canvas.grid
    for mark in spec.marks:
        text, at = canvas.drawable(mark.label), across(floats(mark.x))[0]
        if text and 0 <= at <= 1:
            column = grid.column(at)
            beside = (column + 1, column - len(text))
            _put(canvas, [(c, row) for row in range(grid.rows // 2) for c in beside], text, inked(mark.colour))
    for each in spec.series:
        _end(canvas, each, across, up, inked(each.colour))
    for level in spec.levels:
        text, at = canvas.drawable(level.label), up(floats(level.y))[0]
        if text and 0 <= at <= 1:
            row = grid.row(at)
            ends = (grid.columns - len(text), 1)
            _put(canvas, [(c, r) for c in ends for r in (row - 1, row + 1)], text, inked(level.colour))
    for zone in spec.zones:
        text = canvas.drawable(zone.label)
        first, last = (grid.column(end) for end in _ends(zone, across))
        if text and len(text) <= last - first + 1:
            middle = (first + last + 1 - len(text)) // 2
            _put(canvas, [(middle, row) for row in range(grid.rows)], text, Ink(dim=True))


def _end(canvas: Canvas, series: Series, across: _Scale, up: _Scale, ink: Ink) -> None:
    """The series' last value beside its last point."""
    u, v = across(floats(series.x)), up(floats(series.y))
    inside = np.flatnonzero((u >= 0) & (u <= 1) & (v >= 0) & (v <= 1))
    text = canvas.drawable(series.end)
    if not text or not len(inside):
        return
    column, row = canvas.grid.column(u[inside[-1]]), canvas.grid.row(v[inside[-1]])
    starts = (column + 2, min(column, canvas.grid.columns - 1) - len(text) + 1)
    _put(canvas, [(start, row + by) for by in (0, -1, 1, -2, 2) for start in starts], text, ink)


def _ends(zone: Zone, across: _Scale) -> Floats:
    """Where a zone begins and ends on the canvas; infinite ends are its edges."""
    ends = across(floats([zone.low, zone.high]))
    ends = np.where(np.isnan(ends), [0.0, 1.0], ends)
    return np.clip(ends, 0.0, 1.0)


def _put(canvas: Canvas, places: list[tuple[int, int]], text: str, ink: Ink) -> None:
    """``text`` at the first of the places where only blanks and shading would be hidden."""
    for column, row in places:
        inside = 0 <= row < canvas.grid.rows and 0 <= column <= canvas.grid.columns - len(text)
        if inside and canvas.free[row, column : column + len(text)].all():
            canvas.words(column, row, text, ink)
            return
