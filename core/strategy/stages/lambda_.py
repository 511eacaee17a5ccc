"""The regularization λ, by validation accuracy."""

from __future__ import annotations

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_lambda
from tunelab.strategy.choice import best_or_present, choice_text, runner_up
from tunelab.strategy.search_evidence import alternatives, reliability
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Lambda"]

_TRAIN, _EVALUATION = 1000, 1000
_STEPS = 1000
_FIRST_LAMBDA = 1.0
_IN_FOLDS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)  # tens around 1.0, all side by side: few examples are trained at once


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
    weight, seconds_at_most = 8, 40

    def plan(self, context: Context) -> Plan:
        """About eight values of λ."""
        base = context.view(_TRAIN, _EVALUATION)
        base = with_epochs(base, context.epochs(base, _STEPS, least=10), context.search_seeds)
        if context.data.folds:
            tens = ", ".join(f"{value:g}" for value in _IN_FOLDS)
            return Plan(base, (f"λ = {tens} beside the present one, in folds",), context.seconds(*[base] * 7))
        runs = (
            f"λ = 0 and λ = {_FIRST_LAMBDA:g}, then ×10 or ÷10, then finer, "
            f"{quantity(context.search_seeds, 'seed')} each",
            "the choice against the present λ, on the same examples with the same seeds",
        )
        return Plan(base, runs, 2 * context.seconds(*[base] * 4) + context.seconds(base, base))

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search by validation, and keep the choice where it is better than the present λ."""
        base, context = plan.experiment, trials.context
        if context.data.folds:
            return self._in_folds(trials, base)
        present = f"λ = {base.training.lmbda:.3g}, the present one"
        evaluations = trials.judge({present: base})
        result = find_lambda(
            base, trials.by_validation, start=_FIRST_LAMBDA, seeds=context.search_seeds, epochs=base.training.epochs
        )
        trials.search_rows(result)
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
        evidence = {"bracket": list(result.bracket)} | runner_up(context, base, tried, evaluations, chosen)
        return Recommendation(settings, because, reliability(result), evidence, others, evaluations[chosen])

    def _in_folds(self, trials: TrialRunner, base: Experiment) -> Recommendation:
        """All values side by side; every fold judges each."""
        present = f"λ = {base.training.lmbda:.3g}, the present one"
        tried = {present: base} | {
            f"λ = {value:g}": changed(base, {"training.lambda": value})
            for value in _IN_FOLDS
            if value != base.training.lmbda
        }
        evaluations = trials.judge(tried, present)
        chosen = best_or_present(evaluations, present)
        settings = trials.context.enlarged({"training.lambda": tried[chosen].training.lmbda}, base)
        n = trials.context.data.training
        because = f"{choice_text(evaluations, present, chosen)} λ/n = {settings['training.lambda'] / n:.2g}."
        others = tuple(
            ({"training.lambda": tried[label].training.lmbda}, f"{label}: {evaluation.text}")
            for label, evaluation in evaluations.items()
            if label != chosen
        )
        evidence = runner_up(trials.context, base, tried, evaluations, chosen)
        return Recommendation(settings, because, "", evidence, others, evaluations[chosen])
