"""The person's own settings, trained briefly as they are."""

from __future__ import annotations

from typing import Any

from tunelab.diagnosis import Verdict, yardsticks
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.records.history import History
from tunelab.strategy.journal import Event
from tunelab.strategy.measures import accuracy_of
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Baseline"]

_BRIEF = 5  # epochs of the baseline at most


class Baseline(Stage):
    """Train the experiment as it is, briefly."""

    name = "baseline"
    title = "Baseline"
    short = "baseline"
    question = "What do your own settings do?"
    teaching = (
        "Before anything is changed, the experiment is trained briefly as it is. If it learns already, that is "
        "the mark everything else has to beat. If it answers like somebody who guesses, no amount of training "
        "longer will tell why: a whole epoch is too slow a way to ask questions."
    )
    judged_by = "cost"
    weight, seconds_at_most = 3, 10

    def plan(self, context: Context) -> Plan:
        """As many epochs, up to five, as the time allows; fewer examples where one epoch is too long."""
        experiment = context.experiment
        one = context.seconds(experiment, epochs=1)
        train = context.data.training
        if one > context.allowed:  # λ/n stays put, so that it is the same question
            train = max(experiment.training.mini_batch, int(train * context.allowed / one))
            values = context.with_data(experiment, train, context.data.evaluation, {})
            experiment = changed(experiment, values)
            one = context.allowed
        epochs = max(1, min(_BRIEF, experiment.training.epochs, int(context.allowed / one)))
        experiment = with_epochs(
            changed(experiment, {"training.mini_batch": min(experiment.training.mini_batch, train)}), epochs
        )
        runs = f"your settings, {train:,} training examples, {epochs} epoch{'s' if epochs > 1 else ''}"
        return Plan(experiment, (runs,), one * epochs)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Train and diagnose."""
        events = trials.as_far_as_time_allows("your settings", plan.experiment)
        luck = trials.chance_row("your settings", events[-1], plan.experiment)
        verdict = diagnosed(events, plan.experiment, trials)
        found = accuracy_of(events[-1])
        if luck.better_than_chance():
            because = f"It learns already: {found.text} of the validation examples. That is the mark to beat."
        else:
            because = f"It does no better than guessing: {luck.text}. {verdict.text}"
        evidence = {"verdict": verdict.code, "right": luck.correct, "total": luck.total, "p": luck.pvalue}
        sure = f"A guesser who knows the most frequent class is right in {100 * luck.chance:.1f} % of cases."
        return Recommendation({}, because, sure, evidence, validation=found)


def diagnosed(events: list[Event], experiment: Experiment, trials: TrialRunner) -> Verdict:
    """What the curves of one arm show, the most important of it."""
    dataset = trials.dataset(experiment)
    data: dict[str, Any] = {
        "title": dataset.title,
        "classes": list(dataset.classes or ()),
        "training": len(dataset.training),
    }
    data |= yardsticks(dataset, experiment.network.output, experiment.network.cost)
    start = {"event": "start", "experiment": experiment.to_dict(), "data": data, "seeds": experiment.seeds}
    return History("", [start, *events]).verdicts()[0]
