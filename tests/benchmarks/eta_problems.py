"""Problems on which the search for η is scored: images, tables, points; several networks, costs and mini-batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset, load
from tunelab.data.dataset import Examples
from tunelab.errors import BadInput
from tunelab.experiment import Experiment

__all__ = ["Problem", "problems"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Problem:
    """A data set, a network for it, and how long a person would train it."""

    name: str
    dataset: Dataset
    experiment: Experiment


def problems(mnist: str = "mnist") -> Iterator[Problem]:
    """Yield every problem whose data are there; ``mnist`` is a name or a directory of IDX files."""
    relu = {"activation": "relu", "output": "softmax", "cost": "log-likelihood"}
    tanh = {"activation": "tanh", "output": "softmax", "cost": "cross-entropy"}
    quadratic = {"cost": "quadratic"}
    images = [
        ("mnist 1,000 no hidden", mnist, 1000, [], {}, "scaled", 10, 20),
        ("mnist 1,000 [30]", mnist, 1000, [30], {}, "scaled", 10, 20),
        ("mnist 4,000 [30]", mnist, 4000, [30], {}, "scaled", 10, 8),
        ("mnist 2,000 [30] quadratic", mnist, 2000, [30], quadratic, "scaled", 10, 12),
        ("mnist 2,000 [60] tanh", mnist, 2000, [60], tanh, "glorot-normal", 32, 12),
        ("mnist 2,000 [30, 30] relu", mnist, 2000, [30, 30], relu, "he-normal", 20, 12),
        ("mnist 2,000 [30, 30, 30]", mnist, 2000, [30, 30, 30], {}, "scaled", 10, 12),
        ("mnist 1,000 [30] standard, m = 1", mnist, 1000, [30], {}, "standard", 1, 15),
        ("mnist 2,000 [30] m = 100", mnist, 2000, [30], {}, "scaled", 100, 20),
        ("digits 1,000 no hidden softmax", "digits", 1000, [], {"output": "softmax"}, "scaled", 10, 20),
        ("digits 2,000 [30]", "digits", 2000, [30], {}, "scaled", 10, 12),
        ("digits 1,000 [20, 20] tanh", "digits", 1000, [20, 20], tanh, "scaled", 50, 30),
        ("digits 1,000 [30] relu, m = 1", "digits", 1000, [30], {"activation": "relu"}, "he-normal", 1, 15),
    ]
    for name, data, n, hidden, network, weights, m, epochs in images:
        try:
            dataset = load(data, training=n, evaluation=1000)
        except BadInput:
            continue
        yield _problem(name, dataset, hidden, network, weights, m, epochs)
    leaky = {"activation": "leaky-relu", "output": "softmax"}
    linear = {"activation": "tanh", "output": "linear", "cost": "quadratic"}
    others: list[tuple[str, Callable[[], Dataset], list[int], dict[str, str], str, int, int]] = [
        ("iris no hidden softmax", lambda: _sklearn("iris"), [], {"output": "softmax"}, "scaled", 10, 200),
        ("iris [8]", lambda: _sklearn("iris"), [8], {}, "scaled", 5, 200),
        ("wine [10]", lambda: _sklearn("wine"), [10], {}, "scaled", 10, 100),
        ("wine as it is [10] tanh", lambda: _sklearn("wine", raw=True), [10], tanh, "scaled", 10, 100),
        ("breast cancer no hidden", lambda: _sklearn("breast_cancer"), [], {}, "scaled", 10, 60),
        ("breast cancer [16] tanh", lambda: _sklearn("breast_cancer"), [16], tanh, "scaled", 32, 60),
        ("breast cancer as it is [10]", lambda: _sklearn("breast_cancer", raw=True), [10], {}, "scaled", 10, 60),
        ("digits 8x8 [30]", lambda: _sklearn("digits", raw=True), [30], {}, "scaled", 10, 30),
        ("digits 8x8 [30, 30] relu", lambda: _sklearn("digits"), [30, 30], relu, "he-normal", 20, 30),
        ("diabetes [10] tanh", lambda: _sklearn("diabetes"), [10], linear, "scaled", 10, 60),
        ("xor [4]", lambda: _points(_xor, 300), [4], {}, "scaled", 10, 300),
        ("xor [4] tanh, m = 1", lambda: _points(_xor, 300), [4], {"activation": "tanh"}, "scaled", 1, 60),
        ("two spirals [30]", lambda: _points(_spirals, 600), [30], {}, "scaled", 10, 400),
        ("two spirals [30] tanh", lambda: _points(_spirals, 600), [30], tanh, "scaled", 20, 400),
        ("two spirals [20, 20] relu", lambda: _points(_spirals, 600), [20, 20], relu, "he-normal", 20, 200),
        ("moons [10]", lambda: _points(_moons, 300), [10], {}, "scaled", 10, 200),
        ("rings [10] quadratic", lambda: _points(_rings, 400), [10], quadratic, "standard", 10, 200),
        ("three clouds [5]", lambda: _points(_clouds, 300), [5], {}, "scaled", 10, 100),
        ("sonar-like [12]", lambda: _points(_wide, 146), [12], {}, "scaled", 10, 100),
        ("sonar-like no hidden, m = 1", lambda: _points(_wide, 146), [], {}, "scaled", 1, 50),
        ("parity of 4 bits [8]", lambda: _points(_parity, 300), [8], {}, "standard", 10, 200),
        ("sine [20] tanh", lambda: _points(_sine, 300), [20], linear, "scaled", 10, 200),
        ("one in ten [8]", lambda: _points(_rare, 500), [8], {}, "scaled", 20, 60),
        ("sparse words [20]", lambda: _points(_words, 800), [20], {}, "scaled", 20, 30),
        ("checkerboard [40] relu", lambda: _points(_checkerboard, 600), [40], relu, "he-normal", 10, 200),
        ("blobs, ten classes [20] leaky", lambda: _points(_blobs, 600), [20], leaky, "he-uniform", 100, 200),
    ]
    for name, make, hidden, network, weights, m, epochs in others:
        yield _problem(name, make(), hidden, network, weights, m, epochs)


def _problem(
    name: str, dataset: Dataset, hidden: list[int], network: dict[str, str], weights: str, m: int, epochs: int
) -> Problem:
    experiment = Experiment.model_validate(
        {
            "network": {"hidden": hidden} | network,
            "initialization": {"weights": weights},
            "training": {"mini_batch": m, "epochs": epochs},
        }
    )
    return Problem(name, dataset, experiment)


@cache
def _sklearn(name: str, raw: bool = False) -> Dataset:
    """One of scikit-learn's small data sets, shuffled: two thirds to learn from."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    rng = np.random.default_rng(5)
    order = rng.permutation(len(bunch.data))
    inputs, targets = bunch.data[order], bunch.target[order]
    n = 2 * len(order) // 3
    if not raw:
        inputs = (inputs - inputs[:n].mean(axis=0)) / np.maximum(inputs[:n].std(axis=0), 1e-6)
    if name == "diabetes":
        targets = ((targets - targets[:n].mean()) / targets[:n].std())[:, None].astype(np.float32)
    return _dataset(name, inputs, targets, n)


