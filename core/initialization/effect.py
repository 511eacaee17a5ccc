"""What an initialization does to z before any training: σ_z predicted and sampled, saturation, slopes.

The prediction follows variances layer by layer. With weights of mean 0 and variance σ_w² and biases of variance σ_b²,
Var z = σ_w² Σ a_i² + σ_b², where a are the incoming activations; behind a hidden layer of fan_in units Σ a_i² is
fan_in · E[f(z)²] over the Gaussian z of that layer (Glorot & Bengio 2010; He et al. 2015). The sample draws networks
and measures them.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS, Activation
from tunelab.costs import OUTPUTS
from tunelab.errors import BadInput
from tunelab.initialization.schemes import WEIGHTS, Initialization, stream

__all__ = ["LayerEffect", "effects", "weights_differ"]

Array = NDArray[Any]

_DRAWN = 20_000_000  # weights drawn for a sample at most: a σ sampled from them is good to about 1 %
_SEEN = 5_000_000  # values of z looked at, at most
_MOST_NETWORKS = 20_000
_BINS = 81
_MOST_EXAMPLES = 1_000
_SMALLEST = 1e-30  # a variance below which z is as good as constant
_SPREAD_NODES = 7  # of the variance from network to network
_NODES_A_DECADE = 48  # of variance, for which the integrals are computed
_INTEGRAL_NODES = 4001  # values of z in each integral


@dataclass(frozen=True)
class LayerEffect:
    """What one layer's z looks like before training.

    ``layer`` counts from 1, the first layer with weights. ``predicted_std`` and ``sampled_std`` are σ_z over
    units, networks and examples. ``saturated_share`` is the share of z where the unit is saturated (of
    sampled z; ``predicted_saturated_share`` of the Gaussian), by the rule that ``saturation`` words.
    ``mean_sigma_prime`` is the mean slope σ′(z). ``dead_units`` is the share of units that are saturated on
    every example looked at. ``density``, (bins,), sampled over ``edges``, (bins + 1,);
    ``predicted_density`` at the bins' centres.
    """

    layer: int
    fan_in: int
    units: int
    activation: str
    predicted_std: float
    sampled_std: float
    predicted_saturated_share: float
    saturated_share: float
    mean_sigma_prime: float
    dead_units: float
    saturation: str
    edges: Array
    density: Array
    predicted_density: Array


def weights_differ(scheme: str) -> bool:
    """Return whether a scheme's weights differ from neuron to neuron, so that z has a spread to speak of."""
    return scheme != "constant"


def effects(
    start: Initialization,
    inputs: Array | None = None,
    *,
    active: int | None = None,
    activation: str = "sigmoid",
    output: str = "sigmoid",
    seed: int = 0,
    quick: bool = False,
) -> list[LayerEffect]:
    """Predict and sample z of every layer.

    Args:
        start: the network's sizes and schemes.
        inputs: real examples as the network sees them, (n, inputs); the first thousand are used.
        active: without ``inputs``: how many inputs are 1, the rest being 0; half of them if not given.
        activation: of the hidden layers.
        output: kind of output; a softmax is looked at as the sigmoid it generalises.
        seed: of the networks sampled.
        quick: sample a twentieth of what is sampled otherwise, for an answer while somebody types.
    """
    if not weights_differ(start.weights):
        raise BadInput(
            "constant weights are the same for every neuron of a layer, so z has no spread to predict; "
            "train them instead, and see that the neurons stay the same"
        )
    if inputs is None:
        on = start.sizes[0] // 2 if active is None else active
        inputs = np.zeros((1, start.sizes[0]), np.float32)
        inputs[0, :on] = 1.0
    inputs = np.asarray(inputs[:_MOST_EXAMPLES], np.float32)
    last = ACTIVATIONS[OUTPUTS[output].neuron]
    activations = [ACTIVATIONS[activation]] * (len(start.sizes) - 2) + [last]
    return [
        _describe(start, layer, activations[layer], z, stds)
        for layer, (z, stds) in enumerate(
            zip(
                _sample(start, inputs, activations, seed, 0.05 if quick else 1.0),
                _predict(start, inputs, activations),
                strict=True,
            )
        )
    ]


