"""The stages in which the network and the problem grow: hidden neurons, more data, and the mini-batch size."""

from __future__ import annotations

import math
from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta, find_lambda, find_mini_batch
from tunelab.strategy.luck import Score
from tunelab.strategy.stage import Advice, Plan
from tunelab.strategy.trial_runner import Bench, Known, OutOfTime, with_epochs
from tunelab.strategy.tuning import look_epochs

__all__ = ["MiniBatch", "MoreData", "Widen"]

_WIDTHS = (10, 20, 30, 50, 100)
_SOME = 4000  # training examples on which hidden neurons can show what they are worth
_JUDGED = 4000  # validation examples: with 1,000 the noise hides what 20 neurons are worth
_TRAINED = 10  # epochs that widths are judged after
_PAYS = 1.0  # standard deviations of the difference; less is no more than noise
_PATIENCE = 2  # widths that bring nothing, after which no wider one is tried
_MANY = 20_000  # training examples at most while things are still compared
_ENOUGH = 5_000  # … on which mini-batch sizes are compared
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_CALMLY: dict[str, Any] = {"training.monitor_every": "epoch"}  # looking often is for the small problem


def wide(width: int) -> str:
    """A width as a label."""
    return "no hidden layer" if width == 0 else f"{width} hidden"


def hidden(width: int) -> dict[str, Any]:
    """The dotted key that gives a network one hidden layer of a width, or none."""
    return {"network.hidden": [width] if width else []}


class Widen:
    """10 hidden neurons, 20, and so forth, each with an η and a λ of its own, until more of them don't pay."""

    name = "widen"

    def plan(self, known: Known) -> Plan:
        """Every width costs an η, a λ, and a training; the narrow ones come first, so time may cut off the wide."""
        base = changed(known.experiment, self.problem(known))
        epochs = look_epochs(base, known)
        seconds = 0.0
        for width in _WIDTHS[: _PATIENCE + 1]:
            network = changed(base, hidden(width))
            seconds += 6 * known.seconds(with_epochs(network, epochs, known.seeds))
            seconds += 5 * known.seconds(with_epochs(network, _TRAINED, known.seeds))
        runs = (
            "what was found without a hidden layer, as the mark to beat",
            f"{', '.join(map(str, _WIDTHS))} hidden neurons: the threshold rule for η, then λ by tens, "
            f"{_TRAINED} epochs, {known.seeds} seeds",
            f"until {_PATIENCE} widths in a row bring no more than noise",
        )
        return Plan(base, runs, seconds)

    def problem(self, known: Known) -> dict[str, Any]:
        """Enough examples to show what a hidden layer is worth, λ/n staying put."""
        train = min(max(_SOME, known.experiment.data.train or 0), known.facts.training)
        judged = min(max(_JUDGED, known.experiment.data.evaluation or 0), known.facts.evaluation)
        return known.with_data(known.experiment, train, judged, _CALMLY)

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Widen step by step; what time cuts off isn't missed, as long as one width was judged."""
        base, seeds = plan.experiment, bench.known.seeds
        own = base.network.hidden
        mark = {"network.hidden": list(own)}
        first = wide(own[0] if len(own) == 1 else 0) if len(own) < 2 else f"{list(own)} hidden"
        found: list[tuple[int, dict[str, Any], Score]] = []
        reached = self._trained(bench, with_epochs(changed(base, mark), _TRAINED, seeds), first)
        found.append((own[0] if own else 0, mark, reached))
        idle, cut = 0, False
        for width in (w for w in _WIDTHS if w > (own[0] if own else 0)):
            try:
                found.append((width, *self._judged(bench, base, width)))
            except OutOfTime:
                cut = True
                break
            best = max(found[:-1], key=lambda item: item[2].accuracy)
            idle = 0 if found[-1][2].ahead_of(best[2]) >= _PAYS else idle + 1
            if idle >= _PATIENCE:
                break
        bench.prefix = ""
        return self._advice(bench, found, cut)

    def _judged(self, bench: Bench, base: Experiment, width: int) -> tuple[dict[str, Any], Score]:
        """η by the threshold rule, λ by tens around where it stands, and the best of that."""
        seeds = bench.known.seeds
        bench.prefix = f"{wide(width)}: "
        network = changed(base, hidden(width))
        eta = find_eta(network, bench.trials, seeds=seeds, epochs=look_epochs(network, bench.known))
        network = changed(network, eta.settings)
        n = base.data.train or bench.known.facts.training
        centre = base.training.lmbda or n / 10_000  # λ/n = 1e-4, a light touch, where there was none
        tried = {
            f"η = {eta.chosen:g}, λ = {lmbda:g}": with_epochs(
                changed(network, {"training.lambda": lmbda}), _TRAINED, seeds
            )
            for lmbda in (0.0, *(float(f"{centre * factor:.3g}") for factor in (0.1, 1.0, 10.0)))
        }
        scores = {label: bench.scored(label, events[-1]) for label, events in bench.run(tried).items()}
        best = max(scores, key=lambda label: scores[label].accuracy)
        settings = hidden(width) | eta.settings | {"training.lambda": tried[best].training.lmbda}
        return settings, scores[best]

    def _trained(self, bench: Bench, experiment: Experiment, label: str) -> Score:
        return bench.scored(label, bench.run({label: experiment})[label][-1])

    def _advice(self, bench: Bench, found: list[tuple[int, dict[str, Any], Score]], cut: bool) -> Advice:
        best = max(found, key=lambda item: item[2].accuracy)
        # The narrowest that the best isn't ahead of by more than noise: what doesn't pay needn't be carried
        chosen = next(item for item in found if best[2].ahead_of(item[2]) < _PAYS)
        settings = self.problem(bench.known) | chosen[1]
        because = f"{wide(chosen[0])}: {chosen[2].text}."
        because = because[0].upper() + because[1:]
        if chosen is not found[0]:
            gain = 100 * (chosen[2].accuracy - found[0][2].accuracy)
            because += f" That is {gain:.1f} points more than {wide(found[0][0])}."
        if best is not chosen:
            because += f" {wide(best[0])} come to {best[2].text}, which is within noise of it."
        sure = f"One standard deviation is about {100 * chosen[2].error:.1f} points; more data will ask again."
        if cut:
            sure += " Wider networks were left out for lack of time."
        elif chosen[0] == _WIDTHS[-1]:
            sure += " It is the widest that was tried, so wider may do better still."
        others = tuple((item[1], f"{wide(item[0])}: {item[2].text}") for item in found if item is not chosen)
        return Advice(settings, because, sure, {"widths": [item[0] for item in found]}, others, chosen[2])


