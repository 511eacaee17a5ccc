"""The benchmark is a fair race only if every contender computes the same thing; here they are held to it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from benchmarks.book import Book
from benchmarks.contenders import Array, Contender, Ours, Start, Unavailable
from benchmarks.kernel import Kernel, compiled
from benchmarks.libraries import JAX, PyTorch, ScikitLearn
from benchmarks.race import Spread, rounds, table
from conftest import MakeExamples
from tunelab.data.dataset import Examples
from tunelab.kernel import COMPILED, NUMPY

N = 205  # the last mini-batch of 10 is a smaller one


@pytest.fixture(scope="module")
def examples(make_examples: MakeExamples) -> Examples:
    made = make_examples(N, 784, 10)
    pixels = np.where(np.random.default_rng(0).random(made.inputs.shape) < 0.8, 0, made.inputs)  # as bare as digits
    return Examples(pixels.astype(np.uint8), made.targets, made.scale)


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        return compiled()
    except Unavailable as reason:
        pytest.skip(f"no kernel: {reason}")


def train(contender: Contender, orders: list[Array]) -> list[Array]:
    """All parameters after an epoch in each of ``orders``; the time of each must be a time."""
    assert all(contender.epoch(order) > 0 for order in orders)
    weights, biases = contender.parameters()
    return [*weights, *biases]


def assert_the_same(start: Start, contender: Contender, tolerance: float, *, shuffled: bool = True) -> None:
    rng = np.random.default_rng(1)
    orders = [rng.permutation(N) if shuffled else np.arange(N) for _ in range(3)]
    first = [a.copy() for part in start.parameters() for a in part]
    wanted = train(Ours(start, engine=NUMPY), orders)
    found = train(contender, orders)
    for begin, ours, theirs in zip(first, wanted, found, strict=True):
        assert abs(ours - begin).max() > 100 * tolerance  # or agreeing would mean little
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=tolerance)


def test_the_book_computes_what_we_do(examples: Examples) -> None:
    start = Start(examples, dtype=np.float64)
    assert_the_same(start, Book(start, N), 2e-6)  # its pixels are float32, as in the book


@pytest.mark.parametrize(
    "make",
    [PyTorch, JAX, partial(JAX, replicates=3), partial(ScikitLearn, shuffle=False)],
)
def test_the_libraries_compute_what_we_do(examples: Examples, make: Callable[[Start], Contender]) -> None:
    start = Start(examples, dtype=np.float64)
    try:
        contender = make(start)
        assert_the_same(start, contender, 1e-11, shuffled=not isinstance(contender, ScikitLearn))
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("tuned", [False, True])
def test_the_kernels_compute_what_we_do(examples: Examples, library: ctypes.CDLL, tuned: bool) -> None:
    start = Start(examples)
    assert_the_same(start, Kernel(start, library, tuned=tuned), 2e-5)


@pytest.mark.parametrize(("engine", "replicates"), [(NUMPY, 1), (NUMPY, 3), (COMPILED, 3)])
def test_company_and_engine_change_nothing_but_rounding(examples: Examples, engine: str, replicates: int) -> None:
    start = Start(examples)
    try:
        assert_the_same(start, Ours(start, replicates, engine=engine), 1e-5)
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_race_leaves_its_first_round_out() -> None:
    times = {"a": iter([9.0, 1.0, 2.0, 3.0]), "b": iter([9.0, 4.0, 4.0, 4.0])}
    order: list[str] = []

    def run(name: str) -> float:
        order.append(name)
        return next(times[name])

    seconds = rounds(3, {name: lambda name=name: run(name) for name in times})
    assert order == ["a", "b"] * 4
    assert str(Spread.of(seconds["b"] / seconds["a"])) == "2.00 (1.33–4.00)"


def test_a_table_is_markdown() -> None:
    assert table(("who", "s"), [("us", "0.25")]) == "| who | s    |\n| --- | ---- |\n| us  | 0.25 |"