def _sample(
    start: Initialization, inputs: Array, activations: list[Activation], seed: int, effort: float
) -> list[Array]:
    """z of every layer, (networks, examples, units), of as many networks as the work allowed for gives."""
    parameters = sum(fan_in * fan_out for fan_in, fan_out in start.pairs)
    z_numbers = len(inputs) * sum(start.sizes[1:])
    networks = max(1, min(_MOST_NETWORKS, int(effort * _DRAWN) // parameters, int(effort * _SEEN) // z_numbers))
    # One stream a layer serves all networks sampled: seeding one for each would take most of the time.
    weight_streams = [stream(seed, "weights", layer) for layer in range(len(start.pairs))]
    bias_streams = [stream(seed, "biases", layer) for layer in range(len(start.pairs))]
    by_data = WEIGHTS[start.weights].by_data
    zs: list[list[Array]] = [[] for _ in start.pairs]
    for _ in range(networks):
        a = inputs
        for layer, activation in enumerate(activations):
            weights = start.draw_weights(layer, weight_streams[layer]).astype(np.float32)
            z = a @ weights
            if by_data and (spread := float(z.std())) > 0:
                z *= start.gain / spread
            z += start.draw_biases(layer, bias_streams[layer]).astype(np.float32)
            zs[layer].append(z)
            a = z.copy()
            activation.apply(a)
    return [np.stack(z) for z in zs]


def _predict(start: Initialization, inputs: Array, activations: list[Activation]) -> list[Array]:
    """Return σ_z of every layer for each example, (n,): what a unit sees is the mixture over the examples.

    Given the activations of the layer before, z is Gaussian with variance V = σ_w² Σ a² + σ_b². In a layer of finite
    width V differs from network to network; ``spread`` is its relative variance, and V is taken to be lognormal.
    """
    nodes, mass = np.polynomial.hermite_e.hermegauss(_SPREAD_NODES)
    mass = mass / mass.sum()
    by_data = WEIGHTS[start.weights].by_data
    weight_std, bias_std = start.stds(0)
    squares = np.square(inputs, dtype=np.float64).sum(axis=1)
    if by_data and squares.any():
        weight_std = start.gain / float(np.sqrt(squares.mean()))
    variance = weight_std**2 * squares + bias_std**2
    spread = np.zeros_like(variance)
    predicted = [np.sqrt(variance)]
    for layer, activation in enumerate(activations[:-1], start=1):
        factors = np.exp(np.sqrt(np.log1p(spread))[:, None] * nodes)
        drawn = variance[:, None] * factors / (factors @ mass)[:, None]
        second, fourth = _activation_moments(activation, drawn)
        weight_std, bias_std = start.stds(layer)
        units = start.sizes[layer]
        mean = second @ mass
        if by_data and mean.any():
            weight_std = start.gain / float(np.sqrt(units * mean.mean()))
        variance = weight_std**2 * units * mean + bias_std**2
        # Units differ for one V, and all of them together with V
        own, common = (fourth - second**2) @ mass, (second**2) @ mass - mean**2
        spread = weight_std**4 * (units * own + units**2 * np.maximum(common, 0.0))
        spread /= np.maximum(variance, _SMALLEST) ** 2
        predicted.append(np.sqrt(variance))
    return predicted


def _activation_moments(activation: Activation, variances: Array) -> tuple[Array, Array]:
    """Return E[a²] and E[a⁴] of the activations of a Gaussian z, for each of its ``variances`` (any shape).

    The integrals over z are taken on a few σ by the trapezoidal rule, which converges fast for a Gaussian weight also
    where the activation is steep beside it, and between them along straight lines in logarithms.
    """
    safe = np.maximum(variances, _SMALLEST)
    low, high = safe.min(), safe.max() * (1 + 1e-12)
    grid = np.geomspace(low, high, 8 + min(int(_NODES_A_DECADE * np.log10(high / low)), 400))
    x = np.linspace(-9.0, 9.0, _INTEGRAL_NODES)
    mass = np.exp(-0.5 * x**2)
    mass /= mass.sum()
    a = np.sqrt(grid)[:, None] * x
    activation.apply(a)
    squares = np.square(a)
    moments = (squares @ mass, np.square(squares) @ mass)
    second, fourth = (
        np.exp(np.interp(np.log(safe), np.log(grid), np.log(np.maximum(moment, _SMALLEST**2)))) for moment in moments
    )
    return second, fourth


def _describe(start: Initialization, layer: int, activation: Activation, z: Array, stds: Array) -> LayerEffect:
    reach = max(4.5 * float(z.std()), 1e-6)
    edges = np.linspace(-reach, reach, _BINS + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    density, _ = np.histogram(z, edges)
    width = edges[1] - edges[0]
    saturated = activation.saturated(z)
    a = z.copy()
    slope = np.empty_like(a)
    activation.forward(a, slope)
    return LayerEffect(
        layer=layer + 1,
        fan_in=start.sizes[layer],
        units=start.sizes[layer + 1],
        activation=activation.name,
        predicted_std=float(np.sqrt(np.square(stds).mean())),
        sampled_std=float(np.sqrt(np.square(z, dtype=np.float64).mean())),
        predicted_saturated_share=_gaussian_share(activation, stds),
        saturated_share=float(saturated.mean()),
        mean_sigma_prime=float(slope.mean(dtype=np.float64)),
        dead_units=float(saturated.all(axis=1).mean()),
        saturation=activation.saturation,
        edges=edges,
        density=density / (z.size * width),
        predicted_density=_gaussian_mixture(centres, stds),
    )


def _gaussian_mixture(at: Array, stds: Array) -> Array:
    """Density at ``at`` of a Gaussian of mean 0 whose σ is drawn from ``stds``."""
    safe = np.maximum(stds, 1e-12)[:, None]
    mixed: Array = (np.exp(-0.5 * np.square(at / safe)) / (safe * np.sqrt(2 * np.pi))).mean(axis=0)
    return mixed


def _gaussian_share(activation: Activation, stds: Array) -> float:
    """P(saturated) for the same mixture, on a fine grid of quantiles."""
    quantiles = _normal_quantiles(2_000)
    return float(activation.saturated(np.outer(stds, quantiles)).mean())


def _normal_quantiles(count: int) -> Array:
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / count) for i in range(count)])
