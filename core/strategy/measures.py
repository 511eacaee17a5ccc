"""What a measure event says: an accuracy with its error, and whether it is better than guessing."""

from __future__ import annotations

from tunelab.statistics import Accuracy, BinomialTest, accuracy_difference, binomial_test
from tunelab.strategy.journal import Event

__all__ = ["accuracy_of", "chance_test", "standard_errors"]


def chance_test(measure: Event, chance: float) -> BinomialTest:
    """Compare a measure event with guessing. With several seeds the worst of them counts."""
    seeds = measure.get("replicates", {}).get("evaluation_correct", [measure["evaluation_correct"]])
    right, total = int(min(seeds)), int(measure["evaluation_total"])
    if measure.get("diverged"):
        right = min(right, round(chance * total))
    return binomial_test(right, total, chance)


def accuracy_of(measure: Event) -> Accuracy:
    """Return the validation accuracy of a measure event."""
    seeds = len(measure.get("replicates", {}).get("evaluation_accuracy", [0]))
    accuracy = measure["evaluation_accuracy"] or 0.0
    return Accuracy(accuracy, measure.get("evaluation_accuracy_std") or 0.0, seeds, int(measure["evaluation_total"]))


def standard_errors(first: Accuracy, second: Accuracy) -> float:
    """Return by how many standard errors of the difference the first accuracy is ahead."""
    difference = accuracy_difference(first, second)
    return difference.difference / difference.error
