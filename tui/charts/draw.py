"""One function from a chart's description to a picture of it, and the only place that knows plotext.

plotext lays out the figure: frame, axes, ticks and their labels. The curves are set as dots in numpy
(raster.py): plotext's own need ten times as long for a live chart, can neither be dashed nor banded, and
fail at numbers that aren't finite.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from tunelab.tui.charts import palette as colours
from tunelab.tui.charts import raster, scale
from tunelab.tui.charts.canvas import Canvas, paint
from tunelab.tui.charts.palette import Style
from tunelab.tui.charts.picture import Ink, Picture, Place, Row, cells, fitted, joined, sentence
from tunelab.tui.charts.spec import Axis, ChartSpec, Limits, floats

__all__ = ["LEAST_HEIGHT", "LEAST_WIDTH", "aligned", "build", "legend", "sheet"]

log = logging.getLogger(__name__)

LEAST_WIDTH, LEAST_HEIGHT = 16, 5
_MUTED = Ink(dim=True)
DEFAULT = Style()


def build(spec: ChartSpec, width: int, height: int, style: Style = DEFAULT) -> Picture:
    """``spec`` as a picture of exactly ``width`` × ``height`` cells: the canvas, its axes and tick labels.

    Title and legend are not in it: see :func:`legend` and :func:`sheet`. It never raises: where there is nothing
    to draw, too little room, or something wrong with the numbers, a sentence stands in the chart's place.
    """
    try:
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            text = f"A chart needs {LEAST_WIDTH} columns and {LEAST_HEIGHT} rows."
            return sentence(text, width, height, _MUTED)
        with np.errstate(all="ignore"):  # overflow and NaN are cut off where they arise
            limits = _limits(spec)
            if limits is None:
                empty = style.text(spec.empty)
                return sentence(empty, width, height, _MUTED)
            return _draw(spec, limits, width, height, style)
    except Exception:
        log.warning("a chart could not be drawn: %r", spec.title, exc_info=True)
        return sentence("This chart can't be drawn; the log says why.", width, height, _MUTED)


def legend(spec: ChartSpec, width: int, style: Style = DEFAULT) -> Picture:
    """Markers and labels of what the chart shows, in as many rows of ``width`` as that takes, at least one.

    Series of one label share an entry; parts (training, evaluation) are explained once, after the labels.
    """
    entries: list[list[tuple[str, Ink]]] = []
    for label in dict.fromkeys([b.label for b in spec.bars] + [s.label for s in spec.series]):
        if not label:
            continue
        of_label = [s for s in spec.series if s.label == label]
        bars_of_label = [b for b in spec.bars if b.label == label]
        role = (of_label or bars_of_label)[0].colour
        ink = colours.ink(role, style)
        if style.ascii:
            sign = colours.ascii_marker(role)
        else:
            dashes = sorted({s.dashed for s in of_label if s.points})
            sign = "".join(colours.marker(role, dashed) for dashed in dashes)
            sign = sign or ("━" if of_label else "▒")
        text = style.text(label)
        ink_of_text = replace(ink, colour=None, bold=label == spec.focus)
        entries.append([(sign + " ", ink), (fitted(text, min(cells(text), max(width - 4, 1))), ink_of_text)])
    parts = dict.fromkeys((s.dashed, s.part) for s in spec.series if s.part)
    for dashed, part in sorted(parts):
        line = ("o o" if dashed else "ooo") if style.ascii else ("┈┈" if dashed else "──")
        entries.append([(f"{line} {style.text(part)}", _MUTED)])
    lines: list[list[tuple[str, Ink]]] = [[]]
    for entry in entries:
        needed = sum(cells(text) for text, _ in entry)
        used = sum(cells(text) for text, _ in lines[-1])
        if lines[-1] and used + 3 + needed > width:
            lines.append([])
        elif lines[-1]:
            lines[-1].append(("   ", Ink()))
        lines[-1].extend(entry)
    return Picture(tuple(_to_width(line, width) for line in lines))


def sheet(spec: ChartSpec, width: int, height: int, style: Style = DEFAULT) -> Picture:
    """Title, legend and chart below each other in ``width`` × ``height``, for a page without panels."""
    head = Picture((_to_width([(style.text(spec.title), Ink(bold=True))], width),))
    key = legend(spec, width, style)
    room = max(height - 1 - len(key.rows), 0)
    chart = build(spec, width, room, style)
    page = head.over(key, chart)
    place = chart.place
    return Picture(page.rows[:height], place and replace(place, top=place.top + 1 + len(key.rows)))


def aligned(specs: Sequence[ChartSpec], heights: Sequence[int]) -> list[ChartSpec]:
    """The same charts with one gutter, so that those above each other share their x axis to the column."""
    widest = max((spec.gutter for spec in specs), default=0)
    for spec, height in zip(specs, heights, strict=True):
        limits = _limits(spec)
        if limits is not None:
            _, tick_labels = _ticks(spec.y, limits[1], _room_down(height))
            widest = max([widest, *(len(label) for label in tick_labels)])
    return [replace(spec, gutter=widest) for spec in specs]


def _to_width(pieces: list[tuple[str, Ink]], width: int) -> tuple[tuple[str, Ink], ...]:
    row: list[tuple[str, Ink]] = []
    for text, ink in pieces:
        room = width - sum(cells(done) for done, _ in row)
        row.append((fitted(text, min(cells(text), room)), ink))
    left = width - sum(cells(done) for done, _ in row)
    return joined([*row, (" " * left, Ink())])


# ---- limits and ticks


def _limits(spec: ChartSpec) -> tuple[Limits, Limits] | None:
    """The limits of both axes; None where no number is finite."""
    across = scale.span_of([each.x for each in spec.series] + [b.edges for b in spec.bars], spec.x.log)
    heights = [b.heights for b in spec.bars]
    if scale.span_of(heights) is not None:
        heights.append([0.0])  # bars stand on 0
    up = scale.span_of([part for s in spec.series for part in (s.y, s.low, s.high)] + heights, spec.y.log)
    if across is None or up is None:
        return None
    return _checked(spec.x, across), _checked(spec.y, up)


def _checked(axis: Axis, span: Limits) -> Limits:
    if axis.limits is not None:
        low, high = (scale.held(limit) for limit in sorted(axis.limits))
        if all(map(math.isfinite, axis.limits)) and low < high and (low > 0 or not axis.log):
            return float(low), float(high)
    return scale.nice_limits(*span, log=axis.log)


def _ticks(axis: Axis, limits: Limits, room: int) -> tuple[list[float], list[str]]:
    values = scale.ticks(limits, room, log=axis.log, whole=axis.whole)
    return values, scale.labels(values, axis.log)


def _room_down(height: int) -> int:
    return max(2, 2 * (height - 2) // 5)


@lru_cache(maxsize=64)
def _frame(
    width: int,
    height: int,
    across: tuple[tuple[float, str], ...],
    up: tuple[tuple[float, str], ...],
    gutter: int,
) -> tuple[str, ...]:
    """The rows of an empty chart. Ticks are given as (share of the canvas, label).

    A live chart with fixed limits asks for the same frame again and again, hence the cache.
    """
    from plotext._figure import _figure_class  # 50 ms that only someone who looks at a chart has to wait

    figure = _figure_class()
    figure._limit_size(False, False)  # as large as asked, whatever the terminal is
    figure.plotsize(width, height)
    figure.theme("clear")
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.xlim(0, 1)
    figure.ylim(0, 1)
    figure.xticks([place for place, _ in across], [label for _, label in across])
    figure.yticks([place for place, _ in up], [label.rjust(gutter) for _, label in up])
    figure.scatter([0, 1], [0, 1], marker=" ")
    figure.monitor.build_plot()  # build() would take twice as long to write it out as well
    return tuple("".join(row) for row in reversed(figure.monitor.matrix.marker))


def _named(tick_row: str, label: str) -> str:
    """The row of tick labels with the axis' label in its last gap that has room for it."""
    stop = len(tick_row.rstrip())
    gaps: list[tuple[int, int]] = []
    start = 0
    for at, character in enumerate(tick_row[:stop] + "x"):
        if character != " ":
            if at - start >= len(label) + 4 and start > 0 and tick_row[:start].strip():
                gaps.append((start, at))
            start = at + 1
    if not label or not gaps:
        return tick_row
    start, end = gaps[-1]
    at = (start + end - len(label)) // 2
    return tick_row[:at] + label + tick_row[at + len(label) :]


