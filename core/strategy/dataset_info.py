"""What must be context of the data before anything is planned: classes, and how many examples there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tunelab.data import counts, load
from tunelab.data.dataset import Dataset, Report
from tunelab.errors import BadInput
from tunelab.experiment import Experiment
from tunelab.experiment.declaration import DataSection

__all__ = ["DatasetInfo", "chance_of", "dataset_info"]

_ENOUGH = 20  # training examples of a class, below which two others are taken for the first steps


@dataclass(frozen=True)
class DatasetInfo:
    """``classes`` are the labels wanted; ``pair`` the two of them that the problem is shrunk to.

    ``training`` and ``evaluation`` count the examples that the experiment uses at most, ``pair_…`` those of the pair;
    ``features`` is an input's length.
    """

    title: str
    classes: tuple[str, ...]
    pair: tuple[str, str]
    features: int
    training: int
    evaluation: int
    pair_training: int
    pair_evaluation: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return self.__dict__ | {"classes": list(self.classes), "pair": list(self.pair)}

    @staticmethod
    def of_dict(values: dict[str, Any]) -> DatasetInfo:
        """What :meth:`to_dict` gave."""
        return DatasetInfo(**values | {"classes": tuple(values["classes"]), "pair": tuple(values["pair"])})


def dataset_info(experiment: Experiment, report: Report | None = None) -> DatasetInfo:
    """Look at the experiment's data. Raises :class:`BadInput` where they can't be loaded or have no classes."""
    data = experiment.data
    few = load(data.name, training=1, evaluation=1, classes=data.classes, options=data.file_options, report=report)
    if few.classes is None:
        raise BadInput(
            f"the strategy is for classes, and {few.title} asks for numbers; `tunelab run` trains on them, "
            "and `tunelab find eta` looks for a learning rate"
        )
    training, evaluation = counts(data.name, data.classes, data.file_options)
    pair = _pair(data, few.classes)
    if len(few.classes) == 2:
        pair_training, pair_evaluation = training, evaluation
    else:
        pair_training, pair_evaluation = counts(data.name, pair, data.file_options)
    return DatasetInfo(
        title=few.title,
        classes=few.classes,
        pair=pair,
        features=few.features,
        training=min(training, data.train or training),
        evaluation=min(evaluation, data.evaluation or evaluation),
        pair_training=pair_training,
        pair_evaluation=pair_evaluation,
    )


def _pair(data: DataSection, classes: Sequence[str]) -> tuple[str, str]:
    """The first two classes; the two most frequent where one of those is too rare to learn anything from."""
    if len(classes) > 2 and data.name != "digits":  # of drawn digits there are as many as one likes
        whole = load(data.name, classes=classes, options=data.file_options)
        share = np.bincount(whole.training.targets, minlength=len(classes))
        if share[:2].min() < _ENOUGH:
            first, second = sorted(np.argsort(-share, kind="stable")[:2])
            return classes[first], classes[second]
    return classes[0], classes[1]


def chance_of(dataset: Dataset) -> float:
    """The share of the largest class among the validation examples: what the best constant answer gets right."""
    return float(np.bincount(dataset.validation.targets).max() / len(dataset.validation))
