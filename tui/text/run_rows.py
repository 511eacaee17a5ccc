"""A run as a row of a list: how it stands, how old it is, what it reached and how."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tunelab.records import Run
    from tunelab.records.history import History

__all__ = ["RUN_COLUMNS", "age_text", "run_row", "sparkline", "state_text"]

_STATES = {
    "running": "● training",
    "epochs": "✓ done",
    "early-stop": "✓ done",
    "schedule-end": "✓ done",
    "budget": "✓ done",
    "stopped": "■ stopped",
    "cut off": "✗ cut off",
    "diverged": "✗ diverged",
}
_BARS = "▁▂▃▄▅▆▇█"
_POINTS = 8
_TIMESTAMP = re.compile(r"^\d{8}-\d{6}-")
RUN_COLUMNS = f"  {'state':<10}  {'age':>6}  {'best %':<11}  {'accuracy':<8}  run"


def run_row(run: Run, arms: Sequence[History] = (), *, overlaid: bool = False) -> str:
    """Return a run as a line: its state, age, best value of its metric with its ± over seeds, its curve, its name.

    ``arms`` are its histories; without them only age and name are known.
    """
    state = state_text(run) if arms else ""
    best, curve = _best(arms)
    age = age_text(time.time() - float(run.about["began"]))
    name = _TIMESTAMP.sub("", run.name)
    return f"{'+' if overlaid else ' '} {state:<10}  {age:>6}  {best:<11}  {curve:<{_POINTS}}  {name}"


def state_text(run: Run) -> str:
    """Return a sign and a word for how a run stands."""
    state = run.state()
    return _STATES.get(state, state)


def _best(arms: Sequence[History]) -> tuple[str, str]:
    """Return the best value of the metric on evaluation data of any arm (percent, or R²), and that arm's curve."""
    reached = [(arm.values(arm.metric.field()), arm) for arm in arms if len(arm)]
    known = [(float(np.nanmax(values)), arm) for values, arm in reached if np.isfinite(values).any()]
    if not known:
        return "", ""
    best, arm = max(known, key=lambda each: each[0])
    metric = arm.metric
    values = arm.values(metric.field())
    spread = arm.values(f"{metric.field()}_std")[int(np.nanargmax(values))] if arm.seeds > 1 else np.nan
    text = metric.text(best, float(spread) if np.isfinite(spread) else None, digits=1).removesuffix(" %")
    return text if metric.percent else f"{metric.title} {text}", sparkline(values)


def sparkline(values: np.ndarray) -> str:
    """Return at most eight bars for how the values went, from the lowest to the highest of them."""
    values = values[np.isfinite(values)]
    if not len(values):
        return ""
    picked = values[np.unique(np.linspace(0, len(values) - 1, _POINTS).astype(int))]
    low, high = float(picked.min()), float(picked.max())
    shares = (picked - low) / (high - low) if high > low else np.zeros(len(picked))
    return "".join(_BARS[round(share * (len(_BARS) - 1))] for share in shares.tolist())


def age_text(seconds: float) -> str:
    """Return how long ago something was: 40 s, 5 min, 3 h, 12 d."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
