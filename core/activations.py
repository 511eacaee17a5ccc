"""What a neuron does with z: the activation functions, their slopes, and where they saturate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "LEAK", "SELU_ALPHA", "SELU_SCALE", "SIGMOID_BOUND", "TANH_BOUND", "Activation", "softmax"]

Array = NDArray[Any]

LEAK = 0.01
"""Slope of the leaky ReLU where z < 0."""

SIGMOID_BOUND = float(np.log(19.0))
"""|z| beyond which σ(z) is below 0.05 or above 0.95: 2.944."""

TANH_BOUND = SIGMOID_BOUND / 2
"""|z| beyond which |tanh z| > 0.9, the same place on the curve, since tanh(z) = 2σ(2z) − 1: 1.472."""

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""With these z keeps mean 0 and variance 1 from layer to layer (Klambauer et al. 2017)."""

_EXPONENTIAL_BOUND = float(np.log(20.0))  # −z beyond which e^z < 0.05
_GELU_BOUND, _SILU_BOUND = 2.6, 4.9  # −z beyond which the slope stays within ±0.03, after its dip below 0


# Constants as arrays: numpy converts a Python number anew at every call, which takes as long again as the
# arithmetic on a mini-batch. They are exact in float32, and leave both float32 and float64 what they are.
_HALF = np.array(0.5, np.float32)
_ONE = np.array(1.0, np.float32)


@dataclass(frozen=True)
class Activation:
    """One activation function, as the passes through a network need it.

    ``apply(z)`` overwrites z with the activation a. ``slope(a, out)`` writes σ′(z) into ``out``, computed
    from a alone, so that z need not be kept; where two z have one a it is None, and ``apply_with_slope(z, out)`` does
    both. :meth:`forward` does so for every activation. ``saturated(z)`` says where the neuron hardly reacts to z;
    ``saturation`` says the same in words, ``bound`` is the |z| beyond which it is so on both sides (None where it
    isn't). Arrays have any shape and are float32 or float64.

    ``symbol`` stands for it in drawings and chart titles, ``help`` is its share of the parameter's help, and
    ``libraries`` how other libraries write it (one that isn't named has no such neuron).
    """

    name: str
    apply: Callable[[Array], None]
    slope: Callable[[Array, Array], None] | None
    saturated: Callable[[Array], Array]
    saturation: str
    symbol: str
    libraries: Mapping[str, str]
    bound: float | None = None
    help: str = ""
    apply_with_slope: Callable[[Array, Array], None] | None = None

    def forward(self, z: Array, slope: Array) -> None:
        """Overwrite z with the activation a, and write σ′(z) into ``slope``."""
        if self.slope is not None:
            self.apply(z)
            self.slope(z, slope)
        elif self.apply_with_slope is not None:
            self.apply_with_slope(z, slope)


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


def _elu(z: Array) -> None:
    below = np.expm1(np.minimum(z, 0.0))
    np.maximum(z, 0.0, out=z)
    z += below


def _elu_slope(a: Array, out: Array) -> None:
    """1 above 0, and e^z = a + 1 below."""
    np.minimum(a, 0.0, out=out)
    out += _ONE


def _selu(z: Array) -> None:
    below = np.expm1(np.minimum(z, 0.0))
    below *= SELU_ALPHA * SELU_SCALE
    np.maximum(z, 0.0, out=z)
    z *= SELU_SCALE
    z += below


def _selu_slope(a: Array, out: Array) -> None:
    """s above 0, and s α e^z = a + s α below."""
    np.minimum(a, 0.0, out=out)
    out += SELU_ALPHA * SELU_SCALE
    out[a > 0] = SELU_SCALE


def _softplus(z: Array) -> None:
    """ln(1 + e^z), which can't overflow in this form."""
    beyond = np.log1p(np.exp(-np.abs(z)))
    np.maximum(z, 0.0, out=z)
    z += beyond


def _softplus_slope(a: Array, out: Array) -> None:
    """σ(z) = 1 − e^−a."""
    np.negative(a, out=out)
    np.expm1(out, out=out)
    np.negative(out, out=out)


