"""Which arms of a chart are in colour: few enough to tell them apart, the one in front with its value at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tunelab.tui.charts.ordered_arms import order_of
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
    order = order_of(labels)
    if len(labels) > IN_COLOUR and order is not None:
        return _ramped(spec, front, *order)
    bright = labels
    title = spec.title
    if len(labels) > IN_COLOUR:
        first = [name for name in dict.fromkeys([front, *ranking, *labels]) if name in labels]
        bright = [label for label in labels if label in first[:IN_COLOUR]]
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


def _ramped(spec: ChartSpec, front: str | None, name: str, values: dict[str, float]) -> ChartSpec:
    """The values of one parameter in the colours of a ramp, each rank its own; the legend has its ends and the front.

    What isn't a value of it (the own settings among the η of a search) is grey.
    """
    ranks = {value: rank for rank, value in enumerate(sorted(set(values.values())))}
    last = max(len(ranks) - 1, 1)
    ends = {min(values, key=lambda label: values[label]), max(values, key=lambda label: values[label]), front}
    series = []
    for each in spec.series:
        role: Role = ranks[values[each.label]] / last if each.label in values else "muted"
        if each.label == front:
            series.append(_with_value(replace(each, colour=role), spec.y.label))
        else:
            kept = each.label if each.label in ends else ""
            series.append(replace(each, label=kept, part="", colour=role, points=False, low=None, high=None))
    series.sort(key=lambda each: (each.label == front, isinstance(each.colour, float) and each.colour))
    low, high = min(ranks), max(ranks)
    title = f"{spec.title} · {quantity(len(ranks), 'value')} of {name} from {low:g} (blue) to {high:g} (yellow)"
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
