"""Charts for a terminal: say what to show (spec), and ``build`` makes a picture of it.

Tables of colours are in :mod:`tunelab.tui.charts.heatmap`, whose function has the module's name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunelab.tui.charts.draw import aligned, build, legend, sheet
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
    "legend",
    "nice_limits",
    "sheet",
    "sticky",
]

_MODULES = {
    "draw": ("aligned", "build", "legend", "sheet"),
    "picture": ("Ink", "Picture", "Place"),
    "scale": ("nice_limits", "sticky"),
    "spec": ("Axis", "Bars", "ChartSpec", "Level", "Mark", "Series", "Zone"),
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: the first picture of a screen doesn't wait for numpy.
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
