"""What luck can do: whether a network guesses, and whether one is better than another by more than noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tunelab.diagnosis.chance import accuracy_std, binomial_tail

__all__ = ["ALPHA", "Guess", "Score", "fewest_right", "guess", "score"]

ALPHA = 0.001
"""How rarely a guesser may do as well before it is believed to be learning. Several tries share it."""


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
        return self.p < ALPHA / tries

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
    return Guess(right, total, chance, binomial_tail(right, total, chance))


def fewest_right(total: int, chance: float) -> int:
    """How many of ``total`` must be right to be more than luck; more than ``total`` where none suffice."""
    return next((k for k in range(total + 1) if binomial_tail(k, total, chance) < ALPHA), total + 1)


@dataclass(frozen=True)
class Score:
    """A validation accuracy (mean over ``seeds``), its standard deviation over seeds, and on how many examples."""

    accuracy: float
    std: float
    seeds: int
    total: int

    @property
    def error(self) -> float:
        """Standard error: the luck of first weights and the luck of which validation examples there are."""
        judged = accuracy_std(min(max(self.accuracy, 1 / (self.total + 2)), 1 - 1 / (self.total + 2)), self.total)
        return math.hypot(self.std / math.sqrt(self.seeds), judged)

    @property
    def text(self) -> str:
        """The accuracy in per cent with its standard error."""
        return f"{100 * self.accuracy:.1f} ± {100 * self.error:.1f} %"

    def ahead_of(self, other: Score) -> float:
        """By how many standard deviations of the difference this one is ahead.

        Both are judged on the same examples, which makes the true deviation smaller; what is said here is cautious.
        """
        return (self.accuracy - other.accuracy) / math.hypot(self.error, other.error)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return {"accuracy": self.accuracy, "std": self.std, "seeds": self.seeds, "total": self.total}


def score(measure: dict[str, Any]) -> Score:
    """What a measure event says of validation."""
    seeds = len(measure.get("replicates", {}).get("evaluation_accuracy", [0]))
    accuracy = measure["evaluation_accuracy"] or 0.0
    return Score(accuracy, measure.get("evaluation_accuracy_std") or 0.0, seeds, int(measure["evaluation_total"]))
