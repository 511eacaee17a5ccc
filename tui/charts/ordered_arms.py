"""Arms that are values of one ordered parameter, as a search tries them: their order, and the response to it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from tunelab.records.history import History
from tunelab.training.metrics import Metric
from tunelab.tui.charts.spec import Axis, ChartSpec, Mark, Series

__all__ = ["order_of", "response_chart"]

_LABEL = re.compile(r"(.+?) = ([-−+.\d]+(?:e[-+]?\d+)?)")
_LEAST = 3  # values that make an order worth seeing


def order_of(labels: Sequence[str]) -> tuple[str, dict[str, float]] | None:
    """Return the parameter and each label's value where labels read "η = 0.1", "η = 1", …; else None.

    Labels of another kind among them are left aside as long as there are fewer of them.
    """
    found: dict[str, dict[str, float]] = {}
    for label in dict.fromkeys(labels):
        match = _LABEL.fullmatch(label)
        if match:
            value = float(match[2].replace("−", "-"))
            found.setdefault(match[1], {})[label] = value
    name = max(found, key=lambda each: len(found[each]), default="")
    values = found.get(name, {})
    enough = len(set(values.values())) >= _LEAST and 2 * len(values) > len(set(labels))
    return (name, values) if enough else None


def response_chart(
    arms: Sequence[History], metric: Metric, *, cost: bool, chosen: float | None = None
) -> ChartSpec | None:
    """Return what arms of one parameter end at, by its value: a mean ± one standard deviation over seeds.

    ``cost`` is the training cost, else the metric on evaluation data. ``chosen`` is marked. None where the arms aren't
    values of one parameter.
    """
    order = order_of([arm.name for arm in arms])
    if order is None:
        return None
    name, values = order
    field, times = ("training_cost", 1.0) if cost else (metric.field("evaluation"), metric.scale)
    points = []
    for arm in arms:
        known = arm.values(field) if arm.name in values and len(arm) else np.empty(0)
        if len(known) and math.isfinite(known[-1]):
            spread = arm.values(f"{field}_std")[-1] if arm.seeds > 1 else 0.0
            points.append((values[arm.name], times * float(known[-1]), times * float(np.nan_to_num(spread))))
    points.sort()
    log = bool(points) and points[0][0] > 0 and points[-1][0] / points[0][0] >= 20
    bars = [Series([x, x], [y - e, y + e], colour=0, points=False) for x, y, e in points if e > 0]
    line = Series([x for x, _, _ in points], [y for _, y, _ in points], "at the end ± one standard deviation", 0)
    title = "Training cost" if cost else metric.heading
    return ChartSpec(
        f"{title} at the end by {name}",
        Axis(name, log=log),
        Axis(),
        (line, *bars) if points else (),
        marks=(Mark(chosen, "chosen", "plain"),) if chosen is not None and (chosen > 0 or not log) else (),
    )
