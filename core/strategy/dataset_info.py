"""What must be known of the data before anything is planned: classes, how many examples there are, how to judge."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from tunelab.data import Dataset, Examples, counts
from tunelab.data.dataset import Report
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, load_data
from tunelab.experiment.dotted_keys import changed
from tunelab.training.metrics import MetricName, metric_for

__all__ = ["DatasetInfo", "dataset_info"]

_RARE = 20  # training examples of a class, below which two others are taken for the first steps
_FEW_JUDGED = 500  # validation examples below which folds of all examples judge
_FEW = 5000  # examples up to which that costs little
_FOLDS = 5
_LOOKED_AT = 2000  # examples by which data are recognised as the same


@dataclass(frozen=True)
class DatasetInfo:
    """What the strategy knows of the problem that was asked about.

    ``classes`` are the labels wanted (none for numbers); ``pair`` the two of them that the problem is shrunk to.
    ``training`` and ``evaluation`` count the examples that the experiment uses, ``pair_…`` those of the pair;
    ``features`` is an input's length, ``outputs`` an answer's. ``metric`` is what settings are judged by, with
    ``folds`` folds of training plus validation examples where validation examples are few (0: by those).
    ``fingerprint`` tells whether the data are still the same.
    """

    title: str
    classes: tuple[str, ...]
    pair: tuple[str, ...]
    features: int
    training: int
    evaluation: int
    pair_training: int
    pair_evaluation: int
    outputs: int = 0
    metric: MetricName = "accuracy"
    folds: int = 0
    fingerprint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the journal."""
        return self.__dict__ | {"classes": list(self.classes), "pair": list(self.pair)}

    @staticmethod
    def of_dict(values: dict[str, Any]) -> DatasetInfo:
        """Return what :meth:`to_dict` gave, also in an earlier version."""
        names = {field.name for field in fields(DatasetInfo)}
        known = {key: value for key, value in values.items() if key in names}
        return DatasetInfo(**known | {"classes": tuple(values["classes"]), "pair": tuple(values["pair"])})


def dataset_info(experiment: Experiment, report: Report | None = None) -> DatasetInfo:
    """Look at the experiment's data. Raises :class:`BadInput` where they can't be loaded or hold one class only."""
    data = experiment.data
    drawn = data.name == "digits"  # of which there are as many as one likes, and counting them draws none
    few = load_data(changed(experiment, {"data.train": 1, "data.evaluation": 1}) if drawn else experiment, report)
    classes = few.classes or ()
    if few.classes is not None and len(classes) < 2:
        raise BadInput(f"{few.title} has one class only; there is nothing to tell apart")
    if drawn:
        there = counts(data.name, data.classes)
        training, evaluation = (
            min(n, asked or n) for n, asked in zip(there, (data.train, data.evaluation), strict=True)
        )
    else:
        training, evaluation = len(few.training), len(few.validation)
        if few.classes is not None and len(np.unique(few.training.targets)) < 2:
            raise BadInput(f"the training part of {few.title} has one class only; there is nothing to tell apart")
    pair = classes if drawn else _pair(few)
    pair = tuple(pair[:2])
    pair_training, pair_evaluation = training, evaluation
    if len(classes) > 2:
        pair_training, pair_evaluation = counts(data.name, pair) if drawn else _count(few, pair)
    folded = evaluation < _FEW_JUDGED and training + evaluation <= _FEW and training + evaluation >= 2 * _FOLDS
    return DatasetInfo(
        title=few.title,
        classes=classes,
        pair=pair,
        features=few.features,
        training=training,
        evaluation=evaluation,
        pair_training=pair_training,
        pair_evaluation=pair_evaluation,
        outputs=few.outputs,
        metric="accuracy" if drawn else metric_for(few, data.class_weights).name,
        folds=_FOLDS if folded else 0,
        fingerprint="drawn" if drawn else _fingerprint(few),
    )


def _pair(dataset: Dataset) -> Sequence[str]:
    """The first two classes; the two most frequent where one of those is too rare to learn anything from."""
    classes = dataset.classes or ()
    if len(classes) > 2:
        count = np.bincount(dataset.training.targets, minlength=len(classes))
        if count[:2].min() < _RARE:
            first, second = sorted(np.argsort(-count, kind="stable")[:2])
            return classes[first], classes[second]
    return classes


def _count(dataset: Dataset, pair: Sequence[str]) -> tuple[int, int]:
    wanted = [dataset.position(label) for label in pair]
    training, validation = (int(np.isin(part.targets, wanted).sum()) for part in (dataset.training, dataset.validation))
    return training, validation


def _fingerprint(dataset: Dataset) -> str:
    def of(part: Examples) -> int:
        first = part.first(_LOOKED_AT)
        inputs, targets = (np.ascontiguousarray(array) for array in (first.inputs, first.targets))
        return zlib.crc32(targets.tobytes(), zlib.crc32(inputs.tobytes(), len(part)))

    return f"{of(dataset.training):08x}{of(dataset.validation):08x}"
