"""Charts for a terminal: say what to show (spec), and ``build`` makes a picture of it."""

from __future__ import annotations

from tunelab.tui.charts.draw import aligned, build, legend, sheet
from tunelab.tui.charts.heatmap import heatmap, image
from tunelab.tui.charts.picture import Ink, Picture, Place
from tunelab.tui.charts.scale import nice_limits, sticky
from tunelab.tui.charts.spec import Axis, Bars, ChartSpec, Level, Mark, Series, Zone

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
