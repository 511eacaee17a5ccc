"""How many hidden neurons, in how many layers: each network with an η of its own, until more don't pay."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta
from tunelab.strategy.choice import best_or_present, choice_text, runner_up
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.settings import differences, epochs_text, hidden_text
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Widen"]

_NETWORKS: tuple[tuple[int, ...], ...] = ((), (10,), (30,), (100,), (200,))
_TRAIN = 4000  # examples on which hidden neurons can show what they are worth
_EVALUATION = 4000  # with 1,000 the noise hides what 20 neurons are worth
_ETA_TRAIN, _ETA_EVALUATION, _ETA_STEPS = 1000, 500, 500
_STEPS = 4000  # of gradient descent, after which networks are compared
_PATIENCE = 2  # networks that bring nothing, after which no wider one is tried


class Widen(Stage):
    """No hidden layer, 10 neurons, 30, 100, and deeper: each with its own η, beside the present network."""

    name = "widen"
    title = "Hidden neurons"
    short = "widen"
    question = "Do hidden neurons pay, and how many?"
    teaching = (
        "Now the network may grow: 10 hidden neurons, 30, and so forth, then two layers, each with an η of its own, "
        "until more brings no more than noise. What a hidden layer is worth shows only where there is enough to "
        "learn, so up to 4,000 training examples are used, and λ grows along with them."
    )
    subject = "network.hidden"
    weight, seconds_at_most = 20, 150

    def plan(self, context: Context) -> Plan:
        """Every network costs an η and a training; the narrow ones come first, so time may cut off the wide."""
        base = self._base(context)
        seconds = 0.0
        for hidden in _NETWORKS[: _PATIENCE + 2]:
            network = changed(base, {"network.hidden": list(hidden)})
            small = context.view(_ETA_TRAIN, _ETA_EVALUATION, {"network.hidden": list(hidden)})
            small = with_epochs(small, context.epochs(small, _ETA_STEPS), 1)
            seconds += context.seconds(network, network) + context.training_seconds(*[small] * 13)
        runs = (
            f"{hidden_text(base.network.hidden)}, as the mark to beat",
            f"{', '.join(hidden_text(hidden) for hidden in _NETWORKS)}: an η by the rule, then {epochs_text(base)}, "
            f"{quantity(context.search_seeds, 'seed')}, until {_PATIENCE} in a row bring no more than noise",
            "two layers, where hidden neurons pay",
        )
        return Plan(base, runs, seconds)

    def _base(self, context: Context) -> Experiment:
        view = context.view(_TRAIN, _EVALUATION)
        return with_epochs(view, context.epochs(view, _STEPS, most=300), context.search_seeds)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Widen step by step; what time cuts off isn't missed, as long as the present network was judged."""
        base, context = plan.experiment, trials.context
        present = f"{hidden_text(base.network.hidden)}, the present network"
        experiments = {present: base}
        evaluations = trials.judge(experiments)
        best, idle = present, 0
        waiting = [hidden for hidden in _NETWORKS if hidden != base.network.hidden]
        with suppress(OutOfTime):
            while waiting:
                hidden = waiting.pop(0)
                label, experiment, evaluation = self._judge(trials, base, hidden, present, evaluations)
                experiments[label], evaluations[label] = experiment, evaluation
                ahead = evaluation.minus(evaluations[best])
                pays = ahead.difference > 0 and ahead.beyond_noise
                best, idle = (label, 0) if pays else (best, idle + bool(sum(hidden) > sum(base.network.hidden)))
                if idle >= _PATIENCE and len(hidden) < 2:
                    waiting = []
                if not waiting and len(hidden) < 2 and (deep := self._deeper(experiments[best])):
                    waiting = [deep]
        trials.prefix = ""
        chosen = best_or_present(evaluations, present)
        settings = context.enlarged(differences(base, experiments[chosen]), base)
        settings.setdefault("network.hidden", list(experiments[chosen].network.hidden))
        because = choice_text(evaluations, present, chosen)
        sure = f"The same seeds and examples for all; ± {100 * evaluations[chosen].error:.1f} points for one alone."
        others = tuple(
            (context.enlarged(differences(base, experiments[label]), base), f"{label}: {evaluation.text}")
            for label, evaluation in evaluations.items()
            if label != chosen
        )
        evidence = {"networks": [list(experiment.network.hidden) for experiment in experiments.values()]}
        evidence |= runner_up(context, base, experiments, evaluations, chosen)
        return Recommendation(settings, because, sure, evidence, others, evaluations[chosen])

    def _deeper(self, best: Experiment) -> tuple[int, ...] | None:
        """Two layers of the best width, where hidden neurons pay at all."""
        hidden = best.network.hidden
        return (hidden[0], hidden[0]) if len(hidden) == 1 else None

    def _judge(
        self,
        trials: TrialRunner,
        base: Experiment,
        hidden: tuple[int, ...],
        present: str,
        known: dict[str, Evaluation],
    ) -> tuple[str, Experiment, Evaluation]:
        """η by the rule on fewer examples, then the present η and that one side by side."""
        context = trials.context
        values: dict[str, Any] = {"network.hidden": list(hidden)}
        small = context.view(_ETA_TRAIN, _ETA_EVALUATION, values)
        trials.prefix = f"{hidden_text(hidden)}: "
        result = find_eta(small, trials.by_cost, seeds=1, epochs=context.epochs(small, _ETA_STEPS))
        trials.prefix = ""
        etas = dict.fromkeys((base.training.eta, *result.settings.values()))
        tried = {f"{hidden_text(hidden)}, η = {eta:g}": changed(base, values | {"training.eta": eta}) for eta in etas}
        evaluations = trials.judge(tried)
        label = max(evaluations, key=lambda one: evaluations[one].value)
        ahead = evaluations[label].minus(known[present])
        trials.row(label, f"{100 * ahead.difference:+.1f} ± {100 * ahead.error:.1f} points beside the present network")
        return label, tried[label], evaluations[label]
