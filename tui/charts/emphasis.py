"""Which arms of a chart are in colour: few enough to tell them apart, the one in front with its value at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tunelab.tui.charts.palette import ARMS
from tunelab.tui.charts.spec import ChartSpec, Role, Series, floats
from tunelab.wording import quantity

__all__ = ["IN_COLOUR", "emphasized"]

IN_COLOUR = 4


def emphasized(spec: ChartSpec, front: str | None, ranking: Sequence[str]) -> ChartSpec:
    """Return the chart with the arm ``front`` drawn last, and its last value written at the end of its curves.

    Where there are more than :data:`IN_COLOUR` arms, ``front`` and the first of ``ranking`` keep colour and band; the
    others become thin grey lines without a place in the legend.
    """
    labels = list(dict.fromkeys(each.label for each in spec.series))
    bright = labels
    title = spec.title
    if len(labels) > IN_COLOUR:
        order = [name for name in dict.fromkeys([front, *ranking, *labels]) if name in labels]
        bright = [label for label in labels if label in order[:IN_COLOUR]]
        title += f" · {IN_COLOUR} of {quantity(len(labels), 'arm')} in colour"
    colours = _distinct({each.label: each.colour for each in spec.series if each.label in bright})
    series = [
        _with_value(replace(each, colour=colours[each.label]), spec.y.label) if each.label == front
        else replace(each, colour=colours[each.label]) if each.label in bright
        else replace(each, label="", part="", colour="muted", points=False, low=None, high=None)
        for each in spec.series
    ]  # fmt: skip
    series.sort(key=lambda each: bool(each.label))  # grey lines lie below
    return replace(spec, title=title, series=tuple(series), focus=front)


def _distinct(colours: dict[str, Role]) -> dict[str, Role]:
    """Arms beyond the eighth share a colour with an earlier one: here each gets one of its own."""
    used: set[Role] = set()
    distinct: dict[str, Role] = {}
    for label, colour in colours.items():
        while isinstance(colour, int) and colour % ARMS in used:
            colour += 1
        used.add(colour % ARMS if isinstance(colour, int) else colour)
        distinct[label] = colour
    return distinct


def _with_value(series: Series, what: str) -> Series:
    values = floats(series.y)
    values = values[np.isfinite(values)]
    if not len(values):
        return series
    return replace(series, end=f"{values[-1]:.1f} %" if "%" in what else f"{values[-1]:.3g}")
