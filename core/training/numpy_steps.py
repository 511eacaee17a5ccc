"""Steps of training in numpy: all replicates in one stacked program. The definition of what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.network import Network
from tunelab.training.decay import Decay
from tunelab.training.measurement import Score
from tunelab.training.update import Update

__all__ = ["NumpySteps"]

Array = NDArray[Any]

_CACHE_BYTES = 1024 * 1024  # bytes of scaled inputs prepared at once: they should still be in the cache when used
_SCALED_ONCE_BYTES = 32 * 1024 * 1024  # a training set that is smaller than this when scaled is scaled once and kept


class NumpySteps:
    """Moves R networks by mini-batches. See :class:`tunelab.training.loop.Steps`."""

    def __init__(
        self,
        network: Network,
        training: Examples,
        *,
        mini_batch: int,
        classes: bool,
        class_weights: Array | None,
        score: Callable[[Network, Examples], Score],
        update: Update | None = None,
    ) -> None:
        self.mini_batch = mini_batch
        self._update = update
        self._targets, self._class_weights, self._score = training.targets, class_weights, score
        self._wanted = network.output.wanted(network.sizes[-1], network.dtype) if classes else None
        scaled_once = len(training) * network.sizes[0] * network.dtype.itemsize <= _SCALED_ONCE_BYTES
        self._inputs = training.scaled(slice(None), network.dtype) if scaled_once else np.asarray(training.inputs)
        self._scale = None if scaled_once else network.dtype.type(training.scale)
        self.place(network)

    def place(self, network: Network) -> None:
        """Take these networks, and make room to work in."""
        self._network = network
        R, inputs, outputs = network.replicates, network.sizes[0], network.sizes[-1]
        room = _CACHE_BYTES // (max(1, R) * inputs * network.dtype.itemsize)
        count = min(max(1, room // self.mini_batch) * self.mini_batch, len(self._targets))
        self._x = np.empty((R, count, inputs), network.dtype)
        self._y = np.empty((R, count, outputs), network.dtype)
        self._weights = None if self._class_weights is None else np.empty((R, count, 1), network.dtype)
        self._raw = np.empty((count, inputs), self._inputs.dtype)

    def set_rates(self, eta: Array, decay: Decay) -> None:
        """Take each network's η, (R,), and its decay."""
        if self._update is not None:  # it knows λ itself
            self._update.set_eta(eta)
        self._decay = decay
        # A network whose factor is 1 leaves the pass over the weights out, unless it has company
        self._steady = (decay.every == 1).all()
        self._eta = eta
        self._rates: dict[int, Array] = {}
        factor = decay.factor.astype(self._network.dtype).reshape(-1, 1, 1)
        self._factor = factor if (decay.factor != 1.0).any() else None

    def most(self, step: int) -> int:  # noqa: ARG002 (the same at any step)
        """How many examples can be trained on in one call."""
        return len(self._x[0])

    def advance(self, orders: list[Array], position: int, count: int, step: int, etas: Array | None = None) -> None:
        """Train every network on its order's examples from ``position`` on; ``step`` steps were made before.

        ``etas``, (steps, R), are the networks' η at each of the steps, where a schedule changes them on the way.
        """
        self._prepare(orders, position, count)
        update = self._update
        masks = None
        if update is not None:
            epoch = step // -(-len(self._targets) // self.mini_batch)
            masks = update.masks(epoch, position, count)
        for index, start in enumerate(range(0, count, self.mini_batch)):
            part = slice(start, min(start + self.mini_batch, count))
            step += 1
            weights = None if self._weights is None else self._weights[:, part]
            x, y = self._x[:, part], self._y[:, part]
            if update is None:
                self._step(x, y, weights, step)
                continue
            if etas is not None:
                update.set_eta(etas[index])
            update.step(x, y, weights, masks and [mask[:, part] for mask in masks], step)

    def _step(self, x: Array, y: Array, weights: Array | None, step: int) -> None:
        """One mini-batch, (R, m, inputs) and (R, m, outputs); ``weights`` (R, m, 1) by which each example counts."""
        m = x.shape[1]
        if m not in self._rates:
            self._rates[m] = (self._eta.reshape(-1, 1, 1) / m).astype(self._network.dtype)
        factor = self._factor
        if factor is not None and not self._steady:
            due = self._decay.at(step)
            factor = None if due is None else due.astype(self._network.dtype).reshape(-1, 1, 1)
        rate = self._rates[m]
        self._network.descend(x, y, rate if weights is None else rate * weights, factor)

    def _prepare(self, orders: list[Array], position: int, count: int) -> None:
        """Gather the next ``count`` examples of every network, in its order, scaled, into the cache."""
        for r, order in enumerate(orders):
            rows = order[position : position + count]
            # mode='clip' lets numpy write straight into `out`; rows are in range anyway
            if self._scale is None:
                np.take(self._inputs, rows, axis=0, out=self._x[r, :count], mode="clip")
            else:
                raw = np.take(self._inputs, rows, axis=0, out=self._raw[:count], mode="clip")
                np.multiply(raw, self._scale, out=self._x[r, :count], casting="unsafe")
            targets = self._targets[rows]
            self._y[r, :count] = targets if self._wanted is None else self._wanted[targets]
            if self._weights is not None and self._class_weights is not None:
                self._weights[r, :count, 0] = self._class_weights[targets]

    def score(self, examples: Examples) -> Score:
        """Judge the networks."""
        return self._score(self._network, examples)
