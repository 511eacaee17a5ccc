"""Whether the best value of a search lies at the edge of what was searched: then the best may lie beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tunelab.diagnosis.verdict import Verdict

__all__ = ["at_the_edge"]


def at_the_edge(name: str, values: Sequence[float], scores: Sequence[float]) -> Verdict | None:
    """A verdict where the best-scored of ``values`` is the smallest or the largest of them; None where it isn't.

    ``scores`` are one a value, larger is better; one that isn't finite is no candidate. ``name`` is what the sentence
    calls the parameter (η, λ, m). Equal scores are settled in favour of the inside.
    """
    known = [(score, value) for value, score in zip(values, scores, strict=True) if math.isfinite(score)]
    tried = sorted(set(values))
    if len(tried) < 2 or not known:
        return None
    top = max(score for score, _ in known)
    best = [value for score, value in known if score == top]
    if any(tried[0] < value < tried[-1] for value in best):
        return None
    value = best[0]
    low = value == tried[0]
    beyond = "smaller" if low else "larger"
    return Verdict(
        "edge",
        f"The best {name}, {value:g}, is the {'smallest' if low else 'largest'} that was tried.",
        "The best may lie beyond.",
        f"Try {beyond} ones too"
        + (f", down to {value / 10:.3g}." if low and value > 0 else "." if low else f", up to {value * 10:.3g}."),
        {"value": value, "lowest": tried[0], "highest": tried[-1]},
    )
