"""The last stages: everything there is, with a falling η and early stopping; then the test set, once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from tunelab.experiment import Experiment, load_data
from tunelab.experiment.dotted_keys import changed
from tunelab.records.run import find
from tunelab.strategy.journal import Event
from tunelab.strategy.luck import Score
from tunelab.strategy.recorded_trials import network_of, record, run_directory
from tunelab.strategy.stage import Advice, Plan
from tunelab.strategy.trial_runner import Bench, Known, with_epochs
from tunelab.training.measurement import score as judged

__all__ = ["Full", "Test"]

_LONGEST = 100  # epochs
_SHORTEST = 3
_CUTS = 8  # how often η can be halved within the epochs that there are
_LIGHT = 1e-4  # λ/n of a light touch: the book's 5 for 50,000 examples
_FACTOR = 3.0  # λ that lie closer than this aren't worth two trainings
_FALLEN = 128.0  # η has fallen by so much at the end


class Full:
    """All training examples, η halved whenever validation accuracy stalls, several seeds."""

    name = "full"

    def plan(self, known: Known) -> Plan:
        """As many epochs as the time allows."""
        base = changed(known.experiment, known.with_data(known.experiment, *self._whole(known), {}))
        arms = len(self.tried(base, known.seeds))
        one = known.seconds(changed(base, {"initialization.seeds": arms, "training.epochs": 1}))
        epochs = max(_SHORTEST, min(_LONGEST, math.floor(0.85 * known.allowed / max(one, 1e-6))))
        experiment = changed(base, self._falling(epochs))
        runs = (
            f"all {known.facts.training:,} training examples, up to {epochs} epochs, {known.seeds} seeds",
            f"η = {base.training.eta:g}, halved whenever validation accuracy stalls, ended when it stalls for long",
        )
        return Plan(experiment, runs, one * epochs)

    def _whole(self, known: Known) -> tuple[int, int]:
        return known.facts.training, known.facts.evaluation

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

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Train as a recorded run, and take the λ whose networks end better."""
        tried = self.tried(plan.experiment, bench.known.seeds)
        found = record(bench, tried)
        ends: dict[float, list[Event]] = {}
        for label, events in found.items():
            bench.scored(label, events[-1])
            ends.setdefault(tried[label].training.lmbda, []).append(events[-1])
        scores = {lmbda: self._together(last) for lmbda, last in ends.items()}
        lmbda = max(scores, key=lambda value: scores[value].accuracy)
        reached, last = scores[lmbda], ends[lmbda]
        n = plan.experiment.data.train or bench.known.facts.training
        settings = bench.known.with_data(bench.known.experiment, *self._whole(bench.known), {})
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
        run = run_directory(bench.journal.directory, self.name, tried)
        arms = [label for label, experiment in tried.items() if experiment.training.lmbda == lmbda]
        evidence = {"run": str(run.relative_to(bench.journal.directory)), "arms": arms}
        return Advice(settings, because, spread, evidence, (), reached)

    def _together(self, last: list[Event]) -> Score:
        """What several seeds came to."""
        accuracies = np.array([event["evaluation_accuracy"] or 0.0 for event in last])
        std = float(accuracies.std(ddof=1)) if len(accuracies) > 1 else 0.0
        return Score(float(accuracies.mean()), std, len(accuracies), int(last[0]["evaluation_total"]))


class Test:
    """The networks of the full problem on the test set."""

    name = "test"

    def plan(self, known: Known) -> Plan:
        """Nothing is trained."""
        return Plan(with_epochs(known.experiment, 1), ("the trained networks on every test example, no training",), 1.0)

    def work(self, bench: Bench, plan: Plan) -> Advice:  # noqa: ARG002 (there is nothing to be trained)
        """Judge every seed's network once, and write down that it was done."""
        full = bench.known.state.stages["full"]
        advice = full.recommendation
        if full.status != "decided" or advice is None or "run" not in advice["evidence"]:
            because = "There are no networks of the full problem to be judged: that stage was skipped or left out."
            return Advice({}, because, "The test set hasn't been touched.")
        run = find(str(Path(bench.journal.directory) / advice["evidence"]["run"]))
        dataset = load_data(run.preset.arms[0].experiment)
        if len(dataset.test) == 0:
            return Advice({}, f"{dataset.title} has no test examples.", "Validation is all there is.")
        with np.errstate(all="ignore"):
            found = judged(network_of(run, advice["evidence"]["arms"]), dataset.test, classes=True)
        for seed, correct in enumerate(found.correct):
            bench.row(
                f"seed {seed}", f"{int(correct):,} of {found.total:,} right", right=int(correct), total=found.total
            )
        std = float(found.accuracy.std(ddof=1)) if len(found.accuracy) > 1 else 0.0
        reached = Score(float(found.accuracy.mean()), std, len(found.accuracy), found.total)
        uses = bench.known.state.test_uses + 1
        bench.journal.write("test", {"stage": self.name} | reached.to_dict())
        because = f"{reached.text} on {found.total:,} test examples that no choice has seen."
        validation = advice.get("validation")
        if validation:
            because += f" Validation said {100 * validation['accuracy']:.1f} %."
        sure = (
            "It is the first look at the test set." if uses == 1 else f"It is look number {uses}: it flatters by now."
        )
        return Advice({}, because, sure, reached.to_dict(), (), reached)
