"""Widths of one hidden layer: which are tried, how long, and when more of it pays."""

from __future__ import annotations

from typing import Any

__all__ = ["EPOCHS", "EPOCH_MONITORING", "PAYS", "WIDTHS", "width_setting", "width_text"]

WIDTHS = (10, 20, 30, 50, 100)
EPOCHS = 10
"""That widths are judged after."""
PAYS = 1.0
"""Standard errors of a difference below which it is no more than noise."""
EPOCH_MONITORING: dict[str, Any] = {"training.monitor_every": "epoch"}
"""Monitoring inside an epoch is for the small problem."""


def width_text(width: int) -> str:
    """Return a width as a label."""
    return "no hidden layer" if width == 0 else f"{width} hidden"


def width_setting(width: int) -> dict[str, Any]:
    """Return the dotted key that gives a network one hidden layer of a width, or none."""
    return {"network.hidden": [width] if width else []}
