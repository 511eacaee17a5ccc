"""Nielsen's program network2.py, exactly: its random streams, order, pixels, first weights and penalty.

They plug into the same training loop as everything else. With them a run gives the numbers of the book's published
figures, except where training is chaotic. Source: Nielsen, "Neural Networks and Deep Learning", chapter 3, and the
programs that come with it (written for Python 2 and numpy's legacy generator).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Dataset, Examples
from tunelab.initialization import Initialization
from tunelab.network import Network

__all__ = ["BookProgram", "Place"]

Array = NDArray[Any]

_PIXEL, _ITS_PIXEL = 1 / 255, 1 / 256


@dataclass(frozen=True)
class Place:
    """Where on its seed's random streams a training begins, and how it adds.

    A script that trains several networks seeds its generators once, and shuffles one list further and further.
    ``networks_before``: networks drawn earlier from numpy's stream, of the same sizes. ``epochs_before``: how often
    the list of examples had been shuffled. ``backwards``: whether a mini-batch's gradients are added from its last
    example to its first; only rounding tells that from the book's own order.
    """

    seed: int
    networks_before: int = 0
    epochs_before: int = 0
    backwards: bool = False


@dataclass(frozen=True)
class BookProgram:
    """How the book's program trains R = len(places) networks: all that differs from tunelab's own way."""

    places: Sequence[Place]

    def first_network(
        self, initialization: Initialization, *, dtype: np.dtype[Any] | type = np.float64, **names: str
    ) -> Network:
        """Return R networks as the book's program draws them. ``names``: activation, output and cost.

        The biases of all layers come before any weights; a layer's weights come neuron by neuron, (fan_out, fan_in).
        Only the schemes 'standard' (the book's large weights) and 'scaled' are known here.
        """
        pairs = initialization.pairs
        numbers = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairs)
        weights: list[list[Array]] = [[] for _ in pairs]
        biases: list[list[Array]] = [[] for _ in pairs]
        for place in self.places:
            rng = np.random.RandomState(place.seed)
            for _ in range(place.networks_before):
                rng.randn(numbers)
            for layer, (_, fan_out) in enumerate(pairs):
                biases[layer].append(rng.randn(fan_out, 1).T)
            for layer, (fan_in, fan_out) in enumerate(pairs):
                divisor = np.sqrt(fan_in) if initialization.weights == "scaled" else 1.0
                weights[layer].append((rng.randn(fan_out, fan_in) / divisor).T)
        stacked = [[np.stack(parts).astype(dtype, copy=False) for parts in kind] for kind in (weights, biases)]
        return Network(stacked[0], stacked[1], **names)

    def order(self, n: int, mini_batch: int) -> Callable[[int, int], Array]:
        """Return the order of n examples, (replicate, epoch) → (n,), as a training wants it.

        Nothing of it needs saving: an epoch's order is found by shuffling again from the seed on.
        """
        lists = [_List(place.seed, n) for place in self.places]

        def ordered(replicate: int, epoch: int) -> Array:
            place = self.places[replicate]
            rows = lists[replicate].after(place.epochs_before + epoch + 1)
            return _backwards(rows, mini_batch) if place.backwards else rows

        return ordered

    def prepared(self, dataset: Dataset) -> Dataset:
        """Return the data set with pixels as the book's file of MNIST has them: value/256, exact in float32."""

        def part(examples: Examples) -> Examples:
            if examples.scale != _PIXEL:
                return examples
            return Examples(examples.inputs, examples.targets, _ITS_PIXEL)

        return replace(dataset, training=part(dataset.training), validation=part(dataset.validation))

    def evaluation_penalty(self, training: int, evaluation: int) -> float:
        """Return how many times the penalty of training a cost on ``evaluation`` examples carries.

        The book's program divides λ by the size of whatever data it judges.
        """
        return training / evaluation


class _List:
    """The positions 0 … n − 1, shuffled in place once an epoch, as Python 2's ``random.shuffle`` does."""

    def __init__(self, seed: int, n: int) -> None:
        self._seed, self._n = seed, n
        self._begin()

    def _begin(self) -> None:
        self._random = random.Random(self._seed).random
        self._rows = list(range(self._n))
        self._shuffles = 0

    def after(self, shuffles: int) -> Array:
        """The list after so many shuffles, (n,)."""
        if shuffles < self._shuffles:
            self._begin()
        for _ in range(shuffles - self._shuffles):
            self._shuffle()
        self._shuffles = shuffles
        return np.array(self._rows)

    def _shuffle(self) -> None:
        # Python 3's own shuffle draws other numbers from the same stream
        rows, drawn = self._rows, self._random
        for i in range(self._n - 1, 0, -1):
            j = int(drawn() * (i + 1))
            rows[i], rows[j] = rows[j], rows[i]


def _backwards(rows: Array, mini_batch: int) -> Array:
    """The same mini-batches, each from its last example to its first."""
    return np.concatenate([rows[start : start + mini_batch][::-1] for start in range(0, len(rows), mini_batch)])
