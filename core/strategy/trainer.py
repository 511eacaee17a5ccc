"""What a stage asks for trainings: curves of settings, and how good the networks are on judged examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tunelab.experiment import Experiment
from tunelab.search import Curve, Trainer
from tunelab.strategy.evaluation import Evaluation

__all__ = ["StageTrainer"]


class StageTrainer(Trainer, Protocol):
    """A trainer that also judges, and keeps a record of long trainings.

    :class:`tunelab.strategy.recorded_trials.RecordingTrainer` does it with tunelab's own engine.
    """

    def evaluate(self, curve: Curve) -> Evaluation:
        """Judge the networks of a curve that :meth:`run` has returned, on the validation examples or on all folds."""

    def record(self, tried: Mapping[str, Experiment]) -> str:
        """Train these to their end as a record that outlives this process; return its name."""

    def judge_record(self, record: str, labels: Sequence[str], *, test: bool = False) -> Evaluation | None:
        """Judge the networks of some labels of a record, of one shape, on the validation or on the test examples.

        None where there are no such examples.
        """
