"""Charts as SVG or PNG, from the same descriptions as on the screen; the only place that knows matplotlib."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tunelab.errors import BadInput
from tunelab.tui.charts.palette import ARMS, PALETTES, ramp
from tunelab.tui.charts.scale import label, nice_limits, span_of
from tunelab.tui.charts.spec import Axis, ChartSpec, Role, Series, floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "inline_svg", "png_bytes", "svg_bytes"]

_WIDTH, _HEIGHT = 7.2, 3.3  # inches of a chart
_DOTS = 160  # an inch of a PNG
_MARKERS = "osd^v*><"
_MOST_MARKERS = 12  # on one curve
_TEXT, _MUTED, _WARNING = "#010101", "#777777", "#c34b00"
_LIGHT = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in (c for c in PALETTES["light"] if isinstance(c, tuple))]
_DARK = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in (c for c in PALETTES["dark"] if isinstance(c, tuple))]

COLOURS = [(f"--arm{n}", light, dark) for n, (light, dark) in enumerate(zip(_LIGHT, _DARK, strict=True))]
"""The variables that an inline SVG takes its arms' colours from, with their values on a light and a dark page."""


def inline_svg(spec: ChartSpec) -> str:
    """Return a chart as an ``<svg>`` element for a page, without its title.

    Text is text; its colour is the page's, and an arm's that of a variable of :data:`COLOURS`. Raises
    :class:`BadInput` where matplotlib isn't installed.
    """
    text = _svg([spec], titled=False)
    text = text[text.index("<svg") :]
    key = hashlib.sha256(text.encode()).hexdigest()[:8]
    used = set(re.findall(r'(?:url\(|href=")#([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r'(url\(|href=")#([^")]+)', rf"\1#{key}-\2", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for variable, light, _ in COLOURS:
        text = text.replace(light, f"var({variable})")
    text = text.replace(_TEXT, "currentColor")
    name = spec.title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{name}"', 1)


def svg_bytes(specs: Sequence[ChartSpec]) -> bytes:
    """Return charts below each other as an SVG file, black on white."""
    return _svg(specs, titled=True, background=True).encode()


def png_bytes(specs: Sequence[ChartSpec]) -> bytes:
    """Return charts below each other as a PNG, black on white, 160 dots an inch."""
    with _matplotlib():
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        figure = _figure(specs, titled=True)
        out = io.BytesIO()
        figure.set_facecolor("white")
        FigureCanvasAgg(figure).print_png(out, metadata={"Software": None}, pil_kwargs={"optimize": True})
        return out.getvalue()


def _svg(specs: Sequence[ChartSpec], *, titled: bool, background: bool = False) -> str:
    with _matplotlib():
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        figure = _figure(specs, titled=titled)
        if background:
            figure.set_facecolor("white")
        else:
            figure.patch.set_alpha(0.0)
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
        return out.getvalue()


def _matplotlib() -> Any:
    """Return a context in which matplotlib draws alike everywhere; a sentence where it isn't installed."""
    try:
        import matplotlib as mpl
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] != "matplotlib":
            raise
        raise BadInput(
            "charts as SVG or PNG need matplotlib, which isn't installed: pip install 'tunelab[plots]'"
        ) from None
    settings: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "tunelab", "figure.dpi": _DOTS}
    settings |= {"font.family": ["DejaVu Sans", "sans-serif"], "font.size": 9.0, "text.parse_math": False}
    colours = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
    settings |= dict.fromkeys(colours, _TEXT) | dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), _MUTED)
    return mpl.rc_context(settings)


def _figure(specs: Sequence[ChartSpec], *, titled: bool) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT * len(specs)), dpi=_DOTS, layout="constrained")
    for n, spec in enumerate(specs, 1):
        axes = figure.add_subplot(len(specs), 1, n)
        axes.patch.set_alpha(0.0)
        with np.errstate(all="ignore"):
            _draw(axes, spec)
        if titled and spec.title:
            axes.set_title(spec.title, fontsize=10, loc="left", color=_TEXT)
    return figure


