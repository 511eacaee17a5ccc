"""The compiled kernel: numpy's numbers, the same bits at every width, and numpy wherever it can't be."""

from __future__ import annotations

import gc
import itertools
import random
import subprocess
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tunelab.costs import COSTS
from tunelab.data.dataset import Array, Examples
from tunelab.errors import BadInput
from tunelab.initialization import Initialization, initial_network
from tunelab.kernel import (
    COMPILED,
    FOLD_EVERY,
    NUMPY,
    OLD_NUMPY,
    Kernel,
    build,
    check_engine,
    covers,
    current_engine,
    engine_for,
    kernel,
    kernel_examples,
    library,
    lists_inputs,
)
from tunelab.kernel.binding import HIDDEN, OUTPUTS
from tunelab.network import Network
from tunelab.training import Training, kernel_steps
from tunelab.training.decay import Decay
from tunelab.training.kernel_steps import KernelSteps
from tunelab.training.loop import Steps, shuffled
from tunelab.training.measurement import score, unscored
from tunelab.training.numpy_steps import NumpySteps
from tunelab.tui.state.settings import load_config

DTYPES = (np.float32, np.float64)
PAIRS = [pair for pair in COSTS if pair[0] in OUTPUTS]  # that the kernel knows


@pytest.fixture(scope="module")
def compiled() -> Kernel:
    """The kernel; tests of what it computes are skipped where there is none."""
    found = kernel()
    if found is None:
        pytest.skip(f"no compiled kernel: {library.describe_kernel()}")
    return found


def examples_of(n: int, inputs: int, outputs: int, *, listed: bool, classes: bool = True, seed: int = 0) -> Examples:
    """Pixels that are mostly 0, or dense numbers; class positions, or outputs wanted."""
    rng = np.random.default_rng([seed, n, inputs])
    if listed:
        x = rng.integers(1, 256, (n, inputs), dtype=np.uint8) * (rng.random((n, inputs)) < 0.2).astype(np.uint8)
    else:
        x = rng.standard_normal((n, inputs)).astype(np.float32)
    targets = rng.integers(0, outputs, n) if classes else rng.dirichlet(np.ones(outputs), n).astype(np.float32)
    return Examples(x, targets, 1 / 255 if listed else 1.0)


def network_of(sizes: Sequence[int], dtype: Any, R: int = 1, pair: tuple[str, str] = ("sigmoid", "cross-entropy"),
               activation: str = "sigmoid") -> Network:  # fmt: skip
    names = {"activation": activation, "output": pair[0], "cost": pair[1]}
    return initial_network(Initialization(tuple(sizes)), range(R), dtype=dtype, **names)


def steps_of(
    engine: Kernel | None,
    network: Network,
    examples: Examples,
    m: int,
    *,
    listed: bool,
    tolerance: float = 0.0,
    class_weights: Array | None = None,
) -> Steps:
    how: dict[str, Any] = {"classes": examples.targets.ndim == 1, "tolerance": tolerance}
    if engine is None:
        judge = partial(score, class_weights=class_weights, **how)
        classes = how["classes"]
        return NumpySteps(network, examples, mini_batch=m, classes=classes, class_weights=class_weights, score=judge)
    frame = partial(unscored, outputs=network.sizes[-1], **how)
    return KernelSteps(
        engine, network, examples, listed=listed, mini_batch=m, unscored=frame, class_weights=class_weights
    )


