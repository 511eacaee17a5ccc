"""What a stage works with: it tries experiments, everything measured goes into the journal, and time is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tunelab.data.dataset import Dataset
from tunelab.data.digits_dataset import FEW, digits_are_kept
from tunelab.engine.pool import asked_to_leave
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, OutOfTime, SearchResult, Trainer
from tunelab.strategy.dataset_info import DatasetInfo
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.journal import Event, Journal, control_word
from tunelab.strategy.local_trainer import is_drawing
from tunelab.strategy.runtime_estimate import modelled
from tunelab.strategy.state import State
from tunelab.strategy.trainer import StageTrainer
from tunelab.training.metrics import METRICS

__all__ = ["Context", "Interrupted", "MakeTrainer", "OutOfTime", "TrialRunner", "with_epochs"]

_DRAWING = 15.0  # seconds that drawing all digits takes
_LOOK_EVERY = 0.05  # seconds between looks at the control file
_TELLING = 0.2  # seconds of training that tell how fast this machine is
_MEASUREMENTS = 12  # of a short training: enough for a curve, and monitoring takes little of the time


class Interrupted(Exception):
    """Somebody asked to stop; what is in the journal stays, and the stage is begun again later."""


@dataclass(frozen=True)
class Context:
    """What a stage may rest on: the state, the problem as it was asked with all decisions so far, the data, its time.

    ``seeds`` networks are tried side by side where luck could mislead; ``allowed`` are seconds, infinite without a
    budget; ``planned`` are those that the plan should be made for, ``left`` those left for all stages;
    ``pace`` is how much longer than modelled a training takes on this machine; ``effort`` is the share of the usual
    length of trainings that there is time for, ``fold_seeds`` how many networks a fold trains in searches.
    """

    state: State
    experiment: Experiment
    data: DatasetInfo
    seeds: int
    allowed: float
    planned: float
    left: float
    pace: float
    effort: float = 1.0
    fold_seeds: int = 1

    @property
    def own(self) -> Experiment:
        """The person's own settings."""
        return Experiment.model_validate(self.state.base)

    @property
    def search_seeds(self) -> int:
        """How many networks a search trains side by side: the folds are many already."""
        return self.fold_seeds if self.data.folds else self.seeds

    @property
    def learns(self) -> bool:
        """Whether the person's own settings did better than chance."""
        return bool(self.evidence("baseline").get("learns"))

    def evidence(self, stage: str) -> dict[str, Any]:
        """What a stage found, for those that come after it; empty where it wasn't run."""
        state = self.state.stages.get(stage)
        advice = state.recommendation if state is not None and state.status == "decided" else None
        return dict(advice["evidence"]) if advice else {}

    def seconds(self, *experiments: Experiment, epochs: float | None = None) -> float:
        """How long these would take."""
        return self.pace * modelled(experiments, self.data, epochs) * max(self.data.folds, 1)

    def view(
        self,
        train: int,
        evaluation: int,
        values: Mapping[str, Any] | None = None,
        *,
        base: Experiment | None = None,
        pair: bool = False,
    ) -> Experiment:
        """Return the problem made small for a while: so many examples at most, a plain schedule; λ/n and l1/n stay put.

        ``pair`` takes two classes of all. What is found on a view is applied to the problem by :meth:`enlarged`.
        Where folds judge, all examples are few enough already.
        """
        experiment, data = base or self.experiment, self.data
        pair = pair and len(data.classes) > 2
        there = (data.pair_training, data.pair_evaluation) if pair else (data.training, data.evaluation)
        if experiment.data.name == "digits" and train + evaluation > FEW and not digits_are_kept():
            evaluation = min(evaluation, FEW // 4)  # so many are drawn on the spot; for more all would be
            train = min(train, FEW - evaluation)
        small: dict[str, Any] = {"training.schedule": None, "training.early_stopping": None}
        if pair:
            small["data.classes"] = [int(label) if label.isdigit() else label for label in data.pair]
        if not data.folds or pair:
            small |= {"data.train": min(train, *there[:1]), "data.evaluation": min(evaluation, there[1])}
        n = min(small.get("data.train") or there[0], there[0])
        small["training.lambda"] = experiment.training.lmbda * n / data.training
        small["training.l1"] = experiment.training.l1 * n / data.training
        small["training.mini_batch"] = min(experiment.training.mini_batch, n)
        return changed(experiment, small | dict(values or {}))

    def examples(self, view: Experiment) -> int:
        """How many training examples a view has."""
        return min(view.data.train or self.data.training, self.data.training)

    def enlarged(self, settings: Mapping[str, Any], view: Experiment) -> dict[str, Any]:
        """Return settings that were found on a view for the problem asked about: λ/n and l1/n stay put."""
        result = {key: value for key, value in settings.items() if not key.startswith("data.")}
        n = self.examples(view)
        for key in {"training.lambda", "training.l1"} & result.keys():
            result[key] = float(f"{result[key] * self.data.training / n:.3g}")
        return result

    def training_seconds(self, *experiments: Experiment) -> float:
        """How long these would take without folds."""
        return self.seconds(*experiments) / max(self.data.folds, 1)

    def epochs(self, view: Experiment, steps: int, least: int = 4, most: int = 100) -> int:
        """How many epochs give a training so many steps of gradient descent, fewer where time is short."""
        steps, least = math.ceil(self.effort * steps), math.ceil(self.effort * least)
        n = self.examples(view)
        if self.data.folds:
            n = (n + self.data.evaluation) * (self.data.folds - 1) // self.data.folds
        return max(least, min(most, math.ceil(steps * view.training.mini_batch / max(n, 1))))


class TrialRunner:
    """Tries experiments for one stage. ``context`` is what the stage may rest on.

    ``prefix`` is put before the labels of what is tried: a stage may ask the same thing twice, of two networks.
    ``by_validation`` and ``by_cost`` train for searches; what is decided by the training cost needs no folds, which are
    several times the work. ``is_cut_short`` says that something was asked for in vain.
    """

    def __init__(self, journal: Journal, stage: str, context: Context, make_trainer: MakeTrainer) -> None:
        self.journal, self.stage, self.context = journal, stage, context
        self.prefix = ""
        self.trainer = make_trainer(self)
        self.by_validation: Trainer = _SearchTrainer(self, folds=True)
        self.by_cost: Trainer = _SearchTrainer(self, folds=False)
        self.is_cut_short = False
        self._known: dict[str, Curve] = {}
        self.deadline = journal.time + context.allowed
        self._end = math.inf if context.state.budget is None else context.state.budget
        self._looked = 0.0
        self._measured = self._expected = 0.0

    @property
    def left(self) -> float:
        """Seconds that the stage may still use."""
        return self.deadline - self.journal.time

    @property
    def plan_left(self) -> float:
        """Seconds that should be planned for: those left, or what the plan says where there is no budget."""
        return min(self.left, self.context.planned)

    @contextmanager
    def reserving(self, seconds: float) -> Iterator[None]:
        """Keep so many seconds, half of those left at most, for what comes after."""
        kept = min(seconds, max(self.left, 0.0) / 2)
        self.deadline -= kept
        try:
            yield
        finally:
            self.deadline += kept

    def extend(self, seconds: float) -> None:
        """Take more time: what comes later has none of it."""
        self.deadline = max(self.deadline, self.journal.time + seconds)

    @property
    def pace(self) -> float | None:
        """How much longer than modelled what was tried has taken; None where it took too little to tell."""
        return self._measured / self._expected if self._measured > _TELLING else None

    def dataset(self, experiment: Experiment) -> Dataset:
        """The experiment's data, loaded once. Unpacking them isn't the stage's time, as long as the budget has some.

        Where all digits must be drawn first, the stage waits for that as long as it may.
        """
        n = (experiment.data.train or self.context.data.training) + (experiment.data.evaluation or FEW)
        if self.data_must_be_drawn(n):
            while is_drawing():
                time.sleep(_LOOK_EVERY)
                self.pulse()
            if self.left < _DRAWING and self.data_must_be_drawn(n):
                raise OutOfTime
        began = time.monotonic()
        dataset = self.trainer.dataset(experiment)
        self.deadline = min(self.deadline + time.monotonic() - began, max(self.deadline, self._end))
        return dataset

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> dict[str, Curve]:
        """Train these, by label; the curves of those that were trained in time.

        With ``dataset`` all learn from that. Raises :class:`OutOfTime` where none was, :class:`Interrupted` where
        somebody says stop.
        """
        for experiment in tried.values():
            self.dataset(experiment)  # loading isn't training
        began = time.monotonic()
        try:
            curves = {curve.label: curve for curve in self.trainer.run(tried, dataset)}
        except OutOfTime:
            self.is_cut_short = True
            raise
        if len(curves) == len(tried):
            folds = max(self.context.data.folds, 1) if dataset is None else 1
            self.took(time.monotonic() - began, modelled(list(tried.values()), self.context.data) * folds)
        else:
            self.is_cut_short = True
        if dataset is None:
            self._known |= {_training_key(tried[label]): curve for label, curve in curves.items()}
        return curves

    def seconds_of(self, experiment: Experiment) -> float | None:
        """Seconds that a training of this stage took; None where it wasn't trained."""
        curve = self._known.get(_training_key(experiment))
        return None if curve is None else float(curve.seconds[-1])

    def judge(
        self, tried: Mapping[str, Experiment], present: str | None = None, dataset: Dataset | None = None
    ) -> dict[str, Evaluation]:
        """Judge these as rows of the evidence; beside ``present`` with the paired difference to it.

        What the stage has trained already isn't trained again. Those that there was no time for are missing;
        :class:`OutOfTime` where that is all or the ``present`` one.
        """
        known = {
            label: self._known[key]
            for label, e in tried.items()
            if dataset is None and (key := _training_key(e)) in self._known
        }
        fresh = {
            label: changed(e, {"training.monitor_every": monitoring(e, self.context)})
            for label, e in tried.items()
            if label not in known
        }
        curves = known
        if fresh:
            try:
                curves = known | self.run(fresh, dataset)
            except OutOfTime:
                if not known:
                    raise
        if present is not None and present in tried and present not in curves:
            raise OutOfTime
        evaluations = {label: self.trainer.evaluate(curves[label]) for label in tried if label in curves}
        for label, evaluation in evaluations.items():
            text = evaluation.text
            if present in evaluations and label != present:
                text += f", {difference_text(evaluation, evaluations[present])} beside {present}"
            self.row(label, text, **evaluation.to_dict())
        return evaluations

    def measures(self, label: str) -> list[Event]:
        """The measure events of an arm in this stage."""
        arm = self.prefix + label
        return [
            e for e in self.journal.events if e["event"] == "measure" and e["stage"] == self.stage and e["arm"] == arm
        ]

    def data_must_be_drawn(self, examples: int) -> bool:
        """Whether so many examples would first have to be drawn, which takes longer than a stage has."""
        return self.context.experiment.data.name == "digits" and examples > FEW and not digits_are_kept()

    def search_rows(self, result: SearchResult) -> None:
        """Write a search's rows as rows of the evidence."""
        for row in result.rows:
            more = {"score": row.score, "std": row.std} if row.score is not None else {}
            self.row(row.label, row.text, value=row.value, good=row.good, outcomes=list(row.outcomes), **more)

    def report(self, label: str, fields: Event) -> None:
        """Write what a trainer measured."""
        self.measured(label, fields)

    def took(self, seconds: float, expected: float) -> None:
        """Take note of how long something took, and how long the model says it would take."""
        self._measured += seconds
        self._expected += expected

    def measured(self, label: str, fields: Event) -> Event:
        """Write a measurement of one arm."""
        return self.journal.write("measure", {"stage": self.stage} | fields, arm=self.prefix + label)

    def row(self, label: str, text: str, **fields: Any) -> Event:
        """Write a row of the evidence: what was tried, what came of it, and numbers for programs."""
        about = {"stage": self.stage, "label": self.prefix + label, "text": text}
        return self.journal.write("row", about | fields)

    def pulse(self) -> None:
        """Look at the clock, and whether somebody said stop; called every few mini-batches."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        if asked_to_leave() or control_word(self.journal.directory) == "stop":
            raise Interrupted
        if self.left < 0:
            raise OutOfTime


class _SearchTrainer:
    """Trains for a search by way of a stage's runner, which keeps its time; with or without folds."""

    def __init__(self, runner: TrialRunner, *, folds: bool) -> None:
        self._runner = runner
        self._own_data = not folds and bool(runner.context.data.folds)

    def dataset(self, experiment: Experiment) -> Dataset:
        """Return the data that an experiment asks for."""
        return self._runner.dataset(experiment)

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train these."""
        if dataset is None and self._own_data:
            dataset = self.dataset(next(iter(tried.values())))
        return list(self._runner.run(tried, dataset).values())


def _training_key(experiment: Experiment) -> str:
    """Tell trainings apart that leave other networks: how often they are measured makes no difference."""
    return changed(experiment, {"training.monitor_every": "epoch"}).model_dump_json()


MakeTrainer = Callable[[TrialRunner], StageTrainer]
"""Makes the trainer that a stage asks, of the runner that keeps its time and its journal."""


def monitoring(experiment: Experiment, context: Context) -> int:
    """Return how many training examples lie between two measurements of a short training."""
    return max(1, context.examples(experiment) * experiment.training.epochs // _MEASUREMENTS)


def difference_text(first: Evaluation, second: Evaluation) -> str:
    """Return the paired difference of two settings in words."""
    difference = first.minus(second)
    sign = "+" if difference.difference >= 0 else "-"
    return sign + METRICS[first.metric].difference_text(abs(difference.difference), difference.error)


def with_epochs(experiment: Experiment, epochs: int, seeds: int | None = None) -> Experiment:
    """The experiment for a short look: so many epochs, so many networks."""
    values: dict[str, Any] = {"training.epochs": epochs}
    return changed(experiment, values | ({"initialization.seeds": seeds} if seeds else {}))
