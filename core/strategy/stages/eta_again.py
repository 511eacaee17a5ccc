"""The learning rate once more, with λ in place."""

from __future__ import annotations

from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.search_evidence import alternatives, reliability
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["EtaAgain"]

_TRAIN, _EVALUATION = 1000, 1000
_STEPS = 500
_LONGER = 2


class EtaAgain(Stage):
    """The search for η once more, with λ in place."""

    name = "eta-again"
    title = "η once more"
    short = "η again"
    question = "Has the best η moved, now that λ is there?"
    teaching = (
        "The two are not independent: each step shrinks a weight by ηλ/n. So η is looked for again with λ in "
        "place. Often it stays, and then one can be the surer of it."
    )
    subject = "training.eta"
    judged_by = "cost"
    weight, seconds_at_most = 4, 30

    def plan(self, context: Context) -> Plan:
        """The same values of η as before; nothing where λ is none, as it was then."""
        base = context.view(_TRAIN, _EVALUATION)
        base = with_epochs(base, context.epochs(base, _STEPS), context.search_seeds)
        if not base.training.lmbda:
            return Plan(base, ("nothing: λ is 0, as it was when η was chosen",), 0.0)
        runs = (
            f"η over many powers of ten, with λ = {base.training.lmbda:.3g} in place; it was {base.training.eta:g}",
        )
        return Plan(
            base,
            runs,
            2 * context.training_seconds(*[base] * 13)
            + context.seconds(base, base, epochs=_LONGER * base.training.epochs),
        )

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search again, and keep the choice where it is better."""
        base, context = plan.experiment, trials.context
        eta = base.training.eta
        if not base.training.lmbda:
            return Recommendation({"training.eta": eta}, "λ is 0, as it was when η was chosen: η stays.", "", {})
        present = f"η = {eta:g}, the present one"
        longer = with_epochs(base, _LONGER * base.training.epochs)
        with trials.reserving(context.seconds(longer, longer)):
            result = find_eta(base, trials.by_cost, seeds=min(2, context.seeds), epochs=base.training.epochs)
        trials.search_rows(result)
        tried = {present: longer}
        if result.settings and max(result.chosen / eta, eta / result.chosen) > 1.2:
            tried[f"η = {result.chosen:g}"] = changed(longer, result.settings)
        evaluations = trials.judge(tried, present)
        chosen = best_or_present(evaluations, present)
        because = f"{result.because} {choice_text(evaluations, present, chosen)}"
        settings = {"training.eta": eta if chosen == present else result.chosen}
        evidence = {"bracket": list(result.bracket), "before": eta}
        others = alternatives(result, "training.eta")
        return Recommendation(settings, because, reliability(result), evidence, others, evaluations[chosen])
