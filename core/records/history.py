"""An arm's events as curves: what charts draw and a diagnosis reads, live or old."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.diagnosis import Curves, Verdict, on_test_set, verdicts
from tunelab.statistics import Accuracy

__all__ = ["ArmCurves"]

Array = NDArray[Any]


@dataclass
class ArmCurves:
    """One arm as far as it has been read. ``absorb`` its events in the order of the record.

    ``measures`` are the measure events; ``start`` and ``done`` those events once they have come.
    """

    name: str
    start: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    measures: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, Any] = field(default_factory=dict)
    _columns: dict[str, list[float]] = field(default_factory=dict, repr=False)

    def absorb(self, event: dict[str, Any]) -> bool:
        """Take in one event; whether anything changed that shows."""
        kind = event["event"]
        if kind == "start":
            self.start = event
            self.done = {}
        elif kind == "initial":
            self.initial = event
        elif kind == "measure":
            # Every seed's own numbers are in the record; kept here they would only make a long run heavy
            self.measures.append({key: value for key, value in event.items() if key != "replicates"})
            self.done = {}
        elif kind == "done":
            self.done = event
        else:
            return False
        return True

    def values(self, name: str) -> Array:
        """One measure over time, (k,) float64; NaN where it wasn't finite."""
        # A live chart asks again and again, so only what is new is looked up
        column = self._columns.setdefault(name, [])
        column += [_number(m.get(name)) for m in self.measures[len(column) :]]
        return np.array(column, np.float64)

    def layer_values(self, name: str) -> Array:
        """One vital sign of every layer over time, (k, layers); NaN where it wasn't finite or recorded."""
        rows = [m.get(f"layer_{name}", []) for m in self.measures]
        layers = max(map(len, rows), default=0)
        return np.array([[_number(v) for v in row] + [float("nan")] * (layers - len(row)) for row in rows], np.float64)

    def _latest_layers(self, name: str, k: int) -> Array:
        """The same of the last three of k measurements, which is all that a diagnosis looks at."""
        rows = [m.get(f"layer_{name}", []) for m in self.measures[max(k - 3, 0) : k]]
        layers = min(map(len, rows), default=0)
        return np.array([[_number(v) for v in row[:layers]] for row in rows], np.float64).reshape(len(rows), layers)

    @property
    def epochs(self) -> Array:
        """The epochs of the measurements, (k,)."""
        return self.values("epoch")

    @property
    def seeds(self) -> int:
        """How many replicates there are."""
        return len(self.start.get("seeds", [0]))

    @property
    def latest(self) -> dict[str, Any]:
        """The last measurement, or nothing."""
        return self.measures[-1] if self.measures else {}

    @property
    def planned_epochs(self) -> float:
        """How many epochs are planned at most."""
        return float(self._training.get("epochs", 0))

    @property
    def chance(self) -> float:
        """The accuracy of the best answer that ignores the input; 0 where it isn't known."""
        data = self.start.get("data", {})
        classes = data.get("classes")  # all that older records say
        return float(data.get("chance", 1 / len(classes) if classes else 0.0))

    @property
    def _training(self) -> dict[str, Any]:
        training = self.start.get("experiment", {}).get("training", {})
        return training if isinstance(training, dict) else {}

    def eta_cuts(self) -> list[tuple[float, float]]:
        """Where the schedule cut η: (epoch after which, the factor it was divided by)."""
        etas, epochs = self.values("eta"), self.epochs
        cuts = np.flatnonzero(etas[1:] < etas[:-1])
        return [(float(epochs[i]), float(etas[i] / etas[i + 1])) for i in cuts]

    def verdicts(self) -> list[Verdict]:
        """What this arm's curves show, the most important first; and, last, whether they are of the test set.

        While it trains, a new first verdict must hold for two measurements before it takes the place of another that
        did: a sentence on the screen shouldn't flicker.
        """
        found = self._steady()
        return [*found, on_test_set()] if self.start.get("data", {}).get("evaluated_on") == "test" else found

    def _steady(self) -> list[Verdict]:
        k = len(self.measures)
        found = self._verdicts(k)
        if self.done or k < 3 or found[0].code == "diverged":
            return found
        before = self._verdicts(k - 1)
        if before[0].code == found[0].code:
            return found
        return before if before[0].code == self._verdicts(k - 2)[0].code else found

    def _verdicts(self, k: int) -> list[Verdict]:
        """What the first k measurements show."""
        latest = self.measures[k - 1] if k else {}
        answers = latest.get("evaluation_answers")
        return verdicts(
            Curves(
                epoch=self.epochs[:k],
                training_cost=self.values("training_cost")[:k],
                training_data_cost=self.values("training_data_cost")[:k],
                evaluation_data_cost=self.values("evaluation_data_cost")[:k],
                training_accuracy=self.values("training_accuracy")[:k],
                evaluation_accuracy=self.values("evaluation_accuracy")[:k],
                evaluation_total=int(latest.get("evaluation_total", 1)),
                chance=self.chance,
                eta=float(self._training.get("eta", 0.0)),
                lmbda=float(self._training.get("lambda", 0.0)),
                answers=np.array(answers) if answers else None,
                diverged=bool(latest.get("diverged")),
                ended=bool(self.done),
                seeds=self.seeds,
                mini_batch=int(self._training.get("mini_batch", 1)),
                n=int(self.start.get("data", {}).get("training", 0)),
                first_cost=_number(self.initial.get("training_cost")),
                constant_cost=_number(self.start.get("data", {}).get("constant_cost")),
                activation=str(self.start.get("experiment", {}).get("network", {}).get("activation", "")),
                saturated=self._latest_layers("saturated_share", k),
                update_ratio=self._latest_layers("update_ratio", k),
                saturated_at_first=np.array(
                    [_number(v) for v in self.initial.get("layer_saturated_share", [])], np.float64
                ),
            )
        )

    def accuracy(self, at: int = -1) -> Accuracy | None:
        """The evaluation accuracy at one of its measurements, for a comparison; None where it isn't a number."""
        measure = self.measures[at] if self.measures else {}
        accuracy, std = (_number(measure.get(f"evaluation_accuracy{end}", 0.0)) for end in ("", "_std"))
        if not (0 <= accuracy <= 1 and 0 <= std <= 1):  # NaN fails too
            return None
        return Accuracy(accuracy, std, self.seeds, int(measure.get("evaluation_total", 0)))


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
