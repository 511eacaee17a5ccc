"""The two charts of a training side by side, and how they are looked at: axis, parts, which arm is in front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from tunelab.records.history import History
from tunelab.tui.charts import ChartSpec
from tunelab.tui.charts.emphasis import emphasized
from tunelab.tui.charts.from_history import chart_arm, common_metric
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.widgets.chart import Chart

if TYPE_CHECKING:
    from tunelab.tui.charts.training_charts import Arm, Part

__all__ = ["ChartPair"]

_GUTTER = 4  # columns for y labels: with as many in both charts, their x ticks are the same
_PARTS: tuple[tuple[Part, ...], ...] = (("training", "evaluation"), ("training",), ("evaluation",))


class ChartPair(Horizontal):
    """Cost, and the metric that decides, of some arms, overlaid."""

    BINDINGS = [Binding("tab", "walk(1)", show=False), Binding("shift+tab", "walk(-1)", show=False)]

    def __init__(self, looks: Looks, *, id: str) -> None:
        super().__init__(id=id)
        self._looks = looks
        self._arms: Sequence[History] = ()
        self._log: bool | None = None
        self._parts = self._front = 0
        self._hidden: set[int] = set()
        self._planned: ChartSpec | None = None

    def compose(self) -> ComposeResult:
        """The charts."""
        yield Chart(self._looks, id="cost", key="5")
        yield Chart(self._looks, id="accuracy", key="6")

    @property
    def cost(self) -> Chart:
        """The chart of the cost."""
        return self.query_one("#cost", Chart)

    @property
    def accuracy(self) -> Chart:
        """The chart of the metric: the accuracy, mostly."""
        return self.query_one("#accuracy", Chart)

    @on(Chart.Pointed)
    def _pointed(self, event: Chart.Pointed) -> None:
        """One epoch is pointed at in both charts."""
        other = self.accuracy if event.chart is self.cost else self.cost
        other.point_at(event.x)

    @on(Chart.LabelChosen)
    def _chosen(self, event: Chart.LabelChosen) -> None:
        """A click on an arm's label brings it to the front."""
        names = [arm.name for arm in self._arms]
        if event.label in names:
            self._front = names.index(event.label)
            self.show(self._arms)

    def plan(self, spec: ChartSpec | None) -> None:
        """Show this, such as the planned η, in place of the cost while there are no curves."""
        self._planned = spec
        if not self._arms:
            self._show_cost()

    def forget(self) -> None:
        """Other arms are coming: none is hidden, the first is in front."""
        self._hidden.clear()
        self._front = 0

    def show(self, arms: Sequence[History]) -> None:
        """Draw these arms."""
        for draw in self.steps(arms):
            draw()

    def steps(self, arms: Sequence[History]) -> list[Callable[[], None]]:
        """Draw these arms a chart at a time, whenever a step is called."""
        self._arms = arms
        return [self._show_cost, self._show_accuracy]

    @property
    def _visible(self) -> list[Arm]:
        metric, _ = common_metric(self._arms)
        shown = ((n, arm) for n, arm in enumerate(self._arms) if n not in self._hidden and len(arm))
        return [chart_arm(arm, n, metric) for n, arm in shown]

    def _common(self, before: Chart) -> dict[str, Any]:
        """What both charts are given: how far x goes, the parts, the arm in front, the y limits that were."""
        return {
            "epochs": max((arm.planned_epochs for arm in self._arms), default=0.0) or None,
            "parts": _PARTS[self._parts],
            "previous": before.spec.y.limits,
        }

    def _emphasized(self, spec: ChartSpec) -> ChartSpec:
        """The arm in front and the most accurate ones in colour, and room for y labels as the other chart has."""
        front = self._arms[self._front].name if self._front < len(self._arms) else None
        if self._looks.low_bandwidth:  # bands are half of what a picture weighs
            lines = tuple(replace(series, low=None, high=None) for series in spec.series)
            spec = replace(spec, series=lines)
        best = sorted((arm for arm in self._arms if len(arm)), key=_last_metric, reverse=True)
        return replace(emphasized(spec, front, [arm.name for arm in best]), gutter=_GUTTER)

    def _show_cost(self) -> None:
        if self._planned is not None and not self._arms:
            self.cost.show(self._emphasized(self._planned))
            return
        from tunelab.tui.charts.training_charts import cost_chart

        common = self._common(self.cost)
        if self.cost.spec.y.label != "cost":
            common["previous"] = None  # the limits of η
        self.cost.show(self._emphasized(cost_chart(self._visible, log=self._log, **common)))

    def _show_accuracy(self) -> None:
        from tunelab.tui.charts.training_charts import metric_chart

        metric, chance = common_metric(self._arms)
        spec = metric_chart(self._visible, metric=metric, chance=chance, **self._common(self.accuracy))
        self.accuracy.show(self._emphasized(spec))

    def redraw(self) -> None:
        """Build the pictures again: another size, or another theme."""
        for chart in (self.cost, self.accuracy):
            chart.redraw()

    def next_axis(self) -> str:
        """The cost on a logarithmic axis, a linear one, or as fits, in turn; what it is now, in words."""
        self._log = {None: True, True: False, False: None}[self._log]
        self.show(self._arms)
        return {None: "as fits the curves", True: "logarithmic", False: "linear"}[self._log]

    def next_parts(self) -> None:
        """Training and evaluation, training alone, evaluation alone, in turn."""
        self._parts = (self._parts + 1) % len(_PARTS)
        self.show(self._arms)

    def only(self, part: Part) -> None:
        """Show training or evaluation alone, from the next drawing on."""
        self._parts = _PARTS.index((part,))

    def next_arm(self, by: int = 1) -> str:
        """Bring the next arm to the front, or the one before; its name."""
        if not self._arms:
            return ""
        self._front = (self._front + by) % len(self._arms)
        self.show(self._arms)
        return self._arms[self._front].name

    def action_walk(self, by: int) -> None:
        """Bring the next arm to the front; after the last one the focus goes on to the next panel."""
        if 0 <= self._front + by < len(self._arms):
            self.next_arm(by)
        else:
            self._front = 0
            self.show(self._arms)
            self.screen.focus_next() if by > 0 else self.screen.focus_previous()

    def hide_arm(self) -> None:
        """Hide the arm in front; when that leaves none, show all again."""
        self._hidden.add(self._front)
        if len(self._hidden) >= len(self._arms):
            self._hidden.clear()
        self.next_arm()


def _last_metric(arm: History) -> float:
    values = arm.values(arm.metric.field())
    return float(np.nan_to_num(values[-1], nan=-np.inf)) if len(values) else -np.inf
