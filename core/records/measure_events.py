"""From what a training yields to the fields of a record's events: means over seeds beside their spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.training import Measurement

__all__ = ["arm_reason", "better", "measure_fields"]

Array = NDArray[Any]


def measure_fields(measurement: Measurement, replicates: slice = slice(None)) -> dict[str, Any]:
    """A measurement of some replicates as JSON fields.

    Each measure is the mean over seeds; with more than one seed ``…_std`` (n − 1) stands beside it and
    ``replicates`` holds every seed's own. ``layer_…`` are lists, a number a layer, means over seeds. A
    number that isn't finite is None, and ``diverged`` is there.
    """
    m = measurement
    measures: dict[str, Array] = {
        "eta": m.eta,
        "training_cost": m.training_cost,
        "training_data_cost": m.training.data_cost,
        "training_accuracy": m.training_accuracy,
        "evaluation_cost": m.evaluation_cost,
        "evaluation_data_cost": m.evaluation.data_cost,
        "evaluation_accuracy": m.evaluation_accuracy,
        "evaluation_correct": m.evaluation.correct,
        "training_correct": m.training.correct,
    }
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
    if m.evaluation.answers.shape[1]:
        fields["evaluation_answers"] = m.evaluation.answers[replicates].sum(axis=0).tolist()
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


def better(fields: dict[str, Any], than: dict[str, Any] | None) -> bool:
    """Whether a measure is better than the best so far: more right on evaluation data, or the first at all.

    A measure that isn't a number is no better; where accuracies are equal the earlier one stays.
    """
    if than is None:
        return True
    if fields.get("diverged"):
        return False
    return bool(than.get("diverged")) or fields["evaluation_accuracy"] > than["evaluation_accuracy"]


def arm_reason(reasons: tuple[str, ...]) -> str:
    """Why an arm ended, from why each of its replicates did: divergence of one is said, else the latest end."""
    for reason in ("diverged", "epochs", "schedule-end", "early-stop"):
        if reason in reasons:
            return reason
    return "stopped"
