"""How long a look at a setting lasts, and what a search's result says as evidence of a stage."""

from __future__ import annotations

import math
from typing import Any

from tunelab.experiment import Experiment
from tunelab.search import SearchResult
from tunelab.statistics import Accuracy, BinomialTest
from tunelab.strategy.measures import accuracy_of
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["alternatives", "confirmed", "look_epochs", "reliability"]

_STEPS = 400  # of gradient descent, that a look at an η should have at least


def look_epochs(experiment: Experiment, context: Context, steps: int = _STEPS) -> int:
    """Epochs enough for so many steps: four of the lecture's 1,000 examples, more of fewer."""
    n = min(experiment.data.train or context.data.training, context.data.training)
    return max(4, min(40, math.ceil(steps * experiment.training.mini_batch / n)))


def confirmed(trials: TrialRunner, experiment: Experiment, label: str, epochs: int) -> tuple[BinomialTest, Accuracy]:
    """Train what was chosen a little longer: is it better than guessing, and how good?"""
    chosen = with_epochs(experiment, epochs, trials.context.seeds)
    last = trials.run({label: chosen})[label][-1]
    return trials.chance_row(label, last, chosen), accuracy_of(last)


def alternatives(found: SearchResult, key: str) -> tuple[tuple[dict[str, Any], str], ...]:
    """The tried values beside the chosen one, as choices with what they came to."""
    good = [row for row in found.rows if row.good and row.value != found.chosen]
    return tuple(({key: row.value}, f"{row.label}: {row.text}") for row in good[-4:])


def reliability(found: SearchResult) -> str:
    return f"{found.sure} {found.second}".strip()
