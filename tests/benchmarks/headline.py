"""The headline: one network and eight, beside numpy, JAX, PyTorch, scikit-learn, the book's way and hand-written C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tunelab.data.dataset import Examples
from tunelab.kernel import NUMPY

from .book import Book
from .contenders import Array, Contender, Ours, Start, Unavailable
from .kernel import Kernel, compiled
from .libraries import JAX, PyTorch, ScikitLearn
from .race import Spread, rounds, table

__all__ = ["headline"]

_EIGHT = 8
_ONE, _ALL = "tunelab, one network", f"tunelab, {_EIGHT} networks, each"
_NUMPY, _NUMPY_ALL = "tunelab by numpy, one network", f"tunelab by numpy, {_EIGHT} stacked, each"
_DECAY, _DOUBLE = "tunelab, one network, λ = 5", "tunelab, one network, float64"
_JAX, _JAX_ALL = "JAX, jitted scan", f"JAX, vmap of {_EIGHT}, each"
_TORCH, _TORCH_COMPILED = "PyTorch, eager", "PyTorch, torch.compile"
_SKLEARN, _BOOK = "scikit-learn MLPClassifier", "the book's structure, per example, float64"
_PLAIN, _TUNED = "C that skips zero inputs", "C tuned by hand for this one shape"
_BOOK_EXAMPLES = 2_000

# (whose time, over whose time, what it should be at least)
_TARGETS = (
    (_JAX, _ONE, 4.0),
    (_TORCH, _ONE, 30.0),
    (_SKLEARN, _ONE, 12.0),
    (_TUNED, _ONE, 1.0),
    (_JAX_ALL, _ALL, 4.0),
    (_TORCH, _ALL, 40.0),
)


def headline(training: Examples, evaluation: Examples, *, rounds_of: int, say: Callable[[str], None]) -> str:
    """Markdown: seconds and ratios, the targets, what monitoring adds, who was skipped and why."""
    start, n = Start(training), len(training)
    makers: tuple[tuple[str, Callable[[], Any]], ...] = (
        (_ONE, lambda: Ours(start, evaluation=evaluation)),
        (_ALL, lambda: Ours(start, _EIGHT)),
        (_DECAY, lambda: Ours(start, lmbda=5.0)),
        (_DOUBLE, lambda: Ours(Start(training, dtype=np.float64))),
        (_NUMPY, lambda: Ours(start, engine=NUMPY, evaluation=evaluation)),
        (_NUMPY_ALL, lambda: Ours(start, _EIGHT, engine=NUMPY)),
        (_TUNED, lambda: Kernel(start, compiled(), tuned=True)),
        (_PLAIN, lambda: Kernel(start, compiled(), tuned=False)),
        (_JAX, lambda: JAX(start)),
        (_JAX_ALL, lambda: JAX(start, _EIGHT)),
        (_SKLEARN, lambda: ScikitLearn(start)),
        (_TORCH, lambda: PyTorch(start)),
        (_TORCH_COMPILED, lambda: PyTorch(start, compiled=True)),
        (_BOOK, lambda: Book(start, min(n, _BOOK_EXAMPLES))),
    )
    contenders: dict[str, Contender] = {}
    notes: list[str] = []
    for name, make in makers:
        say(f"Preparing: {name}")
        try:
            contenders[name] = make()
        except Unavailable as reason:
            notes.append(f"Skipped: {name}, because {reason}.")

    rng = np.random.default_rng(0)
    monitoring: dict[str, list[float]] = {_ONE: [], _NUMPY: []}
    networks = dict.fromkeys((_ALL, _NUMPY_ALL, _JAX_ALL), _EIGHT)

    def timed(name: str) -> Callable[[], float]:
        contender = contenders[name]

        def run() -> float:
            seconds = contender.epoch(rng.permutation(n))
            if name in monitoring and isinstance(contender, Ours):
                monitoring[name].append(contender.monitoring)
            return seconds / networks.get(name, 1)

        return run

    say(f"Racing, {rounds_of} rounds")
    seconds = rounds(rounds_of, {name: timed(name) for name in contenders})
    ours = _ONE if _ONE in seconds else _NUMPY
    rows = sorted((float(np.median(s)), name, s) for name, s in seconds.items())
    about = (
        f"An epoch of {n:,} examples, 784-30-10, mini-batch 10, float32, training only; "
        f"{(np.asarray(training.inputs) > 0).mean():.0%} of the pixels aren't zero. CPU time on one core, median of "
        f"{rounds_of} rounds (lowest–highest), each contender once a round; ratios are taken within a round. The "
        f"book's time is scaled up from {min(n, _BOOK_EXAMPLES):,} examples.\n"
    )
    lines = [str(Spread.of(np.array(spent[1:]) / seconds[who])) for who, spent in monitoring.items() if spent]
    monitored = (
        f"Measuring cost and accuracy of all {n + len(evaluation):,} examples after an epoch takes {lines[0]} times as "
        f"long as training it; by numpy {lines[-1]} times."
    )
    whole = table(
        ("who", "µs an example", "÷ tunelab, one network"),
        [(name, str(Spread.of(s / n * 1e6)), str(Spread.of(s / seconds[ours]))) for _, name, s in rows],
    )
    return "\n".join([about, whole, "", _targets(seconds), "", monitored, *notes])


def _targets(seconds: dict[str, Array]) -> str:
    rows = []
    for slow, fast, bound in _TARGETS:
        if slow in seconds and fast in seconds:
            ratio = Spread.of(seconds[slow] / seconds[fast])
            rows.append((f"{slow} ÷ {fast}", f"≥ {bound:g}", str(ratio), "yes" if ratio.median >= bound else "no"))
    return table(("target", "wanted", "measured", "reached"), rows)