class MoreData:
    """Many more examples: the chosen width against wider ones, also with half of η or a tenth of λ; then λ again."""

    name = "all-classes"

    def plan(self, known: Known) -> Plan:
        """As many examples as the time allows."""
        train = min(_MANY, known.facts.training)
        while True:
            base = changed(known.experiment, self.problem(known, train))
            tried = self._networks(base, known)
            seconds = 2.5 * known.seconds(*tried.values())  # λ afterwards costs as much again and a half
            if seconds <= known.allowed or train <= 2 * (known.experiment.data.train or known.facts.training):
                break
            train //= 2
        runs = (
            f"{train:,} training examples: {', '.join(tried)}; {_TRAINED} epochs",
            "then λ by tens for the best of them",
        )
        return Plan(base, runs, seconds)

    def problem(self, known: Known, train: int) -> dict[str, Any]:
        """All classes, many examples, λ/n staying put."""
        train = min(max(train, known.experiment.data.train or 0), known.facts.training)
        return known.with_data(known.experiment, train, known.facts.evaluation, _CALMLY)

    def _networks(self, base: Experiment, known: Known) -> dict[str, Experiment]:
        """The chosen width, the next one and the widest; each as it is, with half of η, and with a tenth of λ.

        More data want less of λ than λ/n would have it, since there is less to be learnt by heart.
        """
        own = base.network.hidden
        widths: list[dict[str, Any]] = [{"network.hidden": list(own)}]
        if len(own) < 2:
            wider = [w for w in _WIDTHS if w > (own[0] if own else 0)]
            widths += [hidden(w) for w in dict.fromkeys([*wider[:1], *wider[-1:]])]
        tried = {}
        for values in widths:
            size = values["network.hidden"]
            label = wide(size[0] if size else 0) if len(size) < 2 else f"{size} hidden"
            eta, lmbda = base.training.eta, base.training.lmbda
            for eta_, lmbda_ in dict.fromkeys([(eta, lmbda), (eta / 2, lmbda), (eta, lmbda / 10)]):
                few = {"training.eta": float(f"{eta_:.3g}"), "training.lambda": float(f"{lmbda_:.3g}")}
                experiment = with_epochs(changed(base, values | few), _TRAINED, self._seeds(known))
                training = experiment.training
                tried[f"{label}, η = {training.eta:g}, λ = {training.lmbda:g}"] = experiment
        return tried

    def _seeds(self, known: Known) -> int:
        return min(known.seeds, 2)  # with many validation examples two seeds show enough

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Compare, then look for λ with the best."""
        base, known = plan.experiment, bench.known
        tried = self._networks(base, known)
        scores: dict[str, Score] = {}
        cut = False
        for label, experiment in tried.items():  # one after another: what has been judged counts if time is up
            try:
                scores[label] = bench.scored(label, bench.run({label: experiment})[label][-1])
            except OutOfTime:
                if not scores:
                    raise
                cut = True
                break
        best = max(scores, key=lambda label: scores[label].accuracy)
        chosen = next(label for label in scores if scores[best].ahead_of(scores[label]) < _PAYS)
        winner, reached = tried[chosen], scores[chosen]
        settings = self.problem(known, base.data.train or known.facts.training)
        settings |= _settings(winner)
        because = f"With {base.data.train:,} examples {chosen} comes to {reached.text}."
        if best != chosen:
            because += f" {best} comes to {scores[best].text}, within noise of it."
        try:
            n = base.data.train or known.facts.training
            start = winner.training.lmbda or n / 10_000
            one = changed(winner, {"initialization.seeds": 1})
            found = find_lambda(one, bench.trials, start=start, seeds=self._seeds(known), epochs=_TRAINED)
            bench.found(found)
            settings |= found.settings
            because += f" λ = {found.chosen:g} now, λ/n = {found.chosen / n:.2g}."
        except OutOfTime:
            because += f" λ stays at {winner.training.lmbda:g}: there was no time to look for it again."
        sure = f"One standard deviation is about {100 * reached.error:.1f} points."
        if cut:
            sure += " Not everything planned was tried, for lack of time."
        others = tuple(
            (_settings(tried[label]), f"{label}: {s.text}") for label, s in scores.items() if label != chosen
        )
        return Advice(settings, because, sure, {"train": base.data.train}, others, reached)


def _settings(experiment: Experiment) -> dict[str, Any]:
    """What was varied, as dotted keys."""
    training = experiment.training
    return {
        "network.hidden": list(experiment.network.hidden),
        "training.eta": training.eta,
        "training.lambda": training.lmbda,
    }


class MiniBatch:
    """Validation accuracy against elapsed time."""

    name = "mini-batch"

    def plan(self, known: Known) -> Plan:
        """Every size gets the same time."""
        base = changed(known.experiment, self._fewer(known))
        one = known.seconds(with_epochs(base, 1, known.seeds))
        epochs = max(2, min(8, math.floor(known.allowed / (20 * one)))) if one > 0 else 4
        base = with_epochs(base, epochs)
        runs = (
            f"m = 1 to 500, η scaled along, each in the time of m = {base.training.mini_batch} for {epochs} epochs",
        )
        return Plan(base, runs, 15 * one * epochs)

    def _fewer(self, known: Known) -> dict[str, Any]:
        train = min(known.experiment.data.train or known.facts.training, _ENOUGH, known.facts.training)
        return known.with_data(known.experiment, train, min(_JUDGED, known.facts.evaluation), {})

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Search, on fewer examples; m and η are what is kept of it."""
        base = plan.experiment
        sizes = _SIZES if plan.seconds <= bench.left else _SIZES[2:]  # the smallest are the slowest
        found = find_mini_batch(base, bench.trials, seeds=bench.known.seeds, epochs=base.training.epochs, sizes=sizes)
        bench.found(found)
        best = next(row for row in found.rows if row.value == found.chosen)
        present = next(row for row in found.rows if row.value == base.training.mini_batch)
        settings = dict(found.settings)
        if present.good and found.chosen != base.training.mini_batch and (present.score or 0) >= (best.score or 0):
            settings = {}
        others = tuple(
            ({"training.mini_batch": int(row.value)}, f"{row.label}: {row.text}")
            for row in found.rows
            if row.good and row.value != found.chosen
        )
        return Advice(settings, found.because, found.sure, {"bracket": list(found.bracket)}, others)
