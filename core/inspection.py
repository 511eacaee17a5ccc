"""What is inside a trained network: its confusions, its mistakes, its first-layer weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, printable
from core.experiment import load_data
from core.network import Network
from core.records import Run

__all__ = ["Inside", "look_inside"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Inside:
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

    def worst(self, count: int) -> list[tuple[str, str, int]]:
        """The most frequent confusions: (what it is, what was answered, how often)."""
        if self.confusion is None:
            return []
        off = self.confusion.copy()
        np.fill_diagonal(off, 0)
        order = np.argsort(off, axis=None)[::-1][:count]
        pairs = [np.unravel_index(i, off.shape) for i in order]
        return [(self.classes[a], self.classes[b], int(off[a, b])) for a, b in pairs if off[a, b]]


def look_inside(run: Run, arm: int, replicate: int) -> Inside:
    """The network of one arm and replicate as the run left it.

    Raises :class:`BadInput` while the run has left no parameters yet.
    """
    record, experiment = run.arms[arm], run.preset.arms[arm].experiment
    path = record.directory / "parameters.npz"
    if not path.is_file():
        raise BadInput(f"“{printable(record.name, 60)}” has no parameters yet; they are kept when its training ends")
    with np.load(path, allow_pickle=False) as saved:
        layers = range(len(saved.files) // 2)
        weights = [saved[f"weights_{layer}"][replicate : replicate + 1] for layer in layers]
        biases = [saved[f"biases_{layer}"][replicate : replicate + 1] for layer in layers]
    net = experiment.network
    network = Network(weights, biases, activation=net.activation, output=net.output, cost=net.cost)
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
    return Inside(
        arm=record.name,
        seed=experiment.seeds[replicate],
        classes=dataset.classes or (),
        confusion=confusion,
        mistakes=mistakes,
        wanted=wanted,
        answers=answers,
        images=np.asarray(examples.inputs),
        image_shape=dataset.image_shape,
        first_weights=weights[0][0],
    )
