"""The charts that only the lecture draws: the way between two pictures, and the trials of a search."""

from __future__ import annotations

from collections.abc import Sequence

from tunelab.records.history import History
from tunelab.tui.charts import Axis, ChartSpec, Series
from tunelab.tui.lecture.grading import Observations

__all__ = ["path_chart", "trials_chart"]


def path_chart(observations: Observations) -> ChartSpec:
    """An output on the way from one picture to another, a curve an arm."""
    series = tuple(
        Series(way.t, way.output, name, number, points=False) for number, (name, way) in enumerate(observations.ways)
    )
    return ChartSpec(
        "An output on the way between two pictures",
        Axis("t", (0.0, 1.0)),
        Axis("a(t)", (0.0, 1.0)),
        series,
        empty="The ways are walked when the training has ended.",
    )


def trials_chart(arms: Sequence[History]) -> ChartSpec:
    """How each trial of a search has ended, over its η; trials of one kind (what stands before the colon) share a
    colour.
    """
    kinds = dict.fromkeys(arm.name.partition(":")[0] for arm in arms)
    series = []
    for number, kind in enumerate(kinds):
        trials = sorted(
            (float(arm.values("eta")[-1]), 100 * float(arm.values("evaluation_accuracy")[-1]))
            for arm in arms
            if len(arm) and arm.name.partition(":")[0] == kind
        )
        series += [Series([eta], [accuracy], kind, number) for eta, accuracy in trials]
    x, y = Axis("η", log=True), Axis("accuracy %", (0.0, 100.0))
    return ChartSpec("Evaluation accuracy of each trial, over its η", x, y, tuple(series), empty="No trials yet.")
