"""The person's own settings, trained briefly as they are."""

from __future__ import annotations

import contextlib
from typing import Any

from tunelab.diagnosis import Verdict, baseline_facts
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.records.history import History
from tunelab.search import Curve
from tunelab.strategy.settings import epochs_text
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Baseline"]

_EPOCHS = 5  # at most, where folds don't judge
_FIRST = 1000  # examples of a first look, which tells something at once
_SHARE = 0.8  # of the time planned


class Baseline(Stage):
    """Train the experiment as it is, briefly."""

    name = "baseline"
    title = "Baseline"
    short = "baseline"
    question = "What do your own settings do?"
    teaching = (
        "Before anything is changed, the experiment is trained briefly as it is. If it learns already, that is the "
        "mark everything else has to beat. If it answers like somebody who guesses, no amount of training longer will "
        "tell why: a whole epoch is too slow a way to ask questions."
    )
    judged_by = "cost"
    weight, seconds_at_most = 4, 20

    def plan(self, context: Context) -> Plan:
        """A first look on the first examples; what the time allows of the rest follows."""
        own = context.experiment
        if context.data.folds:
            first = with_epochs(own, min(own.training.epochs, 100), 1)
            runs = f"your settings, {context.data.folds} folds of all examples, {epochs_text(first)}"
        else:
            first = with_epochs(self._part(context, _FIRST), min(_EPOCHS, own.training.epochs), context.seeds)
            runs = f"your settings on the first {context.examples(first):,} training examples, then on more"
        return Plan(first, (runs,), context.seconds(first))

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Train and diagnose."""
        context = trials.context
        label = "your settings"
        experiment = plan.experiment
        try:
            curve = trials.run({label: experiment})[label]
        except OutOfTime:
            experiment = changed(with_epochs(experiment, 1, 1), {"training.monitor_every": "epoch"})
            trials.extend(3.0 + 2 * context.seconds(experiment))
            curve = trials.run({label: experiment})[label]
        evaluation = trials.trainer.evaluate(curve)
        trials.row(label, evaluation.text, **evaluation.to_dict())
        if not context.data.folds:
            more = self._more(trials)
            longer = f"your settings, {context.examples(more):,} examples" if more else ""
            with contextlib.suppress(OutOfTime):
                if more is not None:
                    curve = trials.run({longer: more})[longer]
                    evaluation, experiment = trials.trainer.evaluate(curve), more
                    trials.row(longer, evaluation.text, **evaluation.to_dict())
        learns = evaluation.better_than_chance()
        n = f" after {epochs_text(experiment)} on {quantity(context.examples(experiment), 'example')}"
        if learns:
            because = f"It learns already: {evaluation.text}{n}. That is the mark to beat."
        else:
            because = f"It does no better than guessing: {evaluation.chance_text}. {_verdict(curve, trials).text}"
        evidence: dict[str, Any] = {"learns": learns, "verdict": _verdict(curve, trials).code} | evaluation.to_dict()
        sure = (
            f"An answer that ignores the input has {100 * evaluation.share:.1f} % right." if evaluation.classes else ""
        )
        return Recommendation({}, because, sure, evidence, validation=evaluation)

    def _part(self, context: Context, train: int) -> Experiment:
        """The asked problem on fewer examples: the settings are the person's own, schedule and all."""
        own, data = context.experiment, context.data
        n = min(train, data.training)
        values = {
            "data.train": n,
            "data.evaluation": min(train, data.evaluation),
            "training.lambda": own.training.lmbda * n / data.training,
            "training.l1": own.training.l1 * n / data.training,
            "training.mini_batch": min(own.training.mini_batch, n),
        }
        return changed(own, values)

    def _more(self, trials: TrialRunner) -> Experiment | None:
        """As many examples as the rest of the time allows, five epochs; None where that isn't more."""
        context = trials.context
        pace = (trials.pace or context.pace) / context.pace
        one = pace * context.seconds(with_epochs(context.experiment, 1, 1))
        allowed = _SHARE * min(trials.plan_left, self.seconds_at_most)
        epochs = min(_EPOCHS, context.experiment.training.epochs)
        n = int(context.data.training * min(1.0, allowed / max(one * epochs, 1e-9)))
        if n < 2 * _FIRST or trials.data_must_be_drawn(n):
            return None
        return with_epochs(self._part(context, n), epochs, 1)


def _verdict(curve: Curve, trials: TrialRunner) -> Verdict:
    """What the curves of the baseline show, the most important of it."""
    experiment = curve.experiment
    dataset = trials.dataset(experiment)
    data: dict[str, Any] = {
        "title": dataset.title,
        "classes": list(dataset.classes or ()),
        "training": len(dataset.training),
    }
    data |= baseline_facts(dataset, experiment.network.output, experiment.network.cost)
    start = {"event": "start", "experiment": experiment.to_dict(), "data": data, "seeds": experiment.seeds}
    return History("", [start, *trials.measures(curve.label)]).verdicts()[0]
