"""Many more examples: the chosen width against wider ones, then λ once more."""

from __future__ import annotations

from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_lambda
from tunelab.statistics import Accuracy
from tunelab.strategy.measures import standard_errors
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.stages.widths import EPOCH_MONITORING, EPOCHS, PAYS, WIDTHS, width_setting, width_text
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs

__all__ = ["MoreData"]

_MANY = 20_000  # training examples at most while things are still compared


class MoreData(Stage):
    """Many more examples: the chosen width against wider ones, also with half of η or a tenth of λ; then λ again."""

    name = "all-classes"
    title = "More data"
    short = "all classes"
    question = "Does what was found on few examples hold on many?"
    teaching = (
        "All classes and many more examples. More data can carry a wider network and want another η, so the "
        "widths next to the chosen one, and the η next to it, are tried once more side by side. λ/n stays what it"
        " was."
    )
    subject = "network.hidden"
    weight, seconds_at_most = 24, 240

    def plan(self, context: Context) -> Plan:
        """As many examples as the time allows."""
        train = min(_MANY, context.data.training)
        while True:
            base = changed(context.experiment, self.problem(context, train))
            tried = self._networks(base, context)
            seconds = 2.5 * context.seconds(*tried.values())  # λ afterwards costs as much again and a half
            if seconds <= context.allowed or train <= 2 * (context.experiment.data.train or context.data.training):
                break
            train //= 2
        runs = (
            f"{train:,} training examples: {', '.join(tried)}; {EPOCHS} epochs",
            "then λ by tens for the best of them",
        )
        return Plan(base, runs, seconds)

    def problem(self, context: Context, train: int) -> dict[str, Any]:
        """All classes, many examples, λ/n staying put."""
        train = min(max(train, context.experiment.data.train or 0), context.data.training)
        return context.with_data(context.experiment, train, context.data.evaluation, EPOCH_MONITORING)

    def _networks(self, base: Experiment, context: Context) -> dict[str, Experiment]:
        """The chosen width, the next one and the widest; each as it is, with half of η, and with a tenth of λ.

        More data want less of λ than λ/n would have it, since there is less to be learnt by heart.
        """
        own = base.network.hidden
        widths: list[dict[str, Any]] = [{"network.hidden": list(own)}]
        if len(own) < 2:
            wider = [w for w in WIDTHS if w > (own[0] if own else 0)]
            widths += [width_setting(w) for w in dict.fromkeys([*wider[:1], *wider[-1:]])]
        tried = {}
        for values in widths:
            size = values["network.hidden"]
            label = width_text(size[0] if size else 0) if len(size) < 2 else f"{size} hidden"
            eta, lmbda = base.training.eta, base.training.lmbda
            for eta_, lmbda_ in dict.fromkeys([(eta, lmbda), (eta / 2, lmbda), (eta, lmbda / 10)]):
                few = {"training.eta": float(f"{eta_:.3g}"), "training.lambda": float(f"{lmbda_:.3g}")}
                experiment = with_epochs(changed(base, values | few), EPOCHS, self._seeds(context))
                training = experiment.training
                tried[f"{label}, η = {training.eta:g}, λ = {training.lmbda:g}"] = experiment
        return tried

    def _seeds(self, context: Context) -> int:
        return min(context.seeds, 2)  # with many validation examples two seeds show enough

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Compare, then look for λ with the best."""
        base, context = plan.experiment, trials.context
        tried = self._networks(base, context)
        scores: dict[str, Accuracy] = {}
        cut = False
        for label, experiment in tried.items():  # one after another: what has been judged counts if time is up
            try:
                scores[label] = trials.accuracy_row(label, trials.run({label: experiment})[label][-1])
            except OutOfTime:
                if not scores:
                    raise
                cut = True
                break
        best = max(scores, key=lambda label: scores[label].accuracy)
        chosen = next(label for label in scores if standard_errors(scores[best], scores[label]) < PAYS)
        winner, reached = tried[chosen], scores[chosen]
        settings = self.problem(context, base.data.train or context.data.training)
        settings |= _settings(winner)
        because = f"With {base.data.train:,} examples {chosen} comes to {reached.text}."
        if best != chosen:
            because += f" {best} comes to {scores[best].text}, within noise of it."
        try:
            n = base.data.train or context.data.training
            start = winner.training.lmbda or n / 10_000
            one = changed(winner, {"initialization.seeds": 1})
            found = find_lambda(one, trials.trainer, start=start, seeds=self._seeds(context), epochs=EPOCHS)
            trials.search_rows(found)
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
        return Recommendation(settings, because, sure, {"train": base.data.train}, others, reached)


def _settings(experiment: Experiment) -> dict[str, Any]:
    """What was varied, as dotted keys."""
    training = experiment.training
    return {
        "network.hidden": list(experiment.network.hidden),
        "training.eta": training.eta,
        "training.lambda": training.lmbda,
    }
