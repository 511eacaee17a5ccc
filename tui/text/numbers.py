"""Numbers as people read them: costs, accuracies with their spread, spans of time."""

from __future__ import annotations

from typing import Any

from tunelab.records.measure_events import metric_of

__all__ = ["cost_text", "metric_text", "number_text", "seconds_text"]


def cost_text(fields: dict[str, Any], name: str = "training_cost") -> str:
    """A cost of a measure event to four figures, ± its spread over seeds; said in words where it isn't finite."""
    value, spread = fields.get(name), fields.get(f"{name}_std")
    if value is None:
        return "not finite"
    return f"{value:.4g}" if spread is None else f"{value:.4g} ± {spread:.2g}"


def metric_text(fields: dict[str, Any], part: str = "evaluation") -> str:
    """The metric of a measure event, ± its spread over seeds: 97.61 ± 0.20 %, or R² 0.874 as 0.874."""
    metric = metric_of(fields)
    field = metric.field(part)
    return metric.text(fields.get(field), fields.get(f"{field}_std"))


def number_text(fields: dict[str, Any], name: str) -> str:
    """A number of a measure event in the unit it has, ± its spread over seeds."""
    value, spread = fields.get(name), fields.get(f"{name}_std")
    if value is None:
        return "none"
    return f"{value:.4g}" if spread is None else f"{value:.4g} ± {spread:.2g}"


def seconds_text(seconds: float) -> str:
    """A span of time: 0.8 s, 12 s, 3 min 20 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