def _draw(spec: ChartSpec, limits: tuple[Limits, Limits], width: int, height: int, style: Style) -> Picture:
    x, y = limits
    up, up_labels = _ticks(spec.y, y, _room_down(height))
    gutter = max([spec.gutter, *(len(label) for label in up_labels)])
    columns, rows = width - gutter - 1, height - 2
    if columns < LEAST_WIDTH // 2:
        return sentence("Too narrow for a chart.", width, height, _MUTED)
    longest = max(len(label) for label in _ticks(spec.x, x, 5)[1])
    # far enough apart for the axis' label between two of them
    apart = longest + 3 + min(cells(spec.x.label), 12)
    across, across_labels = _ticks(spec.x, x, max(2, columns // apart))
    grid = raster.Grid(columns, rows, raster.ASCII if style.ascii else raster.BRAILLE)
    # a tick stands at the cell in which a dot of its value lies
    columns_of = [grid.column(u) for u in scale.unit(floats(across), x, spec.x.log).tolist()]
    rows_of = [grid.row(v) for v in scale.unit(floats(up), y, spec.y.log).tolist()]
    frame = _frame(
        width,
        height,
        tuple((column / (columns - 1), text) for column, text in zip(columns_of, across_labels, strict=True)),
        tuple((1 - row / (rows - 1), text) for row, text in zip(rows_of, up_labels, strict=True)),
        gutter,
    )
    canvas = Canvas(grid, style)
    paint(canvas, spec, limits)
    lines: list[Row] = [
        joined([(_frame_text(frame[row][: gutter + 1], style), _MUTED), *canvas.row(row)]) for row in range(rows)
    ]
    below = (frame[rows], _named(frame[rows + 1], style.text(spec.x.label)))
    lines.extend(((_frame_text(text, style), _MUTED),) for text in below)
    place = Place(gutter + 1, 0, columns, rows, x, y, spec.x.log, spec.y.log)
    return Picture(tuple(lines), place)


def _frame_text(text: str, style: Style) -> str:
    return text.translate(_ASCII_FRAME) if style.ascii else text


_ASCII_FRAME = str.maketrans("│┤└┬─", "|+++-")
