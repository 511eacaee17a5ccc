"""Every way of drawing first weights and biases: a function of (generator, fan-in, fan-out) each.

Most are ``variance_scaling`` of a fan, a scale and a distribution, as in JAX and Keras. Numbers are drawn in
float64 whatever the network's dtype, and from a stream of their own per seed, layer and purpose. So two
schemes with one seed are the same draws on different scales: what differs is the scheme, not luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from tunelab.network import Network

__all__ = [
    "BIASES",
    "TRUNCATED_STD",
    "WEIGHTS",
    "Initialization",
    "Scheme",
    "initial_network",
    "scale_by_data",
    "stream",
]

Array = NDArray[Any]
Draw = Callable[[Generator, int, int], Array]

TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of N(0, 1) cut off at ±2: divide by it, and what is drawn has the σ asked for."""


@dataclass(frozen=True)
class Scheme:
    """How a layer's first weights are drawn.

    ``draw(rng, fan_in, fan_out)`` gives (fan_in, fan_out) float64; ``std(fan_in, fan_out)`` is the standard
    deviation of one weight; ``text`` says it in a formula. ``code`` are lines of Python that draw the same numbers
    from ``rng``, ``fan_in`` and ``fan_out`` into ``weights``, with numpy alone; ``libraries`` is what other libraries
    call such a draw; ``help`` is its share of the parameter's help. ``by_data`` schemes are scaled afterwards, so that
    the data give each layer's weighted input the standard deviation 1 (:func:`scale_by_data`).
    """

    draw: Draw
    std: Callable[[int, int], float]
    text: str
    code: str
    libraries: Mapping[str, str]
    help: str = ""
    by_data: bool = False


def truncated_normal(rng: Generator, shape: tuple[int, ...]) -> Array:
    """N(0, 1), every number beyond ±2 drawn again: standard deviation ``TRUNCATED_STD``."""
    drawn = rng.standard_normal(shape)
    while (outside := np.abs(drawn) > 2.0).any():
        drawn[outside] = rng.standard_normal(int(outside.sum()))
    return drawn


_CODE = {
    "normal": "weights = {sigma} * rng.standard_normal((fan_in, fan_out))",
    "truncated": f"""\
weights = rng.standard_normal((fan_in, fan_out))
while (far := np.abs(weights) > 2).any():
    weights[far] = rng.standard_normal(int(far.sum()))
# What is left of N(0, 1) between -2 and 2 has this standard deviation
weights *= {{sigma}} / {TRUNCATED_STD!r}""",
    "uniform": """\
limit = np.sqrt(3) * {sigma}
weights = rng.uniform(-limit, limit, (fan_in, fan_out))""",
}


def variance_scaling(
    scale: float,
    fan: Literal["in", "average", "one"],
    distribution: Literal["normal", "truncated", "uniform"],
    *,
    pytorch: str,
    keras: str,
    help: str = "",
) -> Scheme:
    """Weights of mean 0 and variance scale/fan.

    ``fan`` 'in' is fan_in (LeCun, He), 'average' is (fan_in + fan_out)/2 (Glorot), 'one' is 1 (the standard
    normal). 'uniform' draws from ±√3 σ; 'truncated' is corrected so that what is left has σ. ``pytorch`` and
    ``keras`` are what those libraries call it.
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

    number = f"{2 * scale if fan == 'average' else scale:g}"
    over = {"in": "fan_in", "average": "(fan_in + fan_out)", "one": ""}[fan]
    sigma_text = f"σ = √({number}/{over})" if over else f"σ = {number}"
    text = {
        "normal": f"normal, {sigma_text}",
        "truncated": f"normal, {sigma_text}, redrawn beyond ±2σ and corrected",
        "uniform": f"uniform, {sigma_text}",
    }[distribution]
    code = _CODE[distribution].format(sigma=f"np.sqrt({number} / {over})" if over else f"{scale:.1f}")
    return Scheme(draw, std, text, code, {"pytorch": pytorch, "keras": keras}, help)


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
    "standard": variance_scaling(
        1,
        "one",
        "normal",
        pytorch="nn.init.normal_(w)",
        keras="RandomNormal(stddev=1.0)",
        help="standard is N(0, 1): with many inputs z is large and neurons start saturated.",
    ),
    "scaled": variance_scaling(
        1,
        "in",
        "normal",
        pytorch="nn.init.normal_(w, std=fan_in**-0.5)",
        keras='VarianceScaling(1.0, "fan_in", "untruncated_normal")',
        help="scaled is N(0, 1/fan-in): z stays near 1.",
    ),
    "truncated": variance_scaling(
        1,
        "in",
        "truncated",
        pytorch="nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s) with s = fan_in**-0.5 / 0.8796",
        keras='VarianceScaling(1.0, "fan_in", "truncated_normal")',
        help="truncated is scaled without the far tails.",
    ),
    "lecun-uniform": variance_scaling(
        1,
        "in",
        "uniform",
        pytorch='nn.init.kaiming_uniform_(w, nonlinearity="linear")',
        keras="LecunUniform()",
    ),
    "glorot-normal": variance_scaling(
        1,
        "average",
        "normal",
        pytorch="nn.init.xavier_normal_(w)",
        keras='VarianceScaling(1.0, "fan_avg", "untruncated_normal")  (GlorotNormal truncates)',
        help="glorot-… suit tanh.",
    ),
    "glorot-uniform": variance_scaling(
        1, "average", "uniform", pytorch="nn.init.xavier_uniform_(w)", keras="GlorotUniform()"
    ),
    "he-normal": variance_scaling(
        2,
        "in",
        "normal",
        pytorch='nn.init.kaiming_normal_(w, nonlinearity="relu")',
        keras='VarianceScaling(2.0, "fan_in", "untruncated_normal")  (HeNormal truncates)',
        help="he-… suit ReLUs.",
    ),
    "he-truncated": variance_scaling(
        2,
        "in",
        "truncated",
        pytorch="nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s) with s = (2 / fan_in)**0.5 / 0.8796",
        keras="HeNormal()",
    ),
    "he-uniform": variance_scaling(
        2,
        "in",
        "uniform",
        pytorch='nn.init.kaiming_uniform_(w, nonlinearity="relu")',
        keras="HeUniform()",
    ),
    "orthogonal": Scheme(
        _orthogonal,
        lambda fan_in, fan_out: float(1 / np.sqrt(max(fan_in, fan_out))),
        "orthogonal: QR of a Gaussian matrix",
        """\
