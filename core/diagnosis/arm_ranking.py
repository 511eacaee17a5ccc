"""Which of several arms is ahead, and whether that is more than luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tunelab.diagnosis.chance import accuracy_std
from tunelab.diagnosis.verdict import Verdict

__all__ = ["Standing", "compared"]


@dataclass(frozen=True)
class Standing:
    """Where one arm stands: mean evaluation accuracy over ``seeds``, its standard deviation, examples judged on."""

    name: str
    accuracy: float
    std: float
    seeds: int
    total: int


def compared(standings: Sequence[Standing], epoch: float) -> Verdict | None:
    """Whether the best arm is ahead of the next by more than luck allows; None with fewer than two arms.

    The difference is judged against its standard error: over seeds where there are several, else from the number
    of evaluation examples alone (which knows nothing of the luck of first weights, and says so).
    """
    # Written so that NaN is left out too
    ranked = sorted((s for s in standings if 0 <= s.accuracy <= 1 and 0 <= s.std <= 1), key=lambda s: -s.accuracy)
    if len(ranked) < 2:
        return None
    first, second = ranked[0], ranked[1]
    difference = first.accuracy - second.accuracy
    several = min(first.seeds, second.seeds) > 1
    if several:
        error = math.sqrt(first.std**2 / first.seeds + second.std**2 / second.seeds)
    else:
        error = math.hypot(*(accuracy_std(min(max(s.accuracy, 0.01), 0.99), max(s.total, 1)) for s in (first, second)))
    points = f"{100 * difference:.1f} ± {100 * error:.1f} points"
    after = f"after {epoch:.3g} epoch{'' if epoch == 1 else 's'}"
    evidence = {"difference": difference, "error": error, "first": first.name, "second": second.name}
    if difference > 2 * error and difference > 0.002:
        caution = "" if several else "One seed each: luck of the first weights isn't in that ±."
        return Verdict(
            "ahead", f"“{first.name}” is ahead of “{second.name}” by {points} {after}.", caution, "", evidence
        )
    return Verdict(
        "no-difference",
        f"“{first.name}” and “{second.name}” differ by {points} {after}: no more than luck.",
        "",
        "" if several else "Three seeds or more would show how much luck there is.",
        evidence,
    )
