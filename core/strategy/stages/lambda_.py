"""The regularization λ, by validation accuracy."""

from __future__ import annotations

from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_lambda
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.search_evidence import alternatives, reliability
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["Lambda"]

_TRAIN, _EVALUATION = 1000, 1000
_STEPS = 1000
_FIRST_LAMBDA = 1.0


class Lambda(Stage):
    """λ by validation accuracy: 1.0, then by tens, then finer."""

    name = "lambda"
    title = "Regularization λ"
    short = "λ"
    question = "How much should large weights be punished?"
    teaching = (
        "λ holds the weights small, against learning the examples by heart. It starts at 1.0 and goes by tens, "
        "judged by validation accuracy, and is refined where it is best. Judging costs little, so up to 1,000 "
        "validation examples are used from here on: with 100 of them the noise alone is 3 to 5 points, more than "
        "any λ is worth. What counts is λ/n: the value is given for all of your examples."
    )
    subject = "training.lambda"
    weight, seconds_at_most = 6, 40

    def plan(self, context: Context) -> Plan:
        """About eight values of λ."""
        base = context.view(_TRAIN, _EVALUATION)
        base = with_epochs(base, context.epochs(base, _STEPS, least=10), context.search_seeds)
        runs = (
            f"λ = 0 and λ = {_FIRST_LAMBDA:g}, then ×10 or ÷10, then finer, {context.search_seeds} seeds each",
            "the choice against the present λ, on the same examples with the same seeds",
        )
        return Plan(base, runs, 2 * context.seconds(*[base] * 4) + context.seconds(base, base))

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search by validation, and keep the choice where it is better than the present λ."""
        base, context = plan.experiment, trials.context
        result = find_lambda(
            base, trials.trainer, start=_FIRST_LAMBDA, seeds=context.search_seeds, epochs=base.training.epochs
        )
        trials.search_rows(result)
        present = f"λ = {base.training.lmbda:.3g}, the present one"
        tried = {present: base}
        if result.settings and result.chosen != base.training.lmbda:
            tried[f"λ = {result.chosen:g}"] = changed(base, result.settings)
        evaluations = trials.judge(tried, present)
        chosen = best_or_present(evaluations, present)
        small, n = context.examples(base), context.data.training
        if chosen == present:
            settings = {"training.lambda": context.experiment.training.lmbda}
        else:
            settings = context.enlarged(result.settings, base)
        because = f"{result.because} {choice_text(evaluations, present, chosen)}"
        if small != n and settings["training.lambda"]:
            here = settings["training.lambda"] * small / n
            because += f" λ = {here:.3g} for {small:,} examples is λ = {settings['training.lambda']:g} for your {n:,}."
        others = alternatives(result, "training.lambda", n / small)
        evidence = {"bracket": list(result.bracket)}
        return Recommendation(settings, because, reliability(result), evidence, others, evaluations[chosen])
