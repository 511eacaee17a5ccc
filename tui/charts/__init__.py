"""Charts for a terminal: say what to show (spec), and ``build`` makes a picture of it."""

from __future__ import annotations

from tui.charts.draw import aligned, build, legend, sheet
from tui.charts.heatmap import heatmap, image
from tui.charts.picture import Ink, Picture, Place
from tui.charts.scale import nice_limits, sticky
from tui.charts.spec import Axis, Bars, ChartSpec, Level, Mark, Series, Zone

__all__ = [
    "Axis",
    "Bars",
    "ChartSpec",
    "Ink",
    "Level",
    "Mark",
    "Picture",
    "Place",
    "Series",
    "Zone",
    "aligned",
    "build",
    "heatmap",
    "image",
    "legend",
    "nice_limits",
    "sheet",
    "sticky",
]
