"""Whether a setting whose epochs take longer is also better than the present one in the same time."""

from __future__ import annotations

import math

from tunelab.experiment import Experiment
from tunelab.strategy.choice import best_or_present
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.settings import epochs_text
from tunelab.strategy.trial_runner import OutOfTime, TrialRunner, difference_text, with_epochs

__all__ = ["better_in_the_same_time"]

_SLOWER = 1.2  # times the present seconds of an epoch, from which on the present one is trained as long
_MOST = 10  # times as many epochs at most


def better_in_the_same_time(
    trials: TrialRunner, present: Experiment, other: Experiment, evaluation: Evaluation, comparisons: int
) -> tuple[bool, str]:
    """Train ``present`` as long as ``other`` took; return whether that is better beyond noise, and both in words.

    Both were trained in this stage for as many epochs; ``evaluation`` is the other's, one of ``comparisons``. Where its
    epochs take no longer there is nothing to be trained and nothing to be said.
    """
    before, after = trials.seconds_of(present), trials.seconds_of(other)
    if not before or not after or after < _SLOWER * before:
        return True, ""
    times = after / before
    longer = with_epochs(present, math.ceil(min(times, _MOST) * present.training.epochs))
    price = f" An epoch took {times:.1f} times as long as the present one"
    label = f"the present one, {epochs_text(longer)}"
    try:
        rival = trials.judge({label: longer})[label]
    except OutOfTime:
        return False, f"{price}; there was no time to see what that brings with more epochs, so it stays."
    is_better = best_or_present({"other": evaluation, "present": rival}, "present", comparisons) == "other"
    ahead = difference_text(evaluation, rival)
    end = "" if is_better else ", no gain beyond noise, so the present one stays"
    return is_better, f"{price}; beside {epochs_text(longer)} of that, in about the same time, it makes {ahead}{end}."
