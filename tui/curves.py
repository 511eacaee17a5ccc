"""From curves and initialization effects to charts, the same for the command line and the screen."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.activations import SIGMOID_BOUND, TANH_BOUND
from core.curves import ArmCurves
from tui.charts.spec import Axis, Bars, ChartSpec, Series, Zone
from tui.charts.training import Arm, Event, Measure

if TYPE_CHECKING:
    from core.initialization import LayerEffect
    from core.records import Run

__all__ = ["chart_arm", "plotted", "read", "z_chart", "z_plotted"]


def read(run: Run) -> list[ArmCurves]:
    """The curves of every arm of a run, as far as they are recorded."""
    arms = []
    for record in run.arms:
        curves = ArmCurves(record.name)
        for event in record.events():
            curves.absorb(event)
        arms.append(curves)
    return arms


def chart_arm(curves: ArmCurves, number: int) -> Arm:
    """An arm as the charts want it; ``number`` chooses its colour and marker."""

    def measure(name: str) -> Measure:
        several = curves.seeds > 1
        return Measure(curves.values(name), curves.values(f"{name}_std") if several else None)

    events = [Event(epoch, f"η ÷{factor:.3g}") for epoch, factor in curves.eta_cuts()]
    reason = curves.done.get("reason")
    if reason in {"diverged", "stopped", "early-stop"} and curves.measures:
        events.append(Event(float(curves.latest["epoch"]), reason))
    return Arm(
        curves.name,
        curves.epochs,
        training_cost=measure("training_cost"),
        evaluation_cost=measure("evaluation_cost"),
        training_accuracy=measure("training_accuracy"),
        evaluation_accuracy=measure("evaluation_accuracy"),
        events=tuple(events),
        number=number,
    )


def plotted(run: Run, *, colour: bool) -> str:
    """Both charts of a run as text for a terminal."""
    from tui.charts.training import accuracy_chart, cost_chart

    curves = read(run)
    arms = [chart_arm(arm, number) for number, arm in enumerate(curves)]
    title = curves[0].start.get("data", {}).get("title", "")
    chance = curves[0].chance or None
    return _printed([cost_chart(arms), accuracy_chart(arms, chance=chance)], 18, colour, title)


def z_plotted(found: Sequence[tuple[str, list[LayerEffect]]], *, colour: bool) -> str:
    """The distribution of z of every layer before training, a chart a layer, schemes overlaid."""
    layers = zip(*(effects for _, effects in found), strict=True)
    names = [name for name, _ in found]
    specs = [z_chart(list(zip(names, effects, strict=True))) for effects in layers]
    return _printed(specs, 14, colour, "")


def z_chart(effects: Sequence[tuple[str, LayerEffect]]) -> ChartSpec:
    """The density of one layer's z, an arm each: sampled as bars, predicted as a curve, saturation shaded."""
    layer = effects[0][1]
    reach = max(float(effect.edges[-1]) for _, effect in effects)
    bound = {"sigmoid": SIGMOID_BOUND, "tanh": TANH_BOUND}.get(layer.activation)
    zones = [(-np.inf, -bound), (bound, np.inf)] if bound else [(-np.inf, 0.0)] if layer.activation == "relu" else []
    return ChartSpec(
        title=f"z of layer {layer.layer} before training ({layer.units:,} units, fan-in {layer.fan_in:,})",
        x=Axis("z", (-reach, reach)),
        y=Axis("density"),
        bars=tuple(Bars(e.edges, e.density, name, number) for number, (name, e) in enumerate(effects)),
        series=tuple(
            Series((e.edges[1:] + e.edges[:-1]) / 2, e.predicted_density, name, number, points=False)
            for number, (name, e) in enumerate(effects)
        ),
        zones=tuple(Zone(low, high) for low, high in zones),
    )


def _printed(specs: Sequence[ChartSpec], height: int, colour: bool, title: str) -> str:
    from tui.charts import sheet

    width = min(shutil.get_terminal_size((80, 24)).columns, 120)
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    colour = colour and "NO_COLOR" not in os.environ
    pictures = [sheet(spec, width, height, colour=colour, ascii=plain) for spec in specs]
    parts = [picture.ansi() if colour else picture.plain() for picture in pictures]
    return "\n\n".join([*([title] if title else []), *parts])
