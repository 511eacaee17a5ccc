"""A step of training beyond the plain one: dropout, clipping, penalties, and the optimizer that moves the weights.

    C = C₀ + λ/2n Σ w² + l1/n Σ |w|

On a mini-batch g = ∂C₀/∂w is taken with some neurons left out, scaled down where its norm is above ``clip_norm``, and
the slopes of the penalties are added (biases have none); then the optimizer moves the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.network import Network
from tunelab.training.dropout import Dropout
from tunelab.training.optimizers import Numbers, Optimizer, Piece, Sgd

__all__ = ["Update"]

Array = NDArray[Any]

_PIECE = 16_384  # parameters moved at once: all that is known of them stays in the cache
_CLEAN_EVERY = 128  # steps: memory that has faded to numbers on which arithmetic is slow becomes 0
_PYTORCH = 1e-6  # added to a norm before the limit is divided by it, as PyTorch's clip_grad_norm_ does


class Update:
    """Moves R networks by mini-batches, replicate r with its own λ, l1, limit and dropout, by one kind of optimizer.

    Args:
        n: training examples in all.
        lmbda: λ of each replicate, (R,).
        optimizer: plain steps where None.
        l1: of each replicate; 0 where None.
        clip_norm: the largest norm of a gradient, of each replicate; 0 is no limit.
        dropout: no neuron is left out where None.
    """

    def __init__(
        self,
        n: int,
        lmbda: Sequence[float],
        *,
        optimizer: Optimizer | None = None,
        l1: Sequence[float] | None = None,
        clip_norm: Sequence[float] | None = None,
        dropout: Dropout | None = None,
    ) -> None:
        R = len(lmbda)
        self.optimizer: Optimizer = optimizer or Sgd()
        self.l1 = np.zeros(R) if l1 is None else np.array(l1, np.float64)
        self._decay, self._l1 = np.array(lmbda, np.float64) / n, self.l1 / n
        self._limits = np.zeros(R) if clip_norm is None else np.array(clip_norm, np.float64)
        self._dropout = dropout
        self._steps = np.zeros(R, np.int64)
        self._rows: dict[str, Array] = {}  # what the optimizer remembers, (R, parameters) each

    # -- places and memory --------------------------------------------------------------------------------

    def place(self, network: Network, running: Array) -> None:
        """Take these networks, which are the replicates ``running``; :meth:`put_back` comes before."""
        self._network, self._running = network, running
        parameters, dtype = network.parameters, network.dtype
        if not self._rows:
            size, R = parameters.size // max(network.replicates, 1), len(self._steps)
            self._rows = {name: np.zeros((R, size), dtype) for name in self.optimizer.memory}
        self._memory = {name: network.in_order(rows[running]) for name, rows in self._rows.items()}
        weights = sum(w.size for w in network.weights)
        bounds = [*range(0, weights, _PIECE), *range(weights, parameters.size, _PIECE), parameters.size]
        self._slices = [slice(start, stop) for start, stop in pairwise(bounds)]
        self._weight_pieces = sum(piece.start < weights for piece in self._slices)
        self._room = np.empty(_PIECE, dtype)
        self._decays = self._spread(self._decay[running])
        self._l1s = self._spread(self._l1[running])
        self._clipped = bool((self._limits[running] > 0).any())
        numbers = self.optimizer.numbers(running, self._steps[running] + 1).values()
        self._alike = len(running) > 0 and all((v == v[0]).all() for v in (self._steps[running], *numbers))
        self._numbers: Numbers | None = None
        self._pieces: dict[int, list[Piece]] = {}

    def put_back(self) -> None:
        """Copy what the optimizer remembers of the running replicates to their places among all."""
        for name, rows in self._rows.items():
            rows[self._running] = self._network.by_replicate(self._memory[name])

    def state(self) -> dict[str, Array]:
        """What is remembered, (R, …) each; :meth:`put_back` comes before."""
        return {name: rows.copy() for name, rows in self._rows.items()} | {"steps": self._steps.copy()}

    def restore(self, saved: dict[str, Array]) -> None:
        """Go on from what :meth:`state` gave; what is missing there begins at 0. :meth:`place` comes after."""
        for name, rows in self._rows.items():
            rows[...] = saved.get(name, 0)
        self._steps[...] = saved.get("steps", 0)

    def set_eta(self, eta: Array) -> None:
        """Take η of each running replicate, (R,)."""
        self._eta = self._spread(eta)

    def _spread(self, values: Array) -> Any:
        """Numbers of the replicates as one of the parameters' dtype where they agree, else one for each parameter."""
        dtype = self._network.dtype
        if (values == values[:1]).all():
            return dtype.type(values[0]) if len(values) else dtype.type(0)
        size = self._network.parameters.size // len(values)
        return self._network.in_order(np.repeat(values.astype(dtype)[:, None], size, axis=1))

    # -- moving ---------------------------------------------------------------------------------------------

    def masks(self, epoch: int, position: int, count: int) -> list[Array] | None:
        """Which neurons are left out of the coming steps, see :meth:`Dropout.masks`; None where none is."""
        network = self._network
        if self._dropout is None or len(network.sizes) == 2:
            return None
        hidden = network.sizes[1:-1]
        return self._dropout.masks(self._running.tolist(), epoch, position, count, hidden, network.dtype)

    def step(self, x: Array, y: Array, weights: Array | None, masks: list[Array] | None, number: int) -> None:
        """Move by one mini-batch, (R, m, inputs) and (R, m, outputs), the ``number``-th of the training.

        ``weights``, (R, m, 1), is by which each example counts.
        """
        network, optimizer = self._network, self.optimizer
        m = x.shape[1]
        factor: Any = network.dtype.type(1 / m)
        gradient = network.flat_gradient(x, y, factor if weights is None else factor * weights, masks)
        if self._clipped:
            self._clip(gradient)
        if optimizer.memory:
            self._steps[self._running] += 1
        numbers = self._current_numbers()
        eta, decays, l1s = self._eta, self._decays, self._l1s
        pieces = self._pieces.get(m) or self._cut(m, gradient)
        for index, (piece, part) in enumerate(zip(pieces, self._slices, strict=True)):
            own_eta = _part(eta, part)
            if index < self._weight_pieces:
                self._add_penalties(piece, own_eta, _part(decays, part), _part(l1s, part))
            optimizer.move(piece, own_eta, {name: _part(value, part) for name, value in numbers.items()})
        if number % _CLEAN_EVERY == 0:
            self._clean()

    def _add_penalties(self, piece: Piece, eta: Any, decay: Any, l1: Any) -> None:
        """Add the slopes of l1/n Σ |w| and λ/2n Σ w²; the second beside the gradient where the optimizer has it so."""
        room = piece.room
        if l1.any():
            np.sign(piece.parameters, out=room)
            room *= l1
            piece.gradient += room
        if decay.any():
            np.multiply(piece.parameters, decay, out=room)
            if self.optimizer.coupled:
                piece.gradient += room
            else:
                room *= eta
                piece.parameters -= room

    def _cut(self, m: int, gradient: Array) -> list[Piece]:
        """The parameters in pieces, beside the gradient that mini-batches of m fill."""
        parameters = self._network.parameters
        self._pieces[m] = [
            Piece(
                parameters[part],
                gradient[part],
                {name: values[part] for name, values in self._memory.items()},
                self._room[: part.stop - part.start],
            )
            for part in self._slices
        ]
        return self._pieces[m]

    def _current_numbers(self) -> Numbers:
        """The optimizer's numbers at the latest step; computed once where replicates agree, for arrays take longer."""
        if self._numbers is None or self.optimizer.changing:
            running, number = self._running, self._network.dtype.type
            if self._alike:
                first = int(running[0])
                numbers = self.optimizer.numbers(first, int(self._steps[first]))
                self._numbers = {name: number(value) for name, value in numbers.items()}
            else:
                numbers = self.optimizer.numbers(running, self._steps[running])
                self._numbers = {name: self._spread(values) for name, values in numbers.items()}
        return self._numbers

    def _clip(self, gradient: Array) -> None:
        """Scale each replicate's gradient to its limit where its norm is above it."""
        network = self._network
        alone = network.replicates == 1
        rows = gradient[None] if alone else network.by_replicate(gradient)
        for r, limit in enumerate(self._limits[self._running].tolist()):
            if limit > 0:
                norm = float(np.sqrt(np.dot(rows[r], rows[r])))
                if not norm + _PYTORCH <= limit:
                    rows[r] *= network.dtype.type(limit / (norm + _PYTORCH))
        if not alone:
            gradient[...] = network.in_order(rows)

    def _clean(self) -> None:
        for values in self._memory.values():
            tiny = np.finfo(values.dtype).tiny * 1e8
            values[np.abs(values) < tiny] = 0

    def update_ratios(self) -> Array | None:
        """‖step‖/‖w‖ of each running replicate's layers, (R, layers), by the latest step; None where there is none."""
        network = self._network
        if not self._memory or not self._steps[self._running].all():
            return None
        step = self.optimizer.step(self._memory, self._current_numbers()) * self._eta
        rows, ratios, start = network.by_replicate(step), [], 0
        for w in network.weights:
            stop = start + w[0].size
            moved = np.sqrt(np.square(rows[:, start:stop], dtype=np.float64).sum(axis=1))
            size = np.sqrt(np.square(w, dtype=np.float64).sum(axis=(1, 2)))
            ratios.append(moved / np.where(size > 0, size, np.nan))
            start = stop
        return np.stack(ratios, axis=1)


def _part(value: Any, part: slice) -> Any:
    """The numbers for a stretch of parameters."""
    return value[part] if value.ndim else value
