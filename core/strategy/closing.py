"""How a strategy ends: the winner and the person's own settings judged on the problem that was asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunelab.errors import BadInput
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.strategy.choice import choice_text
from tunelab.strategy.settings import differences
from tunelab.strategy.stages.full import OWN, TUNED, beats
from tunelab.strategy.state import State
from tunelab.strategy.trial_runner import OutOfTime, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["CLOSING", "Outcome", "recorded_outcome", "train_outcome"]

CLOSING = "closing"
"""The name of what is measured here, which is no stage of its own."""

SECONDS = 60.0
"""That it may take where there is no budget."""


_GRACE = 0.1
"""Share of the budget that it may take beyond it: a number for the whole problem is worth that."""


@dataclass(frozen=True)
class Outcome:
    """The winner, what the own settings (``began``) and the winner (``ended``) come to, and that in words.

    Scores are those of the problem that was asked about, or None where there was no time for it. ``final`` is the
    winner's last measure event.
    """

    winner: Experiment
    began: dict[str, Any] | None
    ended: dict[str, Any] | None
    test: dict[str, Any] | None
    because: str
    final: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the journal."""
        return {
            "experiment": self.winner.to_dict(),
            "began": self.began,
            "ended": self.ended,
            "test": self.test,
            "because": self.because,
            "final": self.final,
            "best": self.final,
        }


def recorded_outcome(state: State) -> Outcome | None:
    """Return the outcome that the stage of the full problem has come to; None where it wasn't decided."""
    full = state.stages.get("full")
    if full is None or full.status != "decided" or full.recommendation is None:
        return None
    evidence = full.recommendation["evidence"]
    if "began" not in evidence or full.decision is None or full.decision["action"] != "accept":
        return None
    test = state.stages.get("test")
    judged = test.recommendation if test is not None and test.status == "decided" else None
    final = next((full.arms[arm][-1] for arm in evidence["arms"] if full.arms.get(arm)), None)
    tested = judged["evidence"] if judged and "metric" in judged["evidence"] else None
    because = full.recommendation["because"]
    return Outcome(state.experiment(), evidence["began"], evidence["ended"], tested, because, final)


def train_outcome(trials: TrialRunner) -> Outcome:
    """Train the own and the tuned settings on the whole problem, as long as there is time, and judge both.

    The own settings stay where the tuned ones are no better beyond noise, or where there is no time to tell.
    """
    context = trials.context
    own, tuned = (
        changed(context.own, {"initialization.seeds": 1}),
        changed(context.experiment, {"initialization.seeds": 1}),
    )
    changes = differences(own, tuned)
    tried = {OWN: own} | ({TUNED: tuned} if changes else {})
    if context.state.budget is not None:
        trials.extend(1.0 + _GRACE * context.state.budget)
    untold = "There was no time to train them on the whole problem, so there is no number for it."
    untold = f"Changed so far: {', '.join(changes)}. {untold}" if changes else untold
    one = context.seconds(*(with_epochs(e, 1) for e in tried.values()))
    try:
        trials.dataset(own)
        length = min(int(0.8 * min(trials.left, SECONDS) / max(one, 1e-9)), own.training.epochs)
        if length < 1:
            return Outcome(tuned, None, None, None, untold)
        evaluations = trials.judge({label: with_epochs(e, length) for label, e in tried.items()}, OWN)
    except (OutOfTime, BadInput):
        return Outcome(tuned, None, None, None, untold)
    if changes and TUNED not in evaluations:  # the own settings alone tell nothing of what was gained
        return Outcome(tuned, None, None, None, untold)
    winner = TUNED if changes and beats(evaluations[TUNED], evaluations[OWN]) else OWN
    began, ended = evaluations[OWN], evaluations[winner]
    because = (
        f"Began at {began.text}, ended at {ended.text}, on the same {ended.total:,} examples after "
        f"{quantity(length, 'epoch')}."
    )
    if winner == OWN:
        compared = f" {choice_text(evaluations, OWN, OWN)}" if changes else ""
        because += f" Nothing was gained:{compared or ' nothing was changed.'} Your own settings stay."
    measured = trials.measures(winner)
    final = measured[-1] if measured else None
    return Outcome(tried[winner], began.to_dict(), ended.to_dict(), None, because, final)
