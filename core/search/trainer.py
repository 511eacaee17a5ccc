"""What a search or a stage of the strategy asks for trainings: the one seam between choosing and training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tunelab.data import Dataset
from tunelab.experiment import Experiment
from tunelab.search.trials import Curve

__all__ = ["Trainer"]


class Trainer(Protocol):
    """Trains settings and returns their curves. :class:`tunelab.search.trials.Trials` does it here, in numpy.

    Another implementation may be a person's own training program, or a scripted one in a test.
    """

    def dataset(self, experiment: Experiment) -> Dataset:
        """Return the data that an experiment asks for: its examples, its classes."""

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train every experiment, by its label, with as many seeds and epochs as it says; return the curves in order.

        With ``dataset`` all learn from that instead of what they ask for: a fold of a cross-validation. Raises
        :class:`tunelab.errors.BadInput` where one can't be trained, before any is.
        """
