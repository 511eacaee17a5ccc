"""The loop: the update by hand, the order of examples, measuring, stopping, going on, networks side by side."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from tunelab.data.dataset import Array, Examples
from tunelab.initialization import Initialization, initial_network
from tunelab.network import Network
from tunelab.training import Constant, EarlyStopping, Measurement, Plateau, Training, numpy_steps
from tunelab.training.loop import shuffled
from tunelab.training.measurement import score

MakeExamples = Callable[..., Examples]


class Watched(Network):
    """A network that remembers the mini-batches it was trained on."""

    def __init__(self, *args: Any, **names: Any) -> None:
        super().__init__(*args, **names)
        self.batches: list[Array] = []

    def gradient(self, x: Array, y: Array, factor: Array | float = 1.0) -> tuple[list[Array], list[Array]]:
        self.batches.append(x.copy())
        return super().gradient(x, y, factor)


def numbered(n: int, outputs: int = 2) -> Examples:
    """Examples whose single input is their own number."""
    return Examples(np.arange(n, dtype=np.float32)[:, None], np.arange(n) % outputs)


def built(
    examples: Examples,
    seeds: Sequence[int] = (0,),
    hidden: Sequence[int] = (),
    *,
    outputs: int = 3,
    dtype: type = np.float64,
    evaluation: Examples | None = None,
    names: dict[str, str] | None = None,
    **settings: Any,
) -> Training:
    """A training of len(seeds) networks, with defaults for what a test doesn't care about."""
    start = Initialization((examples.inputs.shape[1], *hidden, outputs))
    R, n = len(seeds), len(examples)
    wanted = {"eta": [0.5] * R, "lmbda": [0.0] * R, "mini_batch": 10, "epochs": 2, "order": shuffled(seeds, n)}
    return Training(
        initial_network(start, seeds, dtype=dtype, **(names or {})),
        examples,
        evaluation or examples,
        **(wanted | settings),
    )


def parameters(training: Training) -> list[Array]:
    network = training.parameters()
    return network.weights + network.biases


def numbers(measurement: Measurement) -> dict[str, Array]:
    """Everything measured, (R, …) each."""
    found = {"eta": measurement.eta, "penalty": measurement.penalty, "diverged": measurement.diverged}
    for part, of in (("training", measurement.training), ("evaluation", measurement.evaluation)):
        found |= {f"{part} cost": of.data_cost, f"{part} correct": of.correct, f"{part} answers": of.answers}
    return found


# -- the update -------------------------------------------------------------------------------------------


