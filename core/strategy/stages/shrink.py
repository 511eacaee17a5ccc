"""The problem made small: two classes, few examples, no hidden layer."""

from __future__ import annotations

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity, sentence

__all__ = ["Shrink", "small_problem"]

_TRAIN, _EVALUATION = 1000, 100  # the lecture's shrunken problem
_EPOCHS = 4  # that the lecture prints of it


def small_problem(context: Context) -> Experiment:
    """Return the view that shrinks the problem: two classes, few examples, no hidden layer."""
    small = context.view(_TRAIN, _EVALUATION, {"network.hidden": []}, pair=True)
    n = context.examples(small)
    return changed(small, {"training.monitor_every": _TRAIN if n >= _TRAIN else "epoch"})


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
        small = with_epochs(small_problem(context), _EPOCHS, context.search_seeds)
        classes = f"{' against '.join(context.data.pair)}, " if context.data.classes else ""
        runs = f"{classes}your η and λ/n, no hidden layer, {_EPOCHS} epochs, {quantity(context.search_seeds, 'seed')}"
        return Plan(small, (runs,), context.seconds(small))

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Show how fast the answers come now, and how noisy few examples are."""
        context = trials.context
        label = "shrunken"
        curve = trials.run({label: plan.experiment})[label]
        evaluation = trials.trainer.evaluate(curve)
        trials.row(label, evaluation.text, **evaluation.to_dict())
        before, now = context.experiment.training.lmbda, plan.experiment.training.lmbda
        n, small = context.data.training, context.examples(plan.experiment)
        kept = f" λ = {before:g} for {n:,} examples is λ = {now:.3g} for {small:,}: λ/n stays." if before != now else ""
        classes = f"{' against '.join(context.data.pair)}, " if context.data.classes else ""
        because = f"{classes}{small:,} training and {evaluation.total:,} judged examples, no hidden layer.{kept}"
        sure = (
            f"With {evaluation.total:,} judged examples one standard deviation is about "
            f"{100 * evaluation.error:.0f} points. Your problem stays as it is: only "
            "the next stages work on the small one."
        )
        evidence = {"lambda_before": before, "lambda": now}
        return Recommendation({}, sentence(because), sure, evidence, (), evaluation)
