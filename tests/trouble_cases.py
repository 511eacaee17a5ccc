"""A known trouble: a training that fails for one known cause, or a healthy one, and how one is written in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from trouble_data import data_of
from tunelab.data import Dataset
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed

__all__ = [
    "REGRESSION",
    "RELU",
    "SIGMOID",
    "SMALL",
    "SOFTMAX",
    "TANH",
    "Case",
    "Row",
    "dataset_of",
    "rows_into",
    "title",
]


@dataclass(frozen=True)
class Case:
    """One training. ``causes`` are the slugs that name its fault, () where it is healthy.

    ``data`` is a maker of :mod:`trouble_data` with its arguments; ``keys`` change the experiment; ``good`` are the
    dotted keys of a setting that is known to do well on the same data (None: no setting helps).
    """

    name: str
    half: str
    causes: tuple[str, ...]
    data: tuple[Any, ...]
    keys: dict[str, Any]
    good: dict[str, Any] | None

    def experiment(self) -> Experiment:
        """What is trained."""
        dataset = dataset_of(self)
        base = Experiment(data={"name": dataset.name, "train": len(dataset.training)})
        if dataset.classes is None:
            base = changed(base, {"network.output": "linear", "network.cost": "quadratic"})
        return changed(base, self.keys)

    @property
    def available(self) -> int:
        """How many training examples the data have, of which the case may use few."""
        whole = self.data[0] in {"digits", "mnist"} and self.data[3:] in {(), (None,)}
        return 50_000 if whole else len(dataset_of(self).training)

    @property
    def healing(self) -> dict[str, Any]:
        """What turns the setting into the good one."""
        before = self.experiment()
        after = replace(self, keys=self.good or {}).experiment()
        tables = before.to_dict(), after.to_dict()
        keys = {f"{section}.{key}" for table in tables for section in table for key in table[section]}
        values = [{key: table[key.split(".")[0]].get(key.split(".", 1)[1]) for key in keys} for table in tables]
        heal = {key: values[1][key] for key in keys if values[0][key] != values[1][key]}
        if not heal and self.data[0] in {"digits", "mnist"}:
            heal["data.train"] = min(10 * self.data[1], 5000)
        return heal

    def standardized(self) -> Case:
        """The same of a table whose numbers are standardized."""
        file, label, task, _, *seed = (*self.data[1:], None, "auto", True)[: max(4, len(self.data) - 1)]
        return replace(self, data=("table", file, label, task, True, *seed))

    def with_examples(self, count: int) -> Case:
        """The same with another number of training examples."""
        return replace(self, data=(self.data[0], count, *self.data[2:]))


def dataset_of(case: Case) -> Dataset:
    """The data of a case, made once."""
    return data_of(case.data)


SIGMOID = {"network.hidden": [30], "training.eta": 0.5, "training.epochs": 12}
SOFTMAX = SIGMOID | {"network.output": "softmax", "network.cost": "log-likelihood", "training.eta": 0.3}
RELU = {
    "network.hidden": [30],
    "network.activation": "relu",
    "network.output": "softmax",
    "network.cost": "log-likelihood",
    "initialization.weights": "he-normal",
    "initialization.biases": "zeros",
    "training.eta": 0.05,
    "training.epochs": 12,
}
TANH = {"network.hidden": [30], "network.activation": "tanh", "training.eta": 0.1, "training.epochs": 12}
REGRESSION = {"network.hidden": [20], "network.activation": "tanh", "training.eta": 0.05, "training.epochs": 30}
SMALL = {"network.hidden": [10], "training.eta": 0.5, "training.epochs": 60}

_OF_DATA = {
    "labels-disagree",
    "no-signal",
    "classes-missing",
    "one-class",
    "unequal-classes",
    "targets-unscaled",
    "inputs-unscaled",
}

Row = Callable[..., None]


def rows_into(table: list[Case]) -> Row:
    """Return what adds a fault to a table: once for each of several data sets."""

    def add(
        name: str,
        causes: str | tuple[str, ...],
        good: dict[str, Any],
        fault: dict[str, Any],
        *data: tuple[Any, ...],
        halves: str = "tr",
    ) -> None:
        """``halves`` says for each data set whether it is tuned with (t), reported (r), or was unseen (u)."""
        slugs = (causes,) if isinstance(causes, str) else causes
        of_data = bool(slugs) and slugs[0] in _OF_DATA
        for place, one in enumerate(data):
            half = {"t": "tune", "r": "report", "u": "unseen"}[halves[place % len(halves)]]
            known = None if of_data else good
            table.append(Case(f"{name} · {title(one)}", half, slugs, one, good | fault, known))

    return add


def title(data: tuple[Any, ...]) -> str:
    """Data in a few words."""
    return " ".join(title(part) if isinstance(part, tuple) else str(part) for part in data)
