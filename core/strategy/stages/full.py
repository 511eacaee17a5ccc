"""Everything there is, with a falling η and early stopping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.statistics import Accuracy
from tunelab.strategy.journal import Event
from tunelab.strategy.recorded_trials import record, run_directory
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner

__all__ = ["Full"]

_LONGEST = 100  # epochs
_SHORTEST = 3
_CUTS = 8  # how often η can be halved within the epochs that there are
_LIGHT = 1e-4  # λ/n of a light touch: the book's 5 for 50,000 examples
_FACTOR = 3.0  # λ that lie closer than this aren't worth two trainings
_FALLEN = 128.0  # η has fallen by so much at the end


class Full(Stage):
    """All training examples, η halved whenever validation accuracy stalls, several seeds."""

    name = "full"
    title = "The full problem"
    short = "full"
    question = "How good is it, with everything there is?"
    teaching = (
        "All training examples, and now what first experiments do without: η is halved whenever validation "
        "accuracy stalls, and training stops when it has stalled for long. Several seeds show how much is luck."
    )
    subject = "training.lambda"
    weight, seconds_at_most = 60, 1200

    def plan(self, context: Context) -> Plan:
        """As many epochs as the time allows."""
        base = changed(context.experiment, context.with_data(context.experiment, *self._whole(context), {}))
        arms = len(self.tried(base, context.seeds))
        one = context.seconds(changed(base, {"initialization.seeds": arms, "training.epochs": 1}))
        epochs = max(_SHORTEST, min(_LONGEST, math.floor(0.85 * context.allowed / max(one, 1e-6))))
        experiment = changed(base, self._falling(epochs))
        runs = (
            f"all {context.data.training:,} training examples, up to {epochs} epochs, {context.seeds} seeds",
            f"η = {base.training.eta:g}, halved whenever validation accuracy stalls, ended when it stalls for long",
        )
        return Plan(experiment, runs, one * epochs)

    def _whole(self, context: Context) -> tuple[int, int]:
        return context.data.training, context.data.evaluation

    def _falling(self, epochs: int) -> dict[str, Any]:
        patience = max(1, epochs // _CUTS)
        return {
            "training.epochs": epochs,
            "training.monitor_every": "epoch",
            "training.schedule": {"rule": "halve-on-plateau", "patience": patience, "stop_at": _FALLEN},
            "training.early_stopping": {"patience": 3 * patience + 2},
        }

    def tried(self, experiment: Experiment, seeds: int) -> dict[str, Experiment]:
        """One arm a seed, so that all cores have something to do; and the same with a light touch of λ.

        λ matters the more, the longer one trains, and it was chosen on short trainings.
        """
        first, n = experiment.initialization.seed, experiment.data.train or 1
        own, light = experiment.training.lmbda, float(f"{n * _LIGHT:.3g}")
        apart = max(own, light) > _FACTOR * min(own, light)
        found = {}
        for lmbda in (own, light) if apart else (own,):
            for k in range(seeds):
                values = {"initialization.seed": first + k, "initialization.seeds": 1, "training.lambda": lmbda}
                found[f"λ = {lmbda:g}, seed {first + k}"] = changed(experiment, values)
        return found

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Train as a recorded run, and take the λ whose networks end better."""
        tried = self.tried(plan.experiment, trials.context.seeds)
        found = record(trials, tried)
        ends: dict[float, list[Event]] = {}
        for label, events in found.items():
            trials.accuracy_row(label, events[-1])
            ends.setdefault(tried[label].training.lmbda, []).append(events[-1])
        scores = {lmbda: self._together(last) for lmbda, last in ends.items()}
        lmbda = max(scores, key=lambda value: scores[value].accuracy)
        reached, last = scores[lmbda], ends[lmbda]
        n = plan.experiment.data.train or trials.context.data.training
        settings = trials.context.with_data(trials.context.experiment, *self._whole(trials.context), {})
        settings |= self._falling(plan.experiment.training.epochs) | {"training.lambda": lmbda}
        epochs = max(float(event["epoch"]) for event in last)
        because = (
            f"{reached.text} on {reached.total:,} validation examples after {epochs:.3g} epochs, "
            f"η down to {min(float(event['eta']) for event in last):.2g}. λ = {lmbda:g} for {n:,} examples."
        )
        for other, theirs in scores.items():
            if other != lmbda:
                because += f" With λ = {other:g} it is {theirs.text}: trained for long, λ shows what it is worth."
        several = reached.seeds > 1
        spread = f"{reached.seeds} seeds, ± {100 * reached.std:.2f} points between them." if several else "One seed."
        run = run_directory(trials.journal.directory, self.name, tried)
        arms = [label for label, experiment in tried.items() if experiment.training.lmbda == lmbda]
        evidence = {"run": str(run.relative_to(trials.journal.directory)), "arms": arms}
        return Recommendation(settings, because, spread, evidence, (), reached)

    def _together(self, last: list[Event]) -> Accuracy:
        """What several seeds came to."""
        accuracies = np.array([event["evaluation_accuracy"] or 0.0 for event in last])
        std = float(accuracies.std(ddof=1)) if len(accuracies) > 1 else 0.0
        return Accuracy(float(accuracies.mean()), std, len(accuracies), int(last[0]["evaluation_total"]))
