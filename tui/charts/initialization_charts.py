"""The charts of the initialization explorer: the density of z, and below it on the same axis σ(z) and σ′(z)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from tunelab.tui.charts.scale import nice_limits, span_of
from tunelab.tui.charts.spec import Axis, Bars, ChartSpec, Floats, Limits, Series, Zone, floats

__all__ = ["Density", "activation_chart", "density_chart", "saturated", "z_limits"]

_CURVE = 400
_FLAT = 4.0  # a peak so many times lower than another is hard to see beside it


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """The density of z of one arm before training, as sampled and as predicted.

    ``edges`` (bins + 1,) rising, ``sampled`` and ``predicted`` (bins,), the latter at the bins' centres; either
    may be None. ``number`` chooses the colour; None is the place among the arms given.
    """

    label: str
    edges: ArrayLike
    sampled: ArrayLike | None = None
    predicted: ArrayLike | None = None
    number: int | None = None


def z_limits(densities: Sequence[Density]) -> Limits:
    """Limits of z, the same to both sides of 0, that hold the bins of every arm."""
    span = span_of([each.edges for each in densities]) or (-1.0, 1.0)
    high = nice_limits(0.0, max(abs(span[0]), abs(span[1])))[1]
    return -high, high


def density_chart(
    densities: Sequence[Density],
    *,
    title: str = "Density of z",
    limits: Limits | None = None,
    zones: Sequence[Zone] = (),
    focus: str | None = None,
) -> ChartSpec:
    """The density of z of every arm: sampled as bars, predicted as a curve; ``zones`` shade saturation.

    A density of standard deviation 22 is 20 times lower than one of 1.2 and would lie flat beside it. Where
    peaks differ as much, each arm is drawn as a share of its own peak, and the title says so.
    """
    peaks = [_peak(each) for each in densities]
    known = [peak for peak in peaks if peak > 0]
    relative = bool(known) and max(known) > _FLAT * min(known)
    series: list[Series] = []
    bars: list[Bars] = []
    for place, (each, peak) in enumerate(zip(densities, peaks, strict=True)):
        number = place if each.number is None else each.number
        times = 1 / peak if relative and peak > 0 else 1.0
        edges = floats(each.edges)
        if each.predicted is not None:
            centres = (edges[1:] + edges[:-1]) / 2
            series.append(Series(centres, floats(each.predicted) * times, each.label, number, points=False))
        if each.sampled is not None:
            bars.append(Bars(edges, floats(each.sampled) * times, each.label, number))
    return ChartSpec(
        title=title + (", each as a share of its peak" if relative else ""),
        x=Axis("z", limits or z_limits(densities)),
        y=Axis("density", (0.0, 1.2) if relative else None),
        series=tuple(series),
        bars=tuple(bars),
        zones=tuple(zones),
        focus=focus,
        empty="No neuron to look at yet.",
    )


def _peak(density: Density) -> float:
    """How high the predicted curve gets, or where there is none the bars."""
    span = span_of([density.sampled if density.predicted is None else density.predicted])
    return span[1] if span else 0.0


def activation_chart(
    function: Callable[[Floats], Floats], title: str, limits: Limits, *, zones: Sequence[Zone] = ()
) -> ChartSpec:
    """A function of z on the axis of the densities: σ(z), or σ′(z)."""
    z = np.linspace(*limits, _CURVE)
    return ChartSpec(
        title=title,
        x=Axis("z", limits),
        y=Axis(title),
        series=(Series(z, floats(function(z)), "", "plain", points=False),),
        zones=tuple(zones),
    )


def saturated(bound: float) -> tuple[Zone, Zone]:
    """The zones |z| > ``bound``."""
    return Zone(-np.inf, -bound, "saturated"), Zone(bound, np.inf, "saturated")
