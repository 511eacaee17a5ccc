"""A strategy as a picture: the score of each stage on the problem that was asked about, with its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tunelab.training.metrics import METRICS
from tunelab.tui.charts.spec import Axis, ChartSpec, Level, Series

__all__ = ["stages_chart"]

Score = Mapping[str, Any]


def stages_chart(stages: Sequence[tuple[int, Score]], began: Score | None, ended: Score | None) -> ChartSpec:
    """Return the scores of stages by their numbers, with the beginning at 0 and the end after the last.

    Each point has an error bar of one standard error up and down. All scores are about one problem. A level marks the
    beginning.
    """
    last = max([number for number, _ in stages] + [0]) + 1
    ends = [(0, began)] * (began is not None), [(last, ended)] * (ended is not None)
    points = [(n, score) for n, score in [*ends[0], *stages, *ends[1]] if score]
    metric = METRICS[points[0][1].get("metric", "accuracy")] if points else METRICS["accuracy"]
    means = [metric.scale * float(score.get("value", score.get("accuracy", 0.0))) for _, score in points]
    errors = [metric.scale * float(score.get("error") or 0.0) for _, score in points]
    x = [float(number) for number, _ in points]
    bars = [
        Series([at, at], [mean - error, mean + error], colour=0, points=False)
        for at, mean, error in zip(x, means, errors, strict=True)
        if error > 0
    ]
    line = Series(x, means, "your problem ± one standard error", 0, end="ended" if ended else "")
    levels = (Level(means[0], "began"),) if began is not None else ()
    return ChartSpec(
        f"{metric.heading} by stage",
        Axis("stage", limits=(-0.5, last + 0.5), whole=True),
        Axis(),
        (line, *bars) if points else (),
        levels=levels,
        empty="No stage has a score on the whole problem.",
    )
