"""From curves and initialization effects to charts, the same for the command line and the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from tunelab.activations import ACTIVATIONS
from tunelab.records.history import History
from tunelab.training.metrics import METRICS, Metric
from tunelab.tui.charts.initialization_charts import Density, activation_chart, density_chart, saturated
from tunelab.tui.charts.spec import Axis, ChartSpec, Floats, Series, Zone
from tunelab.tui.charts.terminal import page_style
from tunelab.tui.charts.training_charts import Arm, Event, Measure, cost_chart, metric_chart
from tunelab.wording import quantity

if TYPE_CHECKING:
    from tunelab.initialization import LayerEffect
    from tunelab.network_inspection import OutputPath
    from tunelab.records import Run

__all__ = [
    "activation_charts",
    "arms_charts",
    "arms_charts_text",
    "chart_arm",
    "common_metric",
    "layer_charts",
    "paths_chart_text",
    "run_charts_text",
    "stage_chart",
    "stage_chart_text",
    "z_chart",
    "z_charts_text",
]


def chart_arm(history: History, number: int, metric: Metric | None = None) -> Arm:
    """An arm as the charts want it; ``number`` chooses its colour and marker, ``metric`` is its own if not given."""
    metric = metric or history.metric

    def measure(name: str) -> Measure:
        several = history.seeds > 1
        return Measure(history.values(name), history.values(f"{name}_std") if several else None)

    events = [Event(epoch, f"η ÷{factor:.3g}") for epoch, factor in history.eta_cuts()]
    reason = history.done.get("reason")
    if reason in {"diverged", "stopped", "early-stop"} and len(history):
        events.append(Event(float(history.latest["epoch"]), reason))
    return Arm(
        history.name,
        history.epochs,
        training_cost=measure("training_cost"),
        evaluation_cost=measure("evaluation_cost"),
        training_metric=measure(metric.field("training")),
        evaluation_metric=measure(metric.field("evaluation")),
        events=tuple(events),
        number=number,
    )


def run_charts_text(run: Run, *, colour: bool) -> str:
    """Both charts of a run as text for a terminal."""
    return arms_charts_text(run.histories(), colour=colour)


def arms_charts_text(histories: Sequence[History], *, colour: bool) -> str:
    """Both charts of some arms, whatever runs they are of, overlaid as text for a terminal."""
    return _printed(arms_charts(histories), 18, colour, histories[0].data.get("title", ""))


def arms_charts(histories: Sequence[History]) -> list[ChartSpec]:
    """Return the chart of the cost and that of the metric, some arms overlaid."""
    metric, chance = common_metric(histories)
    arms = [chart_arm(arm, number, metric) for number, arm in enumerate(histories)]
    epochs = max(arm.planned_epochs for arm in histories) or None
    return [cost_chart(arms, epochs=epochs), metric_chart(arms, metric=metric, epochs=epochs, chance=chance)]


def common_metric(histories: Sequence[History]) -> tuple[Metric, float | None]:
    """Return the metric to draw some arms by, the first one's, and its chance where that is known."""
    first = next((history for history in histories if len(history)), None)
    if first is None:
        return METRICS["accuracy"], None
    known = first.metric_chance > 0 or not first.metric.percent
    return first.metric, first.metric_chance if known else None


def stage_chart_text(histories: Sequence[History], *, cost: bool, colour: bool) -> str:
    """What a stage of the strategy tried, as text: training costs, or the metric on evaluation data."""
    return _printed([stage_chart(histories, cost=cost)], 14, colour, "")


def stage_chart(histories: Sequence[History], *, cost: bool) -> ChartSpec:
    """Return what a stage of the strategy tried: training costs, or the metric on evaluation data."""
    metric, _ = common_metric(histories)
    arms = [chart_arm(arm, number, metric) for number, arm in enumerate(histories)]
    if cost:
        return cost_chart(arms, epochs=None, parts=("training",))
    return metric_chart(arms, metric=metric, epochs=None, parts=("evaluation",))


def paths_chart_text(ways: Sequence[tuple[str, OutputPath]], *, colour: bool) -> str:
    """How outputs change on the way from one example to another, as text."""
    lines = [Series(way.t, way.output, name, number, points=False) for number, (name, way) in enumerate(ways)]
    spec = ChartSpec(
        title="Output on the way from one example to another", series=tuple(lines), y=Axis(limits=(0.0, 1.0))
    )
    return _printed([spec], 14, colour, "")


def z_charts_text(found: Sequence[tuple[str, list[LayerEffect]]], *, colour: bool) -> str:
    """The distribution of z of every layer before training, a chart a layer, schemes overlaid."""
    layers = zip(*(effects for _, effects in found), strict=True)
    names = [name for name, _ in found]
    specs = [z_chart(list(zip(names, effects, strict=True))) for effects in layers]
    return _printed(specs, 14, colour, "")


def z_chart(effects: Sequence[tuple[str, LayerEffect]]) -> ChartSpec:
    """The density of one layer's z, an arm each: sampled as bars, predicted as a curve, saturation shaded."""
    layer = effects[0][1]
    densities = [
        Density(name, e.edges, e.density, e.predicted_density, number) for number, (name, e) in enumerate(effects)
    ]
    units = quantity(layer.units, "unit")
    title = f"z of layer {layer.layer} before training ({units}, fan-in {layer.fan_in:,})"
    return density_chart(densities, title=title, zones=_saturated_zones(layer.activation))


def activation_charts(density: ChartSpec, name: str) -> tuple[ChartSpec, ChartSpec]:
    """The activation and its slope on the z axis of a density chart."""
    activation = ACTIVATIONS[name]
    assert density.x.limits is not None

    def value(z: Floats) -> Floats:
        a = z.copy()
        activation.apply(a)
        return a

    def slope(z: Floats) -> Floats:
        out = np.empty_like(z)
        activation.forward(z.copy(), out)
        return out

    zones = _saturated_zones(name)
    return (
        activation_chart(value, f"{activation.symbol}(z)", density.x.limits, zones=zones),
        activation_chart(slope, f"{activation.symbol}′(z)", density.x.limits, zones=zones),
    )


def _saturated_zones(name: str) -> tuple[Zone, ...]:
    if name == "relu":
        return (Zone(-np.inf, 0.0, "off"),)
    bound = ACTIVATIONS[name].bound
    return saturated(bound) if bound is not None else ()


_VITALS = (
    ("update_ratio", "How far a step moves the weights, η‖∂C/∂w‖/‖w‖ (about 0.001 is healthy)", True),
    ("gradient_norm", "Gradient norm ‖∂C/∂w‖", True),
    ("saturated_share", "Share of saturated neurons", False),
    ("z_rms", "Root mean square of z", False),
    ("similarity", "How alike neurons are: mean cosine between their weights (1: all the same)", False),
)


def layer_charts(history: History) -> list[ChartSpec]:
    """How each layer of an arm fared over its training: a chart a vital sign, a curve a layer."""
    specs = []
    for name, title, log in _VITALS:
        values = history.layer_values(name)
        layers = range(values.shape[1])
        series = tuple(Series(history.epochs, values[:, n], f"layer {n + 1}", n) for n in layers)
        specs.append(ChartSpec(title, Axis("epoch", whole=True), Axis(log=log), series))
    return specs


def _printed(specs: Sequence[ChartSpec], height: int, colour: bool, title: str) -> str:
    from tunelab.tui.charts import sheet

    width, style = page_style(colour=colour)
    pictures = [sheet(spec, width, height, style) for spec in specs]
    parts = [picture.ansi() if style.colour else picture.plain() for picture in pictures]
    return "\n\n".join([*([title] if title else []), *parts])
