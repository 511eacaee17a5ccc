"""Every way of drawing first weights and biases: a function of (generator, fan-in, fan-out) each.

Most are ``variance_scaling`` of a fan, a scale and a distribution, as in JAX and Keras. Numbers are drawn in
float64 whatever the network's dtype, and from a stream of their own per seed, layer and purpose. So two
schemes with one seed are the same draws on different scales: what differs is the scheme, not luck.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from tunelab.network import Network

__all__ = ["BIASES", "TRUNCATED_STD", "WEIGHTS", "Initialization", "Scheme", "initial_network", "stream"]

Array = NDArray[Any]
Draw = Callable[[Generator, int, int], Array]

TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of N(0, 1) cut off at ±2: divide by it, and what is drawn has the σ asked for."""


@dataclass(frozen=True)
class Scheme:
    """How a layer's first weights are drawn.

    ``draw(rng, fan_in, fan_out)`` gives (fan_in, fan_out) float64; ``std(fan_in, fan_out)`` is the standard
    deviation of one weight; ``text`` says it in a formula.
    """

    draw: Draw
    std: Callable[[int, int], float]
    text: str


def truncated_normal(rng: Generator, shape: tuple[int, ...]) -> Array:
    """N(0, 1), every number beyond ±2 drawn again: standard deviation ``TRUNCATED_STD``."""
    drawn = rng.standard_normal(shape)
    while (outside := np.abs(drawn) > 2.0).any():
        drawn[outside] = rng.standard_normal(int(outside.sum()))
    return drawn


def variance_scaling(
    scale: float,
    fan: Literal["in", "average", "one"],
    distribution: Literal["normal", "truncated", "uniform"],
) -> Scheme:
    """Weights of mean 0 and variance scale/fan.

    ``fan`` 'in' is fan_in (LeCun, He), 'average' is (fan_in + fan_out)/2 (Glorot), 'one' is 1 (the standard
    normal). 'uniform' draws from ±√3 σ; 'truncated' is corrected so that what is left has σ.
    """

    def std(fan_in: int, fan_out: int) -> float:
        size = {"in": fan_in, "average": (fan_in + fan_out) / 2, "one": 1}[fan]
        return float(np.sqrt(scale / size))

    def draw(rng: Generator, fan_in: int, fan_out: int) -> Array:
        sigma, shape = std(fan_in, fan_out), (fan_in, fan_out)
        if distribution == "normal":
            return sigma * rng.standard_normal(shape)
        if distribution == "truncated":
            return sigma / TRUNCATED_STD * truncated_normal(rng, shape)
        limit = np.sqrt(3.0) * sigma
        return rng.uniform(-limit, limit, shape)

    over = {"in": "√({}/fan_in)", "average": "√({}/(fan_in + fan_out))", "one": "{}"}[fan]
    number = 2 * scale if fan == "average" else scale
    sigma_text = f"σ = {over.format(f'{number:g}')}"
    text = {
        "normal": f"normal, {sigma_text}",
        "truncated": f"normal, {sigma_text}, redrawn beyond ±2σ and corrected",
        "uniform": f"uniform, {sigma_text}",
    }[distribution]
    return Scheme(draw, std, text)


def _orthogonal(rng: Generator, fan_in: int, fan_out: int) -> Array:
    """Orthonormal columns (or rows): QR of a Gaussian matrix, signs fixed by R's diagonal."""
    tall = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return q if fan_in >= fan_out else q.T


def _nothing(rng: Generator, fan_in: int, fan_out: int) -> Array:  # noqa: ARG001
    return np.zeros((fan_in, fan_out))


def _ones(rng: Generator, fan_in: int, fan_out: int) -> Array:  # noqa: ARG001
    return np.ones((fan_in, fan_out))


WEIGHTS: dict[str, Scheme] = {
    "standard": variance_scaling(1, "one", "normal"),
    "scaled": variance_scaling(1, "in", "normal"),
    "truncated": variance_scaling(1, "in", "truncated"),
    "lecun-uniform": variance_scaling(1, "in", "uniform"),
    "glorot-normal": variance_scaling(1, "average", "normal"),
    "glorot-uniform": variance_scaling(1, "average", "uniform"),
    "he-normal": variance_scaling(2, "in", "normal"),
    "he-truncated": variance_scaling(2, "in", "truncated"),
    "he-uniform": variance_scaling(2, "in", "uniform"),
    "orthogonal": Scheme(
        _orthogonal,
        lambda fan_in, fan_out: float(1 / np.sqrt(max(fan_in, fan_out))),
        "orthogonal: QR of a Gaussian matrix",
    ),
    "constant": Scheme(_ones, lambda fan_in, fan_out: 1.0, "every weight the same"),
    "zeros": Scheme(_nothing, lambda fan_in, fan_out: 0.0, "every weight 0"),
}
"""Every scheme for weights by the name that presets use. Sources: LeCun et al. 1998, Glorot & Bengio 2010,
He et al. 2015, Saxe et al. 2014."""

BIASES: dict[str, Scheme] = {"standard": WEIGHTS["standard"], "zeros": WEIGHTS["zeros"]}
"""Every scheme for biases: N(0, 1), as the lecture begins, or zeros."""


@dataclass(frozen=True)
class Initialization:
    """Where a network begins: its sizes and the schemes that its parameters follow.

    ``sizes`` are neurons a layer, inputs first: (784, 30, 10). Every drawn weight is
    multiplied by ``gain`` (for 'constant', gain is the weight).
    """

    sizes: tuple[int, ...]
    weights: str = "scaled"
    biases: str = "standard"
    gain: float = 1.0

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(fan_in, fan_out) of every layer."""
        return list(zip(self.sizes[:-1], self.sizes[1:], strict=True))

    def stds(self, layer: int) -> tuple[float, float]:
        """Standard deviations of one weight and of one bias of a layer, counted from 0."""
        fan_in, fan_out = self.pairs[layer]
        return self.gain * WEIGHTS[self.weights].std(fan_in, fan_out), BIASES[self.biases].std(1, fan_out)

    def draw_weights(self, layer: int, rng: Generator) -> Array:
        """(fan_in, fan_out) float64."""
        return self.gain * WEIGHTS[self.weights].draw(rng, *self.pairs[layer])

    def draw_biases(self, layer: int, rng: Generator) -> Array:
        """(1, fan_out) float64."""
        return BIASES[self.biases].draw(rng, 1, self.sizes[layer + 1])


def stream(seed: int, purpose: str, layer: int) -> Generator:
    """The generator that a layer's 'weights' or 'biases' are drawn from, for one seed."""
    return np.random.default_rng([seed, ("weights", "biases").index(purpose), layer])


def initial_network(
    initialization: Initialization,
    seeds: Sequence[int],
    *,
    dtype: np.dtype[Any] | type = np.float32,
    activation: str = "sigmoid",
    output: str = "sigmoid",
    cost: str = "cross-entropy",
) -> Network:
    """R = len(seeds) networks with freshly drawn parameters, replicate r from seeds[r] alone."""

    def stacked(draw: Callable[[int, Generator], Array], purpose: str) -> list[Array]:
        return [
            np.stack([draw(layer, stream(seed, purpose, layer)) for seed in seeds]).astype(dtype)
            for layer in range(len(initialization.pairs))
        ]

    weights = stacked(initialization.draw_weights, "weights")
    biases = stacked(initialization.draw_biases, "biases")
    return Network(weights, biases, activation=activation, output=output, cost=cost)
