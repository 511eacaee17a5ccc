"""Everything there is: the tuned settings against the person's own at full length, on the problem that was asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.strategy.choice import choice_text
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.settings import differences
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Full", "beats"]

_LONGEST = 100  # epochs of many examples
_LONGEST_STEPS = 30_000  # of gradient descent with few
_SHORTEST = 2
_CUTS = 8  # how often η can be halved within the epochs that there are
_LIGHT = 1e-4  # λ/n of a light touch: the book's 5 for 50,000 examples
_FACTOR = 3.0  # λ that lie closer than this aren't worth two trainings
_FALLEN = 128.0  # η has fallen by so much at the end
_SHARE = 0.7  # of the time that folds may take by their plan, which may err
_FEWEST_IN_FOLDS, _MOST_IN_FOLDS = 2, 8  # networks a fold trains
_SLOWER = 4.0  # times smaller an η that long trainings try as well
_PLAIN: dict[str, Any] = {"training.schedule": None, "training.early_stopping": None}
# Stages whose runners-up are tried again, and what those are about
_CHALLENGING = {"lambda": "λ", "initialization": "first weights", "widen": "width", "activation": "activation"}
_FOR_TEST, _GRACE = 1.0, 0.05  # seconds, and share of the budget, that the winner's training may take beyond it
_OWN_SEEDS = 1  # of the person's own settings, where a training takes long
OWN, TUNED = "your own settings", "tuned"


def beats(tuned: Evaluation, own: Evaluation) -> bool:
    """Whether tuned settings replace the person's own: only where they are better beyond noise."""
    difference = tuned.minus(own)
    return difference.difference > 0 and difference.beyond_noise


def _winner(evaluations: Mapping[str, Evaluation]) -> str:
    """Return the best of those that beat the person's own settings; these where none does."""
    ahead = [label for label, one in evaluations.items() if label != OWN and beats(one, evaluations[OWN])]
    return max(ahead, key=lambda label: evaluations[label].value, default=OWN)


