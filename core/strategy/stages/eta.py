"""The learning rate, without λ, on the first examples of all classes."""

from __future__ import annotations

from typing import Any

from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta
from tunelab.strategy.search_evidence import alternatives, confirmed, look_epochs, reliability
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Eta"]

_FEW = 1000


class Eta(Stage):
    """The search over a grid of η on the first 1,000 examples of all classes, without λ."""

    name = "eta"
    title = "Learning rate η"
    short = "η"
    question = "At which η does the training cost end lowest?"
    teaching = (
        "Too large a step overshoots, and the cost oscillates or rises; too small a step takes for ever. The lecture "
        "goes up from 0.01 by tens until the cost no longer falls, and takes half of the largest that still does. "
        "Here a whole grid is trained side by side: the η whose training cost ends lowest decides, the climb is read "
        "off the same curves, and half of it leaves room for many epochs. No λ yet: one thing at a time. Two classes "
        "are so easy that nearly every η is right on them, so from here on the first 1,000 examples of all classes "
        "are used."
    )
    subject = "training.eta"
    judged_by = "cost"
    weight, seconds_at_most = 6, 40

    def plan(self, context: Context) -> Plan:
        """Thirteen values of η, four epochs each or more."""
        base = changed(context.experiment, self.problem(context))
        epochs = look_epochs(base, context)
        look = context.seconds(with_epochs(base, epochs, context.seeds))
        runs = (
            f"13 values of η from 0.0003 to 300, at least {epochs} epochs and {context.seeds} seeds each, λ = 0",
            "half of the one whose training cost ends lowest",
        )
        return Plan(base, runs, 14 * look)

    def problem(self, context: Context) -> dict[str, Any]:
        """All classes again, few examples, no λ."""
        data = context.data
        train = max(min(_FEW, data.training), min(context.experiment.data.train or 0, data.training))
        values = {
            "data.classes": context.state.base.get("data", {}).get("classes"),
            "data.train": train,
            "data.evaluation": min(context.experiment.data.evaluation or 100, data.evaluation),
            "training.lambda": 0.0,
            "training.mini_batch": min(context.experiment.training.mini_batch, train),
        }
        return values | {"training.monitor_every": 1000 if train >= 1000 else "epoch"}

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search, and look whether the answer learns."""
        context, base = trials.context, plan.experiment
        epochs = look_epochs(base, context)
        found = find_eta(base, trials.trainer, seeds=context.seeds, epochs=epochs)
        trials.search_rows(found)
        settings = self.problem(context) | found.settings
        luck, reached = confirmed(trials, changed(base, found.settings), f"chosen: η = {found.chosen:g}", 2 * epochs)
        because = found.because if luck.better_than_chance() else f"{found.because} But with it {luck.text}."
        evidence = {"bracket": list(found.bracket), "right": luck.correct, "total": luck.total, "p": luck.pvalue}
        return Recommendation(
            settings, because, reliability(found), evidence, alternatives(found, "training.eta"), reached
        )