def test_steps_are_the_formula_by_hand(make_examples: MakeExamples) -> None:
    """λ shrinks weights by λ/n of the whole set, leaves biases; a last smaller mini-batch counts by its size."""
    examples = make_examples(25)
    eta, lmbda, n, m = (0.5, 2.0), (3.0, 0.0), 25, 10
    training = built(examples, (4, 5), eta=eta, lmbda=lmbda)
    weights, biases = training.network.weights[0].copy(), training.network.biases[0].copy()
    x, y = examples.scaled(slice(None), np.float64), np.eye(3)[examples.targets]
    order = shuffled((4, 5), n)
    for r in range(2):
        for epoch in range(2):
            visits = order(r, epoch)
            for rows in (visits[:10], visits[10:20], visits[20:]):
                a = 1 / (1 + np.exp(-(x[rows] @ weights[r] + biases[r])))
                slope = x[rows].T @ (a - y[rows])
                weights[r] = (1 - eta[r] * lmbda[r] / n) * weights[r] - eta[r] / len(rows) * slope
                biases[r] -= eta[r] / len(rows) * (a - y[rows]).sum(axis=0)
    assert training.mini_batch == m
    list(training)
    np.testing.assert_allclose(training.network.weights[0], weights, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(training.network.biases[0], biases, rtol=1e-12, atol=1e-14)


def without_gradient(eta: float, lmbda: float, epochs: int, dtype: type = np.float64) -> tuple[Array, Training]:
    """1,000 examples, all 0 and answered exactly: what is left of a step is 1 − ηλ/n. One step an epoch."""
    examples = Examples(np.zeros((1000, 4), np.float32), np.zeros((1000, 3), np.float32))
    weights = np.arange(12, dtype=dtype).reshape(1, 4, 3)
    network = Network([weights], [np.zeros((1, 1, 3), dtype)], output="linear", cost="quadratic")
    training = Training(
        network,
        examples,
        examples,
        eta=[eta],
        lmbda=[lmbda],
        mini_batch=1000,
        epochs=epochs,
        order=shuffled([0], 1000),
        classes=False,
    )
    return weights.copy(), training


def test_the_lectures_shrink_factors() -> None:
    first, training = without_gradient(eta=100, lmbda=20, epochs=3)  # 1 − 100·20/1000 = −1
    signs = [-1, 1, -1]
    for sign, _ in zip(signs, training, strict=True):
        np.testing.assert_array_equal(training.network.weights[0], sign * first)
    first, training = without_gradient(eta=10, lmbda=1000, epochs=2)  # −9
    list(training)
    np.testing.assert_array_equal(training.network.weights[0], 81 * first)
    first, training = without_gradient(eta=10, lmbda=20, epochs=2)  # 0.8
    list(training)
    np.testing.assert_allclose(training.network.weights[0], 0.64 * first, rtol=1e-15)
    np.testing.assert_array_equal(training.network.biases[0], 0)


def test_it_learns(make_examples: MakeExamples) -> None:
    training = built(
        make_examples(300, 30), (0, 1), (8,), evaluation=make_examples(200, 30, seed=1), eta=[1.0, 1.0], epochs=20
    )
    measured = list(training)
    assert (measured[-1].evaluation_accuracy > 0.9).all()
    assert (measured[-1].training_cost < 0.5 * measured[0].training_cost).all()


# -- the order of examples --------------------------------------------------------------------------------


def test_an_epoch_visits_each_example_exactly_once_in_a_fresh_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tunelab.training.loop.layer_statistics", lambda *_: {}
    )  # which looks at gradients without a step
    n, epochs = 25, 4
    network = Watched([np.zeros((2, 1, 2))], [np.zeros((2, 1, 2))])
    training = Training(
        network,
        numbered(n),
        numbered(n),
        eta=[0.1, 0.1],
        lmbda=[0, 0],
        mini_batch=10,
        epochs=epochs,
        order=shuffled([8, 9], n),
    )
    list(training)
    assert [batch.shape[1] for batch in network.batches] == [10, 10, 5] * epochs
    seen = np.concatenate(network.batches, axis=1)[:, :, 0].reshape(2 * epochs, n)
    np.testing.assert_array_equal(np.sort(seen, axis=1), np.tile(np.arange(n), (2 * epochs, 1)))
    assert len({tuple(visits) for visits in seen}) == 2 * epochs  # another epoch or seed: another order
    np.testing.assert_array_equal(seen[epochs + 1], shuffled([9], n)(0, 1))  # of seed and epoch alone


def test_answers_stay_with_their_examples() -> None:
    """With inputs that name the class exactly, shuffling inputs and targets apart would leave nothing to learn."""
    targets = np.random.default_rng(0).integers(0, 5, 200)
    examples = Examples(np.eye(5, dtype=np.float32)[targets], targets)
    training = built(examples, (0, 1), outputs=5, eta=[2.0, 2.0], epochs=10)
    assert list(training)[-1].training_accuracy.tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pixels", [True, False])
def test_neither_gathering_by_and_by_nor_scaling_late_changes_the_bits(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch, dtype: type, pixels: bool
) -> None:
    """Large sets are scaled block by block, small ones once: the same numbers to the bit."""
    examples = make_examples(47)
    if not pixels:
        examples = Examples(examples.inputs.astype(np.float32) / 7, examples.targets)

    def trained() -> list[Array]:
        training = built(examples, (0, 1, 2), (5,), dtype=dtype, lmbda=[0, 1, 2], monitor_every=9)
        list(training)
        return parameters(training)

    plain = trained()
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 1)
    small_blocks = trained()
    monkeypatch.setattr(numpy_steps, "_SCALED_ONCE_BYTES", 0)
    for once, blocks, late in zip(plain, small_blocks, trained(), strict=True):
        np.testing.assert_array_equal(blocks, once)
        np.testing.assert_array_equal(late, once)


