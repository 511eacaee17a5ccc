"""Layers, forward and backward: R networks of one shape, side by side in one numpy program.

Every parameter carries a leading replicate axis R: weights (R, fan_in, fan_out), biases (R, 1, fan_out).
The networks may differ in seed, η, λ or initializer; R = 1 is the ordinary case. An example x is a row and
a layer computes z = a·W + b. Source: Nielsen, "Neural Networks and Deep Learning", chapter 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS

__all__ = ["Network"]

Array = NDArray[Any]


class Network:
    """R feed-forward networks of one shape.

    Args:
        weights: a layer's weights each, (R, fan_in, fan_out), float32 or float64.
        biases: a layer's biases each, (R, 1, fan_out), of the same dtype.
        activation: of the hidden layers, a key of ``tunelab.activations.ACTIVATIONS``.
        output: a key of ``tunelab.costs.OUTPUTS``.
        cost: with the output a key of ``tunelab.costs.COSTS``.
    """

    def __init__(
        self,
        weights: Sequence[Array],
        biases: Sequence[Array],
        *,
        activation: str = "sigmoid",
        output: str = "sigmoid",
        cost: str = "cross-entropy",
    ) -> None:
        # One flat array holds all, so that a step of training is one subtraction; these are its parts.
        self.parameters = np.concatenate([a.ravel() for a in (*weights, *biases)])
        self.weights, self.biases = _parts(self.parameters, [w.shape for w in weights])
        self.names = {"activation": activation, "output": output, "cost": cost}
        self.activation = ACTIVATIONS[activation]
        self.output = COSTS[output, cost]
        self.dtype = self.weights[0].dtype
        self._rooms: dict[int, _Room] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as parameters and names."""
        return _restored, (self.weights, self.biases, self.names)

    @property
    def replicates(self) -> int:
        """R, the number of networks side by side."""
        return len(self.weights[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons a layer, inputs first: (784, 30, 10)."""
        return (self.weights[0].shape[1], *(w.shape[2] for w in self.weights))

    def select(self, replicates: Array | slice) -> Network:
        """A network of only these replicates (indices, or a slice), its parameters copied."""
        return Network(
            [w[replicates].copy() for w in self.weights], [b[replicates].copy() for b in self.biases], **self.names
        )

    def layers(self, x: Array) -> list[Array]:
        """z of every layer for x, (n, inputs) or (R, n, inputs): a list of (R, n, fan_out).

        All but the last have been through the hidden activation on the way; what is returned is z itself.
        """
        zs: list[Array] = []
        for weights, biases in zip(self.weights, self.biases, strict=True):
            if zs:
                x = zs[-1].copy()
                self.activation.apply(x)
            zs.append(x @ weights + biases)
        return zs

    def last_z(self, x: Array) -> Array:
        """z of the output layer, (R, n, outputs), from which both cost and answer are computed."""
        a = x
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = a @ weights
            a += biases
            self.activation.apply(a)
        z: Array = a @ self.weights[-1]
        z += self.biases[-1]
        return z

    def answer(self, x: Array) -> Array:
        """The network's outputs a, (R, n, outputs), for x, (n, inputs) or (R, n, inputs)."""
        a = self.last_z(x)
        self.output.activate(a)
        return a

    def descend(self, x: Array, y: Array, rate: Array, decay: Array | None = None) -> None:
        """One step: w ← decay · w − rate · Σ_x ∂C_x/∂w, b ← b − rate · Σ_x ∂C_x/∂b.

        x and y as for :meth:`gradient`; rate and decay are one a replicate, (R, 1, 1).
        """
        self.gradient(x, y, rate)
        if decay is not None:
            for w in self.weights:
                w *= decay
        self.parameters -= self._rooms[x.shape[1]].gradient

    def flat_gradient(self, x: Array, y: Array, factor: Array | float, masks: Sequence[Array] | None = None) -> Array:
        """The gradient as :meth:`gradient` gives it, as one array in the order of ``parameters``."""
        self.gradient(x, y, factor, masks)
        return self._rooms[x.shape[1]].gradient

    def by_replicate(self, flat: Array) -> Array:
        """An array in the order of ``parameters`` as a row a network, (R, numbers): its weights, then its biases."""
        weights, biases = _parts(flat, [w.shape for w in self.weights])
        return np.concatenate(
            [part.reshape(len(part), math.prod(part.shape[1:])) for part in (*weights, *biases)], axis=1
        )

    def in_order(self, rows: Array) -> Array:
        """The opposite of :meth:`by_replicate`."""
        flat = np.empty(rows.size, rows.dtype)
        weights, biases = _parts(flat, [w.shape for w in self.weights])
        start = 0
        for part in (*weights, *biases):
            stop = start + math.prod(part.shape[1:])
            part[...] = rows[:, start:stop].reshape(part.shape)
            start = stop
        return flat

    def gradient(
        self, x: Array, y: Array, factor: Array | float = 1.0, masks: Sequence[Array] | None = None
    ) -> tuple[list[Array], list[Array]]:
        """∂/∂w and ∂/∂b of factor · Σ_x C_x, by backpropagation.

        Args:
            x: inputs, (R, m, inputs); y: wanted outputs, (R, m, outputs).
            factor: one number, or one a replicate, (R, 1, 1). It is multiplied into δ of the output layer,
                the smallest array in reach, so that a training step needs no pass of its own for η/m.
            masks: a hidden layer's each, (R, m, units), by which its activations are multiplied (dropout).

        Returns:
            Gradients shaped as ``weights`` and as ``biases``. They are working memory: the next call with
            the same m overwrites them.
        """
        room = self._rooms.get(x.shape[1])
        if room is None:
            room = self._rooms[x.shape[1]] = _Room(self, x.shape[1])
        last = len(self.weights) - 1
        # Where activations are masked, or don't tell it, the slope is taken on the way forward
        slope_of = None if masks else self.activation.slope

        a = x
        for layer in range(last + 1):
            z = np.matmul(a, self.weights[layer], out=room.a[layer])
            z += self.biases[layer]
            if layer == last:
                self.output.activate(z)
            elif slope_of is not None:
                self.activation.apply(z)
            else:
                self.activation.forward(z, room.slope[layer])
                if masks:
                    z *= masks[layer]
                    room.slope[layer] *= masks[layer]
            a = z

        delta = room.delta[last]
        self.output.error(a, y, delta)
        delta *= factor
        for layer in range(last, -1, -1):
            before = room.a[layer - 1] if layer else x
            _sum_of_products(before, delta, room.weights[layer])
            np.add.reduce(delta, axis=1, keepdims=True, out=room.biases[layer])
            if layer:
                # δ of the layer before: (δ Wᵀ) σ′(z), element by element
                error = np.matmul(delta, self.weights[layer].transpose(0, 2, 1), out=room.delta[layer - 1])
                slope = room.slope[layer - 1]
                if slope_of is not None:
                    slope_of(before, slope)
                error *= slope
                delta = error
        return room.weights, room.biases


class _Room:
    """Working memory for one mini-batch size, allocated once: activations, errors, slopes, gradients."""

    def __init__(self, network: Network, m: int) -> None:
        def like(width: int) -> Array:
            return np.empty((network.replicates, m, width), network.dtype)

        widths = network.sizes[1:]
        self.a = [like(width) for width in widths]
        self.delta = [like(width) for width in widths]
        self.slope = [like(width) for width in widths[:-1]]
        self.gradient = np.empty_like(network.parameters)
        self.weights, self.biases = _parts(self.gradient, [w.shape for w in network.weights])


def _sum_of_products(before: Array, delta: Array, out: Array) -> None:
    """Σ_x aᵀδ of every replicate, (R, fan_in, fan_out), from (R, m, fan_in) and (R, m, fan_out)."""
    if before.shape[1] > 1:
        np.matmul(before.transpose(0, 2, 1), delta, out=out)
    else:  # numpy's matmul doesn't use BLAS for a column times a row, and is six times slower than its dot
        for a, d, product in zip(before, delta, out, strict=True):
            np.dot(a.T, d, out=product)


def _restored(weights: Sequence[Array], biases: Sequence[Array], names: dict[str, str]) -> Network:
    return Network(weights, biases, **names)


def _parts(flat: Array, shapes: Sequence[tuple[int, ...]]) -> tuple[list[Array], list[Array]]:
    """Weights of these shapes, and their biases, as views of one flat array that holds all of them in a row."""
    wanted = [*shapes, *((R, 1, fan_out) for R, _, fan_out in shapes)]
    ends = np.cumsum([np.prod(shape) for shape in wanted])
    pieces = np.split(flat, ends[:-1])
    views = [piece.reshape(shape) for piece, shape in zip(pieces, wanted, strict=True)]
    return views[: len(shapes)], views[len(shapes) :]
