"""A study as pictures: the best so far, a map of two parameters, and what each parameter alone says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tunelab.tui.charts.heatmap import heatmap
from tunelab.tui.charts.palette import Style
from tunelab.tui.charts.picture import Ink, Picture, fitted, sentence
from tunelab.tui.charts.picture import cells as cells_of
from tunelab.tui.charts.spec import Axis, ChartSpec, Level, Mark, Series

if TYPE_CHECKING:
    from tunelab.sweeps.results import StudyTable, TrialRow
    from tunelab.sweeps.search_space import Dimension

__all__ = ["TrialMap", "best_chart", "map_axes", "slice_chart", "sweep_map", "trial_map"]

DEFAULT = Style()
_CELL = 8  # columns of a cell of the map: [95.3★] and a gap
_MARKED = 100  # points that get a marker each: more would hide each other, and take long to draw
_PREFERRED = ("training.eta", "training.lambda")


def best_chart(table: StudyTable) -> ChartSpec:
    """The best value over the trials as they ended, and every trial's own."""
    times = table.metric.scale
    ended = sorted((row for row in table.rows if row.ended), key=lambda row: (row.finished, row.number))
    valued = [(n, times * row.value, row.state) for n, row in enumerate(ended, 1) if row.value is not None]
    each = [(n, value) for n, value, state in valued if state == "complete"]
    unfinished = [(n, value) for n, value, state in valued if state != "complete"]
    steps: list[tuple[float, float]] = []
    for count, value in table.best_so_far():
        if steps:
            steps.append((count, steps[-1][1]))
        steps.append((count, times * value))
    series = [
        Series([x for x, _ in steps], [y for _, y in steps], "best so far", 0, points=False),
        *_scatter(each, "trials", 1),
        *_scatter(unfinished, "pruned or diverged", 5),
    ]
    end = max(len(ended), min(table.plan.trials, 10), 2)
    return ChartSpec(
        f"{table.metric.heading}, trials as they ended",
        Axis("trials", limits=(0, end), whole=True),
        Axis(),
        tuple(s for s in series if len(s.x)),
        empty="No trial has ended yet.",
    )


def slice_chart(table: StudyTable, dimension: Dimension) -> ChartSpec:
    """What one parameter alone says: every trial at its value, and the best at each."""
    times = table.metric.scale
    place = _places(dimension)
    at = [
        (place(row.params[dimension.key]), row)
        for row in table.rows
        if row.value is not None and dimension.key in row.params
    ]
    each = [(x, times * row.value) for x, row in at if row.state == "complete" and row.value is not None]
    unfinished = [(x, times * row.value) for x, row in at if row.state != "complete" and row.value is not None]
    best: dict[float, float] = {}
    for x, y in each:
        best[x] = max(y, best.get(x, -math.inf))
    few = len(best) <= 12
    line = sorted(best.items()) if few else []
    series = [
        Series([x for x, _ in line], [y for _, y in line], "best", 0, points=False),
        *_scatter(each, "trials ± standard error", 1),
        *_error_bars(place, dimension, table),
        *_scatter(unfinished, "pruned or diverged", 5),
    ]
    marks: tuple[Mark, ...] = ()
    if table.best is not None and dimension.key in table.best.params:
        marks = (Mark(place(table.best.params[dimension.key]), "best", "plain"),)
    levels: tuple[Level, ...] = ()
    if table.best is not None and table.within_noise:
        levels = (Level(times * min(float(row.value or 0) for row in table.within_noise), "within noise"),)
    label = dimension.name
    if place is not _as_is and not (dimension.log and _all_positive(dimension)):
        label += ": " + " ".join(f"{n}={value}" for n, value in enumerate(dimension.grid()))
    log = place is _as_is and dimension.log
    return ChartSpec(
        f"{table.metric.heading} by {label}",
        Axis(dimension.name, log=log),
        Axis(),
        tuple(s for s in series if len(s.x)),
        levels=levels,
        marks=marks,
        empty="No trial has ended yet.",
    )


def _error_bars(place: Any, dimension: Dimension, table: StudyTable) -> list[Series]:
    """A line of one standard error up and down at each trial, while they are few."""
    rows = [row for row in table.complete if dimension.key in row.params and row.value is not None]
    if len(rows) > _MARKED:
        return []
    bars = []
    for row in rows:
        x, y, error = place(row.params[dimension.key]), row.value or 0.0, row.error
        if error > 0:
            ends = [table.metric.scale * (y - error), table.metric.scale * (y + error)]
            bars.append(Series([x, x], ends, colour=1, points=False))
    return bars


