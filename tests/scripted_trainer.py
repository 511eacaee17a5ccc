"""A trainer that trains nothing: how good a setting is follows from a script, so that stages are driven in no time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tunelab import Experiment
from tunelab.data import Dataset
from tunelab.experiment import load_data
from tunelab.initialization import Initialization, initial_network
from tunelab.network import Network
from tunelab.search import Curve, OutOfTime
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.trial_runner import MakeTrainer, TrialRunner

__all__ = ["Script", "scripted", "three_classes"]

Script = Callable[[Experiment], float]
"""How many of the judged examples a setting gets right, from 0 to 1."""

_loaded: dict[str, Dataset] = {}  # by what asks for it: a test writes tables under names of its own

_MEASUREMENTS = 4
_LARGEST = 20.0  # the largest η at which a cost falls


def three_classes(path: Path, examples: int, *, labels: Sequence[str] = ("a", "b", "c")) -> Path:
    """Write a table of so many rows, four numbers and a label each."""
    rng = np.random.default_rng(5)
    rows = ["w,x,y,z,label"]
    for i in range(examples):
        c = i % len(labels)
        rows.append(",".join([*(f"{v:.3f}" for v in rng.normal(c, 1.0, 4)), labels[c]]))
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def scripted(script: Script, trained: list[Experiment] | None = None) -> MakeTrainer:
    """Return what makes a trainer by this script; ``trained`` is told every experiment."""

    def make(runner: TrialRunner) -> ScriptedTrainer:
        return ScriptedTrainer(runner, script, trained if trained is not None else [])

    return make


class ScriptedTrainer:
    """A ``StageTrainer`` by a script."""

    def __init__(self, runner: TrialRunner, script: Script, trained: list[Experiment]) -> None:
        self._runner, self._script, self._trained = runner, script, trained

    def dataset(self, experiment: Experiment) -> Dataset:
        key = experiment.data.model_dump_json()
        if key not in _loaded:
            _loaded[key] = load_data(experiment)
        return _loaded[key]

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        curves: list[Curve] = []
        for label, experiment in tried.items():
            try:
                curves.append(self._curve(label, experiment, dataset or self.dataset(experiment)))
            except OutOfTime:
                if not curves:
                    raise
                break
        return curves

    def evaluate(self, curve: Curve) -> Evaluation:
        return self._evaluation(curve.experiment, self._total(curve.experiment))

    def record(self, tried: Mapping[str, Experiment]) -> str:
        self.run(tried)
        place = self._runner.journal.directory / "scripted.json"
        place.write_text(json.dumps({label: e.to_dict() for label, e in tried.items()}), "utf-8")
        return place.name

    def judge_record(self, record: str, labels: Sequence[str], *, test: bool = False) -> Evaluation | None:
        saved = json.loads((self._runner.journal.directory / record).read_text("utf-8"))
        experiment = Experiment.model_validate(saved[labels[0]])
        total = len(self.dataset(experiment).test) if test else self._total(experiment)
        return self._evaluation(experiment, total, len(labels)) if total else None

    def _total(self, experiment: Experiment) -> int:
        dataset = self.dataset(experiment)
        return len(dataset.validation) + (len(dataset.training) if self._runner.context.data.folds else 0)

    def _evaluation(self, experiment: Experiment, total: int, seeds: int = 0) -> Evaluation:
        """The easy examples are right first, so that settings are compared in pairs."""
        classes = len(self.dataset(experiment).classes or ())
        right = round(self._script(experiment) * total)
        hits = np.zeros((seeds or experiment.initialization.seeds, total), bool)
        hits[:, :right] = True
        return Evaluation("accuracy", hits.astype(float), hits, 1 / classes, 1 / classes, classes)

    def _curve(self, label: str, experiment: Experiment, dataset: Dataset) -> Curve:
        self._runner.pulse()
        self._trained.append(experiment)
        seeds = experiment.initialization.seeds
        accuracy = self._script(experiment)
        eta = experiment.training.eta  # too small and little happens, too large and the cost rises
        end = 8.0 if eta > _LARGEST else 1.1 - accuracy + 0.5 / (1 + 20 * eta)
        cost = np.linspace(2.0, end, _MEASUREMENTS)[:, None].repeat(seeds, axis=1)
        level = np.full((_MEASUREMENTS, seeds), accuracy)
        network = _network(seeds, dataset.features, dataset.outputs)
        total = len(dataset.validation)
        for k in (0, _MEASUREMENTS - 1):
            self._runner.report(label, _measure(k + 1.0, cost[k, 0], accuracy, experiment, total))
        return Curve(
            label,
            experiment,
            np.arange(1.0, _MEASUREMENTS + 1),
            np.arange(1.0, _MEASUREMENTS + 1) / 100,
            cost,
            cost,
            level,
            cost,
            cost,
            level,
            np.round(level * total).astype(int),
            total,
            np.zeros((seeds, len(dataset.classes or ())), int),
            np.zeros(seeds, bool),
            np.full(seeds, 2.1),
            network,
        )


@cache
def _network(seeds: int, features: int, outputs: int) -> Network:
    """Some networks, since a curve has them; nobody looks into these."""
    first = Initialization((features, outputs), "scaled", "standard", 1.0)
    return initial_network(first, range(seeds), activation="sigmoid", output="sigmoid", cost="cross-entropy")


def _measure(epoch: float, cost: float, accuracy: float, experiment: Experiment, total: int) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "examples": int(epoch * 10),
        "eta": experiment.training.eta,
        "training_cost": cost,
        "training_data_cost": cost,
        "training_accuracy": accuracy,
        "evaluation_cost": cost,
        "evaluation_data_cost": cost,
        "evaluation_accuracy": accuracy,
        "evaluation_correct": round(accuracy * total),
        "evaluation_total": total,
        "training_correct": round(accuracy * total),
        "training_total": total,
    }