def _draw(axes: Axes, spec: ChartSpec) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    if not spec.series and not spec.bars:
        axes.text(0.5, 0.5, spec.empty, ha="center", va="center", transform=axes.transAxes, color=_TEXT)
        axes.set_axis_off()
        return
    across = _limits(spec.x, [s.x for s in spec.series] + [b.edges for b in spec.bars])
    up = _limits(
        spec.y,
        [part for s in spec.series for part in (s.y, s.low, s.high)]
        + [b.heights for b in spec.bars]
        + ([[0.0]] if spec.bars else []),
    )
    for axis, limits, which in ((spec.x, across, "x"), (spec.y, up, "y")):
        if axis.log:
            getattr(axes, f"set_{which}scale")("log")
        if limits is not None:
            getattr(axes, f"set_{which}lim")(*limits)
    _ticks(axes, spec)
    axes.grid(visible=True, color=_MUTED, alpha=0.25, linewidth=0.6)
    for zone in spec.zones:
        low, high = (np.clip(end, *across) if across else end for end in (zone.low, zone.high))
        axes.axvspan(float(low), float(high), color=_MUTED, alpha=0.15, linewidth=0)
    for bars in spec.bars:
        axes.stairs(floats(bars.heights), floats(bars.edges), fill=True, color=_colour(bars.colour), alpha=0.4)
    for level in spec.levels:
        axes.axhline(level.y, color=_MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            level.label, (1, level.y), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8
        )
    for mark in spec.marks:
        axes.axvline(mark.x, color=_colour(mark.colour), linewidth=1, linestyle=":")
        axes.annotate(mark.label, (mark.x, 1), xycoords=("data", "axes fraction"), ha="left", va="top", fontsize=8)
    labelled: set[tuple[str, str]] = set()
    for series in spec.series:
        _curve(axes, series, labelled, front=series.label == spec.focus)
    if labelled:
        axes.legend(frameon=False, fontsize=8, loc="best", labelcolor=_TEXT)


def _curve(axes: Axes, series: Series, labelled: set[tuple[str, str]], *, front: bool) -> None:
    x, y = floats(series.x), floats(series.y)
    y = np.where(np.isfinite(y), y, np.nan)
    colour = _colour(series.colour)
    key = (series.label, series.part)
    name = f"{series.label}, {series.part}" if series.part else series.label
    shape = _MARKERS[series.colour % len(_MARKERS)] if isinstance(series.colour, int) else "o"
    known = int(np.isfinite(y).sum())
    axes.plot(
        x,
        y,
        color=colour,
        linewidth=2.2 if front else 1.5,
        linestyle="--" if series.dashed else "-",
        marker=shape if series.points or known == 1 else None,
        markerfacecolor="none" if series.dashed else colour,
        markersize=4.5,
        markevery=max(1, len(x) // _MOST_MARKERS),
        label=name if series.label and key not in labelled else None,
        zorder=3 if front else 2,
    )
    if series.label:
        labelled.add(key)
    if series.low is not None and series.high is not None:
        axes.fill_between(x, floats(series.low), floats(series.high), color=colour, alpha=0.15, linewidth=0)
    if series.end and known:
        last = int(np.flatnonzero(np.isfinite(y))[-1])
        axes.annotate(
            series.end, (x[last], y[last]), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8
        )


def _limits(axis: Axis, values: Sequence[Any]) -> tuple[float, float] | None:
    if axis.limits is not None and (axis.limits[0] > 0 or not axis.log):
        return axis.limits
    span = span_of(values, axis.log)
    return None if span is None else nice_limits(*span, log=axis.log)


def _ticks(axes: Axes, spec: ChartSpec) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlabel(spec.x.label, fontsize=9)
    axes.set_ylabel(spec.y.label, fontsize=9)
    if spec.x.whole and not spec.x.log:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis, log in ((axes.xaxis, spec.x.log), (axes.yaxis, spec.y.log)):
        if log:
            axis.set_major_formatter(FuncFormatter(lambda value, _: label(value)))


def _colour(role: Role) -> str:
    if isinstance(role, int):
        return _LIGHT[role % ARMS]
    if isinstance(role, float):
        mixed = ramp(role, "light")
        return "#{:02x}{:02x}{:02x}".format(*mixed) if isinstance(mixed, tuple) else _TEXT
    return {"muted": _MUTED, "warning": _WARNING}.get(role, _TEXT)
