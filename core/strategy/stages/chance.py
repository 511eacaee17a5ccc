"""Better than guessing, by probability; where nothing learns, a ladder of experiments, cheap ones first."""

from __future__ import annotations

from typing import Any

from tunelab.strategy.fallback_experiments import Ladder
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.stages.shrink import small_problem
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Chance"]

_STEPS = 400  # of gradient descent, of the first look
_PART = 0.6  # of all time left that the ladder may use: without an answer nothing that follows means anything


class Chance(Stage):
    """Better than guessing, by probability; otherwise λ away, η by tens, and then the other suspects in turn."""

    name = "chance"
    title = "Better than chance"
    short = "chance"
    question = "Does the shrunken network do better than guessing?"
    teaching = (
        "The first goal is modest and can be surprisingly hard. Guessing the most frequent class is right with "
        "probability p; of N examples a guesser gets k or more right with probability P(X ≥ k), X ~ Binomial(N, "
        "p). Only where that is tiny has anything been learnt. Where it isn't, λ is taken away first, then η is "
        "moved by factors of ten, and then the other suspects are asked in turn."
    )
    judged_by = "cost"
    weight, seconds_at_most = 4, 20

    def plan(self, context: Context) -> Plan:
        """The shrunken problem as it is; the ladder only where that and the baseline fail."""
        base = small_problem(context)
        base = with_epochs(base, context.epochs(base, _STEPS), context.search_seeds)
        runs = (
            "the shrunken problem as it is",
            "if it fails, and your own settings did: without λ, then η by tens",
            "if that fails, one by one: first weights, cost, mini-batch, inputs, layers, examples, more epochs",
        )
        return Plan(base, runs, context.seconds(base))

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Look for the first thing that helps."""
        context, base = trials.context, plan.experiment
        label = f"η = {base.training.eta:g}, λ = {base.training.lmbda:.3g}"
        evaluation = trials.judge({label: base})[label]
        if evaluation.better_than_chance():
            because = f"It learns: {evaluation.chance_text}."
            sure = "Guessing does as well less than once in a thousand tries; that is what better than chance means."
            return Recommendation({}, because, sure, {"learns": True}, validation=evaluation)
        if context.learns:
            because = (
                f"Your own settings do better than chance; the small problem doesn't show it: "
                f"{evaluation.chance_text}. Without a hidden layer, or on so few examples, it needs more. "
                "Going on with your settings."
            )
            return Recommendation({}, because, "The baseline has shown it.", {"learns": True}, validation=evaluation)
        trials.extend(_PART * context.left)
        ladder = Ladder(trials, base)
        step = ladder.climb()
        evidence: dict[str, Any] = {"tried": ladder.tried, "learns": step is not None}
        if step is None:
            return Recommendation({}, ladder.conclusion, ladder.certainty, evidence, hopeless=True)
        if step.by_hand:
            because = f"With {step.label} it learns: {step.evaluation.chance_text}. {step.why}"
            return Recommendation({}, because, ladder.certainty, evidence, hopeless=True)
        settings = context.enlarged(step.settings, base)
        because = f"With {step.label} it learns: {step.evaluation.chance_text}. {step.why}"
        return Recommendation(settings, because, ladder.certainty, evidence, validation=step.evaluation)
