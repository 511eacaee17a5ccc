"""What luck can do: whether a network guesses, and whether one is better than another by more than noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tunelab.statistics import CHANCE_LEVEL, Accuracy, binomial_sf
from tunelab.statistics import fewest_correct as fewest_right

__all__ = ["Guess", "Score", "fewest_right", "guess", "score"]


@dataclass(frozen=True)
class Guess:
    """A comparison with guessing: ``right`` of ``total``, ``chance`` the accuracy of the best constant answer.

    ``p`` is P(X ≥ right), X ~ Binomial(total, chance).
    """

    right: int
    total: int
    chance: float
    p: float

    def better(self, tries: int = 1) -> bool:
        """Whether this is more than luck, when it was one of so many tries (Bonferroni's correction)."""
        return self.p < CHANCE_LEVEL / tries

    @property
    def text(self) -> str:
        """The comparison in words."""
        often = "less than once in a million tries" if self.p < 1e-6 else f"with probability {self.p:.2g}"
        return f"{self.right} of {self.total} right; guessing does as well {often}"


def guess(measure: dict[str, Any], chance: float) -> Guess:
    """A measure event compared with guessing. With several seeds the worst of them counts."""
    seeds = measure.get("replicates", {}).get("evaluation_correct", [measure["evaluation_correct"]])
    right, total = int(min(seeds)), int(measure["evaluation_total"])
    if measure.get("diverged"):
        right = min(right, round(chance * total))
    return Guess(right, total, chance, binomial_sf(right, total, chance))


@dataclass(frozen=True)
class Score(Accuracy):
    """A validation accuracy that can be set beside another of the same examples."""

    def ahead_of(self, other: Accuracy) -> float:
        """By how many standard deviations of the difference this one is ahead.

        Both are judged on the same examples, which makes the true deviation smaller; what is said here is cautious.
        """
        return (self.accuracy - other.accuracy) / math.hypot(self.error, other.error)


def score(measure: dict[str, Any]) -> Score:
    """What a measure event says of validation."""
    seeds = len(measure.get("replicates", {}).get("evaluation_accuracy", [0]))
    accuracy = measure["evaluation_accuracy"] or 0.0
    return Score(accuracy, measure.get("evaluation_accuracy_std") or 0.0, seeds, int(measure["evaluation_total"]))
