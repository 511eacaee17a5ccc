"""The history of one arm: what its events say, as columns of numbers. Charts, diagnosis, comparison and export read it.

It is the same whether the events come from a record, live or long finished, or from a training without one.
"""

from __future__ import annotations

import copy
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.diagnosis import Curves, DataFacts, FirstLayers, Setting, Verdict, on_test_set, verdicts
from tunelab.records.events import MEASURES, Event
from tunelab.records.measure_events import metric_of, per_class
from tunelab.statistics import Accuracy
from tunelab.training.metrics import METRICS, Metric
from tunelab.wording import quantity

__all__ = ["LIVE", "History"]

Array = NDArray[Any]

_NAN = float("nan")
_PENDING = 500  # measurements kept as events until they become columns
_SEEDS = "replicates."
LIVE = 20_000
"""How many measurements of a training that goes on are held at most, so that a screen and a worker don't grow."""
_FIRST_LAYERS = ("saturated_share", "z_rms", "gradient_norm", "similarity")  # what a diagnosis knows of before training
_STEADY = 3  # measurements that a verdict is judged at, so that a sentence on the screen doesn't flicker


class _Column:
    """One measure over time: a number a measurement, or a list of ``width``. NaN: not finite, or not measured."""

    def __init__(self, width: int | None = None) -> None:
        self._plain = width is None
        self._width = 1 if width is None else width
        self._numbers = array("d")

    def extend(self, first: int, rows: Sequence[Any]) -> None:
        """Add what was measured from measurement ``first`` on."""
        self._fill(first)
        if self._plain:
            self._numbers.extend([_number(row) for row in rows])
        else:
            for row in rows:
                numbers = [_number(value) for value in row or ()][: self._width]
                self._numbers.extend(numbers + [_NAN] * (self._width - len(numbers)))

    def values(self, rows: int) -> Array:
        """Return the first measurements, (rows, width)."""
        self._fill(rows)
        return np.array(self._numbers[: rows * self._width], np.float64).reshape(rows, self._width)

    def thin(self, rows: int, kept: int) -> None:
        """Keep the last ``kept`` of the first ``rows`` measurements, and every second of those before."""
        values = self.values(rows)
        first = rows - kept
        self._numbers = array("d", np.concatenate([values[:first:2], values[first:]]).ravel().tobytes())

    def _fill(self, rows: int) -> None:
        self._numbers.extend([_NAN] * (rows * self._width - len(self._numbers)))