def _as_is(value: Any) -> float:
    return float(value)


def _all_positive(dimension: Dimension) -> bool:
    return all(not isinstance(v, str) and v > 0 for v in dimension.grid())


def _places(dimension: Dimension) -> Any:
    """Where a value stands on the axis: at itself, or (words, a 0 among powers of ten) at its place in the list."""
    if dimension.numeric and (not dimension.log or _all_positive(dimension)):
        return _as_is
    order = {value: float(n) for n, value in enumerate(dimension.grid())}
    return lambda value: order.get(value, math.nan)


def _scatter(points: Sequence[tuple[float, float]], label: str, colour: int) -> list[Series]:
    """Points without a line, each with a marker of its own while they are few; then a gap after each."""
    if len(points) <= _MARKED:
        return [Series([x], [y], label, colour) for x, y in points]
    x = [part for px, _ in points for part in (px, math.nan)]
    y = [part for _, py in points for part in (py, math.nan)]
    return [Series(x, y, label, colour)]


def map_axes(table: StudyTable) -> tuple[Dimension, Dimension] | None:
    """Which two parameters a map shows, across and up: η and λ where both are swept over; None where only one is."""
    over = sorted(table.plan.over, key=lambda d: _PREFERRED.index(d.key) if d.key in _PREFERRED else len(_PREFERRED))
    return (over[0], over[1]) if len(over) > 1 else None


@dataclass(frozen=True)
class _Bins:
    """The columns or rows of a map: a label each, and which of them a value falls into."""

    labels: tuple[str, ...]
    edges: tuple[float, ...] = ()
    values: tuple[Any, ...] = ()
    log: bool = False

    def of(self, value: Any) -> int:
        if self.values:
            return self.values.index(value) if value in self.values else -1
        x = math.log(value) if self.log else float(value)
        return min(max(int(np.searchsorted(self.edges, x, side="right")) - 1, 0), len(self.labels) - 1)


def _bins(dimension: Dimension, sampler: str, room: int) -> _Bins:
    if dimension.kind == "list" or sampler == "grid":
        values = dimension.grid()
        ordered = tuple(sorted(values, key=float)) if dimension.numeric else values
        if len(ordered) <= room or not dimension.numeric:
            return _Bins(tuple(_label(v) for v in ordered), values=ordered)
        low, high, log = float(ordered[0]), float(ordered[-1]), dimension.log and float(ordered[0]) > 0
    else:
        low, high, log = dimension.low, dimension.high, dimension.kind == "log"
    if dimension.whole:
        room = min(room, int(high - low) + 1)
    count = max(1, min(room, 10))
    a, b = (math.log(low), math.log(high)) if log else (low, high)
    edges = [a + (b - a) * i / count for i in range(count + 1)]
    middles = [(edges[i] + edges[i + 1]) / 2 for i in range(count)]
    return _Bins(tuple(_label(math.exp(m) if log else m) for m in middles), tuple(edges), log=log)


def _label(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)[:10]


@dataclass(frozen=True)
class TrialMap:
    """A map as drawn, and the trial that each of its cells shows, the upper row first; None where there is none.

    ``left`` and ``top`` are the first cell's place in the picture, ``columns`` and ``rows`` its size.
    """

    picture: Picture
    trials: tuple[tuple[int | None, ...], ...] = ()
    left: int = 0
    top: int = 0
    columns: int = 1
    rows: int = 1

    def trial_at(self, x: int, y: int) -> int | None:
        """Return the number of the trial under a character of the picture."""
        column, row = (x - self.left) // self.columns, (y - self.top) // self.rows
        inside = 0 <= row < len(self.trials) and 0 <= column < len(self.trials[row])
        return self.trials[row][column] if inside else None


def sweep_map(
    table: StudyTable, across: Dimension, up: Dimension, width: int, height: int, style: Style = DEFAULT
) -> Picture:
    """Return the picture of :func:`trial_map`."""
    return trial_map(table, across, up, width, height, style).picture


