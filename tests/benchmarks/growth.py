"""How the time of an epoch grows with width, mini-batch, replicates and examples, of the kernel and of numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from tunelab.data.dataset import Examples
from tunelab.kernel import COMPILED, NUMPY

from .contenders import Array, Ours, Start, Unavailable
from .race import rounds, table

__all__ = ["growth"]

_WIDTHS = (0, 10, 30, 100, 300, 1000)
_MINI_BATCHES = (1, 3, 10, 32, 100, 316, 1000)
_REPLICATES = (1, 2, 4, 8, 16, 32)
_EXAMPLES = (1_000, 5_000, 10_000, 50_000)
_ENOUGH = 2_000  # examples that the first three tables train on
_ROUNDS = 5


def growth(training: Examples) -> Iterator[str]:
    """Four short tables in Markdown: µs an example and network, the median of some rounds."""
    some = training.first(min(len(training), _ENOUGH))
    yield _table("hidden neurons", _WIDTHS, lambda w: (Start(some, (784, w, 10) if w else (784, 10)), 1))
    yield _table("mini-batch", _MINI_BATCHES, lambda m: (Start(some, mini_batch=min(m, len(some))), 1))
    yield _table("networks", _REPLICATES, lambda r: (Start(some), r))
    counts = [count for count in _EXAMPLES if count <= len(training)]
    yield _table("examples", counts, lambda n: (Start(training.first(n)), 1))


def _table(what: str, values: Sequence[int], start: Callable[[int], tuple[Start, int]]) -> str:
    """One table: a column for each value, a row for each engine, and one for the ratio within rounds."""
    seconds: dict[str, list[Array]] = {}
    for engine, name in ((COMPILED, "kernel"), (NUMPY, "numpy")):
        try:
            contenders = {value: Ours(*start(value), engine=engine) for value in values}
        except Unavailable:
            continue
        measured = rounds(
            _ROUNDS,
            {str(value): _epochs(ours, len(start(value)[0].training)) for value, ours in contenders.items()},
        )
        scales = [1e6 / len(start(value)[0].training) / start(value)[1] for value in values]
        seconds[name] = [s * scale for s, scale in zip(measured.values(), scales, strict=True)]
    rows = [(f"{name}, µs an example", *(f"{np.median(s):.3g}" for s in each)) for name, each in seconds.items()]
    if len(seconds) == 2:
        ratios = [np.median(n) / np.median(k) for k, n in zip(seconds["kernel"], seconds["numpy"], strict=True)]
        rows.append(("numpy ÷ kernel", *(f"{ratio:.1f}" for ratio in ratios)))
    return table((what, *(f"{value:,}" for value in values)), rows)


def _epochs(ours: Ours, n: int) -> Callable[[], float]:
    """A function that trains one more epoch in a fresh order and returns its seconds."""
    rng = np.random.default_rng(0)

    def run() -> float:
        order: Array = rng.permutation(n)
        return ours.epoch(order)

    return run
