"""The first three stages: what the person's own settings do, the small problem, and better than chance."""

from __future__ import annotations

from typing import Any

from tunelab.diagnosis import Verdict, yardsticks
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.records.history import ArmCurves
from tunelab.strategy.dataset_info import chance_of
from tunelab.strategy.fallback_experiments import questions
from tunelab.strategy.journal import Event
from tunelab.strategy.luck import fewest_right, guess, score
from tunelab.strategy.stage import Advice, Plan
from tunelab.strategy.trial_runner import Bench, Known, with_epochs

__all__ = ["Baseline", "Chance", "Shrink"]

_BRIEF = 5  # epochs of the baseline at most
_FEW, _JUDGED = 1000, 100  # the lecture's shrunken problem
_LOOK = 4  # epochs that the lecture prints of it


def diagnosed(events: list[Event], experiment: Experiment, bench: Bench) -> Verdict:
    """What the curves of one arm show, the most important of it."""
    curves = ArmCurves("")
    dataset = bench.dataset(experiment)
    data: dict[str, Any] = {
        "title": dataset.title,
        "classes": list(dataset.classes or ()),
        "training": len(dataset.training),
    }
    data |= yardsticks(dataset, experiment.network.output, experiment.network.cost)
    curves.absorb({"event": "start", "experiment": experiment.to_dict(), "data": data, "seeds": experiment.seeds})
    for event in events:
        curves.absorb(event)
    return curves.verdicts()[0]


def plain(known: Known) -> dict[str, Any]:
    """What first experiments do without, as the lecture advises: a falling η, and stopping early."""
    training = known.experiment.training
    taken = {"training.schedule": training.schedule, "training.early_stopping": training.early_stopping}
    return {key: None for key, there in taken.items() if there is not None}


class Baseline:
    """Train the experiment as it is, briefly."""

    name = "baseline"

    def plan(self, known: Known) -> Plan:
        """As many epochs, up to five, as the time allows; fewer examples where one epoch is too long."""
        experiment = known.experiment
        one = known.seconds(experiment, epochs=1)
        train = known.facts.training
        if one > known.allowed:  # λ/n stays put, so that it is the same question
            train = max(experiment.training.mini_batch, int(train * known.allowed / one))
            values = known.with_data(experiment, train, known.facts.evaluation, {})
            experiment = changed(experiment, values)
            one = known.allowed
        epochs = max(1, min(_BRIEF, experiment.training.epochs, int(known.allowed / one)))
        experiment = with_epochs(
            changed(experiment, {"training.mini_batch": min(experiment.training.mini_batch, train)}), epochs
        )
        runs = f"your settings, {train:,} training examples, {epochs} epoch{'s' if epochs > 1 else ''}"
        return Plan(experiment, (runs,), one * epochs)

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Train and diagnose."""
        events = bench.as_far_as_time_allows("your settings", plan.experiment)
        luck = bench.guess("your settings", events[-1], plan.experiment)
        verdict = diagnosed(events, plan.experiment, bench)
        found = score(events[-1])
        if luck.better():
            because = f"It learns already: {found.text} of the validation examples. That is the mark to beat."
        else:
            because = f"It does no better than guessing: {luck.text}. {verdict.text}"
        evidence = {"verdict": verdict.code, "right": luck.right, "total": luck.total, "p": luck.p}
        sure = f"A guesser who knows the most frequent class is right in {100 * luck.chance:.1f} % of cases."
        return Advice({}, because, sure, evidence, validation=found)


class Shrink:
    """Two classes, 1,000 and 100 examples, no hidden layer."""

    name = "shrink"

    def plan(self, known: Known) -> Plan:
        """The small problem, looked at for four epochs."""
        values = self.small(known)
        experiment = with_epochs(changed(known.experiment, values), _LOOK, known.seeds)
        a, b = known.facts.pair
        runs = f"{a} against {b}, your η and λ/n, no hidden layer, {_LOOK} epochs, {known.seeds} seeds"
        return Plan(experiment, (runs,), known.seconds(experiment))

    def small(self, known: Known) -> dict[str, Any]:
        """What makes the problem small."""
        facts, base = known.facts, known.experiment
        train = min(_FEW, facts.pair_training, facts.training)
        values = {
            "data.classes": [int(label) if label.isdigit() else label for label in facts.pair],
            "network.hidden": [],
            "training.monitor_every": _FEW if train >= _FEW else "epoch",
        }
        judged = min(_JUDGED, facts.pair_evaluation, facts.evaluation)
        if len(facts.classes) == 2:
            values.pop("data.classes")
        return known.with_data(base, train, judged, values | plain(known))

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Show how fast the answers come now, and how noisy 100 examples are."""
        known = bench.known
        events = bench.run({"shrunken": plan.experiment})["shrunken"]
        values = self.small(known)
        found = bench.scored("shrunken", events[-1])
        before, now = known.experiment.training.lmbda, plan.experiment.training.lmbda
        n, small = known.experiment.data.train or known.facts.training, plan.experiment.data.train
        kept = f" λ = {before:g} for {n:,} examples is λ = {now:g} for {small:,}: λ/n stays." if before != now else ""
        a, b = known.facts.pair
        classes = f"{a} against {b}" if len(known.facts.classes) > 2 else f"its two classes, {a} and {b}"
        because = f"{classes}, {small:,} training and {found.total:,} validation examples, no hidden layer.{kept}"
        sure = (
            f"With {found.total:,} validation examples one standard deviation is about {100 * found.error:.0f} points."
        )
        return Advice(
            values, because[0].upper() + because[1:], sure, {"lambda_before": before, "lambda": now}, (), found
        )


