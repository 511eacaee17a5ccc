"""Many more examples: what was found on few is checked again where the problem grows."""

from __future__ import annotations

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.settings import differences, hidden_text
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs

__all__ = ["MoreData"]

_ENOUGH = 4000  # training examples that the stages before have used already
_MOST = 20_000  # training examples at most while things are still compared
_EPOCHS = 8
_WIDEST = 200
_TUNED, _OWN = "as decided so far", "your own settings"


class MoreData(Stage):
    """Your own settings, those decided so far, and their neighbours: η, λ, the next width."""

    name = "all-classes"
    title = "More data"
    short = "all classes"
    question = "Does what was found on few examples hold on many?"
    teaching = (
        "Many more examples. They can carry a wider network and want another η or λ, so the neighbours of what was "
        "chosen are tried once more side by side; and your own settings beside them, since what holds on few examples "
        "needn't hold on many. λ/n stays what it was."
    )
    subject = "training.eta"
    weight, seconds_at_most = 16, 240

    def plan(self, context: Context) -> Plan:
        """As many examples as the time allows."""
        train = min(_MOST, context.data.training)
        while True:
            base = self._view(context, train, context.experiment)
            tried = self._tried(context, base)
            seconds = context.seconds(*tried.values())
            if seconds <= context.planned or train <= 2 * _ENOUGH:
                break
            train //= 2
        if self._all_used(context):
            return Plan(base, ("nothing: all your examples were used so far",), 0.0)
        runs = (f"{train:,} training examples, {_EPOCHS} epochs: {', '.join(tried)}",)
        return Plan(base, runs, seconds)

    def _all_used(self, context: Context) -> bool:
        return bool(context.data.folds) or context.data.training <= _ENOUGH

    def _view(self, context: Context, train: int, experiment: Experiment) -> Experiment:
        view = context.view(train, context.data.evaluation, base=experiment)
        return with_epochs(view, _EPOCHS, min(context.seeds, 2))

    def _tried(self, context: Context, base: Experiment) -> dict[str, Experiment]:
        """What is compared; the present settings first."""
        training, hidden = base.training, base.network.hidden
        tried = {_TUNED: base}
        own = self._view(context, context.examples(base), context.own)
        if own != base and context.learns:
            tried[_OWN] = own
        tried[f"η = {training.eta / 2:g}"] = changed(base, {"training.eta": training.eta / 2})
        if training.lmbda:
            lmbda = training.lmbda / 10
            tried[f"λ/n = {lmbda / context.examples(base):.2g}"] = changed(base, {"training.lambda": lmbda})
        else:
            lmbda = context.examples(base) * 1e-4  # a light touch: the book's 5 for 50,000 examples
            tried["λ/n = 0.0001"] = changed(base, {"training.lambda": lmbda})
        if len(hidden) == 1 and hidden[0] < _WIDEST:
            wider = min(_WIDEST, 3 * hidden[0])
            tried[hidden_text([wider])] = changed(base, {"network.hidden": [wider]})
        return tried

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Compare; the present settings and the person's own first, so that these are judged if time is up."""
        base, context = plan.experiment, trials.context
        if self._all_used(context):
            return Recommendation({}, "All your examples were used so far: there is nothing to grow into.", "", {})
        tried = self._tried(context, base)
        first = {label: tried.pop(label) for label in (_TUNED, _OWN) if label in tried}
        experiments = dict(first)
        evaluations = trials.judge(first, _TUNED)
        for label, experiment in tried.items():  # one after another: what has been judged counts if time is up
            try:
                evaluations |= trials.judge({label: experiment})
                experiments[label] = experiment
            except OutOfTime:
                break
        chosen = best_or_present(evaluations, _TUNED)
        settings = context.enlarged(differences(base, experiments[chosen]), base)
        settings.setdefault("training.eta", experiments[chosen].training.eta)
        because = f"With {context.examples(base):,} examples: {choice_text(evaluations, _TUNED, chosen)}"
        if settings.get("training.lambda"):
            n, lmbda = context.data.training, settings["training.lambda"]
            because += f" λ = {lmbda:g} for your {n:,} examples, λ/n = {lmbda / n:.2g}."
        others = tuple(
            (context.enlarged(differences(base, experiments[label]), base), f"{label}: {evaluation.text}")
            for label, evaluation in evaluations.items()
            if label != chosen
        )
        evidence = {"train": context.examples(base)}
        return Recommendation(settings, because, "", evidence, others, evaluations[chosen])