class Full(Stage):
    """All training examples; the person's own settings stay where the tuned ones are no better."""

    name = "full"
    title = "The full problem"
    short = "full"
    question = "How good is it, with everything there is?"
    teaching = (
        "All training examples, and now what first experiments do without: η is halved whenever validation "
        "accuracy stalls, and training stops when it has stalled for long. Your own settings are trained beside: they "
        "stay unless the tuned ones are better by more than noise."
    )
    subject = "training.lambda"
    weight, seconds_at_most = 40, 1200

    def plan(self, context: Context) -> Plan:
        """As many epochs as the time allows."""
        experiment = changed(context.experiment, {"initialization.seeds": 1})
        if context.data.folds:
            lengths = self._lengths(context)
            seconds = self._fold_seconds(context, lengths, _FEWEST_IN_FOLDS)
            runs = (f"your own settings, and the tuned ones for {', '.join(map(str, lengths))} epochs, in folds",)
            return Plan(with_epochs(experiment, lengths[-1]), runs, seconds)
        tried = self._tried(context, 1)
        one = context.seconds(*(changed(e, {"training.epochs": 1}) for e in tried.values()))
        epochs = max(_SHORTEST, min(_LONGEST, math.floor(0.85 * context.planned / max(one, 1e-6))))
        about = (
            f"all {context.data.training:,} training examples, up to {quantity(epochs, 'epoch')}: {', '.join(tried)}",
            f"η = {experiment.training.eta:g}, halved whenever validation stalls, ended when it stalls for long",
        )
        return Plan(changed(experiment, self._falling(epochs)), about, one * epochs)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Judge both on the same examples; the winner's networks are kept for the test set."""
        return self._in_folds(trials, plan) if trials.context.data.folds else self._held_out(trials, plan)

    # -- many examples: validation examples judge --------------------------------------------------------------

    def _falling(self, epochs: int) -> dict[str, Any]:
        patience = max(1, epochs // _CUTS)
        return {
            "training.epochs": epochs,
            "training.monitor_every": "epoch",
            "training.schedule": {"rule": "halve-on-plateau", "patience": patience, "stop_at": _FALLEN},
            "training.early_stopping": {"patience": 3 * patience + 2},
        }

    def _tried(self, context: Context, epochs: int) -> dict[str, Experiment]:
        """One arm a seed, so that all cores have something to do; with a light touch of λ as well.

        λ matters the more, the longer one trains, and it was chosen on short trainings. Settings that did no better
        than chance are trained for a few epochs only.
        """
        base, own = context.experiment, context.own
        n, lmbda = context.data.training, base.training.lmbda
        light = float(f"{n * _LIGHT:.3g}")
        apart = context.seeds > 1 and max(lmbda, light) > _FACTOR * min(lmbda, light)
        tried = {}
        short = epochs if context.learns else max(1, epochs // 5)
        for k in range(_OWN_SEEDS):
            values = {"initialization.seed": own.initialization.seed + k, "initialization.seeds": 1}
            tried[f"{OWN}, seed {k}"] = changed(
                own, values | {"training.epochs": min(own.training.epochs, short), "training.monitor_every": "epoch"}
            )
        for value in (lmbda, light) if apart else (lmbda,):
            for k in range(min(context.seeds, 2) if apart else context.seeds):
                values = {"initialization.seed": own.initialization.seed + k, "initialization.seeds": 1}
                values |= self._falling(epochs) | {"training.lambda": value}
                tried[f"{TUNED}, λ = {value:g}, seed {k}"] = changed(base, values)
        return tried

    def _held_out(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        context = trials.context
        tried = self._tried(context, plan.experiment.training.epochs)
        trials.dataset(context.own)  # drawing digits takes longer than some budgets
        record = trials.trainer.record(tried)
        groups: dict[str, list[str]] = {}
        for label in tried:
            groups.setdefault(label.rsplit(", seed", 1)[0], []).append(label)
        evaluations: dict[str, Evaluation] = {}
        for name, labels in groups.items():
            evaluation = trials.trainer.judge_record(record, labels)
            if evaluation is not None:
                evaluations[name] = evaluation
        if OWN not in evaluations or not self._can_tell(context, evaluations):
            raise OutOfTime
        for name, evaluation in evaluations.items():
            trials.row(name, evaluation.text, **evaluation.to_dict())
        winner = _winner(evaluations)
        chosen = tried[groups[winner][0]]
        evidence = {"run": record, "arms": groups[winner]}
        return self._advice(context, evaluations, winner, chosen, evidence)

    # -- few examples: folds judge -----------------------------------------------------------------------------

    def _lengths(self, context: Context) -> list[int]:
        """Epochs to compare: the person's, three and ten times as many, as far as the time allows."""
        own = context.own.training.epochs
        most = context.epochs(context.experiment, _LONGEST_STEPS, most=3000)
        one = context.seconds(with_epochs(context.experiment, 1, _FEWEST_IN_FOLDS))
        lengths = [own]
        for factor in (3, 10, 30):
            spent = one * (sum(lengths) + own + own * factor)
            if own * factor <= most and spent < 0.5 * context.planned:
                lengths.append(own * factor)
        return lengths

    def _fold_seconds(self, context: Context, lengths: Sequence[int], seeds: int) -> float:
        """How long it takes to judge all lengths with two η, then the longest with other settings, in folds."""
        epochs = context.own.training.epochs + 2 * sum(lengths) + 2 * len(self._challengers(context)) * lengths[-1]
        return context.seconds(with_epochs(context.experiment, 1, seeds)) * epochs

    def _challengers(self, context: Context) -> dict[str, dict[str, Any]]:
        """Settings that were ahead within noise, by what they are about: each stage's, and all of them together."""
        own: dict[str, dict[str, Any]] = {}
        together: dict[str, Any] = {}
        for stage, what in _CHALLENGING.items():
            settings = context.evidence(stage).get("runner_up")
            if settings and changed(context.experiment, settings) != context.experiment:
                own[f"other {what}"] = settings
                together |= settings
        return own | ({"all of these": together} if len(own) > 1 else {})

    def _slower(self, tried: dict[str, Experiment]) -> dict[str, Experiment]:
        """The same and, where training is longer than the person's, with a smaller η beside."""
        etas = {label: float(f"{one.training.eta / _SLOWER:.3g}") for label, one in tried.items()}
        return tried | {
            f"{label}, η = {eta:g}": changed(tried[label], {"training.eta": eta}) for label, eta in etas.items()
        }

    def _in_folds(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Lengths first, then what was ahead within noise: more networks tell more than those of the searches."""
        context, lengths = trials.context, self._lengths(trials.context)
        one = self._fold_seconds(context, lengths, 1)
        seeds = max(_FEWEST_IN_FOLDS, min(_MOST_IN_FOLDS, int(_SHARE * trials.plan_left / max(one, 1e-9))))
        own = changed(context.own, {"initialization.seeds": seeds})
        base = changed(context.experiment, _PLAIN | {"initialization.seeds": seeds})
        tried = {OWN: own}
        evaluations = trials.judge(tried)
        final_seconds = context.training_seconds(with_epochs(plan.experiment, lengths[-1], context.seeds))
        try:
            with trials.reserving(final_seconds):
                for epochs in lengths:
                    arms = {f"{TUNED}, {quantity(epochs, 'epoch')}": with_epochs(base, epochs)}
                    arms = self._slower(arms) if epochs > own.training.epochs else arms
                    tried |= arms
                    evaluations |= trials.judge(arms)
                tuned = max((one for one in evaluations if one != OWN), key=lambda one: evaluations[one].value)
                for what, settings in self._challengers(context).items():
                    arms = {f"{tuned}, {what}": changed(tried[tuned], settings)}
                    if tried[tuned].training.eta == base.training.eta:
                        arms = self._slower(arms)
                    tried |= arms
                    evaluations |= trials.judge(arms)
        except OutOfTime:
            if not self._can_tell(context, evaluations):
                raise
        winner = _winner(evaluations)
        final = {
            f"{winner}, seed {k}": changed(
                tried[winner], {"initialization.seed": own.initialization.seed + k, "initialization.seeds": 1}
            )
            for k in range(context.seeds)
        }
        if context.state.budget is not None:  # what is left is the winner's training, which the test set needs
            trials.extend(_FOR_TEST + _GRACE * context.state.budget)
        evidence = {"run": trials.trainer.record(final), "arms": list(final)}
        return self._advice(context, evaluations, winner, tried[winner], evidence)

    def _can_tell(self, context: Context, evaluations: dict[str, Evaluation]) -> bool:
        """Whether what was judged decides: settings at chance aren't kept only because there was no time for others."""
        return len(evaluations) > 1 or context.learns or not differences(context.own, context.experiment)

    def _advice(
        self,
        context: Context,
        evaluations: dict[str, Evaluation],
        winner: str,
        chosen: Experiment,
        evidence: dict[str, Any],
    ) -> Recommendation:
        began, ended = evaluations[OWN], evaluations[winner]
        same = changed(chosen, {"initialization.seed": context.own.initialization.seed, "initialization.seeds": 1})
        settings = differences(context.experiment, context.own if winner == OWN else same)
        settings.pop("initialization.seeds", None)
        settings.setdefault("training.lambda", same.training.lmbda)
        because = f"Began at {began.text}, ended at {ended.text}, on the same {ended.total:,} examples."
        if winner == OWN:
            because += f" Nothing was gained: {choice_text(evaluations, OWN, OWN)} Your own settings stay."
        else:
            because += f" {choice_text(evaluations, OWN, winner)}"
        several = ended.seeds > 1
        sure = (
            f"{quantity(ended.seeds, 'seed')}, ± {100 * ended.std:.2f} points between them." if several else "One seed."
        )
        evidence |= {"began": began.to_dict(), "ended": ended.to_dict(), "gained": winner != OWN}
        return Recommendation(settings, because, sure, evidence, (), ended)
