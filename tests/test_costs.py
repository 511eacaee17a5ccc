"""Costs: numbers to know by heart, formulas where they can be computed plainly, limits where they can't."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab.activations import softmax
from tunelab.costs import COSTS, OUTPUTS
from tunelab.data.dataset import Array

PAIRS = [pytest.param(*pair, id="-".join(pair)) for pair in COSTS]
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def answer(output: str, cost: str, z: Array) -> Array:
    a = z.copy()
    COSTS[output, cost].activate(a)
    return a


def delta(output: str, cost: str, z: Array, y: Array) -> Array:
    out = np.full_like(z, np.nan)
    COSTS[output, cost].error(answer(output, cost, z), y, out)
    return out


# -- numbers to know by heart (10 classes) ----------------------------------------------------------------


def one_hot() -> Array:
    return np.eye(10)


def test_all_outputs_one_half_cost_6931() -> None:
    cost = COSTS["sigmoid", "cross-entropy"].cost(np.zeros((10, 10)), one_hot())
    np.testing.assert_allclose(cost, 10 * np.log(2), rtol=1e-14)
    assert cost[0] == pytest.approx(6.931, abs=5e-4)


def test_knowing_only_the_class_shares_costs_3251() -> None:
    z = np.full((10, 10), np.log(0.1 / 0.9))  # σ(z) = 0.1
    np.testing.assert_allclose(answer("sigmoid", "cross-entropy", z), 0.1, rtol=1e-14)
    assert COSTS["sigmoid", "cross-entropy"].cost(z, one_hot()) == pytest.approx(3.251, abs=5e-4)


@pytest.mark.parametrize("cost", ["cross-entropy", "log-likelihood"])
def test_uniform_softmax_costs_2303(cost: str) -> None:
    found = COSTS["softmax", cost].cost(np.full((10, 10), 5.0), one_hot())
    np.testing.assert_allclose(found, np.log(10), rtol=1e-14)
    assert found[0] == pytest.approx(2.303, abs=5e-4)


# -- formulas ---------------------------------------------------------------------------------------------


def by_the_book(output: str, cost: str, z: Array, y: Array) -> Array:
    """C_x written down from the definitions; right where nothing overflows."""
    a = {
        "sigmoid": lambda: 1 / (1 + np.exp(-z)),
        "softmax": lambda: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
        "linear": lambda: z,
        "tanh": lambda: np.tanh(z),
    }[output]()
    if cost == "quadratic":
        return 0.5 * ((a - y) ** 2).sum(axis=-1)
    if cost == "cross-entropy" and output == "sigmoid":
        return -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(axis=-1)
    if cost == "cross-entropy" and output == "tanh":  # (1 ± a)/2 = σ(±2z), in which no digits are lost
        return ((1 + y) / 2 * np.log(1 + np.exp(-2 * z)) + (1 - y) / 2 * np.log(1 + np.exp(2 * z))).sum(axis=-1)
    return -(y * np.log(a)).sum(axis=-1)


@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_cost_is_its_definition(output: str, cost: str) -> None:
    rng = np.random.default_rng(1)
    z, y = rng.normal(0, 3, (2, 50, 4)), rng.dirichlet(np.ones(4), (2, 50))
    found = COSTS[output, cost].cost(z, y)
    assert found.shape == (2, 50)  # summed over outputs, one number an example
    np.testing.assert_allclose(found, by_the_book(output, cost, z, y), rtol=1e-12)


@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_error_is_the_slope_of_the_cost(output: str, cost: str) -> None:
    rng = np.random.default_rng(2)
    z, y = rng.normal(0, 2, (40, 4)), rng.dirichlet(np.ones(4), 40)
    h = 1e-5
    slope = np.empty_like(z)
    for j in range(4):
        step = h * np.eye(4)[j]
        judge = COSTS[output, cost].cost
        slope[:, j] = (judge(z + step, y) - judge(z - step, y)) / (2 * h)
    np.testing.assert_allclose(delta(output, cost, z, y), slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_cost_leaves_z_and_targets_alone(output: str, cost: str) -> None:
    rng = np.random.default_rng(3)
    z, y = rng.normal(0, 2, (5, 4)), rng.dirichlet(np.ones(4), 5)
    z_before, y_before = z.copy(), y.copy()
    COSTS[output, cost].cost(z, y)
    np.testing.assert_array_equal(z, z_before)
    np.testing.assert_array_equal(y, y_before)


def test_a_linear_output_is_judged_by_the_quadratic_cost_only() -> None:
    assert [cost for output, cost in COSTS if output == "linear"] == ["quadratic"]
    assert {output for output, _ in COSTS} == set(OUTPUTS)


# -- far out ----------------------------------------------------------------------------------------------
# At |z| = 1000 the plain formulas give ln 0 or e^1000; the right values are known exactly.

FAR = np.array([[1000.0, -1000.0], [-1000.0, 1000.0]])  # sure of the first output, sure of the second
FIRST = np.array([[1.0, 0.0], [1.0, 0.0]])  # the first was wanted
EXACT = {
    ("sigmoid", "quadratic"): ([0, 1], [[0, 0], [0, 0]]),
    ("sigmoid", "cross-entropy"): ([0, 2000], [[0, 0], [-1, 1]]),
    ("sigmoid", "log-likelihood"): ([0, 1000], [[0, 0], [-1, 0]]),
    ("softmax", "quadratic"): ([0, 1], [[0, 0], [0, 0]]),
    ("softmax", "cross-entropy"): ([0, 2000], [[0, 0], [-1, 1]]),
    ("softmax", "log-likelihood"): ([0, 2000], [[0, 0], [-1, 1]]),
    ("tanh", "quadratic"): ([0.5, 2.5], [[0, 0], [0, 0]]),  # for 0 wanted where tanh is −1 or 1
    ("tanh", "cross-entropy"): ([1000, 3000], [[0, -1], [-2, 1]]),
    ("linear", "quadratic"): ([999**2 / 2 + 500_000, 1001**2 / 2 + 500_000], [[999, -1000], [-1001, 1000]]),
}


@DTYPES
@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_exact_at_a_thousand(output: str, cost: str, dtype: type) -> None:
    z, y = FAR.astype(dtype), FIRST.astype(dtype)
    costs, deltas = EXACT[output, cost]
    assert COSTS[output, cost].cost(z, y).tolist() == costs
    assert delta(output, cost, z, y).tolist() == deltas


@DTYPES
@pytest.mark.parametrize("far", [1e10, 1e30])
@pytest.mark.parametrize(
    ("output", "cost"), [pair for pair in COSTS if pair[0] != "linear"], ids=lambda word: str(word)
)
def test_finite_wherever_z_is_finite(output: str, cost: str, far: float, dtype: type) -> None:
    z = np.array([[far, -far], [-far, far], [far, far], [0, -far]], dtype)
    y = np.array([[1, 0], [1, 0], [0, 1], [0.5, 0.5]], dtype)
    assert np.isfinite(COSTS[output, cost].cost(z, y)).all()
    assert np.isfinite(delta(output, cost, z, y)).all()


def test_small_costs_keep_their_digits() -> None:
    """ln(1 + e^−40) is 4e-18; computed as −ln(1 − ε) from a rounded answer it would be 0."""
    z, y = np.array([[40.0]]), np.array([[1.0]])
    for cost in ("cross-entropy", "log-likelihood"):
        np.testing.assert_allclose(COSTS["sigmoid", cost].cost(z, y), np.exp(-40.0), rtol=1e-12)


# -- softmax ----------------------------------------------------------------------------------------------


@DTYPES
def test_softmax_gives_probabilities(dtype: type) -> None:
    z = (np.random.default_rng(4).normal(0, 1, (300, 10)) * np.logspace(-3, 3, 300)[:, None]).astype(dtype)
    a = z.copy()
    softmax(a)
    assert ((a >= 0) & (a <= 1)).all()
    np.testing.assert_allclose(a.sum(axis=-1), 1, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(a.argmax(axis=-1), z.argmax(axis=-1))


@pytest.mark.parametrize("shift", [-1024.0, 0.5, 4096.0])
def test_softmax_and_its_costs_do_not_feel_a_shift_of_z(shift: float) -> None:
    """To the bit, for numbers that the shift doesn't round."""
    rng = np.random.default_rng(5)
    z = rng.integers(-64, 64, (50, 6)) / 8
    y = rng.dirichlet(np.ones(6), 50)
    for output, cost in COSTS:
        if output == "softmax":
            np.testing.assert_array_equal(answer(output, cost, z + shift), answer(output, cost, z))
            judge = COSTS[output, cost].cost
            np.testing.assert_array_equal(judge(z + shift, y), judge(z, y))


def test_two_class_softmax_is_the_sigmoid_of_the_difference() -> None:
    z = np.random.default_rng(6).normal(0, 4, (50, 2))
    a = z.copy()
    softmax(a)
    np.testing.assert_allclose(a[:, 0], 1 / (1 + np.exp(z[:, 1] - z[:, 0])), rtol=1e-13)
