"""The stages that choose η and λ on the small problem: η without λ, λ, and η once more."""

from __future__ import annotations

import math
from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import SearchResult, find_eta, find_lambda
from tunelab.strategy.luck import Guess, Score, score
from tunelab.strategy.stage import Advice, Plan
from tunelab.strategy.trial_runner import Bench, Known, with_epochs

__all__ = ["Eta", "EtaAgain", "Lambda", "look_epochs"]

_FEW = 1000
_JUDGED = 1000
_STEPS = 400  # of gradient descent, that a look at an η should have at least
_FIRST_LAMBDA = 1.0


def look_epochs(experiment: Experiment, known: Known, steps: int = _STEPS) -> int:
    """Epochs enough for so many steps: four of the lecture's 1,000 examples, more of fewer."""
    n = min(experiment.data.train or known.facts.training, known.facts.training)
    return max(4, min(40, math.ceil(steps * experiment.training.mini_batch / n)))


def confirmed(bench: Bench, experiment: Experiment, label: str, epochs: int) -> tuple[Guess, Score]:
    """Train what was chosen a little longer: is it better than guessing, and how good?"""
    chosen = with_epochs(experiment, epochs, bench.known.seeds)
    last = bench.run({label: chosen})[label][-1]
    return bench.guess(label, last, chosen), score(last)


def others(found: SearchResult, key: str) -> tuple[tuple[dict[str, Any], str], ...]:
    """The tried values beside the chosen one, as choices with what they came to."""
    good = [row for row in found.rows if row.good and row.value != found.chosen]
    return tuple(({key: row.value}, f"{row.label}: {row.text}") for row in good[-4:])


class Eta:
    """The lecture's threshold rule on the first 1,000 examples of all classes, without λ."""

    name = "eta"

    def plan(self, known: Known) -> Plan:
        """About eight values of η, four epochs each."""
        base = changed(known.experiment, self.problem(known))
        epochs = look_epochs(base, known)
        look = known.seconds(with_epochs(base, epochs, known.seeds))
        runs = (
            f"η = 0.01, then ×10 while the training cost falls, {epochs} epochs and {known.seeds} seeds each, λ = 0",
            "2 and 5 times the largest that falls",
        )
        return Plan(base, runs, 10 * look)

    def problem(self, known: Known) -> dict[str, Any]:
        """All classes again, few examples, no λ."""
        facts = known.facts
        train = max(min(_FEW, facts.training), min(known.experiment.data.train or 0, facts.training))
        values = {
            "data.classes": known.state.base.get("data", {}).get("classes"),
            "data.train": train,
            "data.evaluation": min(known.experiment.data.evaluation or 100, facts.evaluation),
            "training.lambda": 0.0,
            "training.mini_batch": min(known.experiment.training.mini_batch, train),
        }
        return values | {"training.monitor_every": 1000 if train >= 1000 else "epoch"}

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Search, and look whether the answer learns."""
        known, base = bench.known, plan.experiment
        epochs = look_epochs(base, known)
        found = find_eta(base, bench.trials, seeds=known.seeds, epochs=epochs)
        bench.found(found)
        settings = self.problem(known) | found.settings
        luck, reached = confirmed(bench, changed(base, found.settings), f"chosen: η = {found.chosen:g}", 2 * epochs)
        because = found.because if luck.better() else f"{found.because} But with it {luck.text}."
        evidence = {"bracket": list(found.bracket), "right": luck.right, "total": luck.total, "p": luck.p}
        return Advice(settings, because, _both(found), evidence, others(found, "training.eta"), reached)


class Lambda:
    """λ by validation accuracy: 1.0, then by tens, then finer."""

    name = "lambda"

    def plan(self, known: Known) -> Plan:
        """About seven values of λ."""
        base = changed(known.experiment, self.problem(known))
        look = known.seconds(with_epochs(base, 20, known.seeds))
        runs = (f"λ = 0 and λ = {_FIRST_LAMBDA:g}, then ×10 or ÷10, then finer, {known.seeds} seeds each",)
        return Plan(base, runs, 8 * look)

    def problem(self, known: Known) -> dict[str, Any]:
        """As many validation examples as it takes to see anything."""
        judged = max(min(_JUDGED, known.facts.evaluation), known.experiment.data.evaluation or 0)
        return {"data.evaluation": judged}

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Search by validation accuracy."""
        found = find_lambda(plan.experiment, bench.trials, start=_FIRST_LAMBDA, seeds=bench.known.seeds)
        bench.found(found)
        chosen = changed(plan.experiment, found.settings)
        _, reached = confirmed(bench, chosen, f"chosen: λ = {found.chosen:g}", 2 * look_epochs(chosen, bench.known))
        settings = self.problem(bench.known) | found.settings
        evidence = {"bracket": list(found.bracket)}
        return Advice(settings, found.because, _both(found), evidence, others(found, "training.lambda"), reached)


class EtaAgain:
    """The threshold rule once more, with λ in place."""

    name = "eta-again"

    def plan(self, known: Known) -> Plan:
        """About six values of η."""
        base, epochs = known.experiment, look_epochs(known.experiment, known)
        look = known.seconds(with_epochs(base, epochs, known.seeds))
        runs = (f"η = 0.01, then ×10, with λ = {base.training.lmbda:g} in place; it was {base.training.eta:g}",)
        return Plan(base, runs, 6 * look)

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Search again, over the same values."""
        base, known = plan.experiment, bench.known
        epochs, before = look_epochs(base, known), base.training.eta
        found = find_eta(base, bench.trials, seeds=known.seeds, epochs=epochs)
        bench.found(found)
        _, reached = confirmed(bench, changed(base, found.settings), f"chosen: η = {found.chosen:g}", 2 * epochs)
        moved = max(found.chosen / before, before / found.chosen)
        said = "It stays where it was." if moved < 1.2 else f"It was {before:g}: a factor of {moved:.2g}."
        evidence = {"bracket": list(found.bracket), "before": before}
        return Advice(
            found.settings, f"{found.because} {said}", _both(found), evidence, others(found, "training.eta"), reached
        )


def _both(found: SearchResult) -> str:
    return f"{found.sure} {found.second}".strip()