def _silu_with_slope(z: Array, slope: Array) -> None:
    """z σ(z), of slope σ(z) (1 + z (1 − σ(z)))."""
    sigma = z.copy()
    _sigmoid(sigma)
    np.subtract(_ONE, sigma, out=slope)
    slope *= z
    slope += _ONE
    slope *= sigma
    z *= sigma


def _silu(z: Array) -> None:
    sigma = z.copy()
    _sigmoid(sigma)
    z *= sigma


_FARTHEST = 26.0  # |z|/√2 beyond which the normal distribution has nothing left that a float64 holds


@cache
def _normal_tail_series() -> Array:
    """Chebyshev coefficients of ln(erfc(x) e^(x²) / t) over t = 2/(2 + x), which is nearly a straight line there."""
    lowest = 2 / (2 + _FARTHEST)

    def smooth(scaled: Any) -> Any:
        t = lowest + (scaled + 1) * (1 - lowest) / 2
        x = 2 / t - 2
        return np.array([math.log(math.erfc(one)) + one**2 for one in x]) - np.log(t)

    return np.asarray(np.polynomial.chebyshev.chebinterpolate(smooth, 24))


def _normal_distribution(z: Array) -> Array:
    """Φ(z), the normal distribution function, to the dtype's rounding: numpy has no erf."""
    x = np.minimum(np.abs(z) * math.sqrt(0.5), _FARTHEST)
    t = 2 / (2 + x)
    lowest = 2 / (2 + _FARTHEST)
    series = _normal_tail_series()[: 25 if z.dtype.itemsize == 8 else 10]
    tail = 0.5 * t * np.exp(np.polynomial.chebyshev.chebval((t - lowest) * (2 / (1 - lowest)) - 1, series) - x * x)
    tail = np.where(x < _FARTHEST, tail, x * 0)  # a NaN stays one
    return np.where(z < 0, tail, 1 - tail).astype(z.dtype, copy=False)


def _gelu_with_slope(z: Array, slope: Array) -> None:
    """z Φ(z), of slope Φ(z) + z φ(z) with the normal density φ."""
    phi = _normal_distribution(z)
    np.multiply(z, z, out=slope)
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= z
    slope *= 1 / math.sqrt(2 * math.pi)
    slope += phi
    z *= phi


def _gelu(z: Array) -> None:
    z *= _normal_distribution(z)


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
            "elu",
            _elu,
            _elu_slope,
            lambda z: z < -_EXPONENTIAL_BOUND,
            "z < −3.0, where the ELU's slope e^z is below 0.05",
            symbol="ELU",
            libraries={"pytorch": "nn.ELU()", "keras": '"elu"'},
            help="An elu is a ReLU whose negative side bends to −1.",
        ),
        Activation(
            "selu",
            _selu,
            _selu_slope,
            lambda z: z < -_EXPONENTIAL_BOUND,
            "z < −3.0, where the SELU's slope has fallen to a twentieth",
            symbol="SELU",
            libraries={"pytorch": "nn.SELU()", "keras": '"selu"'},
            help="A selu keeps z near mean 0 and variance 1 by itself, if weights begin as N(0, 1/fan-in): scaled.",
        ),
        Activation(
            "gelu",
            _gelu,
            None,
            lambda z: z < -_GELU_BOUND,
            "z < −2.6, where the GELU is as good as off",
            symbol="GELU",
            libraries={"pytorch": "nn.GELU()", "keras": '"gelu"'},
            help="gelu (z Φ(z)) and silu (z σ(z)) are smooth ReLUs.",
            apply_with_slope=_gelu_with_slope,
        ),
        Activation(
            "silu",
            _silu,
            None,
            lambda z: z < -_SILU_BOUND,
            "z < −4.9, where the SiLU is as good as off",
            symbol="SiLU",
            libraries={"pytorch": "nn.SiLU()", "keras": '"silu"'},
            apply_with_slope=_silu_with_slope,
        ),
        Activation(
            "softplus",
            _softplus,
            _softplus_slope,
            lambda z: z < -SIGMOID_BOUND,
            "z < −2.94, where the softplus' slope σ(z) is below 0.05",
            symbol="softplus",
            libraries={"pytorch": "nn.Softplus()", "keras": '"softplus"'},
            help="softplus is ln(1 + e^z), never 0.",
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
