"""The first weights: the present ones against those that suit the activation."""

from __future__ import annotations

from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.assembly import initialization_of
from tunelab.experiment.dotted_keys import changed
from tunelab.initialization.effect import effects, weights_differ
from tunelab.strategy.choice import best_or_present, choice_text, runner_up
from tunelab.strategy.settings import differences, epochs_text
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Initialization", "suitable_weights"]

_TRAIN, _EVALUATION = 1000, 1000
_STEPS = 1000
_NETWORK = (30,)
_ETAS = (1.0, 0.1, 10.0)  # times the present η: other first weights may want another


def suitable_weights(activation: str) -> tuple[str, ...]:
    """Return the schemes that keep z and the gradient near 1 behind this activation."""
    if "relu" in activation:
        return ("he-normal",)
    return ("glorot-normal", "scaled") if activation == "tanh" else ("scaled", "glorot-normal")


class Initialization(Stage):
    """The network's own first weights against others, side by side."""

    name = "initialization"
    title = "First weights"
    short = "init"
    question = "Do the first weights let the network learn?"
    teaching = (
        "Weights that are too large put every neuron where its curve is flat, so that it learns slowly; all zero, "
        "every hidden neuron does the same for ever. 1/√n, or what suits the activation, keeps z near 1. The first "
        "weights that there are stay unless others are better by more than noise."
    )
    subject = "initialization.weights"
    weight, seconds_at_most = 6, 40

    def plan(self, context: Context) -> Plan:
        """The present weights, and two others with three η each."""
        base = self._base(context)
        arms = 1 + len(_ETAS) * len(suitable_weights(base.network.activation))
        runs = (
            f"{base.initialization.weights} weights against {', '.join(suitable_weights(base.network.activation))}",
            f"{epochs_text(base)}, {quantity(context.search_seeds, 'seed')}, the same examples",
        )
        return Plan(base, runs, context.seconds(*[base] * arms))

    def _base(self, context: Context) -> Experiment:
        """The person's network, also where it learnt nothing so far: its first weights may be why."""
        hidden = context.experiment.network.hidden or context.own.network.hidden or _NETWORK
        view = context.view(_TRAIN, _EVALUATION, {"network.hidden": list(hidden)})
        return with_epochs(view, context.epochs(view, _STEPS), context.search_seeds)

    def _picture(self, base: Experiment, trials: TrialRunner) -> str:
        """Return in words what the present first weights do to z."""
        if not weights_differ(base.initialization.weights):
            return "every neuron of a layer begins with the same weights, and stays like the others"
        dataset = trials.dataset(base)
        inputs = dataset.training.scaled(slice(0, 500))
        first, *_ = effects(initialization_of(base, dataset), inputs, activation=base.network.activation, quick=True)
        return f"σ_z = {first.sampled_std:.2g}, {100 * first.saturated_share:.0f} % of the first layer saturated"

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Show the picture of z, and compare."""
        base, context = plan.experiment, trials.context
        start = base.initialization
        picture = self._picture(base, trials)
        trials.row(f"{start.weights} weights", f"before training: {picture}")
        present = "as it is"
        view = context.view(_TRAIN, _EVALUATION)
        tried = {present: with_epochs(view, base.training.epochs, context.search_seeds)}
        if base.network.hidden != view.network.hidden:
            tried["with the hidden layer, your first weights"] = base
        for weights in suitable_weights(base.network.activation):
            for factor in _ETAS:
                eta = float(f"{min(base.training.eta * factor, 1e6):.3g}")
                values: dict[str, Any] = {
                    "initialization.weights": weights,
                    "initialization.biases": "zeros" if "he-" in weights else "standard",
                    "initialization.gain": 1.0,
                    "training.eta": eta,
                }
                other = changed(base, values)
                if other.initialization != start or (factor != 1.0 and weights != start.weights):
                    tried[f"{weights} weights, η = {eta:g}"] = other
        evaluations = trials.judge(tried, present)
        chosen = best_or_present(evaluations, present)
        settings = context.enlarged(differences(tried[present], tried[chosen]), view)
        settings.pop("training.epochs", None)
        settings.pop("training.lambda", None)
        evidence = {"picture": picture} | runner_up(context, tried[present], tried, evaluations, chosen)
        because = f"{choice_text(evaluations, present, chosen)} The present first weights: {picture}."
        return Recommendation(settings, because, "", evidence, (), evaluations[chosen])
