"""A step of training beyond the plain one: dropout, clipping, penalties, and the optimizer that moves the weights.

    C = C₀ + λ/2n Σ w² + l1/n Σ |w|

On a mini-batch g = ∂C₀/∂w is taken with some neurons left out, scaled down where its norm is above ``clip_norm``, and
the slopes of the penalties are added (biases have none); then the optimizer moves the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.network import Network
from tunelab.training.dropout import Dropout
from tunelab.training.optimizers import Optimizer, Piece, Sgd

__all__ = ["Update"]

Array = NDArray[Any]

_PIECE = 32768  # parameters moved at once: all that is known of them stays in the cache
_CLEAN_EVERY = 128  # steps: memory that has faded to numbers on which arithmetic is slow becomes 0
_PYTORCH = 1e-6  # added to a norm before the limit is divided by it, as PyTorch's clip_grad_norm_ does


@dataclass
class _Stretch:
    """A range of the parameters that are moved by one replicate's numbers; ``penalized`` are weights."""

    range: slice
    replicate: int
    penalized: bool


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
        self._etas = np.ones(R)  # at the latest step
        self._memory: dict[str, Array] = {}  # (R, parameters) each

    # -- places and memory --------------------------------------------------------------------------------

    def place(self, network: Network, running: Array) -> None:
        """Take these networks, which are the replicates ``running``; :meth:`put_back` comes before."""
        self._network, self._running = network, running
        if not self._memory:
            size = sum(part[0].size for part in (*network.weights, *network.biases)) if len(running) else 0
            shape = (len(self._steps), size)
            self._memory = {name: np.zeros(shape, network.dtype) for name in self.optimizer.memory}
        self._working = tuple(network.in_order(rows[running]) for rows in self._memory.values())
        self._room = np.empty(_PIECE, network.dtype)
        self._places = running.tolist()
        self._since = 0  # steps since then
        self._clipped = bool((self._limits[running] > 0).any())
        self._eta, self._together = np.zeros(0), True

    def put_back(self) -> None:
        """Copy what is remembered of the running replicates to their places among all."""
        for rows, working in zip(self._memory.values(), self._working, strict=True):
            rows[self._running] = self._network.by_replicate(working)
        self._steps[self._running] += self._since
        if self._since:
            self._etas[self._running] = self._eta_before
        self._since = 0

    def state(self) -> dict[str, Array]:
        """What is remembered, (R, …) each; :meth:`put_back` comes before."""
        own = {"steps": self._steps.copy(), "eta": self._etas.copy()}
        return {name: rows.copy() for name, rows in self._memory.items()} | own

    def restore(self, saved: dict[str, Array]) -> None:
        """Go on from what :meth:`state` gave; what is missing there begins at 0. :meth:`place` comes after."""
        for name, rows in self._memory.items():
            rows[...] = saved.get(name, 0)
        self._steps[...] = saved.get("steps", 0)
        self._etas[...] = saved.get("eta", 1)

    def set_eta(self, eta: Array) -> None:
        """Take η of each running replicate, (R,)."""
        if np.array_equal(eta, self._eta):
            return
        first = not len(self._eta)
        self._eta = eta = np.array(eta, np.float64)
        if first:
            self._eta_before = np.where(self._steps[self._running] > 0, self._etas[self._running], eta)
            self._same_but_eta = self._alike()
        self._factors: dict[int, Array] = {}
        self._scale = np.array([self.optimizer.scale(r, e) for r, e in zip(self._places, eta.tolist(), strict=True)])
        self._set_penalties()
        alike = self._same_but_eta and bool((eta == eta[:1]).all())
        if first or alike != self._together:
            self._together = alike
            self._stretches = self._cut()
            self._pieces: dict[int, list[Piece]] = {}
        self._compute_numbers()

    # -- moving ---------------------------------------------------------------------------------------------

    def masks(self, epoch: int, position: int, count: int) -> list[Array] | None:
        """Which neurons are left out of the coming steps, see :meth:`Dropout.masks`; None where none is."""
        network = self._network
        if self._dropout is None or len(network.sizes) == 2:
            return None
        return self._dropout.masks(self._places, epoch, position, count, network.sizes[1:-1], network.dtype)

    def step(self, x: Array, y: Array, weights: Array | None, masks: list[Array] | None, number: int) -> None:
        """Move by one mini-batch, (R, m, inputs) and (R, m, outputs), the ``number``-th of the training.

        ``weights``, (R, m, 1), is by which each example counts.
        """
        m = x.shape[1]
        factor = self._factors.get(m)
        if factor is None:
            factor = self._factors[m] = (self._scale.reshape(-1, 1, 1) / m).astype(self._network.dtype)
        gradient = self._network.flat_gradient(x, y, factor if weights is None else factor * weights, masks)
        if self._clipped:
            self._clip(gradient)
        self._since += 1
        if self.optimizer.changing:
            self._compute_numbers()
        pieces = self._pieces.get(m) or self._pieces_beside(m, gradient)
        move = self.optimizer.move
        for piece, stretch in zip(pieces, self._stretches, strict=True):
            if stretch.penalized:
                self._penalize(piece, stretch.replicate)
            move(piece, self._numbers[stretch.replicate])
        if self._eta_before is not self._eta:
            self._eta_before = self._eta
            if not self.optimizer.changing:
                self._compute_numbers()
        if number % _CLEAN_EVERY == 0:
            self._clean()

    def _penalize(self, piece: Piece, place: int) -> None:
        """Add the slopes of l1/n Σ |w| and λ/2n Σ w²; the second beside the gradient where the optimizer has it so."""
        room, (l1, decay) = piece.room, self._penalties[place]
        if l1:
            np.sign(piece.parameters, out=room)
            room *= l1
            piece.gradient += room
        if decay:
            np.multiply(piece.parameters, decay, out=room)
            if self.optimizer.coupled:
                piece.gradient += room
            else:
                piece.parameters -= room

    def _alike(self) -> bool:
        """Whether all replicates in place are moved by the same numbers as long as their η is the same."""
        running, numbers = self._running, self.optimizer.numbers
        fixed = np.stack([self._decay, self._l1, self._steps, self._etas], axis=1)[running]
        own = [numbers(r, 1.0, 1.0, 1) for r in self._places]
        return bool((fixed == fixed[:1]).all()) and own == own[:1] * len(own)

    def _set_penalties(self) -> None:
        """What the slopes of l1/n Σ |w| and λ/2n Σ w² are multiplied by, a pair a place."""
        running, number = self._running, self._network.dtype.type
        l1 = self._scale * self._l1[running]
        decay = (self._scale if self.optimizer.coupled else self._eta) * self._decay[running]
        self._penalties = [(number(a), number(b)) for a, b in zip(l1.tolist(), decay.tolist(), strict=True)]

    def _cut(self) -> list[_Stretch]:
        """Stretches of the parameters that fit the cache. Replicates moved by the same numbers share theirs."""
        network = self._network
        blocks: list[tuple[int, int, bool]] = []  # where it ends, of which place, whether penalized
        end = 0
        for parts, weights in ((network.weights, True), (network.biases, False)):
            for part in parts:
                for place in range(len(part)):
                    end += part[place].size
                    blocks.append((end, 0 if self._together else place, weights and any(self._penalties[place])))
        stretches: list[_Stretch] = []
        start = 0
        for index, (end, place, penalized) in enumerate(blocks):
            if index + 1 < len(blocks) and blocks[index + 1][1:] == (place, penalized):
                continue
            stretches += [
                _Stretch(slice(begin, min(begin + _PIECE, end)), place, penalized)
                for begin in range(start, end, _PIECE)
            ]
            start = end
        return stretches

    def _pieces_beside(self, m: int, gradient: Array) -> list[Piece]:
        """The stretches beside the gradient that mini-batches of m fill."""
        parameters = self._network.parameters
        self._pieces[m] = [
            Piece(
                parameters[s.range],
                gradient[s.range],
                tuple(values[s.range] for values in self._working),
                self._room[: s.range.stop - s.range.start],
            )
            for s in self._stretches
        ]
        return self._pieces[m]

    def _numbers_of(self, place: int) -> tuple[float, ...]:
        r = self._places[place]
        eta, before = float(self._eta[place]), float(self._eta_before[place])
        return self.optimizer.numbers(r, eta, before, int(self._steps[r]) + max(self._since, 1))

    def _compute_numbers(self) -> None:
        """The optimizer's numbers for the coming step, of each place that has stretches of its own."""
        number = self._network.dtype.type
        shared = {stretch.replicate for stretch in self._stretches}
        self._numbers = {place: tuple(map(number, self._numbers_of(place))) for place in shared}

    def _clip(self, gradient: Array) -> None:
        """Scale each replicate's gradient to its limit where its norm is above it."""
        network = self._network
        alone = network.replicates == 1
        rows = gradient[None] if alone else network.by_replicate(gradient)
        for row, limit, scale in zip(rows, self._limits[self._running].tolist(), self._scale.tolist(), strict=True):
            if limit > 0:
                norm = float(np.sqrt(np.dot(row, row))) / scale
                if not norm + _PYTORCH <= limit:
                    row *= network.dtype.type(limit / (norm + _PYTORCH))
        if not alone:
            gradient[...] = network.in_order(rows)

    def _clean(self) -> None:
        for values in self._working:
            tiny = np.finfo(values.dtype).tiny * 1e8
            values[np.abs(values) < tiny] = 0

    def update_ratios(self) -> Array | None:
        """‖step‖/‖w‖ of each running replicate's layers, (R, layers), by the latest step; None where there is none."""
        network = self._network
        steps = self._steps[self._running] + self._since
        if not self._memory or not steps.all():
            return None
        memory = [network.by_replicate(working) for working in self._working]
        ratios = np.empty((network.replicates, len(network.weights)))
        for place in range(network.replicates):
            step = self.optimizer.step([rows[place] for rows in memory], self._numbers_of(place))
            start = 0
            for layer, w in enumerate(network.weights):
                stop = start + w[place].size
                size = float(np.linalg.norm(w[place].astype(np.float64)))
                moved = float(np.linalg.norm(step[start:stop].astype(np.float64)))
                ratios[place, layer] = moved / size if size > 0 else np.nan
                start = stop
        return ratios