# -- measuring --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "every", "points"),
    [
        (25, None, [25, 50]),
        (20, 10, [10, 20, 30, 40]),
        (25, 7, [10, 20, 25, 35, 45, 50]),  # at the first mini-batch's end at or after 7, 14, 21, 28, 42, 49
        (25, 40, [45, 50]),
        (25, 1000, [50]),  # the last measurement is at the end, whatever the rhythm
        (25, 1, [10, 20, 25, 35, 45, 50]),
    ],
)
def test_measured_every_so_many_examples_and_at_the_end(
    make_examples: MakeExamples, n: int, every: int | None, points: list[int]
) -> None:
    measured = list(built(make_examples(n), monitor_every=every))
    assert [m.examples for m in measured] == points
    assert [m.epoch for m in measured] == [point / n for point in points]
    assert [m.reasons for m in measured] == [("",)] * (len(points) - 1) + [("epochs",)]


def test_measuring_often_changes_no_bit(make_examples: MakeExamples) -> None:
    seldom, often = (built(make_examples(25), (0, 1), monitor_every=every) for every in (None, 1))
    list(seldom)
    often.measure()
    for _ in often:
        often.measure()
    for one, other in zip(parameters(seldom), parameters(often), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_cost_includes_its_penalty_of_weights_only(make_examples: MakeExamples) -> None:
    training = built(make_examples(50), (0, 1), (4,), lmbda=[5.0, 0.0], evaluation=make_examples(20, seed=1))
    measured = list(training)[-1]
    squares = [sum((w[r] ** 2).sum() for w in training.network.weights) for r in range(2)]
    np.testing.assert_allclose(measured.penalty, [5 / (2 * 50) * squares[0], 0], rtol=1e-13)
    for cost, data in (
        (measured.training_cost, measured.training.data_cost),
        (measured.evaluation_cost, measured.evaluation.data_cost),  # n is of the training set here too
    ):
        np.testing.assert_allclose(cost, data + measured.penalty, rtol=1e-15)
    assert measured.training.total == 50
    assert measured.evaluation.total == 20
    np.testing.assert_array_equal(measured.evaluation_accuracy, measured.evaluation.correct / 20)


@pytest.mark.parametrize("n", [1, 249, 250, 251, 600])
def test_score_counts_what_an_example_by_example_look_finds(make_examples: MakeExamples, n: int) -> None:
    examples = make_examples(n)
    network = initial_network(Initialization((12, 4, 3)), [0, 1], dtype=np.float64)
    found = score(network, examples, classes=True)
    for r in range(2):
        answers, cost = [], 0.0
        for row in range(n):
            a = network.answer(examples.scaled(slice(row, row + 1), np.float64))[r, 0]
            y = np.eye(3)[examples.targets[row]]
            cost += -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum()
            answers.append(int(a.argmax()))
        assert found.data_cost[r] == pytest.approx(cost / n, rel=1e-12)
        assert found.correct[r] == sum(int(a == t) for a, t in zip(answers, examples.targets, strict=True))
        assert found.answers[r].tolist() == [answers.count(c) for c in range(3)]
    assert found.total == n


def test_score_of_wanted_outputs_counts_answers_within_the_tolerance() -> None:
    """A generator asked for points such as [5.1, 23.7]: every coordinate must be near."""
    wanted = np.array([[5.1, 23.7], [0, 0], [0.5, 0], [0, -0.6]], np.float32)
    examples = Examples(np.zeros((4, 1), np.float32), wanted)
    biases = np.array([[[5.0, 24.0]], [[0, 0]]])  # the first network answers (5, 24) to everything
    network = Network([np.zeros((2, 1, 2))], [biases], output="linear", cost="quadratic")
    found = score(network, examples, classes=False, tolerance=0.5)
    assert found.correct.tolist() == [1, 2]
    assert found.answers.shape == (2, 0)
    squares = ((biases[:, 0][:, None, :] - wanted) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(found.data_cost, squares / 2 / 4, rtol=1e-12)


# -- how a training ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cost", ["cross-entropy", "quadratic"])
def test_divergence_is_reported_without_a_warning(make_examples: MakeExamples, dtype: type, cost: str) -> None:
    """The lecture's η = 10, λ = 1000 with 1,000 images: every step multiplies the weights by −9."""
    training = built(make_examples(1000), eta=[10.0], lmbda=[1000.0], epochs=30, dtype=dtype, names={"cost": cost})
    measured = list(training)
    assert measured[-1].reasons == ("diverged",)
    assert measured[-1].diverged.tolist() == [True]
    assert not np.isfinite(measured[-1].training_cost).any()
    assert [bool(m.diverged[0]) for m in measured[:-1]] == [False] * (len(measured) - 1)
    assert measured[-1].epoch <= 3  # 9^100 an epoch: no dtype holds out longer
    assert len(training.running) == 0


def test_without_lambda_infinite_weights_are_still_divergence() -> None:
    examples = Examples(np.full((20, 2), 1e30, np.float32), np.full((20, 1), 1e30, np.float32))
    network = Network(
        [np.ones((1, 2, 1), np.float32)], [np.zeros((1, 1, 1), np.float32)], output="linear", cost="quadratic"
    )
    training = Training(
        network,
        examples,
        examples,
        eta=[1.0],
        lmbda=[0.0],
        mini_batch=10,
        epochs=5,
        order=shuffled([0], 20),
        classes=False,
    )
    assert [m.reasons for m in training] == [("diverged",)]


def hopeless(n: int) -> Examples:
    """Inputs that say nothing: validation accuracy stays where it is."""
    return Examples(np.zeros((n, 2), np.float32), np.zeros(n, np.int64))


def test_early_stopping_ends_a_training() -> None:
    training = built(hopeless(20), outputs=2, epochs=30, stopping=[EarlyStopping(patience=3)])
    measured = list(training)
    assert [m.epoch for m in measured] == [1, 2, 3, 4]  # the best was at epoch 1
    assert measured[-1].reasons == ("early-stop",)


@pytest.mark.parametrize(("factor", "stop_at", "cuts"), [(2, 1024, 10), (10, 1000, 3)])
def test_schedule_trains_every_level_but_the_last(factor: float, stop_at: float, cuts: int) -> None:
    schedule = Plateau(factor=factor, patience=2, stop_at=stop_at)
    training = built(hopeless(20), outputs=2, eta=[1.0], epochs=99, schedules=[schedule])
    measured = list(training)
    levels = [float(m.eta[0]) for m in measured]
    assert levels == [1.0] + [1.0 / factor**cut for cut in range(cuts) for _ in range(2)]
    assert measured[-1].reasons == ("schedule-end",)


def test_a_lower_eta_is_used_from_the_cut_on() -> None:
    """With a constant gradient the step of each epoch shows the η in force."""
    examples = Examples(np.zeros((10, 1), np.float32), np.full((10, 1), -1e9, np.float32))
    network = Network([np.zeros((1, 1, 1))], [np.zeros((1, 1, 1))], output="linear", cost="quadratic")
    training = Training(
        network,
        examples,
        examples,
        eta=[1e-6],
        lmbda=[0.0],
        mini_batch=10,
        epochs=6,
        order=shuffled([0], 10),
        schedules=[Plateau(factor=10, patience=2, stop_at=1000)],
        classes=False,
    )
    places = [0.0] + [float(network.biases[0][0, 0, 0]) for _ in training]
    steps = [after - before for before, after in itertools.pairwise(places)]
    np.testing.assert_allclose(steps, [-1e3, -1e3, -1e3, -1e2, -1e2, -1e1], rtol=1e-4)


def test_after_the_end_nothing_more_is_trained_but_it_can_be_measured_and_saved(make_examples: MakeExamples) -> None:
    training = built(make_examples(30), (0, 1, 2), eta=[0.5, 1e8, 0.5], lmbda=[0, 30, 0], epochs=8)
    last = list(training)[-1]
    assert last.reasons == ("epochs", "diverged", "epochs")
    saved = training.state()
    assert list(training) == []
    again = training.measure()
    for name, values in numbers(last).items():
        np.testing.assert_array_equal(numbers(again)[name], values, err_msg=name)
    restored = built(make_examples(30), (0, 1, 2), eta=[0.5, 1e8, 0.5], lmbda=[0, 30, 0], epochs=8)
    restored.restore(saved)
    assert list(restored) == []
    assert restored.measure().reasons == last.reasons
    for one, other in zip(parameters(training), parameters(restored), strict=True):
        np.testing.assert_array_equal(one, other)


# -- networks side by side --------------------------------------------------------------------------------

SHAPES = [  # inputs, hidden, outputs, n, m
    pytest.param(12, (), 3, 100, 10, id="no hidden layer"),
    pytest.param(12, (), 3, 40, 1, id="one example at a time"),
    pytest.param(12, (5,), 3, 30, 1, id="one example at a time, hidden layer"),
    pytest.param(12, (5,), 3, 95, 10, id="m does not divide n"),
    pytest.param(12, (1,), 2, 37, 9, id="one hidden neuron"),
    pytest.param(33, (17, 9), 5, 41, 8, id="two hidden layers, odd widths"),
    pytest.param(784, (30,), 10, 100, 10, id="784-30-10"),
    pytest.param(784, (30,), 10, 65, 64, id="784-30-10, m = 64 and 1"),
    pytest.param(784, (100,), 10, 100, 100, id="784-100-10, m = n"),
    pytest.param(784, (), 10, 55, 10, id="784-10"),
]


def assert_same_as_alone(together: Callable[[], Training], alone: Callable[[int], Training], R: int) -> None:
    """Every measurement and parameter of replicate r of R is, to the bit, what it is alone."""
    stacked = together()
    measured = list(stacked)
    for r in range(R):
        single = alone(r)
        of_single = list(single)
        for mine, theirs in zip(of_single, measured, strict=False):
            for name, values in numbers(mine).items():
                np.testing.assert_array_equal(numbers(theirs)[name][r], values[0], err_msg=f"{name} of {r}")
            assert mine.reasons[0] == theirs.reasons[r]
        for name, values in numbers(of_single[-1]).items():  # one that has stopped keeps its last numbers
            np.testing.assert_array_equal(numbers(measured[-1])[name][r], values[0], err_msg=f"{name} of {r}")
        assert of_single[-1].reasons[0] == measured[-1].reasons[r]
        for ours, own in zip(parameters(stacked), parameters(single), strict=True):
            np.testing.assert_array_equal(ours[r], own[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("inputs", "hidden", "outputs", "n", "m"), SHAPES)
def test_a_replicate_trains_to_the_bits_that_its_seed_gives_alone(
    make_examples: MakeExamples,
    dtype: type,
    inputs: int,
    hidden: tuple[int, ...],
    outputs: int,
    n: int,
    m: int,
) -> None:
    examples = make_examples(n, inputs, outputs)
    seeds, eta, lmbda = [5, 0, 7, 1], [0.5, 0.1, 2.0, 0.03], [0.0, 0.1, 5.0, 0.0]

    def training(chosen: list[int]) -> Training:
        return built(
            examples,
            [seeds[r] for r in chosen],
            hidden,
            outputs=outputs,
            dtype=dtype,
            evaluation=make_examples(260, inputs, outputs, seed=1),
            eta=[eta[r] for r in chosen],
            lmbda=[lmbda[r] for r in chosen],
            mini_batch=m,
        )

    assert_same_as_alone(lambda: training([0, 1, 2, 3]), lambda r: training([r]), R=4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "names",
    [
        {"activation": "relu", "output": "softmax", "cost": "log-likelihood"},
        {"activation": "tanh", "output": "sigmoid", "cost": "quadratic"},
        {"activation": "leaky-relu", "output": "softmax", "cost": "quadratic"},
        {"activation": "linear", "output": "linear", "cost": "quadratic"},
    ],
    ids=lambda names: "-".join(names.values()),
)
def test_so_it_does_whatever_the_network_is_made_of(
    make_examples: MakeExamples, dtype: type, names: dict[str, str]
) -> None:
    def training(seeds: list[int]) -> Training:
        R = len(seeds)
        return built(
            make_examples(57), seeds, (6, 5), dtype=dtype, names=names, eta=[0.05] * R, lmbda=[1.0] * R, epochs=3
        )

    assert_same_as_alone(lambda: training([3, 4, 5]), lambda r: training([r + 3]), R=3)


def test_so_it_does_for_a_single_wanted_output() -> None:
    rng = np.random.default_rng(0)
    examples = Examples(rng.normal(0, 1, (43, 3)).astype(np.float32), rng.normal(0, 1, (43, 1)).astype(np.float32))

    def training(seeds: list[int]) -> Training:
        names = {"activation": "tanh", "output": "linear", "cost": "quadratic"}
        return built(
            examples, seeds, (4,), outputs=1, dtype=np.float32, names=names, eta=[0.1] * len(seeds), classes=False
        )

    assert_same_as_alone(lambda: training([3, 4, 5]), lambda r: training([r + 3]), R=3)


def leaving(make_examples: MakeExamples, dtype: type, chosen: Sequence[int] = range(5), **settings: Any) -> Training:
    """Five trainings that end for different reasons, at different times; or some of them."""
    stopping = [EarlyStopping(patience) for patience in (99, 99, 4, 99, 99)]
    schedules = [Plateau(2, patience, stop_at=4) for patience in (99, 99, 99, 1, 99)]
    eta, lmbda = [0.5, 10.0, 1.0, 0.7, 0.2], [0.0, 60.0, 1.0, 0.0, 2.0]
    return built(
        make_examples(60),
        [20 + r for r in chosen],
        (6,),
        dtype=dtype,
        evaluation=make_examples(40, seed=1),
        eta=[eta[r] for r in chosen],
        lmbda=[lmbda[r] for r in chosen],
        epochs=30,
        stopping=[stopping[r] for r in chosen],
        schedules=[schedules[r] for r in chosen],
        **settings,
    )


LEAVING = ("epochs", "diverged", "early-stop", "schedule-end", "epochs")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_that_leaves_changes_no_bit_of_the_others(make_examples: MakeExamples, dtype: type) -> None:
    measured = list(leaving(make_examples, dtype))
    assert measured[-1].reasons == LEAVING
    left = [next(m.epoch for m in measured if m.reasons[r]) for r in range(5)]
    assert len(set(left[1:4])) == 3  # at three different times
    assert max(left[1:4]) < 30
    assert_same_as_alone(
        lambda: leaving(make_examples, dtype), lambda r: leaving(make_examples, dtype, [r]), R=len(LEAVING)
    )


# -- stopping and going on --------------------------------------------------------------------------------


class Stop(Exception):
    """Raised by a pulse, as a person's stop is."""


def through_a_file(state: dict[str, Array]) -> dict[str, Array]:
    """The state as a checkpoint gives it back: through .npz, without pickle."""
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        return dict(saved)


def train_until(training: Training, pulses: int) -> list[Measurement]:
    """Measurements until the pulse that raises, or to the end."""
    count = iter(range(pulses))

    def pulse() -> None:
        if next(count, None) is None:
            raise Stop

    measured = []
    try:
        for measurement in training.run(pulse):
            measured.append(measurement)  # noqa: PERF402 (what came before the stop is wanted)
    except Stop:
        pass
    return measured


def plain(make_examples: MakeExamples) -> Training:
    return built(make_examples(47), (0, 1), (5,), lmbda=[0, 2.0], mini_batch=5, monitor_every=13, epochs=4)


def scheduled(make_examples: MakeExamples) -> Training:
    schedules = [Plateau(2, 0.3, stop_at=1024), Plateau(10, 1.0, stop_at=1000)]
    return built(
        make_examples(47), (0, 1), mini_batch=5, monitor_every=13, epochs=5, schedules=schedules, dtype=np.float32
    )


def ending(make_examples: MakeExamples) -> Training:
    return leaving(make_examples, np.float32, monitor_every=25)


@pytest.mark.parametrize("make", [plain, scheduled, ending], ids=lambda make: make.__name__)
def test_a_training_that_was_stopped_anywhere_goes_on_to_the_same_bits_and_measurements(
    make: Callable[[MakeExamples], Training], make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 1)  # a pulse after every mini-batch
    unbroken = make(make_examples)
    pulses: list[None] = []
    wanted = list(unbroken.run(lambda: pulses.append(None)))
    assert len(pulses) > 30
    for stop_at in [*range(0, 14), *range(14, len(pulses), 19), len(pulses) - 1]:
        first = make(make_examples)
        measured = train_until(first, stop_at)
        state = through_a_file(first.state())
        second = make(make_examples)
        second.restore(state)
        assert second.examples == first.examples
        measured += list(second)
        assert [m.examples for m in measured] == [m.examples for m in wanted], f"stopped at pulse {stop_at}"
        for got, unstopped in zip(measured, wanted, strict=True):
            assert got.reasons == unstopped.reasons
            for name, values in numbers(unstopped).items():
                np.testing.assert_array_equal(numbers(got)[name], values, err_msg=f"{name}, pulse {stop_at}")
        for got, unstopped in zip(parameters(second), parameters(unbroken), strict=True):
            np.testing.assert_array_equal(got, unstopped)


@pytest.mark.parametrize("make", [plain, scheduled, ending], ids=lambda make: make.__name__)
def test_so_does_one_saved_at_a_measurement_and_saving_disturbs_nothing(
    make: Callable[[MakeExamples], Training], make_examples: MakeExamples
) -> None:
    unbroken = make(make_examples)
    wanted = list(unbroken)
    watched = make(make_examples)
    states = [through_a_file(watched.state()) for _ in watched]
    for got, unstopped in zip(parameters(watched), parameters(unbroken), strict=True):
        np.testing.assert_array_equal(got, unstopped)
    for place in range(0, len(states), 5):
        second = make(make_examples)
        second.restore(states[place])
        assert [m.examples for m in second] == [m.examples for m in wanted[place + 1 :]]
        for got, unstopped in zip(parameters(second), parameters(unbroken), strict=True):
            np.testing.assert_array_equal(got, unstopped)


def test_the_same_object_goes_on_after_a_stop(make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 1)
    unbroken, stopped = plain(make_examples), plain(make_examples)
    wanted = list(unbroken)
    for pulses in (2, 0, 5):
        before = train_until(stopped, pulses)
        wanted = wanted[len(before) :]
    assert [m.examples for m in stopped] == [m.examples for m in wanted]
    for got, unstopped in zip(parameters(stopped), parameters(unbroken), strict=True):
        np.testing.assert_array_equal(got, unstopped)


def test_a_state_is_a_copy(make_examples: MakeExamples) -> None:
    training = scheduled(make_examples)
    state = training.state()
    kept = {name: values.copy() for name, values in state.items()}
    list(training)
    for name, values in kept.items():
        np.testing.assert_array_equal(state[name], values, err_msg=name)


# Ten mini-batches an epoch of 47: nine of 5 and one of 2
@pytest.mark.parametrize(("pulses", "examples"), [(0, 5), (1, 10), (2, 15), (9, 47), (20, 99)])
def test_a_training_can_end_where_another_was_stopped(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch, pulses: int, examples: int
) -> None:
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 1)
    stopped, again = plain(make_examples), plain(make_examples)
    train_until(stopped, pulses)
    list(again.run(until=stopped.examples))
    assert again.examples == stopped.examples == examples
    for got, wanted in zip(parameters(again), parameters(stopped), strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("pulses", [0, 17, 90, 150])
def test_states_can_be_joined_and_taken_apart(
    make_examples: MakeExamples, monkeypatch: pytest.MonkeyPatch, pulses: int
) -> None:
    """Every array has the replicate axis first, so arms that stood at one point may go on in other company."""
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 1)
    together = leaving(make_examples, np.float64)
    train_until(together, pulses)
    state = through_a_file(together.state())
    counters = {"examples", "measured"}
    assert {name for name, values in state.items() if not values.ndim} == counters
    wanted = list(together)

    alone = []
    for r in range(5):
        single = leaving(make_examples, np.float64, [r])
        single.restore({name: values if name in counters else values[r : r + 1] for name, values in state.items()})
        alone.append(through_a_file(single.state()))
        for mine, theirs in zip(single, wanted, strict=False):
            for name, values in numbers(mine).items():
                np.testing.assert_array_equal(values[0], numbers(theirs)[name][r], err_msg=name)
        for own, ours in zip(parameters(single), parameters(together), strict=True):
            np.testing.assert_array_equal(own[0], ours[r])
    joined = {
        name: values if name in counters else np.concatenate([of[name] for of in alone])
        for name, values in state.items()
    }
    for name, values in state.items():
        np.testing.assert_array_equal(joined[name], values, err_msg=name)


def test_schedules_of_different_kinds_can_be_saved_together(make_examples: MakeExamples) -> None:
    def training() -> Training:
        schedules = [Constant(), Plateau(2, 1, stop_at=1024)]
        return built(make_examples(47), (0, 1), epochs=6, schedules=schedules)

    unbroken, first, second = training(), training(), training()
    list(unbroken)
    for _ in zip(range(3), first, strict=False):
        state = through_a_file(first.state())
    second.restore(state)
    list(second)
    assert unbroken.schedules[1].divisor > 1
    assert second.schedules == unbroken.schedules
    for got, unstopped in zip(parameters(second), parameters(unbroken), strict=True):
        np.testing.assert_array_equal(got, unstopped)
