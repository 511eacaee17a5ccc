"""A run in a notebook: its measurements as a data frame, its curves as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tunelab.errors import BadInput
from tunelab.records.history import History

if TYPE_CHECKING:
    from tunelab.records.run import Run

__all__ = ["frame_of", "html_of", "measure_rows"]

Array = NDArray[Any]

_PER_CLASS = ("replicates", "evaluation_answers", "evaluation_class_correct")
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 340, 200, 52, 24, 28  # pixels of a chart, and room around its canvas
_COLOURS = ("#1e82be", "#b97800", "#008c64", "#b4558c", "#8c8200", "#c34b00", "#005096", "#6e6e6e")


def measure_rows(run: Run) -> Iterator[dict[str, Any]]:
    """Yield every measurement of every arm as plain values: what is a number a layer gets a name a layer."""
    for event in (event for arm in run.arms for event in arm.iterate_events("measure")):
        row: dict[str, Any] = {}
        for key, value in event.items():
            if key.startswith("layer_"):
                row |= {f"{key}_{layer}": number for layer, number in enumerate(value, 1)}
            elif key not in _PER_CLASS:
                row[key] = value
        yield row


def frame_of(run: Run) -> Any:
    """Return the measurements as a polars DataFrame, or a pandas one where only that is installed.

    A row a measurement, arms one after the other: ``arm``, ``epoch``, ``examples``, then the numbers. What isn't
    finite is null. Raises :class:`BadInput` where neither library is there.
    """
    rows = list(measure_rows(run))
    names = dict.fromkeys(key for row in rows for key in row if key not in ("event", "run"))
    columns = {name: [row.get(name) for row in rows] for name in names}
    first = {name: columns.pop(name) for name in ("arm", "epoch", "examples") if name in columns}
    if find_spec("polars") is not None:
        import polars

        return polars.DataFrame(first | columns, strict=False)
    if find_spec("pandas") is not None:
        import pandas

        return pandas.DataFrame(first | columns)
    raise BadInput("a data frame needs polars or pandas, and neither is installed: pip install polars")


def html_of(run: Run) -> str:
    """Return a run's name, its arms' last numbers and their curves, as HTML that needs no style and no script."""
    histories = run.histories()
    measured = [history for history in histories if len(history)]
    rows = "".join(_row(n, history) for n, history in enumerate(histories))
    metric = measured[0].metric if measured else None
    head = f"<th></th><th>epoch</th><th>evaluation {escape(metric.title)}</th>" if metric else "<th></th>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    title = f"<p><b>{escape(run.name)}</b> {escape(run.state())}</p>"
    if metric is None:
        return f"<div>{title}<p>Nothing is measured yet.</p></div>"
    charts = _chart("training cost", histories, "training_cost", 1.0)
    charts += _chart(metric.heading, histories, metric.field("evaluation"), metric.scale)
    return f"<div>{title}{table}<div>{charts}</div></div>"


def _row(number: int, history: History) -> str:
    sign = f'<span style="color:{_COLOURS[number % len(_COLOURS)]}">●</span> {escape(history.name)}'
    if not len(history):
        return f"<tr><td>{sign}</td><td></td><td></td></tr>"
    field = history.metric.field("evaluation")
    text = history.metric.text(history.latest.get(field), history.latest.get(f"{field}_std"))
    return f"<tr><td>{sign}</td><td>{history.epochs[-1]:g}</td><td>{escape(text)}</td></tr>"


def _chart(title: str, histories: list[History], name: str, scale: float) -> str:
    """Return the curves of one measure, a line an arm, as an SVG with the limits of both axes."""
    curves = [(n, h.epochs, scale * h.values(name)) for n, h in enumerate(histories) if len(h)]
    finite = np.concatenate([y[np.isfinite(y)] for _, _, y in curves])
    if not len(finite):
        return ""
    end = max(float(x[-1]) for _, x, _ in curves) or 1.0
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    right, foot = _WIDTH - 12, _HEIGHT - _BOTTOM
    lines = "".join(_line(n, x, y, (0.0, end), (low, high)) for n, x, y in curves)
    style = 'font-family="sans-serif" font-size="11" fill="currentColor"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<g {style}><text x="{_LEFT}" y="14">{escape(title)}</text>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 8}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{foot}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 10}">0</text>'
        f'<text x="{right}" y="{_HEIGHT - 10}" text-anchor="end">{end:g} epochs</text></g>'
        f'<path d="M{_LEFT} {_TOP}V{foot}H{right}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>'
        f"{lines}</svg>"
    )


def _line(number: int, x: Array, y: Array, across: tuple[float, float], up: tuple[float, float]) -> str:
    """Return one curve, broken where it isn't finite."""
    columns = _LEFT + (x - across[0]) / (across[1] - across[0]) * (_WIDTH - 12 - _LEFT)
    rows = _TOP + (up[1] - y) / (up[1] - up[0]) * (_HEIGHT - _BOTTOM - _TOP)
    path, pen = [], "M"
    for column, row in zip(columns, rows, strict=True):
        if not np.isfinite(row):
            pen = "M"
            continue
        path.append(f"{pen}{column:.1f} {row:.1f}")
        pen = "L"
    if len(path) == 1:
        path.append("h0")  # a lone point is drawn by its round cap
    colour = _COLOURS[number % len(_COLOURS)]
    return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="2" stroke-linecap="round"/>'
