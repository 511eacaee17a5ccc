"""Forward and backward: the gradient against finite differences, activations, networks side by side."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from tunelab.activations import ACTIVATIONS, LEAK, SELU_ALPHA, SELU_SCALE, SIGMOID_BOUND, TANH_BOUND
from tunelab.costs import COSTS
from tunelab.data.dataset import Array
from tunelab.network import Network

HIDDEN: list[tuple[int, ...]] = [(), (5,), (5, 3)]
CASES = [
    pytest.param(activation, *pair, hidden, id=f"{activation}-{pair[0]}-{pair[1]}-depth{len(hidden)}")
    for activation, pair, hidden in itertools.product(ACTIVATIONS, COSTS, HIDDEN)
    if hidden or activation == "sigmoid"  # without a hidden layer there is nothing for it to act on
]
M = 3


def random_network(
    sizes: tuple[int, ...], R: int = 2, seed: int = 0, dtype: type = np.float64, **names: str
) -> Network:
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(sizes))
    weights = [rng.normal(0, 1, (R, *pair)).astype(dtype) for pair in pairs]
    biases = [rng.normal(0, 1, (R, 1, fan_out)).astype(dtype) for _, fan_out in pairs]
    return Network(weights, biases, **names)


def away_from_kinks(sizes: tuple[int, ...], x: Array, **names: str) -> Network:
    """A random network in which no hidden z is near 0, where a ReLU has no derivative."""
    for seed in range(200):
        network = random_network(sizes, seed=seed, **names)
        if all(np.abs(z).min() > 0.02 for z in network.layers(x)[:-1]):
            return network
    raise AssertionError("no such network among 200")


def batch(inputs: int, outputs: int, m: int = M, R: int = 2) -> tuple[Array, Array]:
    """x, (R, m, inputs), and y, (R, m, outputs): shares that sum to 1, as every cost allows."""
    rng = np.random.default_rng(7)
    return rng.normal(0, 1, (R, m, inputs)), rng.dirichlet(np.ones(outputs), (R, m))


@pytest.mark.parametrize(("activation", "output", "cost", "hidden"), CASES)
def test_gradient_is_the_slope_of_the_cost(activation: str, output: str, cost: str, hidden: tuple[int, ...]) -> None:
    sizes = (4, *hidden, 3)
    x, y = batch(4, 3)
    network = away_from_kinks(sizes, x, activation=activation, output=output, cost=cost)
    factor = np.array([0.7, -2.5]).reshape(2, 1, 1)  # replicate by replicate

    def total() -> Array:
        """factor · Σ_x C_x of each replicate, (R,)"""
        return factor[:, 0, 0] * network.output.cost(network.last_z(x), y).sum(axis=-1)

    dw, db = network.gradient(x, y, factor)
    h = 1e-5
    for parameters, gradients in zip(network.weights + network.biases, dw + db, strict=True):
        assert gradients.shape == parameters.shape
        for place in np.ndindex(parameters.shape[1:]):
            here = (slice(None), *place)  # in both replicates at once: one must not feel the other
            kept = parameters[here].copy()
            parameters[here] = kept + h
            above = total()
            parameters[here] = kept - h
            below = total()
            parameters[here] = kept
            np.testing.assert_allclose(gradients[here], (above - below) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("activation", "output", "cost", "hidden"), CASES)
def test_float32_stays_float32_and_agrees(activation: str, output: str, cost: str, hidden: tuple[int, ...]) -> None:
    x, y = batch(4, 3)
    names = {"activation": activation, "output": output, "cost": cost}
    exact = away_from_kinks((4, *hidden, 3), x, **names)
    single = Network(
        [w.astype(np.float32) for w in exact.weights], [b.astype(np.float32) for b in exact.biases], **names
    )
    x32, y32 = x.astype(np.float32), y.astype(np.float32)
    assert single.answer(x32).dtype == np.float32
    assert single.output.cost(single.last_z(x32), y32).dtype == np.float32
    for got, wanted in zip(
        itertools.chain(*single.gradient(x32, y32)), itertools.chain(*exact.gradient(x, y)), strict=True
    ):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)


def test_factor_multiplies_the_gradient_of_its_own_replicate() -> None:
    x, y = batch(4, 3)
    network = random_network((4, 5, 3))
    plain = [g.copy() for g in itertools.chain(*network.gradient(x, y))]
    scaled = itertools.chain(*network.gradient(x, y, np.array([4.0, 0.25]).reshape(2, 1, 1)))
    for one, other in zip(plain, scaled, strict=True):
        np.testing.assert_array_equal(other[0], 4.0 * one[0])  # powers of two: to the bit
        np.testing.assert_array_equal(other[1], 0.25 * one[1])


def test_gradient_leaves_inputs_targets_and_parameters_alone() -> None:
    x, y = batch(4, 3)
    network = random_network((4, 5, 3))
    watched = [x, y, *network.weights, *network.biases]
    before = [array.copy() for array in watched]
    network.gradient(x, y)
    network.answer(x)
    network.layers(x)
    for array, kept in zip(watched, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_working_memory_of_one_mini_batch_size_does_not_leak_into_another() -> None:
    x, y = batch(4, 3, m=7)
    network = random_network((4, 5, 3))
    fresh = [g.copy() for g in itertools.chain(*random_network((4, 5, 3)).gradient(x[:, :2], y[:, :2]))]
    network.gradient(x, y)
    for got, wanted in zip(itertools.chain(*network.gradient(x[:, :2], y[:, :2])), fresh, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_forward_is_what_the_formula_says() -> None:
    network = random_network((4, 5, 3), activation="tanh")
    x = np.random.default_rng(3).normal(0, 1, (6, 4))
    zs = network.layers(x)
    for r in range(2):
        z1 = np.array([sum(x[e, i] * network.weights[0][r, i] for i in range(4)) for e in range(6)])
        z1 += network.biases[0][r]
        z2 = np.tanh(z1) @ network.weights[1][r] + network.biases[1][r]
        np.testing.assert_allclose(zs[0][r], z1, rtol=1e-13)
        np.testing.assert_allclose(zs[1][r], z2, rtol=1e-13)
        np.testing.assert_allclose(network.answer(x)[r], 1 / (1 + np.exp(-z2)), rtol=1e-13)
    np.testing.assert_array_equal(network.last_z(x), zs[1])
    np.testing.assert_array_equal(network.answer(np.stack([x, x])), network.answer(x))


def test_shape_and_selection() -> None:
    network = random_network((4, 5, 3), R=3, output="softmax", cost="log-likelihood", activation="relu")
    assert network.replicates == 3
    assert network.sizes == (4, 5, 3)
    chosen = network.select(np.array([2, 0]))
    assert chosen.names == network.names
    for mine, theirs in zip(chosen.weights + chosen.biases, network.weights + network.biases, strict=True):
        np.testing.assert_array_equal(mine, theirs[[2, 0]])
        assert not np.shares_memory(mine, theirs)


# -- activations ------------------------------------------------------------------------------------------

FORMULAS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1)),
    "gelu": lambda z: z * np.array([math.erfc(-one / math.sqrt(2)) / 2 for one in z]),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "linear": lambda z: z,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_and_slope(name: str) -> None:
    z = np.linspace(-6, 6, 120)  # an even number: 0, where ReLU has its kink, isn't among them
    activation = ACTIVATIONS[name]
    assert activation.name == name
    h = 1e-6
    a, above, below = z.copy(), z + h, z - h
    for array in (a, above, below):
        activation.apply(array)
    np.testing.assert_allclose(a, FORMULAS[name](z), rtol=2e-13, atol=1e-15)
    both, slope = z.copy(), np.full_like(z, np.nan)
    activation.forward(both, slope)
    np.testing.assert_array_equal(both, a)
    np.testing.assert_allclose(slope, (above - below) / (2 * h), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_far_out_is_finite_and_exact(name: str, dtype: type) -> None:
    limits = {"sigmoid": (0, 1), "tanh": (-1, 1), "linear": (-1000, 1000), "elu": (-1, 1000)}
    limits |= dict.fromkeys(("relu", "gelu", "silu", "softplus"), (0, 1000))
    limits["selu"] = (-dtype(SELU_SCALE * SELU_ALPHA), dtype(1000) * dtype(SELU_SCALE))
    low, high = limits.get(name, (dtype(-1000) * dtype(LEAK), 1000))
    a = np.array([-1000, 1000], dtype)
    ACTIVATIONS[name].apply(a)
    assert a.dtype == dtype
    assert a.tolist() == [low, high]
    slope = np.empty_like(a)
    ACTIVATIONS[name].forward(np.array([-1000, 1000], dtype), slope)
    assert slope.tolist() == {
        "sigmoid": [0, 0],
        "tanh": [0, 0],
        "relu": [0, 1],
        "leaky-relu": [pytest.approx(0.01, rel=1e-6), 1],
        "linear": [1, 1],
        "selu": [0, dtype(SELU_SCALE)],
    }.get(name, [0, 1])


def test_saturation_begins_where_the_words_say() -> None:
    def saturated(name: str, *zs: float) -> list[bool]:
        found: list[bool] = ACTIVATIONS[name].saturated(np.array(zs)).tolist()
        return found

    assert pytest.approx(0.95) == 1 / (1 + np.exp(-SIGMOID_BOUND))
    assert np.tanh(TANH_BOUND) == pytest.approx(0.9)
    assert saturated("sigmoid", -2.95, -2.94, 0, 2.94, 2.95) == [True, False, False, False, True]
    assert saturated("tanh", -1.48, -1.47, 0, 1.47, 1.48) == [True, False, False, False, True]
    assert saturated("relu", -1, 0, 0.001, 1000) == [True, True, False, False]
    for name in ("leaky-relu", "linear"):
        assert saturated(name, -1000, 0, 1000) == [False, False, False]
