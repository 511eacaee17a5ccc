"""What the data alone say: class counts, sizes of inputs and targets, and whether neighbours share their labels.

The neighbours are an experiment without a network: where the nearest other example is of the same class no more often
than any other, there is nothing to learn; where it is in training but not from training to evaluation, the labels of
the two parts don't match.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset, Examples
from tunelab.statistics import BinomialTest, binomial_test

__all__ = ["Agreement", "DataFacts", "data_facts"]

Array = NDArray[Any]
_Parts = list[tuple[Array, Array]]

_ROWS, _EVALUATION_ROWS = 450, 300  # looked at for neighbours: some 10 ms with 784 inputs
_MORE_ROWS = 2 * _ROWS  # of which the means of classes are, where examples aren't pictures
_SIZED = 300  # rows looked at for sizes
_NEIGHBOURS = 5  # whose mean is the prediction of a number


@dataclass(frozen=True)
class Agreement:
    """How often a label guessed from other examples is right, ``agree`` of ``total``, and how often any would be."""

    agree: int
    total: int
    any_agree: float

    @property
    def test(self) -> BinomialTest:
        """Whether guesses are right more (or less) often than if labels had nothing to do with inputs."""
        return binomial_test(self.agree, self.total, self.any_agree)

    @property
    def accuracy(self) -> float:
        """The share that agrees: the accuracy of such guesses."""
        return self.agree / self.total if self.total else math.nan


@dataclass(frozen=True)
class DataFacts:
    """What a start event says of the data. Older records lack most of it: then it is NaN, 0 or None.

    ``training`` and ``evaluation`` count examples, ``available`` the training examples that there are (0: not known).
    ``training_counts``, ``evaluation_counts``: examples a class. ``input_rms`` and ``column_ratio``: the root mean
    square of an input, and how many times the largest column's standard deviation is that of the middle one.
    ``…_neighbours`` guess by the nearest example, ``…_centroids`` by the nearest mean of a class, of training examples.
    ``target_std``, ``target_low``, ``target_high`` are of numbers to predict. ``r2`` is what neighbours explain
    of them, on training and on evaluation examples. ``metric_total`` is of how many examples the
    noise of the metric that decides is. ``parameters`` are the network's, ``features`` its inputs.
    """

    classes: int = 0
    training: int = 0
    evaluation: int = 0
    available: int = 0
    chance: float = 0.0
    constant_cost: float = math.nan
    training_counts: tuple[int, ...] = ()
    evaluation_counts: tuple[int, ...] = ()
    input_rms: float = math.nan
    column_ratio: float = math.nan
    target_std: float = math.nan
    target_low: float = math.nan
    target_high: float = math.nan
    training_neighbours: Agreement | None = None
    evaluation_neighbours: Agreement | None = None
    training_centroids: Agreement | None = None
    evaluation_centroids: Agreement | None = None
    r2: tuple[float, ...] = ()
    metric_total: int = 0
    parameters: int = 0
    features: int = 0

    @classmethod
    def from_event(cls, start: Mapping[str, Any]) -> DataFacts:
        """From a start event, whatever version wrote it."""
        data = start.get("data") or {}
        classes = data.get("classes") or ()
        guesses = {
            f"{part}_{kind}": Agreement(*pairs[part])
            for kind in ("neighbours", "centroids")
            for part in ("training", "evaluation")
            if (pairs := data.get(kind) or {}).get(part)
        }
        counts = data.get("class_counts") or {}
        targets, inputs = data.get("targets") or {}, data.get("inputs") or {}
        return cls(
            classes=len(classes),
            training=int(data.get("training") or 0),
            evaluation=int(data.get("evaluation") or 0),
            available=int(data.get("available") or 0),
            chance=float(data.get("chance", 1 / len(classes) if classes else 0.0) or 0.0),
            constant_cost=_number(data.get("constant_cost")),
            training_counts=tuple(counts.get("training") or ()),
            evaluation_counts=tuple(counts.get("evaluation") or ()),
            input_rms=_number(inputs.get("rms")),
            column_ratio=_number(inputs.get("column_ratio")),
            target_std=_number(targets.get("std")),
            target_low=_number(targets.get("low")),
            target_high=_number(targets.get("high")),
            **guesses,
            r2=tuple(_number(value) for value in data.get("neighbours_r2") or ()),
            metric_total=int(data.get("metric_total") or 0),
            parameters=int(start.get("parameters") or 0),
            features=int((start.get("sizes") or (0,))[0]),
        )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


_KNOWN: WeakKeyDictionary[Dataset, dict[str, Any]] = WeakKeyDictionary()


def data_facts(dataset: Dataset) -> dict[str, Any]:
    """The facts as plain values, for a start event's ``data``. Some 10 ms with 784 inputs, once a data set."""
    if dataset not in _KNOWN:
        _KNOWN[dataset] = _facts(dataset)
    return copy.deepcopy(_KNOWN[dataset])


