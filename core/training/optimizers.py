"""How a gradient moves the parameters: plain steps, momentum, Nesterov's momentum, Adam.

The definitions are PyTorch's (`SGD`, `AdamW`). g is the mean gradient over a mini-batch, λ/n · w included except for
Adam, which lets the weights decay beside its own step (Loshchilov & Hutter 2019):

    momentum    v ← μ v + g                             w ← w − η v
    Nesterov    v ← μ v + g                             w ← w − η (g + μ v)
    Adam        u ← β₁ u + (1 − β₁) g                   w ← (1 − ηλ/n) w − η û / (√ŝ + ε)
                s ← β₂ s + (1 − β₂) g²                  û = u / (1 − β₁ᵗ), ŝ = s / (1 − β₂ᵗ) after t steps

Keras and scikit-learn keep η inside v, which differs once η changes, and add ε before √ŝ is corrected.
Everything remembered is in ``memory``, arrays of the parameters' size: it goes into checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["OPTIMIZERS", "Adam", "Momentum", "Nesterov", "Numbers", "Optimizer", "Piece", "Sgd"]

Array = NDArray[Any]
Number = Any
"""A number of the parameters' dtype; where networks differ, an array as long as the parameters it is for."""
Numbers = Mapping[str, Number]

OPTIMIZERS: dict[str, str] = {
    "sgd": "sgd steps down the slope by η, with momentum where that is set.",
    "adam": "adam gives each weight a step of its own, about η whatever the gradient's size; try η = 0.001 first.",
}
"""Every optimizer by the name that presets use, and its share of the parameter's help."""


@dataclass
class Piece:
    """A stretch of all networks' parameters that fits the cache: views of one place in several arrays.

    ``memory`` are the optimizer's arrays there, ``room`` is working memory.
    """

    parameters: Array
    gradient: Array
    memory: dict[str, Array]
    room: Array


class Optimizer(Protocol):
    """Moves the parameters of R networks, replicate r by its own numbers.

    ``memory`` names the arrays it keeps, each of the parameters' size. ``coupled`` says whether λ/n · w is part of
    its gradient, or shrinks the weights beside its step; ``changing`` whether its numbers change from step to step.
    """

    memory: tuple[str, ...]
    coupled: bool
    changing: bool

    def numbers(self, which: Any, steps: Any) -> Numbers:
        """The numbers that replicates are moved by at their ``steps``-th step: arrays, or scalars for one replicate."""

    def move(self, piece: Piece, eta: Number, numbers: Numbers) -> None:
        """Move a stretch of parameters."""

    def step(self, memory: Mapping[str, Array], numbers: Numbers) -> Array:
        """The latest step divided by η, from what is remembered."""


class Sgd:
    """Plain steps: w ← w − η g."""

    memory: tuple[str, ...] = ()
    coupled = True
    changing = False

    def numbers(self, which: Any, steps: Any) -> Numbers:  # noqa: ARG002 (it has none)
        """It has none."""
        return {}

    def move(self, piece: Piece, eta: Number, numbers: Numbers) -> None:  # noqa: ARG002
        """Subtract η g."""
        np.multiply(piece.gradient, eta, out=piece.room)
        piece.parameters -= piece.room

    def step(self, memory: Mapping[str, Array], numbers: Numbers) -> Array:
        """It remembers nothing."""
        raise NotImplementedError


class Momentum:
    """Steps along a velocity v, which gathers gradients and forgets them by μ a step.

    Args:
        momentum: μ of each replicate, (R,), from 0 to below 1.
    """

    memory: tuple[str, ...] = ("velocity",)
    coupled = True
    changing = False

    def __init__(self, momentum: Sequence[float]) -> None:
        self.momentum = np.array(momentum, np.float64)

    def numbers(self, which: Any, steps: Any) -> Numbers:  # noqa: ARG002 (the same at every step)
        """μ."""
        return {"momentum": self.momentum[which]}

    def move(self, piece: Piece, eta: Number, numbers: Numbers) -> None:
        """Gather g in v, and subtract η v."""
        velocity = piece.memory["velocity"]
        velocity *= numbers["momentum"]
        velocity += piece.gradient
        np.multiply(velocity, eta, out=piece.room)
        piece.parameters -= piece.room

    def step(self, memory: Mapping[str, Array], numbers: Numbers) -> Array:  # noqa: ARG002
        """v."""
        return memory["velocity"]


class Nesterov(Momentum):
    """Momentum that steps along the velocity as it will be: g + μ v."""

    def move(self, piece: Piece, eta: Number, numbers: Numbers) -> None:
        """Gather g in v, and subtract η (g + μ v)."""
        velocity, room = piece.memory["velocity"], piece.room
        velocity *= numbers["momentum"]
        velocity += piece.gradient
        np.multiply(velocity, numbers["momentum"], out=room)
        room += piece.gradient
        room *= eta
        piece.parameters -= room


class Adam:
    """Steps of about η in every direction: the gradient's mean over its root mean square, both running and corrected.

    Args:
        beta1, beta2: what the mean and the mean square keep of themselves at a step, (R,) each, from 0 to below 1.
        epsilon: added to the root, (R,), > 0.
    """

    memory: tuple[str, ...] = ("mean", "mean_square")
    coupled = False
    changing = True

    def __init__(self, beta1: Sequence[float], beta2: Sequence[float], epsilon: Sequence[float]) -> None:
        self.beta1, self.beta2, self.epsilon = (np.array(one, np.float64) for one in (beta1, beta2, epsilon))

    def numbers(self, which: Any, steps: Any) -> Numbers:
        """β₁, 1 − β₁, β₂, √(1 − β₂), and by what the step and ε are corrected for how few steps there were."""
        beta1, beta2 = self.beta1[which], self.beta2[which]
        root = np.sqrt(1 - beta2**steps)
        return {
            "beta1": beta1,
            "rest1": 1 - beta1,
            "beta2": beta2,
            "rest2": np.sqrt(1 - beta2),
            "size": root / (1 - beta1**steps),
            "epsilon": self.epsilon[which] * root,
        }

    def move(self, piece: Piece, eta: Number, numbers: Numbers) -> None:
        """Gather g and g², and subtract η û / (√ŝ + ε)."""
        mean, mean_square, room = piece.memory["mean"], piece.memory["mean_square"], piece.room
        gradient = piece.gradient
        mean *= numbers["beta1"]
        np.multiply(gradient, numbers["rest1"], out=room)
        mean += room
        gradient *= numbers["rest2"]
        gradient *= gradient
        mean_square *= numbers["beta2"]
        mean_square += gradient
        np.sqrt(mean_square, out=room)
        room += numbers["epsilon"]
        np.divide(mean, room, out=room)
        room *= numbers["size"]
        room *= eta
        piece.parameters -= room

    def step(self, memory: Mapping[str, Array], numbers: Numbers) -> Array:
        """û / (√ŝ + ε)."""
        return np.asarray(memory["mean"] * numbers["size"] / (np.sqrt(memory["mean_square"]) + numbers["epsilon"]))
