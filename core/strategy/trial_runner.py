"""What a stage works with: it tries experiments, everything measured goes into the journal, and time is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tunelab.data.dataset import Dataset
from tunelab.engine.pool import asked_to_leave
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import SearchResult, Trainer
from tunelab.search.trials import Report
from tunelab.statistics import Accuracy, BinomialTest
from tunelab.strategy.dataset_info import DatasetInfo, chance_of
from tunelab.strategy.journal import Event, Journal, control_word
from tunelab.strategy.measures import accuracy_of, chance_test
from tunelab.strategy.runtime_estimate import modelled
from tunelab.strategy.state import State

__all__ = ["Context", "Interrupted", "MakeTrainer", "OutOfTime", "TrialRunner", "with_epochs"]

_LOOK_EVERY = 0.05  # seconds between looks at the control file


MakeTrainer = Callable[[Report, Callable[[], None]], Trainer]
"""(report, pulse) → a trainer that reports every measurement and calls ``pulse`` every few mini-batches."""


class OutOfTime(Exception):
    """The stage has used what it may use of the budget."""


class Interrupted(Exception):
    """Somebody asked to stop; what is in the journal stays, and the stage is begun again later."""


@dataclass(frozen=True)
class Context:
    """What a stage may rest on: the state, the experiment by all decisions before it, the data, its share of time.

    ``seeds`` networks are tried side by side where luck could mislead; ``allowed`` are seconds; ``pace`` is how much
    longer than modelled a training takes on this machine.
    """

    state: State
    experiment: Experiment
    data: DatasetInfo
    seeds: int
    allowed: float
    pace: float

    def seconds(self, *experiments: Experiment, epochs: float | None = None) -> float:
        """How long these would take, one after another on one core."""
        return self.pace * modelled(experiments, self.data, epochs)

    def with_data(self, experiment: Experiment, train: int, evaluation: int, values: dict[str, Any]) -> dict[str, Any]:
        """Settings for so many examples, λ/n staying put: dotted keys to be chosen, ``values`` among them."""
        before = experiment.data.train or self.data.training
        lmbda = float(f"{experiment.training.lmbda * train / before:.3g}")
        few = {"data.train": train, "data.evaluation": evaluation, "training.lambda": lmbda}
        return few | {"training.mini_batch": min(experiment.training.mini_batch, train)} | values


class TrialRunner:
    """Tries experiments for one stage. ``context`` is what the stage may rest on.

    ``prefix`` is put before the labels of what is tried: a stage may ask the same thing twice, of two networks.
    """

    def __init__(self, journal: Journal, stage: str, context: Context, trainer: MakeTrainer) -> None:
        self.journal, self.stage, self.context = journal, stage, context
        self.prefix = ""
        self.trainer = trainer(self._report, self.pulse)
        self.deadline = journal.time + context.allowed
        self._seen: dict[str, list[Event]] = {}
        self._looked = 0.0
        self._measured = self._expected = 0.0

    @property
    def left(self) -> float:
        """Seconds that the stage may still use."""
        return self.deadline - self.journal.time

    @property
    def pace(self) -> float | None:
        """How much longer than modelled what was tried has taken; None where it took too little to tell."""
        return self._measured / self._expected if self._measured > 0.05 and self._expected > 0 else None

    def dataset(self, experiment: Experiment) -> Dataset:
        """The experiment's data, loaded once. Drawing or unpacking them the first time isn't the stage's time."""
        began = time.monotonic()
        dataset = self.trainer.dataset(experiment)
        self.deadline += time.monotonic() - began
        return dataset

    def run(self, tried: Mapping[str, Experiment]) -> dict[str, list[Event]]:
        """Train these, by label; the measure events of each, as they stand in the journal.

        Raises :class:`OutOfTime` or :class:`Interrupted` on the way.
        """
        self._seen = {}
        for experiment in tried.values():
            self.dataset(experiment)  # loading isn't training
        began = time.monotonic()
        self.trainer.run(tried)
        self.took(time.monotonic() - began, modelled(list(tried.values()), self.context.data))
        return {label: self._seen[label] for label in tried}

    def as_far_as_time_allows(self, label: str, experiment: Experiment) -> list[Event]:
        """Train one; where time is up what has been measured counts, if anything was."""
        try:
            return self.run({label: experiment})[label]
        except OutOfTime:
            if not self._seen.get(label):
                raise
            return self._seen[label]

    def search_rows(self, found: SearchResult) -> None:
        """Write a search's rows as rows of the evidence."""
        for row in found.rows:
            more = {"score": row.score, "std": row.std} if row.score is not None else {}
            self.row(row.label, row.text, value=row.value, good=row.good, outcomes=list(row.outcomes), **more)

    def _report(self, label: str, fields: Event) -> None:
        self._seen.setdefault(label, []).append(self.measured(label, fields))

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

    def chance_row(self, label: str, measure: Event, experiment: Experiment) -> BinomialTest:
        """Compare a measurement with guessing, as a row of the evidence."""
        found = chance_test(measure, chance_of(self.dataset(experiment)))
        self.row(label, found.text, right=found.correct, total=found.total, chance=found.chance, p=found.pvalue)
        return found

    def accuracy_row(self, label: str, measure: Event) -> Accuracy:
        """Take a validation accuracy for a row of the evidence."""
        found = accuracy_of(measure)
        self.row(label, found.text, **found.to_dict())
        return found

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


def with_epochs(experiment: Experiment, epochs: int, seeds: int | None = None) -> Experiment:
    """The experiment for a short look: so many epochs, so many networks."""
    values: dict[str, Any] = {"training.epochs": epochs}
    return changed(experiment, values | ({"initialization.seeds": seeds} if seeds else {}))
