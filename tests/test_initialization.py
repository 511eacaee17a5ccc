"""First weights: the moments and shapes of every scheme, its streams of luck, and what it does to z.

Seeds are fixed; the bounds are set so that another fixed seed would break one in fewer than a million cases.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from tunelab.activations import ACTIVATIONS, LEAK
from tunelab.data.dataset import Array
from tunelab.initialization import BIASES, WEIGHTS, Initialization, LayerEffect, effect, effects, initial_network
from tunelab.initialization.schemes import stream

FAN_IN, FAN_OUT = 400, 150
N = 3 * FAN_IN * FAN_OUT  # weights looked at, from three seeds

# Written down from REFERENCE.md's table, not from the code: σ as a function of fans, and the distribution.
TABLE: dict[str, tuple[Callable[[int, int], float], str]] = {
    "standard": (lambda fan_in, fan_out: 1.0, "normal"),
    "scaled": (lambda fan_in, fan_out: 1 / math.sqrt(fan_in), "normal"),
    "truncated": (lambda fan_in, fan_out: 1 / math.sqrt(fan_in), "truncated"),
    "lecun-uniform": (lambda fan_in, fan_out: math.sqrt(3 / fan_in) / math.sqrt(3), "uniform"),
    "glorot-normal": (lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)), "normal"),
    "glorot-uniform": (lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out)) / math.sqrt(3), "uniform"),
    "he-normal": (lambda fan_in, fan_out: math.sqrt(2 / fan_in), "normal"),
    "he-truncated": (lambda fan_in, fan_out: math.sqrt(2 / fan_in), "truncated"),
    "he-uniform": (lambda fan_in, fan_out: math.sqrt(6 / fan_in) / math.sqrt(3), "uniform"),
}
KURTOSIS = {"normal": 3.0, "truncated": 2.3655, "uniform": 1.8}  # E[w⁴] / σ⁴
UNITS_IN_TRUNCATED_STD = 1 / 0.87962566103423978  # σ of the normal before truncation, where the result has 1
drawn_schemes = pytest.mark.parametrize("name", TABLE)


def weights(name: str, sizes: tuple[int, ...] = (FAN_IN, FAN_OUT), seed: int = 0, **settings: float) -> Array:
    network = initial_network(Initialization(sizes, name, **settings), [seed], dtype=np.float64)
    found: Array = network.weights[0][0]
    return found


def many(name: str) -> Array:
    return np.concatenate([weights(name, seed=seed).ravel() for seed in range(3)])


def phi(x: Array) -> Array:
    """Φ, the normal distribution function."""
    found: Array = 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    return found


def distribution(kind: str, w: Array) -> Array:
    """P(weight ≤ w) where the standard deviation is 1."""
    if kind == "normal":
        return phi(w)
    if kind == "uniform":
        return np.clip((w / math.sqrt(3) + 1) / 2, 0, 1)
    low, high = phi(np.array([-2.0, 2.0]))
    return np.clip((phi(w / UNITS_IN_TRUNCATED_STD) - low) / (high - low), 0, 1)


# -- moments ----------------------------------------------------------------------------------------------


DRAWN = [name for name, scheme in WEIGHTS.items() if not scheme.by_data]


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "selu"])
def test_lsuv_scales_every_layer_by_the_data_to_a_standard_deviation_of_1(activation: str) -> None:
    x = np.random.default_rng(1).random((200, 30)) * 7
    start = Initialization((30, 40, 25, 5), "lsuv", "zeros")
    names = {"activation": activation, "output": "softmax", "cost": "cross-entropy"}
    network = initial_network(start, [3, 8], dtype=np.float64, examples=x, **names)
    for z in network.layers(x):
        np.testing.assert_allclose(z.std(axis=(1, 2)), 1, rtol=1e-12)
    alone = initial_network(start, [8], dtype=np.float64, examples=x, **names)
    for ours, own in zip(network.weights, alone.weights, strict=True):
        np.testing.assert_array_equal(ours[1], own[0])
        shape = np.linalg.svd(own[0], compute_uv=False)
        np.testing.assert_allclose(shape, shape[0], rtol=1e-10)  # still orthogonal, but for its size
    with pytest.raises(ValueError, match="need examples"):
        initial_network(start, [3])
    for effect_of_layer in effects(start, x, activation=activation, output="softmax"):
        assert abs(effect_of_layer.sampled_std - 1) < 0.35  # σ_z counts the mean over units as well
        assert abs(effect_of_layer.predicted_std / effect_of_layer.sampled_std - 1) < 0.2  # of few networks, five units


def test_every_scheme_is_tested() -> None:
    assert set(WEIGHTS) == set(TABLE) | {"orthogonal", "constant", "zeros", "lsuv"}
    assert set(BIASES) == {"standard", "zeros"}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("fans", [(7, 4), (4, 7), (1, 5)])
def test_the_code_that_scripts_carry_draws_the_same_numbers(name: str, fans: tuple[int, int]) -> None:
    scheme = WEIGHTS[name]
    scope = {"np": np, "rng": np.random.default_rng(3), "fan_in": fans[0], "fan_out": fans[1]}
    exec(scheme.code, scope)
    drawn = scheme.draw(np.random.default_rng(3), *fans)
    np.testing.assert_allclose(scope["weights"], drawn, rtol=1e-15)  # type: ignore[arg-type]
    assert {"pytorch", "keras"} <= set(scheme.libraries)


@drawn_schemes
def test_mean_and_standard_deviation(name: str) -> None:
    sigma, kind = TABLE[name][0](FAN_IN, FAN_OUT), TABLE[name][1]
    drawn = many(name)
    assert abs(drawn.mean()) < 5.5 * sigma / math.sqrt(N)
    # The standard deviation of a sampled σ is σ √((κ − 1) / 4N): 0.17 % for a normal
    assert abs(drawn.std() / sigma - 1) < 5.5 * math.sqrt((KURTOSIS[kind] - 1) / (4 * N))


@drawn_schemes
def test_distribution(name: str) -> None:
    """Kolmogorov–Smirnov: by the Dvoretzky–Kiefer–Wolfowitz inequality P(distance > d) ≤ 2 e^(−2 N d²)."""
    sigma, kind = TABLE[name][0](FAN_IN, FAN_OUT), TABLE[name][1]
    expected = distribution(kind, np.sort(many(name)) / sigma)
    steps = np.arange(N + 1) / N
    distance = max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max())
    assert distance < math.sqrt(math.log(2 / 1e-7) / (2 * N))  # 0.7 %; an uncorrected truncation is 3 % away


@pytest.mark.parametrize("name", [name for name, (_, kind) in TABLE.items() if kind == "truncated"])
def test_truncated_never_leaves_two_sigma_of_the_normal_it_was_cut_from(name: str) -> None:
    bound = 2 * TABLE[name][0](FAN_IN, FAN_OUT) * UNITS_IN_TRUNCATED_STD
    largest = np.abs(many(name)).max()
    assert 0.999 * bound < largest <= bound


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("lecun-uniform", math.sqrt(3 / FAN_IN)),
        ("glorot-uniform", math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("he-uniform", math.sqrt(6 / FAN_IN)),
    ],
)
def test_uniform_fills_its_limits(name: str, limit: float) -> None:
    drawn = many(name)
    assert 0.999 * limit < drawn.max() <= limit
    assert -limit <= drawn.min() < -0.999 * limit


@drawn_schemes
def test_what_is_said_of_the_standard_deviation_is_what_is_drawn(name: str) -> None:
    start = Initialization((300, 50, 7), name, gain=1.7)
    for layer, (fan_in, fan_out) in enumerate([(300, 50), (50, 7)]):
        weight_std, bias_std = start.stds(layer)
        assert weight_std == pytest.approx(1.7 * TABLE[name][0](fan_in, fan_out), rel=1e-12)
        assert bias_std == 1


def test_orthogonal() -> None:
    for fan_in, fan_out in [(20, 7), (7, 20), (9, 9), (1, 5)]:
        w = weights("orthogonal", (fan_in, fan_out), gain=1.5)
        product = w.T @ w if fan_in >= fan_out else w @ w.T
        np.testing.assert_allclose(product, 1.5**2 * np.eye(min(fan_in, fan_out)), atol=1e-13)
        std, _ = Initialization((fan_in, fan_out), "orthogonal", gain=1.5).stds(0)
        assert std == pytest.approx(math.sqrt((w**2).mean()), rel=1e-12)


@pytest.mark.parametrize("sizes", [(1, 1), (5, 3), (3, 5)])
def test_orthogonal_prefers_no_sign(sizes: tuple[int, int]) -> None:
    """QR alone gives a diagonal of one sign; fixed by R's diagonal, every rotation is as likely as another."""
    positive = sum(weights("orthogonal", sizes, seed=seed)[0, 0] > 0 for seed in range(400))
    assert abs(positive - 200) < 5.5 * 10  # a binomial's standard deviation is √(400/4) = 10