class Chance:
    """Better than guessing, by probability; otherwise λ away, η by tens, and then the other suspects in turn."""

    name = "chance"

    def plan(self, known: Known) -> Plan:
        """The shrunken problem as it is, then at most a ladder of λ and η."""
        base = with_epochs(known.experiment, _LOOK, known.seeds)
        ladder = self._ladder(base)
        runs = (
            "the shrunken problem as it is",
            "if it fails: without λ, then η by tens",
            "if that fails: one by one hidden neurons, layers, epochs, mini-batch, cost, initialization, more examples",
        )
        return Plan(base, runs, known.seconds(base, *(changed(base, values) for _, values in ladder)))

    def _ladder(self, base: Experiment) -> list[tuple[str, dict[str, Any]]]:
        eta, lmbda = base.training.eta, base.training.lmbda
        steps: list[tuple[str, dict[str, Any]]] = [("λ = 0", {"training.lambda": 0.0})] if lmbda else []
        without = ", λ = 0" if lmbda else ""
        for factor in (0.1, 0.01, 0.001, 10.0):
            tried = float(f"{eta * factor:.3g}")
            if tried <= 1e6:
                steps.append((f"η = {tried:g}{without}", {"training.eta": tried, "training.lambda": 0.0}))
        return steps

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Look for the first thing that helps."""
        base = plan.experiment
        label = f"η = {base.training.eta:g}, λ = {base.training.lmbda:g}"
        last = bench.run({label: base})[label][-1]
        luck = bench.guess(label, last, base)
        needed = fewest_right(luck.total, luck.chance)
        evidence: dict[str, Any] = {"right": luck.right, "total": luck.total, "p": luck.p, "chance": luck.chance}
        if luck.better():
            because = f"It learns: {luck.text}."
            sure = f"{needed} of {luck.total} would have been enough to rule out guessing (p < 0.001)."
            return Advice({}, because, sure, evidence, validation=score(last))
        if needed > luck.total:
            return self._untellable(luck.total, luck.chance)
        tried = dict(self._ladder(base))
        found = bench.run({label: changed(base, values) for label, values in tried.items()})
        best = self._best(bench, base, found, len(tried))
        if best is not None:
            values = tried[best]
            guess_ = guess(found[best][-1], luck.chance)
            because = f"With {best} it learns: {guess_.text}. As it was: {luck.right} of {luck.total}."
            return Advice(
                values,
                because,
                self._seeds_text(found[best][-1], luck.chance),
                evidence,
                validation=score(found[best][-1]),
            )
        return self._suspects(bench, base, evidence)

    def _best(self, bench: Bench, base: Experiment, found: dict[str, list[Event]], tries: int) -> str | None:
        """The most accurate of those that are better than chance; None where none is."""
        lucks = {label: bench.guess(label, events[-1], base) for label, events in found.items()}
        able = [label for label, luck in lucks.items() if luck.better(tries)]
        return max(able, key=lambda label: lucks[label].right, default=None)

    def _seeds_text(self, measure: Event, chance: float) -> str:
        counts = measure.get("replicates", {}).get("evaluation_correct", [measure["evaluation_correct"]])
        needed = fewest_right(int(measure["evaluation_total"]), chance)
        able = sum(count is not None and count >= needed for count in counts)
        return f"{able} of {len(counts)} seeds are better than chance each on its own."

    def _suspects(self, bench: Bench, base: Experiment, evidence: dict[str, Any]) -> Advice:
        """The lecture's questions, one by one, until one helps."""
        asked = []
        for question in questions(base, bench.known):
            tried = question.tries
            found = bench.run({label: changed(base, values) for label, values in tried.items()})
            sample = changed(base, next(iter(tried.values())))
            best = self._best(bench, sample, found, 10 * len(tried))
            asked.append(question.question)
            if best is not None:
                because = f"{question.question} That helps: with {best} it learns. {question.why}"
                sure = self._seeds_text(found[best][-1], chance_of(bench.dataset(sample)))
                return Advice(
                    tried[best], because, sure, evidence | {"asked": asked}, validation=score(found[best][-1])
                )
        because = (
            f"Nothing that was tried does better than guessing: not λ, not η, and to each of the lecture's questions "
            f"({len(asked)} of them) the answer was no. What is left to look at are the data: do the labels belong to "
            "their examples? Or there is beekeeping."
        )
        sure = "Every one of them was tried with several η and several seeds; the rows have the numbers."
        return Advice({}, because, sure, evidence | {"asked": asked}, hopeless=True)

    def _untellable(self, total: int, chance: float) -> Advice:
        """So few validation examples, or so unequal classes, that even a perfect network could be a guesser."""
        because = (
            f"It can't be told: of {total} validation examples {100 * chance:.0f} % are of one class, and even {total} "
            "right answers could be luck. Going on, with the training cost as the guide."
        )
        return Advice({}, because, "Not at all, by validation. More validation examples would tell.", {"total": total})
