"""What a script in any library has to know of an experiment, its data looked at."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tunelab.data import Dataset
from tunelab.experiment import Experiment
from tunelab.experiment.assembly import initialization_of

__all__ = ["Recipe", "recipe"]


@dataclass(frozen=True)
class Recipe:
    """An arm's experiment beside what its data decide.

    ``sizes`` are neurons a layer, inputs first; ``train`` (n) and ``evaluation`` count examples; ``classes`` are the
    labels as an exported .npz has them, None where targets are numbers, which are right within ``tolerance``.
    """

    title: str
    experiment: Experiment
    sizes: tuple[int, ...]
    train: int
    evaluation: int
    classes: tuple[int | str, ...] | None
    tolerance: float

    @property
    def data(self) -> str:
        """The data set's name, as a shell takes it."""
        return shlex.quote(self.experiment.data.name)


def recipe(title: str, experiment: Experiment, dataset: Dataset) -> Recipe:
    """The recipe of an experiment on the data it asks for."""
    labels: tuple[int | str, ...] | None = dataset.classes
    if dataset.classes is not None and all(label.isascii() and label.isdigit() for label in dataset.classes):
        labels = tuple(int(label) for label in dataset.classes)
    return Recipe(
        title=title,
        experiment=experiment,
        sizes=initialization_of(experiment, dataset).sizes,
        train=len(dataset.training),
        evaluation=len(dataset.validation),
        classes=labels,
        tolerance=dataset.tolerance,
    )
