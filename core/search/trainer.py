"""What a search or a stage of the strategy asks for trainings: the one seam between choosing and training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tunelab.data import Dataset
from tunelab.experiment import Experiment
from tunelab.search.curve import Curve

__all__ = ["OutOfTime", "Trainer"]


class OutOfTime(Exception):
    """A trainer's time is up, and nothing of what was asked for has been trained."""


class Trainer(Protocol):
    """Trains settings and returns their curves. :class:`tunelab.search.trials.Trials` does it here.

    Another implementation may be a person's own training program, or a scripted one in a test.
    """

    def dataset(self, experiment: Experiment) -> Dataset:
        """Return the data that an experiment asks for: its examples, its classes."""

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train every experiment, by its label, with as many seeds and epochs as it says; return the curves in order.

        With ``dataset`` all learn from that instead of what they ask for: a fold of a cross-validation. Where the time
        is up on the way, the curves are those of the experiments that were trained by then: those asked for first come
        first. Raises :class:`OutOfTime` where there are none, and :class:`tunelab.errors.BadInput` where an experiment
        can't be trained, before any is.
        """