class History:
    """One arm as far as it has been read: k measurements, and how it began and ended.

    ``start``, ``initial`` and ``done`` are those events once they have come, else empty; ``latest`` is the last
    measurement. ``len(history)`` is k.

        >>> history = Run("last").arms[0].history()
        >>> len(history), history.epochs.tolist(), history.values("training_cost").shape
        (2, [1.0, 2.0], (2,))

    Args:
        name: what charts call it.
        events: what has happened so far, in the order of the record; :meth:`add` takes what comes later.
        limit: how many measurements are held at most. Where there are more, every second of the older ones is let go:
            the curve stays, at half its resolution.
    """

    def __init__(self, name: str, events: Iterable[Event] = (), limit: int | None = None) -> None:
        self.name = name
        self._limit = None if limit is None else max(limit, 2 * _PENDING)
        self.start: Event = {}
        self.initial: Event = {}
        self.done: Event = {}
        self._measurements = 0
        self._recent: deque[Event] = deque(maxlen=_STEADY)
        self._columns: dict[str, _Column] = {}
        self._pending: list[Event] = []
        for event in events:
            self.add(event)

    def __len__(self) -> int:
        return self._measurements

    def __bool__(self) -> bool:
        return True  # also before the first measurement

    def __repr__(self) -> str:
        return f"<History of {self.name!r}: {quantity(len(self), 'measurement')}>"

    def add(self, event: Event) -> bool:
        """Take in the next event. Return whether anything changed that a chart or a table shows."""
        kind = event["event"]
        if kind == "start":
            self.start, self.done = event, {}
        elif kind == "initial":
            self.initial = event
        elif kind == "measure":
            self._measurements += 1
            self._recent.append(event)
            self._pending.append(event)
            if len(self._pending) == _PENDING or self._measurements == self._limit:
                self._flush()
            if self._measurements == self._limit:
                self._thin()
            self.done = {}
        elif kind == "done":
            self.done = event
        else:
            return False
        return True

    def _flush(self) -> None:
        """Move what is pending into the columns. Many measurements at once cost little more than one."""
        events, self._pending = self._pending, []
        first = len(self) - len(events)
        parts = [("", events), (_SEEDS, [event.get("replicates", {}) for event in events])]
        for prefix, rows in parts:
            for name in dict.fromkeys(name for row in rows for name in row):
                if not prefix and name not in MEASURES:
                    continue
                values = [row.get(name) for row in rows]
                sample = next((value for value in values if value is not None), None)
                column = _Column(len(sample) if isinstance(sample, list) else None)
                self._columns.setdefault(prefix + name, column).extend(first, values)

    def _thin(self) -> None:
        older = self._measurements - _PENDING
        for column in self._columns.values():
            column.thin(self._measurements, _PENDING)
        self._measurements = (older + 1) // 2 + _PENDING

    def _column(self, name: str, width: int) -> Array:
        """Return a column, (k, ``width`` or as many as it has); NaN where it was never measured."""
        if self._pending:
            self._flush()
        return self._columns.get(name, _Column(width)).values(len(self))

    def renamed(self, name: str) -> History:
        """Return the same history under another name."""
        other = copy.copy(self)
        other.name = name
        return other

    def values(self, name: str) -> Array:
        """Return one measure over time, the mean over seeds: (k,) float64, NaN where it wasn't finite."""
        return self._column(name, 1)[:, 0]

    def seed_values(self, name: str) -> Array:
        """Return one measure over time for every seed: (k, R) float64."""
        return self._column(_SEEDS + name, 1) if self.seeds > 1 else self.values(name)[:, None]

    def layer_values(self, name: str) -> Array:
        """Return one statistic of every layer over time: (k, layers) float64, NaN where it wasn't finite."""
        return self._column(f"layer_{name}", 0)

    @property
    def epochs(self) -> Array:
        """The epochs of the measurements, (k,)."""
        return self.values("epoch")

    @property
    def seeds(self) -> int:
        """How many replicates there are."""
        return len(self.start.get("seeds", [0]))

    @property
    def latest(self) -> Event:
        """The last measurement, or nothing."""
        return self._recent[-1] if self._recent else {}

    @property
    def planned_epochs(self) -> float:
        """How many epochs are planned at most."""
        return float(self._training.get("epochs", 0))

    @property
    def data(self) -> dict[str, Any]:
        """What the start event says of the data, or nothing."""
        data: dict[str, Any] = self.start.get("data", {})
        return data

    @property
    def chance(self) -> float:
        """The accuracy of the best answer that ignores the input; 0 where it isn't known."""
        classes = self.data.get("classes")  # all that older records say
        return float(self.data.get("chance", 1 / len(classes) if classes else 0.0))

    @property
    def metric(self) -> Metric:
        """The metric by which the training is judged."""
        if len(self):
            return metric_of(self.latest)
        return next(
            (metric for metric in METRICS.values() if metric.name == self.data.get("metric")), METRICS["accuracy"]
        )

    @property
    def metric_chance(self) -> float:
        """What ignoring the input reaches in the metric: for the accuracy the largest class's share."""
        return float(self.data.get("metric_chance", self.chance if self.metric.name == "accuracy" else 0.0))

    def per_class(self) -> dict[str, dict[str, Any]]:
        """Return each class's latest ``recall`` on evaluation data and its ``count`` of examples, by its name."""
        return per_class(self.latest, self.start)

    @property
    def _training(self) -> dict[str, Any]:
        training = self.start.get("experiment", {}).get("training", {})
        return training if isinstance(training, dict) else {}

    def eta_cuts(self) -> list[tuple[float, float]]:
        """Where the schedule cut η: (epoch after which, the factor it was divided by)."""
        etas, epochs = self.values("eta"), self.epochs
        cuts = np.flatnonzero(etas[1:] < etas[:-1])
        return [(float(epochs[i]), float(etas[i] / etas[i + 1])) for i in cuts]

    def at(self, epoch: float) -> int:
        """Return the position of the last measurement that is not later than an epoch; -1 where there is none."""
        return int(np.searchsorted(self.epochs, epoch, side="right")) - 1

    def verdicts(self) -> list[Verdict]:
        """What this arm's curves show, the most important first; and, last, whether they are of the test set.

        While it trains, a new first verdict must hold for two measurements before it takes the place of another that
        did: a sentence on the screen shouldn't flicker.
        """
        steady = self._steady_verdicts()
        return [*steady, on_test_set()] if self.data.get("evaluated_on") == "test" else steady

    def _steady_verdicts(self) -> list[Verdict]:
        k = len(self)
        now = self._verdicts(k)
        if self.done or k < _STEADY or now[0].code == "diverged":
            return now
        before = self._verdicts(k - 1)
        if before[0].code == now[0].code:
            return now
        return before if before[0].code == self._verdicts(k - 2)[0].code else now

    def _verdicts(self, k: int) -> list[Verdict]:
        """What the first k measurements show; k is at most two less than there are."""
        latest = self._recent[k - len(self) - 1] if k else {}
        answers = latest.get("evaluation_answers")
        facts = DataFacts.from_event(self.start)
        # Of numbers R² is what accuracy is of classes; older records have the share within a tolerance
        right = "accuracy" if facts.classes or not np.isfinite(self.values("evaluation_r2")).any() else "r2"
        return verdicts(
            Curves(
                epoch=self.epochs[:k],
                training_cost=self.values("training_cost")[:k],
                training_data_cost=self.values("training_data_cost")[:k],
                evaluation_data_cost=self.values("evaluation_data_cost")[:k],
                training_accuracy=self.values(f"training_{right}")[:k],
                evaluation_accuracy=self.values(f"evaluation_{right}")[:k],
                r2=right == "r2",
                balanced_accuracy=_number(latest.get("evaluation_balanced_accuracy")),
                training_balanced_accuracy=_number(latest.get("training_balanced_accuracy")),
                evaluation_total=int(latest.get("evaluation_total", 1)),
                setting=Setting.from_tables(self.start.get("experiment") or {}, facts.training),
                facts=facts,
                answers=np.array(answers) if answers else None,
                recalls=self._recalls(latest),
                diverged=bool(latest.get("diverged")),
                ended=bool(self.done),
                reason=str(self.done.get("reason", "")),
                seeds=self.seeds,
                first_cost=_number(self.initial.get("training_cost")),
                first=FirstLayers(*(self._first(name) for name in _FIRST_LAYERS)),
                saturated=self._last_known("saturated_share", k),
                update_ratio=self._last_known("update_ratio", k),
                gradient_norm=self._last_known("gradient_norm", k),
                similarity=self._last_known("similarity", k),
            )
        )

    def _recalls(self, latest: Event) -> Array | None:
        """Each class's share that is right, (classes,); None where it wasn't measured. NaN: no examples of it."""
        recalls = [_number(of["recall"]) for of in per_class(latest, self.start).values()]
        return np.array(recalls) if recalls else None

    def _last_known(self, name: str, k: int) -> Array:
        """A statistic of the layers the last two times that it was taken until the k-th measurement, (≤ 2, layers).

        Measurements in between repeat what was taken before, perhaps before the first step: that shows in the gradient.
        """
        values, gradient = self.layer_values(name)[:k], self.layer_values("gradient_norm")[:k]
        known = np.isfinite(values).any(axis=1)
        first = self._first("gradient_norm")
        if gradient.shape[1] and len(first) == gradient.shape[1]:
            known &= (gradient != np.vstack([first, gradient[:-1]])).any(axis=1)
        return values[np.flatnonzero(known)[-2:]]

    def _first(self, name: str) -> Array:
        """A statistic of the layers before training, (layers,); empty where it wasn't recorded."""
        return np.array([_number(value) for value in self.initial.get(f"layer_{name}", [])], np.float64)

    def standing(self, at: int = -1) -> Accuracy | None:
        """Return the metric on evaluation data at one of its measurements; None where it isn't a number."""
        if not len(self):
            return None
        metric = self.metric
        value, std = (float(self.values(f"{metric.field()}{end}")[at]) for end in ("", "_std"))
        std = std if self.seeds > 1 else 0.0
        if not (value <= 1 and 0 <= std <= 1 and (value >= 0 or not metric.percent)):  # NaN fails too
            return None
        total = np.nan_to_num(self.values("evaluation_total")[at])
        return Accuracy(value, std, self.seeds, metric.binomial_total(value, int(self.data.get("metric_total", total))))


def _number(value: Any) -> float:
    return _NAN if value is None else float(value)
