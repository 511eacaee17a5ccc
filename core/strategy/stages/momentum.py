"""Momentum μ, with η moved along: kept where it is better than the present μ beyond noise."""

from __future__ import annotations

from typing import Any, ClassVar

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_momentum
from tunelab.search.value_search import MOMENTA
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.same_time import better_in_the_same_time
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Momentum"]

_TRAIN, _EVALUATION = 1000, 1000
_STEPS = 1000  # of gradient descent
_FEW = (0.0, 0.5, 0.9)  # where the time isn't enough for all
_TIMES = 2  # other η/(1 − μ) that the present μ and the best one are tried with


class Momentum(Stage):
    """μ from 0 to 0.99 with η/(1 − μ) held, then larger and smaller steps."""

    name = "momentum"
    title = "Momentum μ"
    short = "μ"
    question = "Does it learn faster along a velocity?"
    teaching = (
        "With momentum a step follows a velocity that gathers gradients and keeps μ of itself. In the long run it goes "
        "η/(1 − μ), so η is moved along with μ. What larger steps bring by themselves isn't counted for μ. It has a "
        "price: its steps are numpy's, not the compiled kernel's, so each epoch takes longer, and it must be better "
        "than the present one in the same time as well. Asked where there is time for it."
    )
    subject = "training.momentum"
    weight, seconds_at_most = 4, 40
    optional: ClassVar[bool] = True

    def plan(self, context: Context) -> Plan:
        """All μ, or a few where the time isn't enough; nothing where the optimizer has a momentum of its own."""
        view = context.view(_TRAIN, _EVALUATION)
        base = with_epochs(view, context.epochs(view, _STEPS, least=10), context.search_seeds)
        if base.training.optimizer != "sgd":
            return Plan(base, (f"nothing: {base.training.optimizer} has a momentum of its own, beta1",), 0.0)
        values = self._values(context, base)
        runs = (
            f"μ = {', '.join(f'{mu:g}' for mu in values)}, η moved along, "
            f"{quantity(context.search_seeds, 'seed')} each; then twice and half of η/(1 − μ)",
        )
        return Plan(base, runs, self._seconds(context, base, values))

    def _values(self, context: Context, base: Experiment) -> list[float]:
        """All μ where the time is enough for them, else few; the present one is among them."""
        enough = self._seconds(context, base, MOMENTA) <= context.planned
        return sorted({*(MOMENTA if enough else _FEW), base.training.momentum})

    def _seconds(self, context: Context, base: Experiment, values: tuple[float, ...] | list[float]) -> float:
        """How long all values take, and other η of the present and of the best one."""
        moving = changed(base, {"training.momentum": max(MOMENTA)})
        present = [base] * (1 + _TIMES)
        searched = context.seconds(*present, *[moving] * (len({*values, base.training.momentum}) - 1 + _TIMES))
        return searched + context.seconds(moving)  # as long as that the present one is trained

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search, then compare the choice with the present μ on the same examples."""
        base, context = plan.experiment, trials.context
        mu = base.training.momentum
        if base.training.optimizer != "sgd":
            optimizer = base.training.optimizer
            because = f"{optimizer} has a momentum of its own, beta1, so μ isn't asked about."
            return Recommendation({"training.momentum": mu}, because, "", {})
        values = self._values(context, base)
        result = find_momentum(
            base, trials.by_validation, seeds=context.search_seeds, epochs=base.training.epochs, values=values
        )
        trials.search_rows(result)
        present, best = f"μ = {mu:g}, the present one", changed(base, result.settings)
        label = f"μ = {result.chosen:g}, η = {best.training.eta:g}"
        tried = {present: base} | ({label: best} if best != base else {})
        evaluations = trials.judge(tried, present)
        chosen = best_or_present(evaluations, present, len(result.rows) - 1)
        because = result.because
        if best != base:
            because += f" As one of {len(result.rows)} that were tried: {choice_text(evaluations, present, chosen)}"
        if chosen != present:
            is_better, text = better_in_the_same_time(trials, base, best, evaluations[chosen], len(result.rows) - 1)
            because += text
            chosen = chosen if is_better else present
        settings = {"training.momentum": mu} if chosen == present else dict(result.settings)
        others: tuple[tuple[dict[str, Any], str], ...] = ()
        if best != base and chosen == present:
            others = ((dict(result.settings), f"{label}: {evaluations[label].text}"),)
        return Recommendation(
            settings, because, result.sure, {"bracket": list(result.bracket)}, others, evaluations[chosen]
        )
