"""A study as a table: what every trial came to, and what the whole says. It knows nothing of Optuna's storage."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

from tunelab.statistics import DIFFERENCE_LEVEL, t_quantile
from tunelab.sweeps.search_space import Dimension, Value
from tunelab.sweeps.sweep_plan import SweepPlan, params_text
from tunelab.training.metrics import METRICS, Metric

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["Edge", "StudyTable", "TrialRow", "trial_row"]

_FEWEST = 10  # complete trials from which it is worth saying what matters most


@dataclass(frozen=True)
class TrialRow:
    """One trial.

    ``state``: waiting, running, complete, pruned, diverged or failed. ``value`` is the ``metric`` on evaluation data at
    its end, a mean over ``seeds`` with standard deviation ``std`` (None with one seed), as noisy as on ``total``
    examples. ``steps`` are the values after each epoch.
    """

    number: int
    params: dict[str, Any]
    state: str
    value: float | None = None
    std: float | None = None
    seeds: int = 1
    total: int = 0
    epochs: float = 0.0
    seconds: float = 0.0
    finished: float = 0.0
    why: str = ""
    steps: dict[int, float] = field(default_factory=dict)
    metric: Metric = METRICS["accuracy"]

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in ("waiting", "running")

    @property
    def error(self) -> float:
        """The standard error of its value: from the spread over seeds, else from the number of examples judged."""
        if self.value is None:
            return math.nan
        if self.std is not None and self.seeds > 1 and self.std > 0:
            return self.std / math.sqrt(self.seeds)
        return self.metric.error(self.value, self.total)


@dataclass(frozen=True)
class Edge:
    """The best trial stands at an end of what was searched: a better one may lie beyond."""

    dimension: Dimension
    value: Value
    end: str


@dataclass(frozen=True)
class StudyTable:
    """All trials of a study so far."""

    plan: SweepPlan
    rows: tuple[TrialRow, ...]

    @cached_property
    def complete(self) -> list[TrialRow]:
        """The trials that were trained to their end, the best first, of equals the earlier one."""
        done = [row for row in self.rows if row.state == "complete" and row.value is not None]
        return sorted(done, key=lambda row: (-_number(row.value), row.number))

    @property
    def metric(self) -> Metric:
        """The metric that the trials are judged by."""
        return next((row.metric for row in self.rows if row.value is not None), METRICS["accuracy"])

    @property
    def best(self) -> TrialRow | None:
        """The best of them."""
        return self.complete[0] if self.complete else None

    @cached_property
    def within_noise(self) -> list[TrialRow]:
        """The trials that don't differ from the best beyond noise: no further behind it than the 95 % interval of a
        difference is wide.

        The error is the usual one among the better half: a trial's own, from a few seeds, is itself a matter of luck.
        """
        best = self.best
        if best is None:
            return []
        better = self.complete[: max(1, -(-len(self.complete) // 2))]
        error = math.sqrt(2) * median(row.error for row in better)
        noise = t_quantile(DIFFERENCE_LEVEL, math.inf) * error
        least = _number(best.value) - noise
        return [row for row in self.complete if row is best or _number(row.value) >= least]

    @property
    def counts(self) -> dict[str, int]:
        """How many trials are in each state."""
        return dict(Counter(row.state for row in self.rows))

    @property
    def ended(self) -> int:
        """How many trials have come to an end, one way or another."""
        return sum(row.ended for row in self.rows)

    def best_so_far(self) -> list[tuple[int, float]]:
        """(trials ended, best value until then) after each trial that was trained to its end, as they ended."""
        points: list[tuple[int, float]] = []
        best = -math.inf
        ended = sorted((row for row in self.rows if row.ended), key=lambda row: (row.finished, row.number))
        for count, row in enumerate(ended, start=1):
            if row.state == "complete" and row.value is not None:
                best = max(best, row.value)
            if best > -math.inf:
                points.append((count, best))
        return points

    @cached_property
    def edges(self) -> list[Edge]:
        """Where the best trial stands at an end of a dimension. Judged once there is something to compare with."""
        best = self.best
        if best is None or len(self.complete) < 3:
            return []
        edges = []
        for d in self.plan.over:
            if d.key not in best.params or not d.numeric:
                continue
            values = [float(v) for v in d.grid()]
            value = float(best.params[d.key])
            if len(values) < 3 and d.kind == "list":
                continue
            low, high = min(values), max(values)
            end = _end(value, low, high, d)
            if end == "lowest" and low == _least(d):
                continue  # nothing lies beyond: λ = 0, m = 1
            if end:
                edges.append(Edge(d, best.params[d.key], end))
        return edges

    def label(self, row: TrialRow) -> str:
        """What was chosen for a trial, in a line."""
        return params_text(self.plan.over, row.params)

    @property
    def spread(self) -> bool:
        """Whether trials have several seeds, and so a spread."""
        return any(row.std is not None for row in self.rows)


def _end(value: float, low: float, high: float, d: Dimension) -> str:
    """'lowest' or 'highest' where a value is an end of a list, or in the outer twentieth of a range."""
    if d.kind == "list":
        return "lowest" if value == low else "highest" if value == high else ""
    if d.kind == "log":
        value, low, high = math.log(value), math.log(low), math.log(high)
    share = (value - low) / (high - low)
    return "lowest" if share <= 0.05 else "highest" if share >= 0.95 else ""


def _least(d: Dimension) -> float:
    return 0.0 if d.key == "training.lambda" else 1.0 if d.about.kind == "whole" else -math.inf


def importances(study: Any, table: StudyTable) -> dict[str, float]:
    """How much each parameter decided who came near the top, shares by dotted key; nothing with few trials.

    PED-ANOVA (Watanabe, Bansal & Hutter 2023, arXiv:2304.10255), which sees complete trials only.
    """
    if len(table.complete) < _FEWEST or len(table.plan.over) < 2:
        return {}
    import warnings

    from optuna.importance import get_param_importances

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dict(get_param_importances(study))
        except (ValueError, RuntimeError, ZeroDivisionError):  # all trials came to the same
            return {}


def trial_row(trial: FrozenTrial) -> TrialRow:
    """One of Optuna's trials as a row."""
    attributes = trial.user_attrs
    state = trial.state.name.lower()
    state = {"fail": "failed"}.get(state, state)
    if trial.state.is_finished() and attributes.get("ended") == "diverged":
        state = "diverged"
    return TrialRow(
        trial.number,
        dict(trial.params),
        state,
        trial.value if trial.state.is_finished() else None,
        attributes.get("std"),
        int(attributes.get("seeds", 1)),
        int(attributes.get("total", 0)),
        float(attributes.get("epochs", 0.0)),
        float(attributes.get("seconds", 0.0)),
        trial.datetime_complete.timestamp() if trial.datetime_complete else 0.0,
        str(attributes.get("why", "")),
        dict(trial.intermediate_values),
        next((m for m in METRICS.values() if m.name == attributes.get("metric")), METRICS["accuracy"]),
    )


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