def _facts(dataset: Dataset) -> dict[str, Any]:
    training, evaluation = dataset.training, dataset.validation
    kinds = len(dataset.classes or ())
    rows = _rows(len(training), _SIZED)
    x = training.scaled(rows)
    with np.errstate(all="ignore"):
        spreads = x.std(axis=0)
        moving = spreads[spreads > 0]
        ratio = float(moving.max() / _middle(moving)) if len(moving) and dataset.image_shape is None else 1.0
        facts: dict[str, Any] = {
            "inputs": {"rms": _rounded(np.sqrt(np.square(x).mean())), "column_ratio": _rounded(ratio)}
        }
        if kinds:
            counts = {
                part: np.bincount(np.asarray(examples.targets, np.intp), minlength=kinds).tolist()
                for part, examples in (("training", training), ("evaluation", evaluation))
            }
            parts = _parts(dataset, _ROWS if dataset.image_shape is not None else _MORE_ROWS)
            facts |= {
                "class_counts": counts,
                "neighbours": _neighbours(parts, kinds),
                "centroids": _centroids(parts, kinds),
            }
        else:
            y = np.asarray(training.targets, np.float64)
            facts["targets"] = {
                "std": _rounded(y.std(axis=0).max()),
                "low": _rounded(y.min()),
                "high": _rounded(y.max()),
            }
            facts["neighbours_r2"] = _explained(dataset)
    return facts