def advance(steps: Steps, orders: list[Array], m: int, eta: float, decay: Decay, stretch: int | None = None) -> None:
    """Train on all examples of the orders, in calls of at most so many examples."""
    steps.set_rates(np.full(len(orders), eta), decay)
    at, count = 0, len(orders[0])
    with np.errstate(all="ignore"):
        while at < count:
            part = min(steps.most(at // m), stretch or count, count - at)
            steps.advance(orders, at, part, at // m)
            at += part


def difference(a: Network, b: Network) -> float:
    """The largest difference, relative to the largest number of the same layer (or a tenth, if that is more)."""
    pairs = [*zip(a.weights, b.weights, strict=True), *zip(a.biases, b.biases, strict=True)]
    assert all(np.isfinite(one).all() for pair in pairs for one in pair)  # or the largest would overlook a NaN
    return max(float(np.abs(one - other).max() / max(np.abs(other).max(), 0.1)) for one, other in pairs)


# -- numpy's numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_hundred_steps_agree_with_numpy(compiled: Kernel, activation: str, pair: tuple[str, str], dtype: Any) -> None:
    """Depths 0 to 5 with widths that fill no vector; listed and dense inputs; classes, and outputs wanted."""
    for hidden, listed, classes in itertools.product(
        ((), (13,), (9, 17), (5, 5, 5, 5, 5)), (False, True), (True, False)
    ):
        examples = examples_of(210, 37, 5, listed=listed, classes=classes)
        sizes = (37, *hidden, 5)
        networks = [network_of(sizes, dtype, 2, pair, activation) for _ in range(2)]
        orders = [np.random.default_rng(r).integers(0, 210, 100 * 7 - 3) for r in range(2)]
        eta = 0.02 if activation == "linear" else 0.1
        scores = []
        for engine, network in zip((None, compiled), networks, strict=True):
            steps = steps_of(engine, network, examples, 7, listed=listed, tolerance=0.4)
            advance(steps, orders, 7, eta, Decay.of(np.array([1e-3, 0.0]), network.dtype))
            scores.append(steps.score(examples))
        single = dtype is np.float32
        assert difference(networks[1], networks[0]) < (2e-5 if single else 1e-12)
        np.testing.assert_allclose(scores[1].data_cost, scores[0].data_cost, rtol=1e-5 if single else 1e-12)
        # An output within rounding of another, or of the tolerance, may count here and not there
        assert abs(scores[1].correct - scores[0].correct).max() <= (2 if single else 0)
        assert scores[1].answers.shape == scores[0].answers.shape
        for name in ("answers", "class_correct"):
            assert abs(getattr(scores[1], name) - getattr(scores[0], name)).max(initial=0) <= (2 if single else 0)
        np.testing.assert_allclose(scores[1].squared_error, scores[0].squared_error, rtol=1e-4 if single else 1e-12)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("dtype", DTYPES)
def test_weighed_classes_agree_with_numpy(compiled: Kernel, pair: tuple[str, str], dtype: Any) -> None:
    for listed in (True, False):
        examples = examples_of(210, 37, 5, listed=listed)
        networks, costs = [network_of((37, 9, 5), dtype, 2, pair) for _ in range(2)], []
        orders = [np.random.default_rng(r).integers(0, 210, 100 * 7 - 3) for r in range(2)]
        for engine, network in zip((None, compiled), networks, strict=True):
            weights = np.array([0.2, 1.0, 3.0, 0.0, 0.8])
            steps = steps_of(engine, network, examples, 7, listed=listed, class_weights=weights)
            advance(steps, orders, 7, 0.1, Decay.of(np.array([1e-3, 0.0]), network.dtype))
            costs.append(steps.score(examples).data_cost)
        single = dtype is np.float32
        assert difference(networks[1], networks[0]) < (2e-5 if single else 1e-12)
        np.testing.assert_allclose(costs[1], costs[0], rtol=1e-5 if single else 1e-12)


@settings(max_examples=60)
@example(inputs=1, hidden=[], outputs=1, m=1, n=1, listed=True, double=True, R=1, seed=0)
@given(
    inputs=st.integers(1, 90),
    hidden=st.lists(st.integers(1, 70), max_size=3),
    outputs=st.integers(1, 40),
    m=st.integers(1, 40),
    n=st.integers(1, 60),
    listed=st.booleans(),
    double=st.booleans(),
    R=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_any_shape_agrees_with_numpy(
    compiled: Kernel, inputs: int, hidden: list[int], outputs: int, m: int, n: int, listed: bool, double: bool, R: int,
    seed: int,
) -> None:  # fmt: skip
    dtype, m = np.float64 if double else np.float32, min(m, n)
    examples = examples_of(n, inputs, outputs, listed=listed, seed=seed)
    networks = [network_of((inputs, *hidden, outputs), dtype, R) for _ in range(2)]
    orders = [np.random.default_rng([seed, r]).permutation(n) for r in range(R)]
    for engine, network in zip((None, compiled), networks, strict=True):
        steps = steps_of(engine, network, examples, m, listed=listed)
        for _ in range(3):
            advance(steps, orders, m, 0.3, Decay.of(np.full(R, 1e-3), network.dtype))
    assert difference(networks[1], networks[0]) < (1e-12 if double else 1e-4)


def test_examples_that_dont_fit_in_memory_are_prepared_block_by_block(
    compiled: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for listed, classes in itertools.product((True, False), (True, False)):
        found = []
        for most in (1 << 40, 0):
            examples = examples_of(500, 20, 3, listed=listed, classes=classes)
            monkeypatch.setattr("tunelab.kernel.binding._WHOLE", most)
            monkeypatch.setattr(kernel_steps, "_BLOCK", 90)
            network = network_of((20, 6, 3), np.float32)
            steps = steps_of(compiled, network, examples, 3, listed=listed, tolerance=0.5)
            order = np.random.default_rng(0).permutation(500)
            advance(steps, [order], 3, 0.3, Decay.of(np.array([1e-3]), network.dtype))
            judged = steps.score(examples)
            found.append((network.parameters.tobytes(), judged.data_cost.tobytes(), judged.correct.tolist()))
        assert found[0] == found[1]


def test_a_strong_decay_is_numpys(compiled: Kernel) -> None:
    """A factor near 0, 0 itself, and below: the lazily scaled weights are folded at once."""
    examples = examples_of(60, 37, 5, listed=True)
    for rate in (0.2, 0.6, 1.0, 2.5):
        networks = [network_of((37, 13, 5), np.float64) for _ in range(2)]
        for engine, network in zip((None, compiled), networks, strict=True):
            steps = steps_of(engine, network, examples, 3, listed=True)
            advance(steps, [np.arange(200) % 60], 3, 0.1, Decay.of(np.array([rate]), network.dtype))
        assert difference(networks[1], networks[0]) < 1e-12


@pytest.mark.parametrize("engine", [NUMPY, COMPILED])
@pytest.mark.parametrize("rate", [2e-8, 3e-7, 1e-5, 4e-5])
def test_a_small_decay_isnt_lost_in_float32(compiled: Kernel, engine: str, rate: float) -> None:
    """Inputs of 0 leave nothing to the weights but decay: (1 − ηλ/n)^steps, to 1 % of what it takes away."""
    examples = Examples(np.zeros((10, 4), np.uint8), np.zeros(10, np.int64), 1 / 255)
    network = network_of((4, 300, 2), np.float32)
    before = network.weights[0].astype(np.float64)
    steps = steps_of(compiled if engine == COMPILED else None, network, examples, 10, listed=True)
    count = 8_000
    advance(steps, [np.arange(10 * count) % 10], 10, 1e-9, Decay.of(np.array([rate]), network.dtype))
    taken = 1 - float((network.weights[0] * before).sum() / np.square(before).sum())
    assert taken == pytest.approx(-np.expm1(count * np.log1p(-rate)), rel=0.01 if rate > 1e-7 else 0.1)


@pytest.mark.usefixtures("compiled")
def test_what_diverges_is_noticed_at_the_same_measurement() -> None:
    for activation, pair, eta in (("relu", ("linear", "quadratic"), 50.0), ("linear", ("softmax", "quadratic"), 1e30)):
        for listed in (True, False):
            examples = examples_of(100, 37, 5, listed=listed)
            found = []
            for engine in (NUMPY, COMPILED):
                network = network_of((37, 13, 5), np.float32, 1, pair, activation)
                training = Training(
                    network, examples, examples, eta=[eta], lmbda=[1.0], mini_batch=7, epochs=9,
                    order=shuffled([0], 100), monitor_every=30, engine=engine,
                )  # fmt: skip
                assert training.engine == engine
                measurements = list(training)
                found.append([(m.examples, m.reasons, bool(m.diverged[0])) for m in measurements])
            assert found[0] == found[1]
            assert found[0][-1][1] == ("diverged",) or activation == "linear"


# -- the same bits ----------------------------------------------------------------------------------------


def fingerprint(compiled: Kernel, isa: int) -> list[bytes]:
    """All parameters of short trainings of many kinds, and their scores."""
    found = []
    for dtype, activation, pair, hidden, listed in itertools.product(
        DTYPES, HIDDEN, PAIRS, ((), (13,), (70, 9)), (False, True)
    ):
        examples = examples_of(90, 37, 5, listed=listed)
        network = network_of((37, *hidden, 5), dtype, 1, pair, activation)
        steps = steps_of(replace(compiled, isa=isa), network, examples, 7, listed=listed)
        order = np.random.default_rng(3).integers(0, 90, 500)
        advance(steps, [order], 7, 0.3, Decay.of(np.array([1e-3]), network.dtype))
        judged = steps.score(examples)
        found += [network.parameters.tobytes(), judged.data_cost.tobytes(), judged.answers.tobytes()]
    return found


def test_every_instruction_set_gives_the_same_bits(compiled: Kernel) -> None:
    widths = range(compiled.widest + 1)
    if len(widths) == 1:
        pytest.skip("this processor has one instruction set")
    first, *others = (fingerprint(compiled, isa) for isa in widths)
    assert all(other == first for other in others)


def test_where_calls_end_changes_no_bit(compiled: Kernel) -> None:
    examples = examples_of(300, 37, 5, listed=True)
    found = set()
    for stretch in (None, FOLD_EVERY * 7, 3 * FOLD_EVERY * 7):
        network = network_of((37, 13, 5), np.float32)
        steps = steps_of(compiled, network, examples, 7, listed=True)
        order = np.random.default_rng(0).integers(0, 300, 1000 * 7)
        advance(steps, [order], 7, 0.3, Decay.of(np.array([1e-4]), network.dtype), stretch)
        found.add(network.parameters.tobytes())
    assert len(found) == 1


def test_company_and_threads_change_no_bit(compiled: Kernel) -> None:
    examples = examples_of(300, 37, 5, listed=True)
    order = np.random.default_rng(0).permutation(300)

    def trained(replicates: Sequence[int]) -> list[bytes]:
        network = network_of((37, 13, 5), np.float32, 4).select(np.array(replicates))
        steps = steps_of(compiled, network, examples, 7, listed=True)
        advance(steps, [order] * len(replicates), 7, 0.3, Decay.of(np.full(len(replicates), 1e-4), network.dtype))
        return [network.select(np.array([r])).parameters.tobytes() for r in range(len(replicates))]

    together = trained(range(4))
    with ThreadPoolExecutor(4) as threads:
        alone = [one for (one,) in threads.map(trained, [[0], [1], [2], [3]])]
    assert alone == together


@pytest.mark.usefixtures("compiled")
def test_a_stack_has_the_same_bits_in_any_number_of_threads() -> None:
    examples = examples_of(300, 37, 5, listed=True)

    def bits(threads: int) -> list[Any]:
        training = Training(
            network_of((37, 13, 5), np.float32, 5), examples, examples.first(50), eta=[0.3, 0.1, 0.5, 0.2, 0.4],
            lmbda=[5.0, 0.0, 0.1, 1.0, 2.0], mini_batch=7, epochs=3, order=shuffled(range(5), 300), engine=COMPILED,
            threads=threads,
        )  # fmt: skip
        measured = [(m.training_cost.tobytes(), m.evaluation.answers.tobytes()) for m in training]
        return [*measured, training.parameters().parameters.tobytes()]

    assert bits(1) == bits(2) == bits(16)


def test_examples_are_prepared_once_for_all_who_share_them(compiled: Kernel) -> None:
    examples, dtype = examples_of(30, 37, 5, listed=True), np.dtype(np.float32)
    prepare = partial(kernel_examples, compiled, examples, dtype, 5, listed=True)
    with ThreadPoolExecutor(4) as threads:
        results = [one.result() for one in [threads.submit(prepare) for _ in range(20)]]
    assert len(set(map(id, results))) == 1
    assert kernel_examples(compiled, examples, dtype, 5, listed=False) is not results[0]
    reference = weakref.ref(results[0])
    del prepare, results, examples
    gc.collect()
    assert reference() is None


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("every", [None, 100])
def test_a_training_stopped_at_any_pulse_resumes_to_the_same_bits(
    every: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_steps, "_WORK", 1)  # a pulse after every 64 mini-batches
    examples = examples_of(600, 37, 5, listed=True)

    def training() -> Training:
        return Training(
            network_of((37, 13, 5), np.float32, 2), examples, examples.first(50), eta=[0.3, 0.1], lmbda=[5.0, 0.01],
            mini_batch=3, epochs=3, order=shuffled([0, 1], 600), monitor_every=every, engine=COMPILED,
        )  # fmt: skip

    def bits(measurement: Any) -> tuple[Any, ...]:
        return measurement.examples, measurement.training_cost.tobytes(), measurement.evaluation.answers.tobytes()

    whole = training()
    wanted = [bits(m) for m in whole]
    pulses = itertools.count()
    list(training().run(lambda: next(pulses) and None))
    for stop in range(next(pulses)):
        left = iter(range(stop))

        def pulse(left: Any = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        broken = training()
        seen: list[Any] = []
        with pytest.raises(KeyboardInterrupt):
            seen.extend(bits(measurement) for measurement in broken.run(pulse))
        resumed = training()
        resumed.restore(broken.state())
        assert [*seen, *(bits(m) for m in resumed)] == wanted
        assert resumed.parameters().parameters.tobytes() == whole.parameters().parameters.tobytes()


def test_the_c_code_stays_within_its_arrays_and_within_c(tmp_path: Path) -> None:
    """Random shapes under AddressSanitizer and UBSan, in arrays without a byte to spare."""
    compiler, driver = build.compiler(), Path(__file__).with_name("kernel_sanitized.c")
    if compiler is None:
        pytest.skip("there is no C compiler")
    flags = [
        "-O0",
        "-std=gnu11",
        "-ffp-contract=off",
        "-Wno-psabi",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
    ]
    program = tmp_path / "sanitized"
    compilation = subprocess.run(
        [*compiler, *flags, "-I", str(build._FOLDER), str(driver), "-o", str(program)], capture_output=True, text=True
    )
    if compilation.returncode:
        pytest.skip(f"the C compiler has no sanitizers: {compilation.stderr[-200:]}")
    result = subprocess.run([program, "40", str(random.randrange(1, 2**31))], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "80 shapes\n"), [*result.args, result.stderr[:3000]]


# -- what trains ------------------------------------------------------------------------------------------


def test_pixels_are_listed_and_tables_are_not() -> None:
    assert lists_inputs(examples_of(50, 784, 10, listed=True).inputs)
    assert not lists_inputs(examples_of(50, 20, 10, listed=False).inputs)


def test_what_the_kernel_doesnt_know_or_is_slow_at_is_numpys() -> None:
    small: dict[str, Any] = {"mini_batch": 10, "itemsize": 4, "listed": True}
    assert covers((784, 30, 10), "sigmoid", "sigmoid", "cross-entropy", **small)
    assert not covers((784, 30, 10), "a-new-one", "sigmoid", "cross-entropy", **small)
    assert not covers((784, *[30] * 40, 10), "sigmoid", "sigmoid", "cross-entropy", **small)
    assert not covers((784, 1000, 1000, 10), "sigmoid", "sigmoid", "cross-entropy", **small | {"mini_batch": 100})


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNELAB_ENGINE", "numpy")
    assert current_engine() == engine_for(COMPILED) == NUMPY
    monkeypatch.setenv("TUNELAB_ENGINE", "jax")
    with pytest.raises(BadInput, match='TUNELAB_ENGINE is "numpy", "kernel" or not set, not "jax"'):
        current_engine()


@pytest.mark.usefixtures("compiled")
def test_the_settings_choose_where_the_environment_doesnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path))
    monkeypatch.delenv("TUNELAB_ENGINE", raising=False)
    for text, engine in (("", COMPILED), ('engine = "numpy"', NUMPY), ("engine = [", COMPILED)):
        (tmp_path / "config.toml").write_text(text, "utf-8")
        assert current_engine() == engine
    (tmp_path / "config.toml").write_text('engine = "numpy"\n', "utf-8")
    assert load_config().engine == "numpy"
    assert engine_for(COMPILED) == COMPILED  # a record goes before a standing wish
    monkeypatch.setenv("TUNELAB_ENGINE", "kernel")
    assert current_engine() == COMPILED
    monkeypatch.delenv("TUNELAB_ENGINE")
    (tmp_path / "config.toml").write_text('engine = "jax"\n', "utf-8")
    with pytest.raises(BadInput, match=r'engine in .*config\.toml is "numpy", "kernel" or not set, not "jax"'):
        current_engine()


@pytest.mark.usefixtures("compiled")
def test_a_record_continues_with_what_trained_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUNELAB_ENGINE", raising=False)
    assert [engine_for(name) for name in (None, OLD_NUMPY, NUMPY, COMPILED)] == [OLD_NUMPY, OLD_NUMPY, NUMPY, COMPILED]
    check_engine(COMPILED)
    check_engine(None)
    with pytest.raises(BadInput, match="trained by kernel 99, which isn't here: the one here is kernel 1"):
        check_engine("kernel 99")
    monkeypatch.setattr(library, "_loaded", lambda: "there is no C compiler")
    assert current_engine() == NUMPY
    assert library.describe_kernel() == "none: there is no C compiler"
    assert "there is no C compiler; numpy does its work; install" in library.describe_build()
    with pytest.raises(BadInput, match="isn't here: there is no C compiler; TUNELAB_ENGINE=numpy continues"):
        check_engine(COMPILED)
    monkeypatch.setenv("TUNELAB_ENGINE", "numpy")
    check_engine(COMPILED)


# -- building ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compiler", "words"),
    [(None, "there is no C compiler"), (["false"], "the C compiler false failed"), (["no-such-cc"], "didn't run")],
)
def test_what_keeps_it_from_being_built_is_left_in_words(
    tmp_path: Path, compiler: list[str] | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "compiler", lambda: compiler)
    with pytest.raises(build.BuildFailed, match=words):
        build.build(tmp_path)
    assert words in (tmp_path / build.REASON_FILE).read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == [build.REASON_FILE]


def test_a_folder_that_cant_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(build.BuildFailed, match="can't be written: not a directory"):
        build.build(tmp_path / "file" / "below")


def test_other_sources_make_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.library_name()
    for name in build._SOURCES:
        (tmp_path / name).write_bytes((build._FOLDER / name).read_bytes())
    monkeypatch.setattr(build, "_FOLDER", tmp_path)
    assert build.library_name() == before
    (tmp_path / "kernel.c").write_text("int other;")
    assert build.library_name() != before


def test_a_library_that_doesnt_load_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / build.library_name()).write_text("no library")
    monkeypatch.setattr(library, "_folders", lambda: [tmp_path])
    assert "doesn't load" in str(library._loaded.__wrapped__())
