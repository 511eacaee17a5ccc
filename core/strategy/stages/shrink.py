"""The problem made small: two classes, few examples, no hidden layer."""

from __future__ import annotations

from typing import Any

from tunelab.experiment.dotted_keys import changed
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Shrink"]

_FEW, _JUDGED = 1000, 100  # the lecture's shrunken problem
_EPOCHS = 4  # that the lecture prints of it


class Shrink(Stage):
    """Two classes, 1,000 and 100 examples, no hidden layer."""

    name = "shrink"
    title = "Shrink"
    short = "shrink"
    question = "How small can the problem be made, so that every question is answered in a second?"
    teaching = (
        "Two classes instead of all of them, the first 1,000 training and 100 validation examples, no hidden "
        "layer, and a look at the accuracy every 1,000 examples. It seems a slowdown and is the opposite: what "
        "took a minute takes a moment, so dozens of things can be tried. λ shrinks along, because what counts is "
        "λ/n."
    )
    judged_by = "cost"
    weight, seconds_at_most = 1, 5

    def plan(self, context: Context) -> Plan:
        """The small problem, looked at for four epochs."""
        values = self.small(context)
        experiment = with_epochs(changed(context.experiment, values), _EPOCHS, context.seeds)
        a, b = context.data.pair
        runs = f"{a} against {b}, your η and λ/n, no hidden layer, {_EPOCHS} epochs, {context.seeds} seeds"
        return Plan(experiment, (runs,), context.seconds(experiment))

    def small(self, context: Context) -> dict[str, Any]:
        """What makes the problem small."""
        data, base = context.data, context.experiment
        train = min(_FEW, data.pair_training, data.training)
        values = {
            "data.classes": [int(label) if label.isdigit() else label for label in data.pair],
            "network.hidden": [],
            "training.monitor_every": _FEW if train >= _FEW else "epoch",
        }
        judged = min(_JUDGED, data.pair_evaluation, data.evaluation)
        if len(data.classes) == 2:
            values.pop("data.classes")
        return context.with_data(base, train, judged, values | plain(context))

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Show how fast the answers come now, and how noisy 100 examples are."""
        context = trials.context
        events = trials.run({"shrunken": plan.experiment})["shrunken"]
        values = self.small(context)
        found = trials.accuracy_row("shrunken", events[-1])
        before, now = context.experiment.training.lmbda, plan.experiment.training.lmbda
        n, small = context.experiment.data.train or context.data.training, plan.experiment.data.train
        kept = f" λ = {before:g} for {n:,} examples is λ = {now:g} for {small:,}: λ/n stays." if before != now else ""
        a, b = context.data.pair
        classes = f"{a} against {b}" if len(context.data.classes) > 2 else f"its two classes, {a} and {b}"
        because = f"{classes}, {small:,} training and {found.total:,} validation examples, no hidden layer.{kept}"
        sure = (
            f"With {found.total:,} validation examples one standard deviation is about {100 * found.error:.0f} points."
        )
        return Recommendation(
            values, because[0].upper() + because[1:], sure, {"lambda_before": before, "lambda": now}, (), found
        )


def plain(context: Context) -> dict[str, Any]:
    """What first experiments do without, as the lecture advises: a falling η, and stopping early."""
    training = context.experiment.training
    taken = {"training.schedule": training.schedule, "training.early_stopping": training.early_stopping}
    return {key: None for key, there in taken.items() if there is not None}
