"""Stratified k-fold cross-validation: which examples each fold judges, and its curves put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset, Examples
from tunelab.network import Network
from tunelab.search import Curve

__all__ = ["merged_curve", "merged_measures", "pool_of", "stratified_folds"]

Array = NDArray[Any]


def pool_of(dataset: Dataset) -> Examples:
    """Return training and validation examples together; the test set stays out."""
    training, validation = dataset.training, dataset.validation
    inputs = np.concatenate([training.inputs, validation.inputs])
    return Examples(inputs, np.concatenate([training.targets, validation.targets]), training.scale)


def stratified_folds(dataset: Dataset, k: int, seed: int = 0) -> list[tuple[Dataset, Array]]:
    """Return k data sets, each with the positions in the pool that it judges; each class is spread over all folds."""
    pool = pool_of(dataset)
    order = np.random.default_rng([seed, 7]).permutation(len(pool))
    if dataset.classes is not None:
        order = order[np.argsort(pool.targets[order], kind="stable")]
    fold = np.empty(len(pool), np.int64)
    fold[order] = np.arange(len(pool)) % k
    parts = []
    for i in range(k):
        learn, judge = np.flatnonzero(fold != i), np.flatnonzero(fold == i)
        training, validation = (Examples(pool.inputs[rows], pool.targets[rows], pool.scale) for rows in (learn, judge))
        parts.append((replace(dataset, training=training, validation=validation, test=validation.first(0)), judge))
    return parts


def merged_curve(curves: Sequence[Curve]) -> Curve:
    """Return the curves of one setting on all folds as one curve: a column for each fold and seed."""
    first = curves[0]
    length = min(len(curve.epochs) for curve in curves)
    columns = (
        "training_cost",
        "training_data_cost",
        "training_accuracy",
        "evaluation_cost",
        "evaluation_data_cost",
        "evaluation_accuracy",
        "evaluation_correct",
        "metric_values",
        "training_values",
    )
    together: dict[str, Any] = {
        name: np.concatenate([getattr(curve, name)[-length:] for curve in curves], axis=1)
        for name in columns
        if getattr(first, name) is not None
    }
    networks = [curve.network for curve in curves]
    layers = range(len(networks[0].weights))
    network = Network(
        [np.concatenate([net.weights[layer] for net in networks]) for layer in layers],
        [np.concatenate([net.biases[layer] for net in networks]) for layer in layers],
        **networks[0].names,
    )
    return replace(
        first,
        epochs=first.epochs[-length:],
        seconds=np.sum([curve.seconds[-length:] for curve in curves], axis=0),
        evaluation_total=sum(curve.evaluation_total for curve in curves),
        metric_total=sum(curve.metric_total for curve in curves),
        answers=np.concatenate([curve.answers for curve in curves]),
        diverged=np.concatenate([curve.diverged for curve in curves]),
        first_cost=np.concatenate([curve.first_cost for curve in curves]),
        network=network,
        **together,
    )


def merged_measures(folds: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the measurements of one setting on all folds as those of one arm: means, with every fold as a replicate.

    Right answers and judged examples are summed over the folds.
    """
    merged = []
    for fields in zip(*folds, strict=False):
        event = dict(fields[0])
        names = [name for name in event if f"{name}_std" in event or name in _MEASURES]
        replicates = {
            name: [value for one in fields for value in one.get("replicates", {}).get(name, [one.get(name)])]
            for name in names
            if name in event
        }
        for name, values in replicates.items():
            numbers = np.array([value for value in values if value is not None], np.float64)
            event[name] = float(numbers.mean()) if len(numbers) == len(values) else None
            if f"{name}_std" in event or len(values) > 1:
                event[f"{name}_std"] = float(numbers.std(ddof=1)) if len(numbers) == len(values) > 1 else None
        for part in ("evaluation", "training"):
            for count in (f"{part}_total", f"{part}_correct"):  # regression counts no right answers
                if count in event:
                    event[count] = sum(one[count] for one in fields)
        event["replicates"] = replicates
        if any(one.get("diverged") for one in fields):
            event["diverged"] = True
        merged.append(event)
    return merged


_MEASURES = frozenset(
    {"eta", "training_cost", "training_data_cost", "training_accuracy", "evaluation_cost", "evaluation_data_cost"}
    | {"evaluation_accuracy"}
)
