"""The learning rate, without λ, on the first examples of all classes."""

from __future__ import annotations

from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import SearchResult, find_eta
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.search_evidence import alternatives, reliability
from tunelab.strategy.settings import epochs_text
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Eta"]

_TRAIN, _EVALUATION = 1000, 1000
_STEPS = 500  # of gradient descent, that a look at an η should have at least
_LONGER = 2  # times as long the choice and the present η are compared
PRESENT = "your η and λ"


class Eta(Stage):
    """The lecture's rule on the first 1,000 examples of all classes, without λ; kept where it is better."""

    name = "eta"
    title = "Learning rate η"
    short = "η"
    question = "At which η does the training cost end lowest?"
    teaching = (
        "Too large a step overshoots, and the cost oscillates or rises; too small a step takes for ever. The lecture "
        "goes up from 0.01 by tens until the cost no longer falls, and takes half of the largest that still does. "
        "Here a whole grid is trained side by side: the η whose training cost ends lowest decides, the climb is read "
        "off the same curves, and half of it leaves room for many epochs. No λ yet: one thing at a time. Two classes "
        "are so easy that nearly every η is right on them, so from here on your own network learns from the first "
        "1,000 examples of all classes."
    )
    subject = "training.eta"
    judged_by = "cost"
    weight, seconds_at_most = 12, 60

    def plan(self, context: Context) -> Plan:
        """A dozen values of η; then the choice against the present one."""
        base = context.view(_TRAIN, _EVALUATION, {"training.lambda": 0.0})
        base = with_epochs(base, context.epochs(base, _STEPS), context.search_seeds)
        runs = (
            f"η over many powers of ten, {epochs_text(base)} and {quantity(context.search_seeds, 'seed')} each, λ = 0",
            "the choice against your own η and λ, on the same examples with the same seeds",
        )
        return Plan(
            base,
            runs,
            2 * context.training_seconds(*[base] * 13)
            + context.seconds(*[base] * 3, epochs=_LONGER * base.training.epochs),
        )

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search with the network as it is; where it learns at no η, without a hidden layer."""
        base = plan.experiment
        result, evaluations, chosen = self._search(trials, base, {})
        learns = evaluations[chosen].better_than_chance()
        if not learns and base.network.hidden:
            simple: dict[str, Any] = {"network.hidden": []}
            trials.prefix = "no hidden layer: "
            other, others, simple_chosen = self._search(trials, changed(base, simple), simple)
            trials.prefix = ""
            if others[simple_chosen].better_than_chance():
                settings = trials.context.enlarged(simple | other.settings | {"training.lambda": 0.0}, base)
                because = (
                    f"Your network of {list(base.network.hidden)} hidden neurons learns at no η in "
                    f"{epochs_text(base)}: {evaluations[chosen].chance_text}. Without a hidden layer it "
                    f"does: {others[simple_chosen].text}. Going on with that; hidden neurons are asked about later."
                )
                evidence = {"bracket": list(other.bracket), "learns": True}
                return Recommendation(settings, because, reliability(other), evidence, (), others[simple_chosen])
        evidence = {"bracket": list(result.bracket), "learns": learns, "rule": result.settings}
        if not learns:
            because = f"At no η does this network do better than guessing: {evaluations[chosen].chance_text}."
            return Recommendation({}, because, reliability(result), evidence)
        settings = {} if chosen == PRESENT else {"training.eta": result.chosen}
        if chosen.endswith("λ = 0"):
            settings["training.lambda"] = 0.0
        because = f"{result.because} {choice_text(evaluations, PRESENT, chosen)}"
        return Recommendation(
            settings or {"training.eta": trials.context.experiment.training.eta},
            because,
            reliability(result),
            evidence,
            alternatives(result, "training.eta"),
            evaluations[chosen],
        )

    def _search(
        self, trials: TrialRunner, base: Experiment, values: dict[str, Any]
    ) -> tuple[SearchResult, dict[str, Evaluation], str]:
        """The rule's η, with the present λ and without, against the present η."""
        context = trials.context
        own = context.view(_TRAIN, _EVALUATION, values)
        own = with_epochs(own, _LONGER * base.training.epochs, context.search_seeds)
        with trials.reserving(context.seconds(own, own)):
            result = find_eta(base, trials.by_cost, seeds=min(2, context.seeds), epochs=base.training.epochs)
        trials.search_rows(result)
        tried = {PRESENT: own}
        if result.settings:
            tried[f"η = {result.chosen:g}, λ = 0"] = changed(own, result.settings | {"training.lambda": 0.0})
            if own.training.lmbda:
                tried[f"η = {result.chosen:g}, your λ"] = changed(own, result.settings)
        evaluations = trials.judge(tried, PRESENT)
        return result, evaluations, best_or_present(evaluations, PRESENT)