def trial_map(
    table: StudyTable,
    across: Dimension,
    up: Dimension,
    width: int,
    height: int,
    style: Style = DEFAULT,
) -> TrialMap:
    """The best value in each cell of two parameters, shares in percent.

    [ ] is the contour: cells that can't be told from the best (★). × stands where everything diverged, – where
    all was pruned; a cell without a trial is empty.
    """
    if not any(row.ended for row in table.rows):
        return TrialMap(sentence("No trial has ended yet.", width, height, Ink(dim=True)))
    columns = _bins(across, table.plan.sampler, max(1, (width - 9) // _CELL))
    rows = _bins(up, table.plan.sampler, max(1, height - 2))
    digits = 1 if table.metric.percent else 3
    cells: dict[tuple[int, int], list[TrialRow]] = {}
    for row in table.rows:
        if row.ended and across.key in row.params and up.key in row.params:
            cells.setdefault((rows.of(row.params[up.key]), columns.of(row.params[across.key])), []).append(row)
    near = {row.number for row in table.within_noise}
    values = np.full((len(rows.labels), len(columns.labels)), np.nan)
    marks = [["" for _ in columns.labels] for _ in rows.labels]
    inside_noise = np.zeros(values.shape, bool)
    trials: list[list[int | None]] = [[None for _ in columns.labels] for _ in rows.labels]
    for (r, c), inside in cells.items():
        if r < 0 or c < 0:
            continue
        trials[r][c] = inside[0].number
        done = [row for row in inside if row.state == "complete" and row.value is not None]
        if not done:
            states = {row.state for row in inside}
            marks[r][c] = ("x" if style.ascii else "×") if "diverged" in states else "-" if style.ascii else "–"
            continue
        best = max(done, key=lambda row: (row is table.best, -math.inf if row.value is None else row.value))
        values[r, c], trials[r][c] = best.value, best.number
        star = ("*" if style.ascii else "★") if best is table.best else ""
        marks[r][c] = f"{table.metric.scale * (best.value or 0.0):.{digits}f}{star}"
        inside_noise[r, c] = best.number in near
    known = values[np.isfinite(values)]
    if len(known):
        low, high = float(known.min()), float(known.max())
        # Squared, for what counts is how the best differ among themselves
        values = ((values - low) / (high - low)) ** 2 if high > low else np.where(np.isnan(values), np.nan, 1.0)
    else:
        values[...] = 0.0
    order = range(len(rows.labels))[:: -1 if up.numeric else 1]
    tall = max(1, min((height - 3) // len(rows.labels), 3))
    gutter = min(max(len(label) for label in rows.labels) + 1, width // 3)
    broad = max(_CELL, min((width - gutter) // len(columns.labels), 14))
    lines = [
        _cell_lines(marks[r], inside_noise[r].tolist(), tall, max(broad - 2, _CELL - 1), style.ascii) for r in order
    ]
    names = f"{up.name} {'up' if up.numeric else 'down'}, {across.name} across"
    head = (
        f"{table.metric.heading}, the best of each cell; {names}",
        "framed: within noise of the best ★   × diverged   – pruned"
        if tall == 3 and near
        else "[ ] within noise of the best ★   × diverged   – pruned",
    )
    title = [((fitted(style.text(text), width), Ink(dim=n > 0, bold=n == 0)),) for n, text in enumerate(head)]
    middle = tall // 2
    body = heatmap(
        np.repeat(values[list(order)], tall, axis=0),
        [rows.labels[r] if n == middle else "" for r in order for n in range(tall)],
        columns.labels,
        width,
        height - len(title),
        style=style,
        texts=[line for cell in lines for line in cell],
    )
    left = min(max(len(label) for label in rows.labels) + 1, max(width // 3, 1))
    drawn = sum(cells_of(text) for text, _ in body.rows[0])
    return TrialMap(
        Picture(tuple(title)).over(body),
        tuple(tuple(trials[r]) for r in order),
        left,
        len(title) + 1,
        max(1, (drawn - left) // len(columns.labels)),
        tall,
    )


def _cell_lines(marks: Sequence[str], framed: Sequence[bool], tall: int, broad: int, ascii: bool) -> list[list[str]]:
    """The lines of a row of cells, each with its number in the middle; what is within noise stands in a frame."""
    left, right, top, bottom, side = ("[", "]", "+-+", "+-+", "||") if ascii else ("[", "]", "╭─╮", "╰─╯", "││")
    room = max(broad - 2, 1)
    lines = [["" for _ in marks] for _ in range(tall)]
    for n, (mark, frame) in enumerate(zip(marks, framed, strict=True)):
        if not frame:
            lines[tall // 2][n] = mark.center(broad)
        elif tall < 3:
            lines[tall // 2][n] = f"{left}{mark}{right}".center(broad)
        else:
            lines[0][n] = top[0] + top[1] * room + top[2]
            lines[1][n] = side[0] + mark.center(room) + side[1]
            lines[2][n] = bottom[0] + bottom[1] * room + bottom[2]
    return lines
