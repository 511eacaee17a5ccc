"""Regularization from below: λ from 0.0001 upwards by tens, cross-validated, and whether the output is smooth.

The lecture's other school: begin with hardly any, raise it, and look how the output changes with the input. What is
tied in accuracy is decided by how smooth it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.data.dataset import Examples
from tunelab.errors import BadInput
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.network_inspection import OutputPath, output_path
from tunelab.search.lambda_search import noise_threshold
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import Trainer
from tunelab.search.trials import search_settings
from tunelab.wording import quantity

__all__ = ["LambdaFromBelow", "find_lambda_from_below", "folds_of"]

Array = NDArray[Any]

_START, _LARGEST = 1e-4, 1e5
_WORSE = 2  # λ in a row that are worse beyond noise end the search: more of it won't help again
_LAST = 3  # measurements whose mean is judged


@dataclass(frozen=True, eq=False)
class LambdaFromBelow:
    """What was found, and for every λ tried a way between two examples, to be drawn: (label, way)."""

    result: SearchResult
    ways: tuple[tuple[str, OutputPath], ...]


def folds_of(dataset: Dataset, k: int) -> Iterator[Dataset]:
    """The training examples in k parts: each part in turn is what is judged on, the others are learnt from.

    An example belongs to fold i where its position leaves i when divided by k. Raises :class:`BadInput` where there are
    too few examples.
    """
    training = dataset.training
    n = len(training)
    if n < 2 * k:
        raise BadInput(f"{k}-fold cross-validation needs at least {quantity(2 * k, 'training example')}; there are {n}")
    fold = np.arange(n) % k
    for i in range(k):
        chosen = (np.flatnonzero(rows) for rows in (fold != i, fold == i))
        parts = (Examples(training.inputs[rows], training.targets[rows], training.scale) for rows in chosen)
        learnt, validation = parts
        yield replace(dataset, training=learnt, validation=validation)


def find_lambda_from_below(base: Experiment, trials: Trainer, *, folds: int = 5, epochs: int = 15) -> LambdaFromBelow:
    """Raise λ from 0.0001 by tens and judge it by ``folds``-fold cross-validation; of those tied take the smoothest.

    Every λ has the same folds, so differences are paired. Stops when two λ in a row are worse beyond noise. Raises
    :class:`BadInput` for data without classes.
    """
    dataset = trials.dataset(base)
    if dataset.classes is None:
        raise BadInput(f"a λ from below is judged by right answers, and {dataset.title} asks for numbers")
    parts = list(folds_of(dataset, folds))
    base = changed(search_settings(base, seeds=1, epochs=epochs), {"data.train": None})
    scores: dict[float, Array] = {}
    ways: dict[float, OutputPath] = {}
    value, worse = _START, 0
    while value <= _LARGEST and worse < _WORSE:
        scores[value], ways[value] = _tried(base, value, parts, trials, len(dataset.training))
        best = max(scores, key=lambda v: float(scores[v].mean()))
        behind = float(scores[best].mean() - scores[value].mean())
        worse = worse + 1 if behind > noise_threshold(scores[best], scores[value], len(dataset.training)) else 0
        value = float(f"{value * 10:.3g}")
    return LambdaFromBelow(
        _result(scores, ways, len(dataset.training)), tuple((_label(v), way) for v, way in ways.items())
    )


def _label(value: float) -> str:
    return f"λ = {value:g}"


def _tried(base: Experiment, value: float, parts: list[Dataset], trials: Trainer, n: int) -> tuple[Array, OutputPath]:
    """One λ for all n examples on every fold: each fold's accuracy, and the way of the first fold's network.

    A fold learns from fewer than n, with a λ that is smaller along with them: λ/n stays put, and so does l1/n.
    """
    curves = []
    for part in parts:
        few = len(part.training)
        values = {
            "training.lambda": value * few / n,
            "training.l1": base.training.l1 * few / n,
            "training.mini_batch": min(base.training.mini_batch, few),
        }
        curves += trials.run({_label(value): changed(base, values)}, part)
    scores = np.array([c.metric.worst if c.diverged[0] else c.scores[-_LAST:, 0].mean() for c in curves])
    return scores, output_path(curves[0].network, parts[0].validation)


def _result(scores: dict[float, Array], ways: dict[float, OutputPath], n: int) -> SearchResult:
    best = max(scores, key=lambda v: float(scores[v].mean()))
    tied = [
        v
        for v in scores
        if float(scores[best].mean() - scores[v].mean()) <= noise_threshold(scores[best], scores[v], n)
    ]
    chosen = min(tied, key=lambda v: ways[v].steepness)
    rows = [
        SearchRow.of_scores(
            value, _label(value), score.tolist(), value in tied, more=f", steepness {ways[value].steepness:.3g}"
        )
        for value, score in scores.items()
    ]
    steep = [ways[value].steepness for value in (min(scores), chosen)]
    because = (
        f"From {_START:g} upwards by tens, {len(scores[chosen])}-fold cross-validation: λ = {chosen:g} comes to "
        f"{100 * float(scores[chosen].mean()):.1f} %"
    )
    if len(tied) > 1:
        because += (
            f"; from {min(tied):g} to {max(tied):g} it makes no difference beyond noise, and {chosen:g} is smoothest"
        )
    because += (
        f". Between two examples the output changes at most {steep[1]:.3g} a unit of the way, with hardly any λ "
        f"{steep[0]:.3g}. What counts is λ/n = {chosen / n:.2g}."
    )
    sure = f"The folds differ by ± {100 * float(scores[chosen].std(ddof=1)):.1f} points; one network each."
    return SearchResult(
        "lambda", chosen, (min(tied), max(tied)), because, sure, tuple(rows), {"training.lambda": chosen}
    )
