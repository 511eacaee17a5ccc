"""The networks of the full problem on the test set, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tunelab.experiment import load_data
from tunelab.records.run import Run
from tunelab.statistics import Accuracy
from tunelab.strategy.recorded_trials import network_of
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.training.measurement import score as network_score

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
        return Plan(
            with_epochs(context.experiment, 1), ("the trained networks on every test example, no training",), 1.0
        )

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:  # noqa: ARG002 (there is nothing to be trained)
        """Judge every seed's network once, and write down that it was done."""
        full = trials.context.state.stages["full"]
        advice = full.recommendation
        if full.status != "decided" or advice is None or "run" not in advice["evidence"]:
            because = "There are no networks of the full problem to be judged: that stage was skipped or left out."
            return Recommendation({}, because, "The test set hasn't been touched.")
        run = Run(Path(trials.journal.directory) / advice["evidence"]["run"])
        dataset = load_data(run.preset.arms[0].experiment)
        if len(dataset.test) == 0:
            return Recommendation({}, f"{dataset.title} has no test examples.", "Validation is all there is.")
        with np.errstate(all="ignore"):
            found = network_score(network_of(run, advice["evidence"]["arms"]), dataset.test, classes=True)
        for seed, correct in enumerate(found.correct):
            trials.row(
                f"seed {seed}", f"{int(correct):,} of {found.total:,} right", right=int(correct), total=found.total
            )
        std = float(found.accuracy.std(ddof=1)) if len(found.accuracy) > 1 else 0.0
        reached = Accuracy(float(found.accuracy.mean()), std, len(found.accuracy), found.total)
        uses = trials.context.state.test_uses + 1
        trials.journal.write("test", {"stage": self.name} | reached.to_dict())
        because = f"{reached.text} on {found.total:,} test examples that no choice has seen."
        validation = advice.get("validation")
        if validation:
            because += f" Validation said {100 * validation['accuracy']:.1f} %."
        sure = (
            "It is the first look at the test set." if uses == 1 else f"It is look number {uses}: it flatters by now."
        )
        return Recommendation({}, because, sure, reached.to_dict(), (), reached)
