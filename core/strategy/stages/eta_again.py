"""The learning rate once more, with λ in place."""

from __future__ import annotations

from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta
from tunelab.strategy.search_evidence import alternatives, confirmed, look_epochs, reliability
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["EtaAgain"]


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
        """Thirteen values of η."""
        base, epochs = context.experiment, look_epochs(context.experiment, context)
        look = context.seconds(with_epochs(base, epochs, context.seeds))
        runs = (f"13 values of η, with λ = {base.training.lmbda:g} in place; it was {base.training.eta:g}",)
        return Plan(base, runs, 14 * look)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search again, over the same values."""
        base, context = plan.experiment, trials.context
        epochs, before = look_epochs(base, context), base.training.eta
        found = find_eta(base, trials.trainer, seeds=context.seeds, epochs=epochs)
        trials.search_rows(found)
        _, reached = confirmed(trials, changed(base, found.settings), f"chosen: η = {found.chosen:g}", 2 * epochs)
        moved = max(found.chosen / before, before / found.chosen)
        said = "It stays where it was." if moved < 1.2 else f"It was {before:g}: a factor of {moved:.2g}."
        evidence = {"bracket": list(found.bracket), "before": before}
        return Recommendation(
            found.settings,
            f"{found.because} {said}",
            reliability(found),
            evidence,
            alternatives(found, "training.eta"),
            reached,
        )