q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
q = q * np.sign(np.diag(r))
weights = q if fan_in >= fan_out else q.T""",
        {"pytorch": "nn.init.orthogonal_(w)", "keras": "Orthogonal()"},
    ),
    "lsuv": Scheme(
        _orthogonal,
        lambda fan_in, fan_out: float(1 / np.sqrt(max(fan_in, fan_out))),
        "orthogonal, then scaled until z has σ = 1 on the data",
        "",
        {},
        help="lsuv looks at the data: layer by layer it scales orthogonal weights until z has standard deviation 1.",
        by_data=True,
    ),
    "constant": Scheme(
        _ones,
        lambda fan_in, fan_out: 1.0,
        "every weight the same",
        "weights = np.ones((fan_in, fan_out))",
        {"pytorch": "nn.init.constant_(w, 1.0)", "keras": "Ones()"},
    ),
    "zeros": Scheme(
        _nothing,
        lambda fan_in, fan_out: 0.0,
        "every weight 0",
        "weights = np.zeros((fan_in, fan_out))",
        {"pytorch": "nn.init.zeros_(w)", "keras": "Zeros()"},
    ),
}
"""Every scheme for weights by the name that presets use: forms, help, schema, scripts and the explorer come from its
entry. Sources: LeCun et al. 1998, Glorot & Bengio 2010, He et al. 2015, Saxe et al. 2014, Mishkin & Matas 2016."""

BIASES: dict[str, Scheme] = {
    "standard": replace(WEIGHTS["standard"], help="standard is N(0, 1)."),
    "zeros": replace(WEIGHTS["zeros"], help="zeros are all 0."),
}
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
    examples: Array | None = None,
) -> Network:
    """R = len(seeds) networks with freshly drawn parameters, replicate r from seeds[r] alone.

    ``examples``, (n, inputs), are what weights are scaled by where the scheme looks at data; others don't need them.
    """

    def stacked(draw: Callable[[int, Generator], Array], purpose: str) -> list[Array]:
        return [
            np.stack([draw(layer, stream(seed, purpose, layer)) for seed in seeds]).astype(dtype)
            for layer in range(len(initialization.pairs))
        ]

    weights = stacked(initialization.draw_weights, "weights")
    biases = stacked(initialization.draw_biases, "biases")
    network = Network(weights, biases, activation=activation, output=output, cost=cost)
    if WEIGHTS[initialization.weights].by_data:
        if examples is None:
            raise ValueError(f"{initialization.weights} weights need examples to be scaled by")
        scale_by_data(network, examples, initialization.gain)
    return network


def scale_by_data(network: Network, examples: Array, std: float) -> None:
    """Scale each layer's weights, the first layer first, so that a·W has a standard deviation over units and examples.

    ``examples`` are (n, inputs). Biases stay, and a layer whose input never changes. Source: Mishkin & Matas 2016,
    "All you need is a good init"; a·W is linear in W, so one division does what the paper repeats.
    """
    for r in range(network.replicates):
        a = examples.astype(np.float64)
        for weights, biases in zip(network.weights, network.biases, strict=True):
            z = a @ weights[r].astype(np.float64)
            spread = float(z.std())
            if spread > 0:
                weights[r] *= std / spread
                z *= std / spread
            a = z + biases[r]
            network.activation.apply(a)
