"""How a gradient moves the parameters: plain steps, momentum, Nesterov's momentum, Adam.

The definitions are PyTorch's (`SGD`, `AdamW`). g is the mean gradient over a mini-batch, λ/n · w included except for
Adam, which lets the weights decay beside its own step (Loshchilov & Hutter 2019):

    momentum    v ← μ v + g                             w ← w − η v
    Nesterov    v ← μ v + g                             w ← w − η (g + μ v)
    Adam        u ← β₁ u + (1 − β₁) g                   w ← (1 − ηλ/n) w − η û / (√ŝ + ε)
                s ← β₂ s + (1 − β₂) g²                  û = u / (1 − β₁ᵗ), ŝ = s / (1 − β₂ᵗ) after t steps

Keras and scikit-learn keep η inside v, which differs once η changes, and add ε before √ŝ is corrected.

A pass over the parameters takes as long as much of the rest of a step. So the gradient comes multiplied by ``scale``,
for which backpropagation needs no pass, and what is remembered is kept in units that save one: ηv, and s (1 − β₁)² / (1
− β₂). All of it is in arrays of the parameters' size, which go into checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["OPTIMIZERS", "Adam", "Momentum", "Nesterov", "Optimizer", "Piece", "Sgd"]

Array = NDArray[Any]

OPTIMIZERS: dict[str, str] = {
    "sgd": "sgd steps down the slope by η, with momentum where that is set.",
    "adam": "adam gives each weight a step of its own, about η whatever the gradient's size; try η = 0.001 first.",
}
"""Every optimizer by the name that presets use, and its share of the parameter's help."""


@dataclass
class Piece:
    """A stretch of one network's parameters that fits the cache, or of several that are moved by the same numbers.

    ``memory`` are the optimizer's arrays there, ``room`` is working memory. All are views, of one dtype.
    """

    parameters: Array
    gradient: Array
    memory: tuple[Array, ...]
    room: Array


class Optimizer(Protocol):
    """Moves the parameters of R networks, replicate r by its own numbers.

    ``memory`` names the arrays it keeps, each of the parameters' size. ``coupled`` says whether λ/n · w is part of
    its gradient, or shrinks the weights beside its step; ``changing`` whether its numbers change from step to step.
    """

    memory: tuple[str, ...]
    coupled: bool
    changing: bool

    def scale(self, r: int, eta: float) -> float:
        """What the gradient of replicate r comes multiplied by."""

    def numbers(self, r: int, eta: float, eta_before: float, steps: int) -> tuple[float, ...]:
        """What :meth:`move` needs for replicate r's ``steps``-th step; ``eta_before`` was that of the one before."""

    def move(self, piece: Piece, numbers: Sequence[Any]) -> None:
        """Move a stretch of parameters; ``numbers`` are of its dtype. The gradient may be overwritten."""

    def step(self, memory: Sequence[Array], numbers: Sequence[float]) -> Array:
        """The latest step, from what is remembered."""


class Sgd:
    """Plain steps: w ← w − η g."""

    memory: tuple[str, ...] = ()
    coupled = True
    changing = False

    def scale(self, r: int, eta: float) -> float:  # noqa: ARG002 (the same for all)
        """η."""
        return eta

    def numbers(self, r: int, eta: float, eta_before: float, steps: int) -> tuple[float, ...]:  # noqa: ARG002
        """It has none."""
        return ()

    def move(self, piece: Piece, numbers: Sequence[Any]) -> None:  # noqa: ARG002
        """Subtract ηg."""
        piece.parameters -= piece.gradient

    def step(self, memory: Sequence[Array], numbers: Sequence[float]) -> Array:
        """It remembers nothing."""
        raise NotImplementedError


class Momentum:
    """Steps along a velocity v, which gathers gradients and forgets them by μ a step.

    Args:
        momentum: μ of each replicate, from 0 to below 1.
    """

    memory: tuple[str, ...] = ("velocity",)
    coupled = True
    changing = False

    def __init__(self, momentum: Sequence[float]) -> None:
        self.momentum = [float(one) for one in momentum]

    def scale(self, r: int, eta: float) -> float:  # noqa: ARG002 (the same for all)
        """η."""
        return eta

    def numbers(self, r: int, eta: float, eta_before: float, steps: int) -> tuple[float, ...]:  # noqa: ARG002
        """What ηv is multiplied by to be μv at the present η, and μ."""
        momentum = self.momentum[r]
        return (momentum if eta == eta_before else momentum * (eta / eta_before)), momentum

    def move(self, piece: Piece, numbers: Sequence[Any]) -> None:
        """Gather ηg in ηv, and subtract it."""
        (velocity,) = piece.memory
        velocity *= numbers[0]
        velocity += piece.gradient
        piece.parameters -= velocity

    def step(self, memory: Sequence[Array], numbers: Sequence[float]) -> Array:  # noqa: ARG002
        """ηv."""
        return memory[0]


class Nesterov(Momentum):
    """Momentum that steps along the velocity as it will be: g + μ v."""

    def move(self, piece: Piece, numbers: Sequence[Any]) -> None:
        """Gather ηg in ηv, and subtract η (g + μ v)."""
        (velocity,), room = piece.memory, piece.room
        velocity *= numbers[0]
        velocity += piece.gradient
        np.multiply(velocity, numbers[1], out=room)
        room += piece.gradient
        piece.parameters -= room


class Adam:
    """Steps of about η in every direction: the gradient's mean over its root mean square, both running and corrected.

    Args:
        beta1, beta2: what the mean and the mean square keep of themselves at a step, of each replicate.
        epsilon: added to the root, of each replicate.
    """

    memory: tuple[str, ...] = ("mean", "mean_square")
    coupled = False
    changing = True

    def __init__(self, beta1: Sequence[float], beta2: Sequence[float], epsilon: Sequence[float]) -> None:
        self._replicates = [tuple(map(float, numbers)) for numbers in zip(beta1, beta2, epsilon, strict=True)]

    def scale(self, r: int, eta: float) -> float:  # noqa: ARG002
        """1 − β₁."""
        return 1 - self._replicates[r][0]

    def numbers(self, r: int, eta: float, eta_before: float, steps: int) -> tuple[float, ...]:  # noqa: ARG002
        """β₁, β₂, what the quotient is multiplied by, and what is added to its denominator."""
        beta1, beta2, epsilon = self._replicates[r]
        unit = math.sqrt(1 - beta2) / (1 - beta1)  # the root of the mean square is kept as so many of these
        correction = math.sqrt(1 - beta2**steps) / unit
        return beta1, beta2, eta * correction / (1 - beta1**steps), epsilon * correction

    def move(self, piece: Piece, numbers: Sequence[Any]) -> None:
        """Gather g and g², and subtract η û / (√ŝ + ε)."""
        (mean, square), gradient, room = piece.memory, piece.gradient, piece.room
        beta1, beta2, size, epsilon = numbers
        mean *= beta1
        mean += gradient
        gradient *= gradient
        square *= beta2
        square += gradient
        np.sqrt(square, out=room)
        room += epsilon
        np.divide(mean, room, out=room)
        room *= size
        piece.parameters -= room

    def step(self, memory: Sequence[Array], numbers: Sequence[float]) -> Array:
        """η û / (√ŝ + ε)."""
        return np.asarray(memory[0] * numbers[2] / (np.sqrt(memory[1]) + numbers[3]))
