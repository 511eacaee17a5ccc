"""Better than guessing, by probability; otherwise λ away, η by tens, and then the other suspects in turn."""

from __future__ import annotations

from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.statistics import fewest_correct
from tunelab.strategy.dataset_info import chance_of
from tunelab.strategy.fallback_experiments import questions
from tunelab.strategy.journal import Event
from tunelab.strategy.measures import accuracy_of, chance_test
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Chance"]

_EPOCHS = 4


class Chance(Stage):
    """Better than guessing, by probability; otherwise λ away, η by tens, and then the other suspects in turn."""

    name = "chance"
    title = "Better than chance"
    short = "chance"
    question = "Does the shrunken network do better than guessing?"
    teaching = (
        "The first goal is modest and can be surprisingly hard. Guessing the most frequent class is right with "
        "probability p; of N examples a guesser gets k or more right with probability P(X ≥ k), X ~ Binomial(N, "
        "p). Only where that is tiny has anything been learnt. Where it isn't, λ is taken away first, then η is "
        "moved by factors of ten, and then the other suspects are asked in turn."
    )
    judged_by = "cost"
    weight, seconds_at_most = 4, 20

    def plan(self, context: Context) -> Plan:
        """The shrunken problem as it is, then at most a ladder of λ and η."""
        base = with_epochs(context.experiment, _EPOCHS, context.seeds)
        ladder = self._ladder(base)
        runs = (
            "the shrunken problem as it is",
            "if it fails: without λ, then η by tens",
            "if that fails: one by one hidden neurons, layers, epochs, mini-batch, cost, initialization, more examples",
        )
        return Plan(base, runs, context.seconds(base, *(changed(base, values) for _, values in ladder)))

    def _ladder(self, base: Experiment) -> list[tuple[str, dict[str, Any]]]:
        eta, lmbda = base.training.eta, base.training.lmbda
        steps: list[tuple[str, dict[str, Any]]] = [("λ = 0", {"training.lambda": 0.0})] if lmbda else []
        without = ", λ = 0" if lmbda else ""
        for factor in (0.1, 0.01, 0.001, 10.0):
            tried = float(f"{eta * factor:.3g}")
            if tried <= 1e6:
                steps.append((f"η = {tried:g}{without}", {"training.eta": tried, "training.lambda": 0.0}))
        return steps

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Look for the first thing that helps."""
        base = plan.experiment
        label = f"η = {base.training.eta:g}, λ = {base.training.lmbda:g}"
        last = trials.run({label: base})[label][-1]
        luck = trials.chance_row(label, last, base)
        needed = fewest_correct(luck.total, luck.chance)
        evidence: dict[str, Any] = {"right": luck.correct, "total": luck.total, "p": luck.pvalue, "chance": luck.chance}
        if luck.better_than_chance():
            because = f"It learns: {luck.text}."
            sure = f"{needed} of {luck.total} would have been enough to rule out guessing (p < 0.001)."
            return Recommendation({}, because, sure, evidence, validation=accuracy_of(last))
        if needed > luck.total:
            return self._untellable(luck.total, luck.chance)
        tried = dict(self._ladder(base))
        found = trials.run({label: changed(base, values) for label, values in tried.items()})
        best = self._best(trials, base, found, len(tried))
        if best is not None:
            values = tried[best]
            guess_ = chance_test(found[best][-1], luck.chance)
            because = f"With {best} it learns: {guess_.text}. As it was: {luck.correct} of {luck.total}."
            return Recommendation(
                values,
                because,
                self._seeds_text(found[best][-1], luck.chance),
                evidence,
                validation=accuracy_of(found[best][-1]),
            )
        return self._suspects(trials, base, evidence)

    def _best(self, trials: TrialRunner, base: Experiment, found: dict[str, list[Event]], tries: int) -> str | None:
        """The most accurate of those that are better than chance; None where none is."""
        lucks = {label: trials.chance_row(label, events[-1], base) for label, events in found.items()}
        able = [label for label, luck in lucks.items() if luck.better_than_chance(tries)]
        return max(able, key=lambda label: lucks[label].correct, default=None)

    def _seeds_text(self, measure: Event, chance: float) -> str:
        counts = measure.get("replicates", {}).get("evaluation_correct", [measure["evaluation_correct"]])
        needed = fewest_correct(int(measure["evaluation_total"]), chance)
        able = sum(count is not None and count >= needed for count in counts)
        return f"{able} of {len(counts)} seeds are better than chance each on its own."

    def _suspects(self, trials: TrialRunner, base: Experiment, evidence: dict[str, Any]) -> Recommendation:
        """The lecture's questions, one by one, until one helps."""
        asked = []
        for question in questions(base, trials.context):
            tried = question.tries
            found = trials.run({label: changed(base, values) for label, values in tried.items()})
            sample = changed(base, next(iter(tried.values())))
            best = self._best(trials, sample, found, 10 * len(tried))
            asked.append(question.question)
            if best is not None:
                because = f"{question.question} That helps: with {best} it learns. {question.why}"
                sure = self._seeds_text(found[best][-1], chance_of(trials.dataset(sample)))
                return Recommendation(
                    tried[best], because, sure, evidence | {"asked": asked}, validation=accuracy_of(found[best][-1])
                )
        because = (
            f"Nothing that was tried does better than guessing: not λ, not η, and to each of the lecture's questions "
            f"({len(asked)} of them) the answer was no. What is left to look at are the data: do the labels belong to "
            "their examples? Or there is beekeeping."
        )
        sure = "Every one of them was tried with several η and several seeds; the rows have the numbers."
        return Recommendation({}, because, sure, evidence | {"asked": asked}, hopeless=True)

    def _untellable(self, total: int, chance: float) -> Recommendation:
        """So few validation examples, or so unequal classes, that even a perfect network could be a guesser."""
        because = (
            f"It can't be told: of {total} validation examples {100 * chance:.0f} % are of one class, and even {total} "
            "right answers could be luck. Going on, with the training cost as the guide."
        )
        return Recommendation(
            {}, because, "Not at all, by validation. More validation examples would tell.", {"total": total}
        )