def test_constant_and_zeros_and_gain() -> None:
    assert (weights("constant", gain=0.25) == 0.25).all()
    assert (weights("zeros", gain=3.0) == 0).all()
    np.testing.assert_array_equal(weights("scaled", gain=4.0), 4 * weights("scaled"))


def test_biases() -> None:
    network = initial_network(Initialization((5, 40_000), "zeros", "standard", gain=9.0), [1], dtype=np.float64)
    drawn = network.biases[0].ravel()
    assert abs(drawn.mean()) < 5.5 / math.sqrt(len(drawn))
    assert abs(drawn.std() - 1) < 5.5 / math.sqrt(2 * len(drawn))  # 1 whatever the fan-in and the gain
    assert (initial_network(Initialization((5, 4), biases="zeros"), [1]).biases[0] == 0).all()
    assert Initialization((5, 4), biases="zeros").stds(0)[1] == 0


# -- streams of luck --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["normal", "truncated", "uniform"])
def test_one_seed_is_the_same_draws_on_different_scales(kind: str) -> None:
    """What differs between an old and a new initialization is the scheme, not luck."""
    names = [name for name, (_, of) in TABLE.items() if of == kind]
    first, *others = ((weights(name), TABLE[name][0](FAN_IN, FAN_OUT)) for name in names)
    for w, sigma in others:
        np.testing.assert_allclose(w / sigma, first[0] / first[1], rtol=1e-13, atol=1e-14)


