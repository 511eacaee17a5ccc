"""From what a training yields to the fields of a record's events: means over seeds beside their spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.records.events import Event
from tunelab.training import Measurement
from tunelab.training.metrics import METRICS, Metric, MetricName

__all__ = ["arm_reason", "better", "measure_fields", "metric_of", "per_class"]

Array = NDArray[Any]


def measure_fields(measurement: Measurement, replicates: slice = slice(None)) -> dict[str, Any]:
    """A measurement of some replicates as JSON fields.

    Each measure is the mean over seeds; with more than one seed ``…_std`` (n − 1) stands beside it and
    ``replicates`` holds every seed's own. ``layer_…`` are lists, a number a layer, means over seeds. A
    number that isn't finite is None, and ``diverged`` is there.
    """
    m = measurement
    measures: dict[str, Array] = {"eta": m.eta}
    for part, score, cost in (
        ("training", m.training, m.training_cost),
        ("evaluation", m.evaluation, m.evaluation_cost),
    ):
        measures |= {f"{part}_cost": cost, f"{part}_data_cost": score.data_cost}
        if score.has_accuracy:
            measures |= {f"{part}_accuracy": score.accuracy, f"{part}_correct": score.correct}
        if m.metric.name == "balanced_accuracy":
            measures[f"{part}_balanced_accuracy"] = score.balanced_accuracy
        if not score.has_classes:
            measures |= {f"{part}_r2": score.r2, f"{part}_rmse": score.rmse}
    measures = {name: values[replicates] for name, values in measures.items()}
    several = len(m.eta[replicates]) > 1
    fields: dict[str, Any] = {"epoch": m.epoch, "examples": m.examples}
    with np.errstate(all="ignore"):
        for name, values in measures.items():
            # The mean of three equal numbers may differ from them in its last bit
            fields[name] = _number(values[0] if (values == values[0]).all() else values.mean())
            if several:
                fields[f"{name}_std"] = _number(
                    values.std(ddof=1) if (values != values[0]).any() else values[0] - values[0]
                )
    fields["evaluation_total"] = m.evaluation.total
    fields["training_total"] = m.training.total
    if m.evaluation.has_classes:
        fields["evaluation_answers"] = m.evaluation.answers[replicates].sum(axis=0).tolist()
        fields["evaluation_class_correct"] = m.evaluation.class_correct[replicates].sum(axis=0).tolist()
    if several:
        fields["replicates"] = {name: [_number(v) for v in values] for name, values in measures.items()}
    with np.errstate(all="ignore"):
        for name, signs in m.vitals.items():
            fields[f"layer_{name}"] = [_number(v) for v in signs[replicates].mean(axis=0)]
    if m.diverged[replicates].any():
        fields["diverged"] = True
    return fields


def _number(value: Any) -> int | float | None:
    """An int stays one; a float that isn't finite is None, since JSON has no word for it."""
    plain = value.item()
    return plain if isinstance(plain, int) or np.isfinite(plain) else None


def metric_of(fields: Event) -> Metric:
    """Return the metric by which the training of a measure event is judged: the fields that are there say it."""
    names: tuple[MetricName, ...] = ("balanced_accuracy", "accuracy")
    for name in names:
        if f"evaluation_{name}" in fields:
            return METRICS[name]
    return METRICS["r2"]


def better(fields: Event, than: Event | None) -> bool:
    """Return whether a measure is better than the best so far: a larger metric on evaluation data, or the first at all.

    A measure that isn't a number is no better; where metrics are equal the earlier one stays.
    """
    if than is None:
        return True
    if fields.get("diverged"):
        return False
    field = metric_of(fields).field()
    value, best = fields.get(field), than.get(field)  # a damaged record may lack one
    return value is not None and (bool(than.get("diverged")) or best is None or value > best)


def per_class(fields: Event, start: Event) -> dict[str, dict[str, float | int | None]]:
    """Return each class's recall on evaluation data (a mean over seeds) and how many examples it has, by its name.

    Nothing for numbers, and for records of before recalls were measured. A class without examples has no recall.
    """
    data, correct = start.get("data", {}), fields.get("evaluation_class_correct")
    counts = data.get("class_counts", {}).get("evaluation")
    if correct is None or counts is None:
        return {}
    seeds = len(start["seeds"])
    return {
        name: {"recall": right / (seeds * count) if count else None, "count": count}
        for name, right, count in zip(data["classes"], correct, counts, strict=False)
    }


def arm_reason(reasons: tuple[str, ...]) -> str:
    """Why an arm ended, from why each of its replicates did: divergence of one is said, else the latest end."""
    for reason in ("diverged", "epochs", "schedule-end", "early-stop"):
        if reason in reasons:
            return reason
    return "stopped"
