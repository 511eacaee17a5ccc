"""How the time of an epoch grows with width, mini-batch, replicates and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from tunelab.data.dataset import Examples

from .contenders import Array, Ours, Start
from .race import Spread, rounds, table

__all__ = ["growth"]

_WIDTHS = (0, 10, 30, 100, 300, 1000)
_MINI_BATCHES = (1, 3, 10, 32, 100, 316, 1000)
_REPLICATES = (1, 2, 4, 8, 16, 32)
_EXAMPLES = (1_000, 5_000, 10_000, 50_000)
_ENOUGH = 2_000  # examples that the first three tables train on; their times are scaled to a whole epoch
_ROUNDS = 5


def growth(training: Examples) -> Iterator[str]:
    """Four short tables in Markdown, one after the other."""
    n = len(training)
    some = training.first(min(n, _ENOUGH))
    per_epoch = n / len(some)
    width = {f"{w:,}": Ours(Start(some, (784, w, 10) if w else (784, 10))) for w in _WIDTHS}
    yield _rows("hidden neurons", f"seconds an epoch of {n:,}", width, len(some), "30", lambda _: per_epoch)
    batch = {f"{m:,}": Ours(Start(some, mini_batch=m)) for m in _MINI_BATCHES}
    yield _rows("mini-batch", f"seconds an epoch of {n:,}", batch, len(some), "10", lambda _: per_epoch)
    stack = {str(r): Ours(Start(some), r) for r in _REPLICATES}
    title = f"seconds an epoch of {n:,}, per network"
    yield _rows("replicates", title, stack, len(some), "1", lambda r: per_epoch / int(r))
    counts = [count for count in _EXAMPLES if count <= n]
    rows = []
    for count in counts:  # each its own length of an epoch, so each its own rounds
        ours = Ours(Start(training.first(count)))
        seconds = rounds(_ROUNDS, {"": _epochs(ours, count)})[""]
        rows.append((f"{count:,}", str(Spread.of(seconds)), str(Spread.of(seconds / count * 1e6))))
    yield table(("examples", "seconds an epoch", "µs an example"), rows)


def _rows(what: str, unit: str, contenders: dict[str, Ours], n: int, usual: str, scale: Callable[[str], float]) -> str:
    """One table: seconds scaled, and how they compare with the ``usual`` value within a round."""
    measured = rounds(_ROUNDS, {name: _epochs(ours, n) for name, ours in contenders.items()})
    seconds = {name: values * scale(name) for name, values in measured.items()}
    rows = [(name, str(Spread.of(s)), str(Spread.of(s / seconds[usual]))) for name, s in seconds.items()]
    return table((what, unit, f"÷ that of {usual}"), rows)


def _epochs(ours: Ours, n: int) -> Callable[[], float]:
    """A function that trains one more epoch in a fresh order and returns its seconds."""
    rng = np.random.default_rng(0)

    def run() -> float:
        order: Array = rng.permutation(n)
        return ours.epoch(order)

    return run