def test_each_seed_layer_and_purpose_has_luck_of_its_own() -> None:
    start = Initialization((60, 60, 60), "standard")
    drawn = [
        *(start.draw_weights(layer, stream(seed, "weights", layer)).ravel() for seed in range(3) for layer in range(2)),
        *(start.draw_weights(layer, stream(seed, "biases", layer)).ravel() for seed in range(3) for layer in range(2)),
    ]
    for one, other in itertools.combinations(drawn, 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 6 / math.sqrt(one.size)


@pytest.mark.parametrize("name", DRAWN)
def test_weights_do_not_depend_on_the_scheme_of_biases_nor_biases_on_that_of_weights(name: str) -> None:
    with_biases, without = (initial_network(Initialization((6, 5, 4), name, b), [3]) for b in ("standard", "zeros"))
    usual = initial_network(Initialization((6, 5, 4)), [3])
    for layer in range(2):
        np.testing.assert_array_equal(with_biases.weights[layer], without.weights[layer])
        np.testing.assert_array_equal(with_biases.biases[layer], usual.biases[layer])


def test_a_layer_does_not_depend_on_how_many_follow() -> None:
    short, long = (initial_network(Initialization(sizes), [3]) for sizes in ((6, 5), (6, 5, 4)))
    np.testing.assert_array_equal(short.weights[0], long.weights[0])
    np.testing.assert_array_equal(short.biases[0], long.biases[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", DRAWN)
def test_a_replicate_begins_with_the_bits_that_its_seed_gives_alone(name: str, dtype: type) -> None:
    start = Initialization((9, 6, 4), name)
    seeds = [11, 2, 2**40, 2]
    together = initial_network(start, seeds, dtype=dtype, activation="relu", output="softmax")
    assert together.sizes == start.sizes
    assert together.names == {"activation": "relu", "output": "softmax", "cost": "cross-entropy"}
    for r, seed in enumerate(seeds):
        alone = initial_network(start, [seed], dtype=dtype)
        for ours, own in zip(together.weights + together.biases, alone.weights + alone.biases, strict=True):
            assert ours.dtype == dtype
            np.testing.assert_array_equal(ours[r], own[0])


def test_float32_is_the_float64_draws_rounded() -> None:
    single, double = (initial_network(Initialization((9, 6, 4)), [5], dtype=dtype) for dtype in (np.float32, float))
    for narrow, wide in zip(single.weights + single.biases, double.weights + double.biases, strict=True):
        np.testing.assert_array_equal(narrow, wide.astype(np.float32))


# -- what it does to z before any training ----------------------------------------------------------------


@functools.cache
def only_layer(name: str, biases: str, active: int | None) -> LayerEffect:
    (found,) = effects(Initialization((1000, 1), name, biases), active=active)
    return found


@pytest.mark.parametrize(
    ("name", "biases", "active", "variance"),
    [
        ("standard", "standard", 500, 501),  # the lecture's first case: √501 ≈ 22.4
        ("scaled", "standard", 500, 3 / 2),  # and its second: √(3/2) ≈ 1.22
        ("scaled", "standard", 0, 1),
        ("truncated", "zeros", 250, 1 / 4),
        ("he-uniform", "standard", None, 2),  # half of the inputs unless told otherwise
    ],
)
def test_sigma_z_of_one_neuron(name: str, biases: str, active: int | None, variance: float) -> None:
    found = only_layer(name, biases, active)
    assert found.predicted_std == pytest.approx(math.sqrt(variance), rel=1e-12)
    assert found.sampled_std == pytest.approx(math.sqrt(variance), rel=0.02)


@pytest.mark.parametrize(("name", "sigma"), [("standard", math.sqrt(501)), ("scaled", math.sqrt(3 / 2))])
def test_saturated_share_of_one_neuron(name: str, sigma: float) -> None:
    found = only_layer(name, "standard", 500)
    share = 2 * (1 - NormalDist(0, sigma).cdf(math.log(19)))  # |z| > ln 19: σ(z) outside 0.05 … 0.95
    assert found.predicted_saturated_share == pytest.approx(share, abs=1e-3)
    assert found.saturated_share == pytest.approx(share, abs=0.02)
    slopes = [NormalDist(0, sigma).inv_cdf((i + 0.5) / 5000) for i in range(5000)]
    mean = sum(1 / (2 + 2 * math.cosh(z)) for z in slopes) / 5000  # σ′(z) = 1 / (2 + 2 cosh z)
    assert found.mean_sigma_prime == pytest.approx(mean, rel=0.05)


def test_histogram_is_a_density_like_the_one_predicted() -> None:
    found = only_layer("standard", "standard", 500)
    width = np.diff(found.edges)
    assert len(found.edges) == len(found.density) + 1 == len(found.predicted_density) + 1
    assert (found.density * width).sum() == pytest.approx(1, abs=0.001)
    assert (found.predicted_density * width).sum() == pytest.approx(1, abs=0.001)
    assert 0.5 * np.abs((found.density - found.predicted_density) * width).sum() < 0.05
    assert found.predicted_density.max() == pytest.approx(1 / (math.sqrt(501) * math.sqrt(2 * math.pi)), rel=0.01)


@pytest.fixture
def _few_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample little, for tests that don't need the precision."""
    monkeypatch.setattr(effect, "_MOST_NETWORKS", 500)


@pytest.mark.usefixtures("_few_networks")
def test_layers_are_described_in_order() -> None:
    found = effects(Initialization((20, 6, 5, 3)), activation="relu", output="softmax")
    assert [(of.layer, of.fan_in, of.units) for of in found] == [(1, 20, 6), (2, 6, 5), (3, 5, 3)]
    assert [of.activation for of in found] == ["relu", "relu", "sigmoid"]
    (linear,) = effects(Initialization((20, 3)), output="linear")
    assert linear.activation == "linear"
    assert linear.saturated_share == linear.predicted_saturated_share == 0
    assert linear.mean_sigma_prime == 1


@pytest.mark.usefixtures("_few_networks")
def test_the_same_seed_samples_the_same() -> None:
    start = Initialization((20, 3))
    one, same, other = (effects(start, seed=seed)[0].sampled_std for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.usefixtures("_few_networks")
def test_dead_relus_are_those_off_on_every_example() -> None:
    def dead(*examples: list[float]) -> float:
        inputs = np.array(examples, np.float32)
        return effects(Initialization((2, 50, 1), "he-normal", "zeros"), inputs, activation="relu")[0].dead_units

    assert dead([0.0, 0.0]) == 1
    assert dead([1.0, 0.3]) == pytest.approx(0.5, abs=0.03)
    assert dead([1.0, 0.3], [-1.0, -0.3]) == 0  # what is off for one example is on for its opposite
    # Off for two examples at an angle of 90°: a quarter of all directions
    assert dead([1.0, 0.0], [0.0, 1.0]) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("activation", "name", "biases"),
    [("sigmoid", "standard", "standard"), ("tanh", "glorot-normal", "standard"), ("relu", "he-normal", "zeros")],
)
def test_prediction_follows_the_variance_through_three_hidden_layers(activation: str, name: str, biases: str) -> None:
    start = Initialization((100, 150, 150, 150, 10), name, biases)
    inputs = np.random.default_rng(0).uniform(0, 1, (3, 100))
    found = effects(start, inputs, activation=activation)
    assert len(found) == 4
    for of in found:
        assert of.sampled_std == pytest.approx(of.predicted_std, rel=0.05), of.layer
        assert of.saturated_share == pytest.approx(of.predicted_saturated_share, abs=0.03), of.layer
    if activation == "relu":  # He et al.: the point of 2/fan_in is that the variance stays what it is
        stds = [of.predicted_std for of in found]
        np.testing.assert_allclose(stds, math.sqrt(2 * (inputs**2).sum(axis=1).mean() / 100), rtol=1e-9)


def sampled_variances(start: Initialization, x: Array, activation: str, networks: int) -> Array:
    """The mean over networks of σ_w² Σ a² + σ_b², a layer each: the variance of z with little noise, (layers,)."""
    rng = np.random.default_rng(1)
    a = np.broadcast_to(x, (networks, *x.shape))
    variances = []
    for layer, pair in enumerate(start.pairs):
        weight_std, bias_std = start.stds(layer)
        variances.append(weight_std**2 * float(np.square(a).sum(axis=(1, 2)).mean()) + bias_std**2)
        a = a @ (weight_std * rng.standard_normal((networks, *pair)))
        a += bias_std * rng.standard_normal((networks, 1, pair[1]))
        ACTIVATIONS[activation].apply(a)
    return np.array(variances)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky-relu", "linear"])
@pytest.mark.parametrize("sizes", [(40, 40, 40, 40, 40, 10), (30, 10, 20, 10, 20, 5)])
def test_five_layers_deep_the_prediction_is_that_of_a_large_sample(activation: str, sizes: tuple[int, ...]) -> None:
    """ReLU and linear layers have no noise-free sample: their second moments are E[z²]/2 and E[z²] exactly."""
    x = np.random.default_rng(3).random((1, sizes[0]))
    for weights in ("standard", "scaled"):
        start = Initialization(sizes, weights)
        predicted = [of.predicted_std for of in effects(start, x, activation=activation, quick=True)]
        if activation in ("sigmoid", "tanh"):
            expected = np.sqrt(sampled_variances(start, x, activation, 6000))
        else:
            share = {"relu": 0.5, "leaky-relu": (1 + LEAK**2) / 2, "linear": 1.0}[activation]
            variance, expected_list = float(np.square(x).sum()), []
            for layer, fan_in in enumerate(sizes[:-1]):
                weight_std, bias_std = start.stds(layer)
                of_inputs = variance if layer == 0 else share * fan_in * variance
                variance = weight_std**2 * of_inputs + bias_std**2
                expected_list.append(math.sqrt(variance))
            expected = np.array(expected_list)
        assert predicted == pytest.approx(expected, rel=0.005), weights


def test_behind_a_saturated_tanh_layer_sigma_z_is_that_of_the_gaussian_integral() -> None:
    """E[tanh² z] over z ~ N(0, 393), integrated by hand in steps of 1/1000: σ_z = 9.848, not 9.41."""
    z = np.arange(-120, 120, 1e-3)
    density = np.exp(-(z**2) / (2 * 393)) / math.sqrt(2 * math.pi * 393)
    exact = math.sqrt(100 * float((np.tanh(z) ** 2 * density).sum() * 1e-3) + 1)
    predicted = effects(Initialization((784, 100, 10), "standard"), activation="tanh", quick=True)[1].predicted_std
    assert exact == pytest.approx(9.85, abs=0.01)
    assert predicted == pytest.approx(exact, rel=1e-4)


def test_on_mnist_standard_weights_saturate_the_hidden_layer(mnist_inputs: Array) -> None:
    hidden = effects(Initialization((784, 30, 10), "standard"), mnist_inputs)[0]
    assert hidden.predicted_std == pytest.approx(9.3, abs=0.05)
    assert hidden.sampled_std == pytest.approx(9.3, rel=0.05)
    assert hidden.saturated_share == pytest.approx(0.73, abs=0.02)
    assert hidden.mean_sigma_prime == pytest.approx(0.045, abs=0.003)


def test_on_mnist_scaled_weights_do_not(mnist_inputs: Array) -> None:
    hidden = effects(Initialization((784, 30, 10), "scaled"), mnist_inputs)[0]
    assert hidden.predicted_std == pytest.approx(1.05, abs=0.005)
    assert hidden.sampled_std == pytest.approx(1.05, rel=0.05)
    assert hidden.saturated_share <= 0.01
    assert hidden.mean_sigma_prime == pytest.approx(0.203, abs=0.005)