@cache
def _points(make: Callable[[np.random.Generator, int], tuple[Array, Array]], n: int) -> Dataset:
    """Drawn points: n to learn from, 1,000 to judge on."""
    inputs, targets = make(np.random.default_rng(11), n + 1000)
    return _dataset(make.__name__.strip("_"), inputs, targets, n)


def _dataset(name: str, inputs: Array, targets: Array, n: int) -> Dataset:
    inputs = inputs.astype(np.float32)
    classes = None
    if targets.ndim == 1:
        classes = tuple(map(str, range(int(targets.max()) + 1)))
        targets = targets.astype(np.uint8)
    first, rest = Examples(inputs[:n], targets[:n]), Examples(inputs[n:], targets[n:])
    spread = Dataset(name, name, first, rest, rest, classes)
    return spread if classes else replace(spread, tolerance=0.5)


def _xor(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    corners = rng.integers(0, 2, (n, 2))
    return corners + rng.normal(0, 0.2, (n, 2)), corners[:, 0] ^ corners[:, 1]


def _spirals(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = rng.integers(0, 2, n)
    angle = 3 * np.pi * np.sqrt(rng.random(n))
    radius = angle / (3 * np.pi)
    turn = angle + np.pi * targets
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    return 2 * points + rng.normal(0, 0.03, (n, 2)), targets


def _moons(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = rng.integers(0, 2, n)
    angle = np.pi * rng.random(n)
    x = np.where(targets, 1 - np.cos(angle), np.cos(angle))
    y = np.where(targets, 0.5 - np.sin(angle), np.sin(angle))
    return np.stack([x, y], axis=1) + rng.normal(0, 0.2, (n, 2)), targets


def _rings(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = rng.integers(0, 2, n)
    radius = np.where(targets, 2.0, 1.0) + rng.normal(0, 0.25, n)
    angle = 2 * np.pi * rng.random(n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), targets


def _clouds(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = rng.integers(0, 3, n)
    centres = np.array([[0, 0], [2, 0.5], [1, 2]])
    return centres[targets] + rng.normal(0, 0.8, (n, 2)), targets


def _wide(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    inputs = rng.normal(0, 1, (n, 60))
    inputs[:, 1:] = 0.7 * inputs[:, :-1] + 0.7 * inputs[:, 1:]
    weights = np.random.default_rng(3).normal(0, 1, 60)
    score = inputs @ weights / 6 + 0.5 * inputs[:, 3] * inputs[:, 20] + rng.normal(0, 0.5, n)
    return inputs, (score > 0).astype(int)


def _parity(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    bits = rng.integers(0, 2, (n, 4))
    return bits + rng.normal(0, 0.1, (n, 4)), bits.sum(axis=1) % 2


def _sine(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    x = rng.uniform(-2, 2, (n, 1))
    return x, (np.sin(3 * x) + rng.normal(0, 0.1, (n, 1))).astype(np.float32)


def _rare(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = (rng.random(n) < 0.1).astype(int)
    return rng.normal(0, 1, (n, 8)) + 0.9 * targets[:, None], targets


def _words(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = rng.integers(0, 4, n)
    often = 0.02 + 0.08 * (np.random.default_rng(4).random((4, 400)) < 0.1)
    return (rng.random((n, 400)) < often[targets]).astype(float), targets


def _checkerboard(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    points = rng.uniform(-1.5, 1.5, (n, 2))
    return points, (np.floor(points[:, 0] + 1.5) + np.floor(points[:, 1] + 1.5)).astype(int) % 2


def _blobs(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    targets = rng.integers(0, 10, n)
    centres = np.random.default_rng(6).normal(0, 2, (10, 5))
    return centres[targets] + rng.normal(0, 1, (n, 5)), targets
