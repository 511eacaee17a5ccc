"""What is inside a trained network: confusions, mistakes, first-layer weights, and how smooth its answers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.errors import BadInput
from tunelab.experiment import load_data
from tunelab.network import Network
from tunelab.records import Run
from tunelab.training.metrics import recalls

__all__ = ["NetworkInspection", "OutputPath", "inspect_network", "output_path", "output_path_between"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class NetworkInspection:
    """One network on its evaluation examples.

    ``confusion`` (classes, classes): rows what is right, columns what was answered; None for regression.
    ``mistakes``: positions of wrong answers, the surest first. ``wanted`` and ``answers`` (n,) are class positions.
    ``images`` (n, inputs) as stored. ``first_weights`` (inputs, units) of the first layer.
    """

    arm: str
    seed: int
    classes: tuple[str, ...]
    confusion: Array | None
    mistakes: Array
    wanted: Array
    answers: Array
    images: Array
    image_shape: tuple[int, int] | None
    first_weights: Array

    @property
    def recalls(self) -> Array:
        """Share of each class's examples answered right, (classes,); NaN for a class without any, empty for numbers."""
        if self.confusion is None:
            return np.zeros(0)
        return recalls(np.diag(self.confusion), self.confusion.sum(axis=1))

    def worst(self, count: int) -> list[tuple[str, str, int]]:
        """The most frequent confusions: (what it is, what was answered, how often)."""
        if self.confusion is None:
            return []
        off = self.confusion.copy()
        np.fill_diagonal(off, 0)
        order = np.argsort(off, axis=None)[::-1][:count]
        pairs = [np.unravel_index(i, off.shape) for i in order]
        return [(self.classes[a], self.classes[b], int(off[a, b])) for a, b in pairs if off[a, b]]


def inspect_network(run: Run, arm: int, replicate: int) -> NetworkInspection:
    """The network of one arm and replicate as the run left it.

    Raises :class:`BadInput` while the run has left no parameters yet.
    """
    record = run.arms[arm]
    experiment = record.experiment
    network = record.network().select(slice(replicate, replicate + 1))
    dataset = load_data(experiment)
    examples = dataset.validation
    out = network.answer(examples.scaled(slice(None), network.dtype))[0]
    if dataset.classes is None:
        wanted = answers = np.zeros(0, np.intp)
        confusion, mistakes = None, np.zeros(0, np.intp)
    else:
        wanted, answers = np.asarray(examples.targets, np.intp), out.argmax(axis=1)
        confusion = np.zeros((len(dataset.classes),) * 2, np.int64)
        np.add.at(confusion, (wanted, answers), 1)
        wrong = np.flatnonzero(answers != wanted)
        mistakes = wrong[np.argsort(-out[wrong, answers[wrong]])]
    return NetworkInspection(
        arm=record.name,
        seed=experiment.seeds[replicate],
        classes=dataset.classes or (),
        confusion=confusion,
        mistakes=mistakes,
        wanted=wanted,
        answers=answers,
        images=np.asarray(examples.inputs),
        image_shape=dataset.image_shape,
        first_weights=network.weights[0][0],
    )


@dataclass(frozen=True, eq=False)
class OutputPath:
    """How an output changes on the straight line from one example to another of another class.

    ``t`` (k,) from 0 to 1 along the line; ``output`` (k,) of the first example's class, on the first such line;
    ``steepness`` the largest |Δoutput/Δt|, the mean over ``paths`` of them.
    """

    t: Array
    output: Array
    steepness: float
    paths: int


def output_path_between(run: Run, arm: int, replicate: int = 0, *, points: int = 81, paths: int = 50) -> OutputPath:
    """How smooth an arm's answers are between evaluation examples, the same ones for every arm.

    Raises :class:`BadInput` while the run has left no parameters yet, or where there are no two classes.
    """
    record = run.arms[arm]
    network = record.network().select(slice(replicate, replicate + 1))
    examples = load_data(record.experiment).validation
    return output_path(network, examples, points=points, paths=paths)


def output_path(network: Network, examples: Examples, *, points: int = 81, paths: int = 50) -> OutputPath:
    """How smooth the answers of one network (R = 1) are between examples of different classes.

    Raises :class:`BadInput` where there are no two classes.
    """
    x, targets = examples.scaled(slice(0, 4 * paths), network.dtype), np.asarray(examples.targets[: 4 * paths])
    pairs = [(i, i + 1) for i in range(len(x) - 1) if targets.ndim == 1 and targets[i] != targets[i + 1]][:paths]
    if not pairs:
        raise BadInput("a line between two examples needs two classes")
    t = np.linspace(0.0, 1.0, points)
    along = [network.answer(_between(x[i], x[j], t, network.dtype))[0][:, targets[i]] for i, j in pairs]
    steepness = [float(np.abs(np.diff(output) / np.diff(t)).max()) for output in along]
    return OutputPath(t, np.asarray(along[0], np.float64), float(np.mean(steepness)), len(pairs))


def _between(start: Array, end: Array, t: Array, dtype: np.dtype[Any]) -> Array:
    return np.asarray(start + t[:, None] * (end - start), dtype)
