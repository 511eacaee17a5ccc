"""From the numbers of a training to its two charts: cost and accuracy, all arms overlaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from tunelab.tui.charts.scale import span_of, sticky
from tunelab.tui.charts.spec import Axis, ChartSpec, Floats, Level, Limits, Mark, Series, floats

__all__ = ["Arm", "Event", "Measure", "Part", "accuracy_chart", "cost_chart"]

Part = Literal["training", "evaluation"]
_PARTS: tuple[Part, ...] = ("training", "evaluation")

# Where the costs of an axis span more than this, in powers of ten, the log shows more than the numbers do
_DECADES_FOR_LOG = 1.5
# A diverging arm would press all others flat; beyond this many times the largest first cost it leaves the chart
_ROOM_TO_DIVERGE = 30.0
# Percentage points: less would show the luck of one example as a leap
_LEAST_SPAN = 5.0


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

    Costs are as in the record; accuracies are fractions. What isn't finite (or None) becomes a gap. ``number``
    chooses colour and marker; None is the arm's place among those given, so hiding an arm needs it.
    """

    label: str
    epochs: ArrayLike
    training_cost: Measure | None = None
    evaluation_cost: Measure | None = None
    training_accuracy: Measure | None = None
    evaluation_accuracy: Measure | None = None
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


def accuracy_chart(
    arms: Sequence[Arm],
    *,
    epochs: float | None = None,
    parts: Sequence[Part] = _PARTS,
    chance: float | None = None,
    focus: str | None = None,
    previous: Limits | None = None,
) -> ChartSpec:
    """Accuracy over epochs, in percent; ``chance`` is the fraction that guessing gets right.

    The y axis never leaves 0 … 100 and holds every mean. Where it doesn't begin at 0 the title says where
    it does. It begins at 0, or below chance, where the curves come near.
    """
    series = _series(arms, parts, "accuracy", 100.0)
    span = span_of([s.y for s in series])
    limits = None
    title = "Accuracy %"
    if span is not None:
        low, high = max(span[0], 0.0), min(span[1], 100.0)
        if high - low < _LEAST_SPAN:
            middle = min(max((low + high) / 2, _LEAST_SPAN / 2), 100.0 - _LEAST_SPAN / 2)
            low, high = middle - _LEAST_SPAN / 2, middle + _LEAST_SPAN / 2
        if low < (high - low) or (chance is not None and low < 100 * chance + (high - low) / 2):
            low = 0.0
        if previous is not None and (previous[0] < 0 or previous[1] > 100):
            previous = None
        low, high = sticky(previous, low, high)
        limits = max(low, 0.0), min(high, 100.0)
        if limits[0] > 0:
            title += f", axis from {limits[0]:g}"
    levels = () if chance is None else (Level(100 * chance, f"chance {100 * chance:.3g} %"),)
    return ChartSpec(
        title=title,
        x=_epochs_axis(arms, epochs),
        y=Axis("accuracy %", limits),
        series=series,
        marks=_marks(arms),
        levels=levels,
        focus=focus,
        empty="No measurements yet.",
    )


def _series(arms: Sequence[Arm], parts: Sequence[Part], what: str, times: float) -> tuple[Series, ...]:
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
            low, high = _band(mean, measure.std, times, what)
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


def _band(mean: Floats, std: ArrayLike | None, times: float, what: str) -> tuple[Floats, Floats] | tuple[None, None]:
    """One standard deviation to both sides, inside what the measure can be."""
    if std is None:
        return None, None
    wide = floats(std)[: len(mean)] * times
    if len(wide) < len(mean):
        return None, None
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = mean - wide, mean + wide
    return (np.maximum(low, 0.0), np.minimum(high, 100.0)) if what == "accuracy" else (low, high)


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
