"""The winner's networks on the test set, once."""

from __future__ import annotations

from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.training.metrics import METRICS

__all__ = ["Test"]


class Test(Stage):
    """The networks of the full problem on the test set."""

    name = "test"
    title = "The test set, once"
    short = "test"
    question = "How good is it on examples that no choice has seen?"
    teaching = (
        "Every choice so far was made by validation examples, so their accuracy flatters a little. The test set "
        "has been kept for this one look. Whoever now goes back and chooses again has used it up, so each use is "
        "recorded."
    )
    weight, seconds_at_most = 1, 20

    def plan(self, context: Context) -> Plan:
        """Nothing is trained."""
        runs = ("the trained networks on every test example, no training",)
        return Plan(with_epochs(context.experiment, 1), runs, 1.0)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Judge every seed's network once, and write down that it was done."""
        del plan  # there is nothing to be trained
        context = trials.context
        evidence = context.evidence("full")
        if "run" not in evidence:
            because = "There are no networks of the full problem to be judged: that stage was skipped or left out."
            return Recommendation({}, because, "The test set hasn't been touched.")
        evaluation = trials.trainer.judge_record(evidence["run"], evidence["arms"], test=True)
        if evaluation is None:
            return Recommendation({}, f"{context.data.title} has no test examples.", "Validation is all there is.")
        for seed, hits in enumerate(evaluation.hits):
            text = f"{int(hits.sum()):,} of {evaluation.total:,} right"
            trials.row(f"seed {seed}", text, right=int(hits.sum()), total=evaluation.total)
        uses = context.state.test_uses + 1
        trials.journal.write("test", {"stage": self.name} | evaluation.to_dict())
        because = f"{evaluation.text} on {evaluation.total:,} test examples that no choice has seen."
        if evaluation.metric != "accuracy":
            because += f" The metric is {METRICS[evaluation.metric].title}."
        sure = (
            "It is the first look at the test set." if uses == 1 else f"It is look number {uses}: it flatters by now."
        )
        return Recommendation({}, because, sure, evaluation.to_dict(), (), evaluation)
