"""The activation, and the output with its cost: the present ones against others, each with an η of its own."""

from __future__ import annotations

from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta
from tunelab.strategy.choice import best_or_present, choice_text, runner_up
from tunelab.strategy.settings import differences, epochs_text
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.stages.initialization import suitable_weights
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs

__all__ = ["Activation"]

_TRAIN, _EVALUATION = 4000, 4000
_ETA_TRAIN, _ETA_EVALUATION, _ETA_STEPS = 1000, 500, 500
_STEPS = 4000


class Activation(Stage):
    """Sigmoid, tanh and ReLU with the first weights that suit them; another cost where the present one is slow."""

    name = "activation"
    title = "Activation and cost"
    short = "activation"
    question = "Would other neurons, or another cost, learn more?"
    teaching = (
        "A sigmoid's slope is at most 1/4, so that gradients vanish in deep networks; tanh and ReLU pass more of it "
        "on, and want first weights of their own. The quadratic cost is slow where an output is saturated at the wrong "
        "end. Each is tried with an η of its own beside the present one."
    )
    subject = "network.activation"
    weight, seconds_at_most = 8, 60

    def plan(self, context: Context) -> Plan:
        """The present network, and two or three others."""
        view = context.view(_TRAIN, _EVALUATION)
        base = with_epochs(view, context.epochs(view, _STEPS, most=300), context.search_seeds)
        small = context.view(_ETA_TRAIN, _ETA_EVALUATION)
        small = with_epochs(small, context.epochs(small, _ETA_STEPS), 1)
        others = self._others(context, base)
        seconds = len(others) * (
            context.seconds(base, base) + context.training_seconds(*[small] * 13)
        ) + context.seconds(base)
        runs = (f"{', '.join(['as it is', *others])}: an η by the rule, then {epochs_text(base)}",)
        return Plan(base, runs, seconds)

    def _others(self, context: Context, base: Experiment) -> dict[str, dict[str, Any]]:
        network = base.network
        others: dict[str, dict[str, Any]] = {}
        if network.hidden:
            for activation in ("sigmoid", "tanh", "relu"):
                if activation != network.activation:
                    others[activation] = {
                        "network.activation": activation,
                        "initialization.weights": suitable_weights(activation)[0],
                        "initialization.biases": "zeros",
                        "initialization.gain": 1.0,
                    }
        if context.data.classes:
            for output, cost in (("sigmoid", "cross-entropy"), ("softmax", "log-likelihood")):
                if output != network.output or (network.cost == "quadratic" and output == "sigmoid"):
                    others[f"{output} outputs, {cost}"] = {"network.output": output, "network.cost": cost}
        return others

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Compare them all; what time cuts off is left out of the comparison."""
        base, context = plan.experiment, trials.context
        present = "as it is"
        tried = {present: base}
        evaluations = trials.judge(tried)
        try:
            for name, values in self._others(context, base).items():
                small = context.view(_ETA_TRAIN, _ETA_EVALUATION, values)
                trials.prefix = f"{name}: "
                result = find_eta(small, trials.by_cost, seeds=1, epochs=context.epochs(small, _ETA_STEPS))
                trials.prefix = ""
                etas = dict.fromkeys((base.training.eta, *result.settings.values()))
                arms = {f"{name}, η = {eta:g}": changed(base, values | {"training.eta": eta}) for eta in etas}
                judged = trials.judge(arms)
                best = max(judged, key=lambda label: judged[label].value)
                tried[best], evaluations[best] = arms[best], judged[best]
        except OutOfTime:
            if len(evaluations) < 2:
                raise
            trials.prefix = ""
        chosen = best_or_present(evaluations, present)
        settings = context.enlarged(differences(base, tried[chosen]), base)
        settings.setdefault("network.activation", tried[chosen].network.activation)
        because = choice_text(evaluations, present, chosen)
        evidence = {"tried": list(evaluations)} | runner_up(context, base, tried, evaluations, chosen)
        return Recommendation(settings, because, "", evidence, (), evaluations[chosen])
