"""From the numbers of a training to its two charts: the cost and the metric that decides, all arms overlaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from tunelab.training.metrics import METRICS, Metric
from tunelab.tui.charts.scale import span_of, sticky
from tunelab.tui.charts.spec import Axis, ChartSpec, Floats, Level, Limits, Mark, Series, floats

__all__ = ["Arm", "Event", "Measure", "Part", "cost_chart", "metric_chart"]

Part = Literal["training", "evaluation"]
_PARTS: tuple[Part, ...] = ("training", "evaluation")

# Where the costs of an axis span more than this, in powers of ten, the log shows more than the numbers do
_DECADES_FOR_LOG = 1.5
# A diverging arm would press all others flat; beyond this many times the largest first cost it leaves the chart
_ROOM_TO_DIVERGE = 30.0
# A share of the axis's whole: less would show the luck of one example as a leap
_LEAST_SPAN = 0.05
_LOWEST_R2 = -1.0  # where R² falls further, nothing is learnt anyway


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One curve of an arm: ``mean`` over seeds (n,) and, with more than one seed, ``std`` (n,)."""

    mean: ArrayLike
    std: ArrayLike | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an arm at ``epoch``: "η ÷2", "stopped", "diverged"."""

    epoch: float
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """The curves of one arm over ``epochs`` (n,), floats; a measure that wasn't taken is None.

    Costs and the metric are as in the record: an accuracy is a fraction. What isn't finite (or None) becomes a gap.
    ``number`` chooses colour and marker; None is the arm's place among those given, so hiding an arm needs it.
    """

    label: str
    epochs: ArrayLike
    training_cost: Measure | None = None
    evaluation_cost: Measure | None = None
    training_metric: Measure | None = None
    evaluation_metric: Measure | None = None
    events: Sequence[Event] = field(default=())
    number: int | None = None


def cost_chart(
    arms: Sequence[Arm],
    *,
    epochs: float | None = None,
    parts: Sequence[Part] = _PARTS,
    log: bool | None = None,
    focus: str | None = None,
    previous: Limits | None = None,
) -> ChartSpec:
    """Cost over epochs.

    ``epochs`` is how many are planned, so that the x axis stays put while the curves grow. ``log=None``
    takes a log axis where the costs span more than 1.5 powers of ten. A diverging arm leaves the chart at
    the top rather than pressing the others flat. ``previous`` are the y limits of the chart before
    (``spec.y.limits``): they stay while they fit, if the axis is still of the same kind.
    """
    series = _series(arms, parts, "cost", 1.0)
    span = span_of([s.y for s in series])
    above_0 = span_of([s.y for s in series], log=True)
    if span is None or above_0 is None:
        log = False
    elif log is None:
        log = span[0] > 0 and np.log10(span[1] / span[0]) > _DECADES_FOR_LOG
    limits = None
    if span is not None:
        low, high = above_0 if log and above_0 is not None else span
        first = [floats(s.y)[np.isfinite(floats(s.y))][:1] for s in series]
        beginning = span_of(first)
        if beginning is not None and beginning[1] > 0:
            high = max(min(high, _ROOM_TO_DIVERGE * beginning[1]), low)
        # from 0 unless that would hide a slow fall: a cost is never below it
        low = 0.0 if not log and 0 <= low < 0.8 * high else low
        if log and previous is not None and previous[0] <= 0:
            previous = None
        limits = sticky(previous, low, high, log=bool(log))
    return ChartSpec(
        title="Cost (log)" if log else "Cost",
        x=_epochs_axis(arms, epochs),
        y=Axis("cost", limits, log=bool(log)),
        series=series,
        marks=_marks(arms),
        focus=focus,
        empty="No measurements yet.",
    )


def metric_chart(
    arms: Sequence[Arm],
    *,
    metric: Metric = METRICS["accuracy"],
    epochs: float | None = None,
    parts: Sequence[Part] = _PARTS,
    chance: float | None = None,
    focus: str | None = None,
    previous: Limits | None = None,
) -> ChartSpec:
    """Return the metric over epochs, shares in percent; ``chance`` is what ignoring the input reaches.

    The y axis never goes above the best possible value, nor below 0 for shares and −1 for R², and holds every mean
    within. Where it doesn't begin at 0 the title says where it does. It begins at 0, or below chance, where the curves
    come near.
    """
    times, unit = (100.0, " %") if metric.percent else (1.0, "")
    floor = 0.0 if metric.percent else _LOWEST_R2
    series = _series(arms, parts, "metric", times, (0.0 if metric.percent else -np.inf, times))
    span = span_of([s.y for s in series])
    limits = None
    name = f"{metric.title}{unit}"
    title = name[:1].upper() + name[1:]
    if span is not None:
        low, high = min(max(span[0], floor), times), max(min(span[1], times), floor)
        half = _LEAST_SPAN * times / 2
        if high - low < 2 * half:
            middle = min(max((low + high) / 2, floor + half), times - half)
            low, high = middle - half, middle + half
        if low > 0 and (low < (high - low) or (chance is not None and low < times * chance + (high - low) / 2)):
            low = 0.0
        if previous is not None and (previous[0] < floor or previous[1] > times):
            previous = None
        low, high = sticky(previous, low, high)
        limits = max(low, floor), min(high, times)
        if limits[0] > 0:
            title += f", axis from {limits[0]:g}"
    levels = () if chance is None else (Level(times * chance, _chance_label(metric, chance)),)
    return ChartSpec(
        title=title,
        x=_epochs_axis(arms, epochs),
        y=Axis(name, limits),
        series=series,
        marks=_marks(arms),
        levels=levels,
        focus=focus,
        empty="No measurements yet.",
    )


def _chance_label(metric: Metric, chance: float) -> str:
    return f"chance {100 * chance:.3g} %" if metric.percent else "ignoring the input"


def _series(
    arms: Sequence[Arm], parts: Sequence[Part], what: str, times: float, possible: Limits = (-np.inf, np.inf)
) -> tuple[Series, ...]:
    """The curves of all arms, evaluation under training of the same arm."""
    made: list[Series] = []
    for place, arm in enumerate(arms):
        x = floats(arm.epochs)
        for part in ("evaluation", "training"):
            measure: Measure | None = getattr(arm, f"{part}_{what}")
            if part not in parts or measure is None:
                continue
            mean = floats(measure.mean) * times
            count = min(len(x), len(mean))
            low, high = _band(mean, measure.std, times, possible)
            made.append(
                Series(
                    x[:count],
                    mean[:count],
                    arm.label,
                    place if arm.number is None else arm.number,
                    dashed=part == "evaluation",
                    part=part,
                    low=None if low is None else low[:count],
                    high=None if high is None else high[:count],
                )
            )
    return tuple(made)


def _band(
    mean: Floats, std: ArrayLike | None, times: float, possible: Limits
) -> tuple[Floats, Floats] | tuple[None, None]:
    """One standard deviation to both sides, inside what is possible."""
    if std is None:
        return None, None
    wide = floats(std)[: len(mean)] * times
    if len(wide) < len(mean):
        return None, None
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = mean - wide, mean + wide
    return np.maximum(low, possible[0]), np.minimum(high, possible[1])


def _epochs_axis(arms: Sequence[Arm], planned: float | None) -> Axis:
    seen = span_of([arm.epochs for arm in arms])
    last = max(planned or 0.0, seen[1] if seen else 0.0)
    if last <= 0:
        return Axis("epoch")
    first = min(seen[0], 0.0) if seen else 0.0
    return Axis("epoch", (first, last), whole=last - first >= 2)


def _marks(arms: Sequence[Arm]) -> tuple[Mark, ...]:
    """The events of all arms; the same at the same epoch only once, for arms often share a schedule."""
    made: dict[tuple[float, str], Mark] = {}
    for place, arm in enumerate(arms):
        number = place if arm.number is None else arm.number
        for event in arm.events:
            key = (event.epoch, event.label)
            shared = key in made
            made[key] = Mark(event.epoch, event.label, "muted" if shared or len(arms) == 1 else number)
    return tuple(made.values())