def _middle(values: Array) -> float:
    """The median. (numpy's own imports masked arrays, which takes longer than all the rest.)"""
    values = np.sort(values)
    return float(values[(len(values) - 1) // 2 : len(values) // 2 + 1].mean())


def _rounded(value: Any) -> float | None:
    """Six digits, so that the same data give the same record on every machine; None where it isn't finite."""
    return float(f"{float(value):.6g}") if np.isfinite(value) else None


def _rows(n: int, count: int) -> Array:
    """At most ``count`` rows of n, always the same, from all over."""
    return np.arange(n) if n <= count else np.sort(np.random.default_rng(0).choice(n, count, replace=False))


def _parts(dataset: Dataset, training_rows: int = _ROWS) -> _Parts:
    """Some rows of training and evaluation: inputs in units of their spread, and targets."""
    parts = []
    for examples, count in ((dataset.training, training_rows), (dataset.validation, _EVALUATION_ROWS)):
        rows = _rows(len(examples), count)
        parts.append((_pooled(_inputs(examples, rows), dataset.image_shape), np.asarray(examples.targets)[rows]))
    if dataset.image_shape is None:
        centre, spread = parts[0][0].mean(axis=0), parts[0][0].std(axis=0)
        spread = np.where(spread > 0, spread, 1)
        parts = [((x - centre) / spread, y) for x, y in parts]
    return parts


def _inputs(examples: Examples, rows: Array) -> Array:
    return np.asarray(examples.scaled(rows), np.float32)


def _pooled(x: Array, shape: tuple[int, int] | None) -> Array:
    """Pictures at half their size, (n, pixels / 4): as good for finding neighbours, in a quarter of the time."""
    if shape is None or shape[0] * shape[1] != x.shape[1] or min(shape) < 16 or shape[0] % 2 or shape[1] % 2:
        return x
    picture = x.reshape(len(x), *shape)
    rows = picture[:, ::2] + picture[:, 1::2]
    pooled: Array = (rows[:, :, ::2] + rows[:, :, 1::2]).reshape(len(x), -1)
    return pooled


def _nearest(x: Array, among: Array, count: int, *, same: bool) -> Array:
    """For each row of x the ``count`` nearest rows of ``among``, itself left out where they are the ``same``."""
    distance = np.square(among).sum(axis=1) - 2 * (x @ among.T)
    if same:
        np.fill_diagonal(distance, np.inf)
    if count == 1:
        return distance.argmin(axis=1)[:, None]
    return np.argpartition(distance, count - 1, axis=1)[:, :count]


def _neighbours(parts: _Parts, kinds: int) -> dict[str, list[Any]]:
    """What the nearest of some training rows guesses right, of these and of evaluation."""
    (x, y), (held_x, held_y) = parts
    every = -(-len(y) // _ROWS)
    x, y = x[::every], y[::every]
    if len(y) < 2:
        return {}
    shares = np.bincount(y, minlength=kinds) / len(y)
    pairs = {}
    for part, inputs, targets in (("training", x, y), ("evaluation", held_x, held_y)):
        nearest = _nearest(inputs, x, 1, same=part == "training")[:, 0]
        others = np.bincount(targets, minlength=kinds) / max(len(targets), 1)
        pairs[part] = [int((y[nearest] == targets).sum()), len(targets), _rounded((shares * others).sum())]
    return pairs


def _centroids(parts: _Parts, kinds: int) -> dict[str, list[Any]]:
    """What the nearest mean of a class guesses right: of every other training row, and of evaluation.

    Where inputs are many and each says little, as words of a text do, means tell classes apart and neighbours don't.
    """
    (x, y), (held_x, held_y) = parts
    if len(y) < 2:
        return {}
    pairs = {}
    for part, (known_x, known_y), (asked_x, asked_y) in (
        ("training", (x[::2], y[::2]), (x[1::2], y[1::2])),
        ("evaluation", (x, y), (held_x, held_y)),
    ):
        counts = np.bincount(known_y, minlength=kinds)
        one_hot = (known_y[:, None] == np.arange(kinds)).astype(np.float32)
        means = (one_hot.T @ known_x) / np.maximum(counts, 1)[:, None]
        distance = np.where(counts > 0, np.square(means).sum(axis=1) - 2 * (asked_x @ means.T), np.inf)
        guesses = distance.argmin(axis=1)
        shares = [np.bincount(of, minlength=kinds) / max(len(of), 1) for of in (guesses, asked_y)]
        pairs[part] = [int((guesses == asked_y).sum()), len(asked_y), _rounded((shares[0] * shares[1]).sum())]
    return pairs


def _explained(dataset: Dataset) -> list[float | None]:
    """R² of the mean of the nearest neighbours' targets, the worst output's, on training and evaluation rows."""
    (x, y), (held_x, held_y) = _parts(dataset)
    if len(y) <= _NEIGHBOURS or len(held_y) < 2:
        return []
    explained = []
    for inputs, targets, same in ((x, y, True), (held_x, held_y, False)):
        wanted = targets.astype(np.float64)
        guess = y[_nearest(inputs, x, _NEIGHBOURS, same=same)].astype(np.float64).mean(axis=1)
        variance = np.square(wanted - wanted.mean(axis=0)).mean(axis=0)
        squared_error = np.square(wanted - guess).mean(axis=0)
        explained.append(_rounded((1 - squared_error / np.where(variance > 0, variance, 1)).min()))
    return explained
