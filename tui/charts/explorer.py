"""The charts of the initialization explorer: the density of z, and below it on the same axis σ(z) and σ′(z)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tui.charts.scale import nice_limits
from tui.charts.spec import Axis, Bars, ChartSpec, Floats, Limits, Series, Zone, floats

__all__ = ["Density", "activation_chart", "density_chart", "z_limits"]

_BINS = 60
_CURVE = 400
_FLAT = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """z of one arm before training: its predicted standard deviation, and samples of it where there are any.

    The prediction is a Gaussian with mean 0, which a sum of many independent terms comes close to.
    """

    label: str
    predicted_std: float
    sampled: ArrayLike | None = None
    number: int | None = None


def z_limits(densities: Sequence[Density]) -> Limits:
    """Limits of z that show three standard deviations of the widest arm."""
    widest = max((d.predicted_std for d in densities if np.isfinite(d.predicted_std)), default=1.0)
    high = nice_limits(0.0, 3 * max(widest, 1e-6))[1]
    return -high, high


def density_chart(
    densities: Sequence[Density],
    *,
    limits: Limits | None = None,
    bound: float | None = None,
    focus: str | None = None,
) -> ChartSpec:
    """The density of z of every arm: sampled as bars, predicted as a curve, |z| > ``bound`` shaded.

    A density of standard deviation 22 is 20 times lower than one of 1.2 and would lie flat beside it. Where
    peaks differ as much, each density is drawn as a share of its own peak, and the title says so.
    """
    low, high = limits or z_limits(densities)
    z = np.linspace(low, high, _CURVE)
    edges = np.linspace(low, high, _BINS + 1)
    known = [d.predicted_std for d in densities if _usable(d.predicted_std)]
    relative = bool(known) and max(known) > _FLAT * min(known)
    series: list[Series] = []
    bars: list[Bars] = []
    for place, each in enumerate(densities):
        number = place if each.number is None else each.number
        drawn = floats(each.sampled)
        drawn = drawn[np.isfinite(drawn)]
        counts, _ = np.histogram(drawn, bins=edges)
        heights = counts / (max(len(drawn), 1) * (edges[1] - edges[0]))
        peak = float(heights.max())
        if _usable(each.predicted_std):
            share = z / each.predicted_std
            peak = 1 / (each.predicted_std * np.sqrt(2 * np.pi))
            curve = np.exp(-0.5 * share * share) * (1.0 if relative else peak)
            series.append(Series(z, curve, each.label, number, points=False))
        if len(drawn):
            bars.append(Bars(edges, heights / peak if relative and peak > 0 else heights, each.label, number))
    return ChartSpec(
        title="Density of z" + (", each as a share of its peak" if relative else ""),
        x=Axis("z", (low, high)),
        y=Axis("density", (0.0, 1.25) if relative else None),
        series=tuple(series),
        bars=tuple(bars),
        zones=_saturated(bound, "saturated"),
        focus=focus,
        empty="No neuron to look at yet.",
    )


def _usable(std: float) -> bool:
    return bool(np.isfinite(std)) and std > 0


def activation_chart(
    function: Callable[[Floats], Floats], title: str, limits: Limits, *, bound: float | None = None
) -> ChartSpec:
    """A function of z on the axis of the densities: σ(z), or σ′(z)."""
    z = np.linspace(*limits, _CURVE)
    values = floats(function(z))
    return ChartSpec(
        title=title,
        x=Axis("z", limits),
        y=Axis(title),
        series=(Series(z, values, "", "plain", points=False),),
        zones=_saturated(bound, ""),
    )


def _saturated(bound: float | None, label: str) -> tuple[Zone, ...]:
    if bound is None:
        return ()
    return Zone(-np.inf, -bound, label), Zone(bound, np.inf, label)
