"""What a neuron does with z: the activation functions, their slopes, and where they saturate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "LEAK", "SIGMOID_BOUND", "TANH_BOUND", "Activation", "softmax"]

Array = NDArray[Any]

LEAK = 0.01
"""Slope of the leaky ReLU where z < 0."""

SIGMOID_BOUND = float(np.log(19.0))
"""|z| beyond which σ(z) is below 0.05 or above 0.95: 2.944."""

TANH_BOUND = SIGMOID_BOUND / 2
"""|z| beyond which |tanh z| > 0.9, the same place on the curve, since tanh(z) = 2σ(2z) − 1: 1.472."""


# Constants as arrays: numpy converts a Python number anew at every call, which takes as long again as the
# arithmetic on a mini-batch. They are exact in float32, and leave both float32 and float64 what they are.
_HALF = np.array(0.5, np.float32)
_ONE = np.array(1.0, np.float32)


@dataclass(frozen=True)
class Activation:
    """One activation function, as the passes through a network need it.

    ``apply(z)`` overwrites z with the activation a. ``slope(a, out)`` writes σ′(z) into ``out``, computed
    from a alone, so that z need not be kept. ``saturated(z)`` says where the neuron hardly reacts to z;
    ``saturation`` says the same in words, ``bound`` is the |z| beyond which it is so on both sides (None where it
    isn't). Arrays have any shape and are float32 or float64.

    ``symbol`` stands for it in drawings and chart titles, ``help`` is its share of the parameter's help, and
    ``libraries`` how other libraries write it (one that isn't named has no such neuron).
    """

    name: str
    apply: Callable[[Array], None]
    slope: Callable[[Array, Array], None]
    saturated: Callable[[Array], Array]
    saturation: str
    symbol: str
    libraries: Mapping[str, str]
    bound: float | None = None
    help: str = ""


def _sigmoid(z: Array) -> None:
    # σ(z) = (1 + tanh(z/2)) / 2 can't overflow, and numpy's tanh is vectorised.
    z *= _HALF
    np.tanh(z, out=z)
    z *= _HALF
    z += _HALF


def _sigmoid_slope(a: Array, out: Array) -> None:
    np.subtract(_ONE, a, out=out)
    out *= a


def _tanh(z: Array) -> None:
    np.tanh(z, out=z)


def _tanh_slope(a: Array, out: Array) -> None:
    np.multiply(a, a, out=out)
    np.subtract(_ONE, out, out=out)


def _relu(z: Array) -> None:
    np.maximum(z, 0.0, out=z)


def _relu_slope(a: Array, out: Array) -> None:
    np.greater(a, 0.0, out=out)


def _leaky_relu(z: Array) -> None:
    np.maximum(z, z * z.dtype.type(LEAK), out=z)


def _leaky_relu_slope(a: Array, out: Array) -> None:
    np.greater(a, 0.0, out=out)
    out *= 1.0 - LEAK
    out += LEAK


def _linear(z: Array) -> None:
    """z is its own activation."""


def _linear_slope(a: Array, out: Array) -> None:  # noqa: ARG001 (the slope doesn't depend on a)
    out.fill(1.0)


def _never(z: Array) -> Array:
    return np.zeros(z.shape, dtype=bool)


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation(
            "sigmoid",
            _sigmoid,
            _sigmoid_slope,
            lambda z: np.abs(z) > SIGMOID_BOUND,
            "|z| > 2.94, where σ(z) is below 0.05 or above 0.95",
            symbol="σ",
            libraries={"pytorch": "nn.Sigmoid()", "keras": '"sigmoid"', "sklearn": "logistic"},
            bound=SIGMOID_BOUND,
            help="A sigmoid or tanh saturates where |z| is large and then learns slowly.",
        ),
        Activation(
            "tanh",
            _tanh,
            _tanh_slope,
            lambda z: np.abs(z) > TANH_BOUND,
            "|z| > 1.47, where |tanh z| is above 0.9",
            symbol="tanh",
            libraries={"pytorch": "nn.Tanh()", "keras": '"tanh"', "sklearn": "tanh"},
            bound=TANH_BOUND,
        ),
        Activation(
            "relu",
            _relu,
            _relu_slope,
            lambda z: z <= 0.0,
            "z ≤ 0, where the ReLU is off",
            symbol="ReLU",
            libraries={"pytorch": "nn.ReLU()", "keras": '"relu"', "sklearn": "relu"},
            help="A ReLU that is off for every example never learns again.",
        ),
        Activation(
            "leaky-relu",
            _leaky_relu,
            _leaky_relu_slope,
            _never,
            "a leaky ReLU doesn't saturate",
            symbol="LReLU",
            libraries={
                "pytorch": f"nn.LeakyReLU({LEAK})",
                "keras": f"lambda z: keras.ops.leaky_relu(z, negative_slope={LEAK})",
            },
        ),
        Activation(
            "linear",
            _linear,
            _linear_slope,
            _never,
            "a linear unit doesn't saturate",
            symbol="lin",
            libraries={"pytorch": "nn.Identity()", "keras": "None", "sklearn": "identity"},
        ),
    )
}
"""Every activation by the name that presets use: forms, help, schema, scripts and charts come from its entry."""


def softmax(z: Array) -> None:
    """Overwrite z, (…, outputs), with e^z / Σ e^z over the last axis, shifted so that it can't overflow."""
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
