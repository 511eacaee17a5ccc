"""The headline: one network and eight stacked, beside PyTorch, scikit-learn, the book's way and C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tunelab.data.dataset import Examples

from .book import Book
from .contenders import Array, Contender, Ours, Start, Unavailable
from .kernel import Kernel, compiled
from .libraries import PyTorch, ScikitLearn
from .race import Spread, rounds, table

__all__ = ["headline"]

_STACKED = 8
_ONE, _EIGHT, _DECAYED = "tunelab, one network", f"tunelab, {_STACKED} stacked, per network", "tunelab, one, with λ"
_DOUBLE = "tunelab, one, float64, with λ: the book's replay"
_TORCH, _SKLEARN, _BOOK = "PyTorch, eager SGD", "scikit-learn MLPClassifier", "the book's structure, per example"
_PLAIN, _TUNED = "fused C kernel", "fused C kernel, tuned by hand for this shape"
_BOOK_EXAMPLES = 2_000

# (whose time, over whose time, what DESIGN.md asks for, whether at least or at most)
_TARGETS = (
    (_TORCH, _ONE, 5.0, "≥"),
    (_SKLEARN, _ONE, 3.5, "≥"),
    (_BOOK, _ONE, 12.0, "≥"),
    (_ONE, _PLAIN, 1.8, "≤"),
    (_TORCH, _EIGHT, 10.0, "≥"),
    (_EIGHT, _PLAIN, 1.0, "≤"),
)


def headline(training: Examples, evaluation: Examples, *, rounds_of: int) -> str:
    """Markdown: seconds and ratios, the targets, what monitoring adds, who was skipped and why."""
    start, n = Start(training), len(training)
    one = Ours(start, evaluation=evaluation)
    contenders: dict[str, Contender] = {
        _ONE: one,
        _EIGHT: Ours(start, _STACKED),
        _DECAYED: Ours(start, lmbda=5.0),
        _DOUBLE: Ours(Start(training, dtype=np.float64), lmbda=5.0),
    }
    notes: list[str] = []
    others: tuple[tuple[str, Callable[[], Any]], ...] = (
        (_TORCH, lambda: PyTorch(start)),
        (_SKLEARN, lambda: ScikitLearn(start)),
        (_BOOK, lambda: Book(start, min(n, _BOOK_EXAMPLES))),
        (_PLAIN, lambda: Kernel(start, compiled(), tuned=False)),
        (_TUNED, lambda: Kernel(start, compiled(), tuned=True)),
    )
    for name, make in others:
        try:
            contenders[name] = make()
        except Unavailable as reason:
            notes.append(f"Skipped: {name}, because {reason}.")

    rng = np.random.default_rng(0)
    monitoring: list[float] = []

    def timed(name: str) -> Callable[[], float]:
        def run() -> float:
            seconds = contenders[name].epoch(rng.permutation(n))
            if name == _ONE:
                monitoring.append(one.monitoring)
            return seconds / (_STACKED if name == _EIGHT else 1)

        return run

    seconds = rounds(rounds_of, {name: timed(name) for name in contenders})
    measured = np.array(monitoring[1:])
    rows = [
        (name, str(Spread.of(s)), str(Spread.of(s / seconds[_ONE])), str(Spread.of(s / seconds[_EIGHT])))
        for name, s in seconds.items()
    ]
    inputs = np.asarray(training.inputs)
    about = (
        f"An epoch of {n:,} examples, 784-30-10, mini-batch 10, float32, λ = 0, training only, no monitoring; "
        f"{(inputs > 0).mean():.0%} of the pixels aren't zero. Median of {rounds_of} rounds (lowest–highest), "
        "each contender once a round; ratios are taken within a round. The book's structure is float64, and its "
        f"time is scaled up from {min(n, _BOOK_EXAMPLES):,} examples. Seconds are CPU seconds of the one core "
        "used. The C kernel skips zero pixels; tuned by hand for this one shape it shows how far a machine can go.\n"
    )
    added = (
        f"Monitoring after an epoch ({n:,} training and {len(evaluation):,} evaluation examples, cost and accuracy) "
        f"adds {Spread.of(measured)} s to one network's, {Spread.of(measured / seconds[_ONE])} of its training."
    )
    replay = (
        f"In the book's own precision its structure takes {Spread.of(seconds[_BOOK] / seconds[_DOUBLE])} times ours."
    )
    columns = ("who", "seconds an epoch", "÷ tunelab, one", f"÷ tunelab, {_STACKED} stacked")
    return "\n".join([about, table(columns, rows), "", _targets(seconds), "", added, replay, *notes])


def _targets(seconds: dict[str, Array]) -> str:
    rows = []
    for slow, fast, bound, sign in _TARGETS:
        if slow in seconds and fast in seconds:
            ratio = Spread.of(seconds[slow] / seconds[fast])
            held = ratio.median >= bound if sign == "≥" else ratio.median <= bound
            rows.append((f"{slow} ÷ {fast}", f"{sign} {bound:g}", str(ratio), "yes" if held else "no"))
    return table(("target", "asked", "measured", "held"), rows)
