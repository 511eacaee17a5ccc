"""The regularization λ, by validation accuracy."""

from __future__ import annotations

from typing import Any

from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_lambda
from tunelab.strategy.search_evidence import alternatives, confirmed, look_epochs, reliability
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Lambda"]

_JUDGED = 1000
_FIRST_LAMBDA = 1.0


class Lambda(Stage):
    """λ by validation accuracy: 1.0, then by tens, then finer."""

    name = "lambda"
    title = "Regularization λ"
    short = "λ"
    question = "How much should large weights be punished?"
    teaching = (
        "λ holds the weights small, against learning the examples by heart. It starts at 1.0 and goes by tens, "
        "judged by validation accuracy, and is refined where it is best. Judging costs little, so up to 1,000 "
        "validation examples are used from here on: with 100 of them the noise alone is 3 to 5 points, more than "
        "any λ is worth."
    )
    subject = "training.lambda"
    weight, seconds_at_most = 6, 40

    def plan(self, context: Context) -> Plan:
        """About seven values of λ."""
        base = changed(context.experiment, self.problem(context))
        look = context.seconds(with_epochs(base, 20, context.seeds))
        runs = (f"λ = 0 and λ = {_FIRST_LAMBDA:g}, then ×10 or ÷10, then finer, {context.seeds} seeds each",)
        return Plan(base, runs, 8 * look)

    def problem(self, context: Context) -> dict[str, Any]:
        """As many validation examples as it takes to see anything."""
        judged = max(min(_JUDGED, context.data.evaluation), context.experiment.data.evaluation or 0)
        return {"data.evaluation": judged}

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search by validation accuracy."""
        found = find_lambda(plan.experiment, trials.trainer, start=_FIRST_LAMBDA, seeds=trials.context.seeds)
        trials.search_rows(found)
        chosen = changed(plan.experiment, found.settings)
        _, reached = confirmed(trials, chosen, f"chosen: λ = {found.chosen:g}", 2 * look_epochs(chosen, trials.context))
        settings = self.problem(trials.context) | found.settings
        evidence = {"bracket": list(found.bracket)}
        return Recommendation(
            settings, found.because, reliability(found), evidence, alternatives(found, "training.lambda"), reached
        )
