"""Numbers as people read them: costs, accuracies with their spread, spans of time."""

from __future__ import annotations

from typing import Any

__all__ = ["accuracy_text", "cost_text", "seconds_text"]


def cost_text(fields: dict[str, Any], name: str = "training_cost") -> str:
    """A cost of a measure event to four figures, ± its spread over seeds; said in words where it isn't finite."""
    value, spread = fields.get(name), fields.get(f"{name}_std")
    if value is None:
        return "not finite"
    return f"{value:.4g}" if spread is None else f"{value:.4g} ± {spread:.2g}"


def accuracy_text(fields: dict[str, Any], name: str = "evaluation_accuracy") -> str:
    """An accuracy of a measure event in percent, ± its spread over seeds in points."""
    value, spread = fields.get(name), fields.get(f"{name}_std")
    if value is None:
        return "none"
    return f"{100 * value:.2f} %" if spread is None else f"{100 * value:.2f} ± {100 * spread:.2f} %"


def seconds_text(seconds: float) -> str:
    """A span of time: 0.8 s, 12 s, 3 min 20 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
