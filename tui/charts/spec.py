"""What a chart shows, said in plain frozen values; how it is drawn is the business of draw.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Axis", "Bars", "ChartSpec", "Floats", "Level", "Mark", "Role", "Series", "Zone", "floats"]

Floats = NDArray[np.float64]
Limits = tuple[float, float]
Role = int | float | Literal["plain", "muted", "warning"]
"""An arm's number (its colour and marker are chosen by it), or what the colour is to say.

A float is a place on the ramp of an ordered parameter, from 0.0 (its smallest value) to 1.0 (its largest).
"""


def floats(values: ArrayLike | None) -> Floats:
    """``values`` as a flat float64 array; what is None is NaN, as in a record where a number wasn't finite."""
    if values is None:
        return np.empty(0)
    return np.atleast_1d(np.asarray(values, dtype=np.float64)).ravel()


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its label, its limits (None: what the data need), whether it is logarithmic.

    ``whole`` puts ticks at whole numbers only, as epochs want it.
    """

    label: str = ""
    limits: Limits | None = None
    log: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A curve: ``x`` and ``y`` (n,), gaps where either isn't finite.

    ``low`` and ``high`` (n,) are a band around it, for a spread over seeds. ``colour`` is an arm's number.
    ``dashed`` draws it dotted with a hollow marker, which is how evaluation differs from training;
    ``part`` is what the legend calls that ("training", "evaluation"). Series of one ``label`` share an
    entry in the legend. ``points`` puts markers on it, which tell curves apart without colour.
    ``end`` is written at its last point.
    """

    x: Any
    y: Any
    label: str = ""
    colour: Role = 0
    dashed: bool = False
    part: str = ""
    low: Any = None
    high: Any = None
    points: bool = True
    end: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line where something happened: η was cut, training stopped or diverged, a crosshair."""

    x: float
    label: str = ""
    colour: Role = "muted"


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line to compare with, such as chance."""

    y: float
    label: str = ""
    colour: Role = "muted"


@dataclass(frozen=True, slots=True)
class Zone:
    """A shaded stretch of x, such as |z| > bound; an end may be infinite."""

    low: float
    high: float
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A histogram: ``edges`` (n + 1,) rising, ``heights`` (n,), drawn up from the bottom of the chart."""

    edges: Any
    heights: Any
    label: str = ""
    colour: Role = 0


@dataclass(frozen=True, slots=True, eq=False)
class ChartSpec:
    """Everything a chart shows.

    The title and the legend are shown beside the canvas, never in it. ``focus`` is the label of the
    series drawn over all others. ``gutter`` is the least room for the y labels: charts above each other
    line up when they share it (see :func:`tunelab.tui.charts.draw.aligned`). ``empty`` is the sentence shown
    where there is nothing to draw.
    """

    title: str = ""
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    series: tuple[Series, ...] = ()
    bars: tuple[Bars, ...] = ()
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()
    zones: tuple[Zone, ...] = ()
    focus: str | None = None
    gutter: int = 0
    empty: str = "No numbers yet."
