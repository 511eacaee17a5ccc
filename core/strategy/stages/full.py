"""Everything there is: the tuned settings against the person's own at full length, on the problem that was asked."""

from __future__ import annotations

import math
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
_OWN_SEEDS = 1  # of the person's own settings, where a training takes long
OWN, TUNED = "your own settings", "tuned"


def beats(tuned: Evaluation, own: Evaluation) -> bool:
    """Whether tuned settings replace the person's own: only where they are better beyond noise."""
    difference = tuned.minus(own)
    return difference.difference > 0 and difference.beyond_noise


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
            seconds = sum(context.seconds(with_epochs(experiment, epochs, 2)) for epochs in lengths)
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
        best = max(evaluations, key=lambda name: evaluations[name].value)
        winner = best if best != OWN and beats(evaluations[best], evaluations[OWN]) else OWN
        chosen = tried[groups[winner][0]]
        evidence = {"run": record, "arms": groups[winner]}
        return self._advice(context, evaluations, winner, chosen, evidence)

    # -- few examples: folds judge -----------------------------------------------------------------------------

    def _lengths(self, context: Context) -> list[int]:
        """Epochs to compare: the person's, three and ten times as many, as far as the time allows."""
        own = context.own.training.epochs
        most = context.epochs(context.experiment, _LONGEST_STEPS, most=3000)
        one = context.seconds(with_epochs(context.experiment, 1, 2))
        lengths = [own]
        for factor in (3, 10, 30):
            spent = one * (sum(lengths) + own + own * factor)
            if own * factor <= most and spent < 0.8 * context.planned:
                lengths.append(own * factor)
        return lengths

    def _in_folds(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        context = trials.context
        del plan
        own, base = context.own, context.experiment
        seeds = {"initialization.seeds": 2}
        tried = {OWN: changed(own, seeds)}
        evaluations = trials.judge(tried)
        try:
            for epochs in self._lengths(context):
                plain = {"training.epochs": epochs, "training.schedule": None, "training.early_stopping": None}
                arms = {f"{TUNED}, {quantity(epochs, 'epoch')}": changed(base, seeds | plain)}
                if epochs > own.training.epochs:
                    slower = {"training.eta": base.training.eta / 4}
                    arms[f"{TUNED}, {quantity(epochs, 'epoch')}, η = {base.training.eta / 4:g}"] = changed(
                        base, seeds | plain | slower
                    )
                evaluations |= trials.judge(arms)
                tried |= arms
        except OutOfTime:
            if not self._can_tell(context, evaluations):
                raise
        best = max(evaluations, key=lambda label: evaluations[label].value)
        winner = best if best != OWN and beats(evaluations[best], evaluations[OWN]) else OWN
        final = {
            f"{winner}, seed {k}": changed(
                tried[winner], {"initialization.seed": own.initialization.seed + k, "initialization.seeds": 1}
            )
            for k in range(context.seeds)
        }
        trials.extend(60.0)  # what is left is the winner's training, which the test set needs
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
