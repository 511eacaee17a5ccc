"""Dropout, where training is clearly ahead of validation: kept where it is better beyond noise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, find_dropout
from tunelab.search.value_search import SHARES
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.same_time import better_in_the_same_time
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Dropout"]

_TRAIN = _EVALUATION = 4000
_STEPS = 4000  # of gradient descent: what is learnt by heart shows late
_FEW = (0.0, 0.2, 0.5)  # where the time isn't enough for all
_AHEAD = 0.02  # of the metric, beyond two errors, by which training must be ahead


class Dropout(Stage):
    """Shares of the hidden neurons left out, where the training examples are learnt by heart."""

    name = "dropout"
    title = "Dropout"
    short = "dropout"
    question = "Does it generalize better where neurons can't rely on each other?"
    teaching = (
        "With dropout each step leaves out a share of the hidden neurons, others for every example. It is against "
        "overfitting, so it is asked about only where training is clearly ahead of validation. It has a price: its "
        "steps are numpy's, not the compiled kernel's, so each epoch takes longer, and it must be better than "
        "the present one in the same time as well. Asked where there is time for it."
    )
    subject = "training.dropout"
    weight, seconds_at_most = 4, 40
    optional: ClassVar[bool] = True

    def plan(self, context: Context) -> Plan:
        """The present share, then others where it overfits; nothing without a hidden layer."""
        view = context.view(_TRAIN, _EVALUATION)
        base = with_epochs(view, context.epochs(view, _STEPS, most=300), context.search_seeds)
        if not base.network.hidden:
            return Plan(base, ("nothing: there is no hidden layer",), 0.0)
        values = self._values(context, base)
        shares = f"{', '.join(f'{share:g}' for share in values)}, {quantity(context.search_seeds, 'seed')} each"
        runs: tuple[str, ...] = (f"dropout = {shares}",)
        if not base.training.dropout:
            runs = ("how far training is ahead of validation", f"if clearly, {runs[0]}")
        return Plan(base, runs, self._seconds(context, base, values))

    def _values(self, context: Context, base: Experiment) -> list[float]:
        """All shares where the time is enough for them, else few; the present one is among them."""
        enough = self._seconds(context, base, SHARES) <= context.planned
        return sorted({*(SHARES if enough else _FEW), base.training.dropout})

    def _seconds(self, context: Context, base: Experiment, values: tuple[float, ...] | list[float]) -> float:
        dropped = changed(base, {"training.dropout": max(SHARES)})
        shares = [dropped] * (len({*values, base.training.dropout}) - 1)
        # As long as one with dropout the present one is trained
        return context.seconds(base, base) + context.seconds(*shares) + context.seconds(dropped)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Look whether it overfits; then search, and compare the choice with the present share."""
        base, context = plan.experiment, trials.context
        share = base.training.dropout
        stays = {"training.dropout": share}
        if not base.network.hidden:
            because = "There is no hidden layer, so there are no neurons to leave out: dropout isn't asked about."
            return Recommendation(stays, because, "", {})
        present, because = f"dropout = {share:g}, the present one", ""
        if not share:
            curve = trials.run({present: base})[present]
            evaluation = trials.trainer.evaluate(curve)
            trials.row(present, evaluation.text, **evaluation.to_dict())
            overfits, text = _overfitting(curve, evaluation)
            if not overfits:
                because = f"{text} Dropout is against overfitting, so it isn't asked about."
                return Recommendation(stays, because, "", {}, validation=evaluation)
            because = f"{text} "
        values = self._values(context, base)
        result = find_dropout(
            base, trials.by_validation, seeds=context.search_seeds, epochs=base.training.epochs, values=values
        )
        trials.search_rows(result)
        best = changed(base, result.settings)
        tried = {present: base}
        if best != base:
            tried[f"dropout = {result.chosen:g}"] = best
        evaluations = trials.judge(tried, present)
        chosen = best_or_present(evaluations, present, len(result.rows) - 1)
        because += result.because
        if best != base:
            because += f" As one of {len(result.rows)} that were tried: {choice_text(evaluations, present, chosen)}"
        if chosen != present:
            is_better, text = better_in_the_same_time(trials, base, best, evaluations[chosen], len(result.rows) - 1)
            because += text
            chosen = chosen if is_better else present
        others = tuple(
            ({"training.dropout": row.value}, f"{row.label}: {row.text}")
            for row in result.rows
            if row.good and row.value not in (result.chosen, share)
        )
        settings = stays if chosen == present else dict(result.settings)
        return Recommendation(
            settings, because, result.sure, {"bracket": list(result.bracket)}, others, evaluations[chosen]
        )


def _overfitting(curve: Curve, evaluation: Evaluation) -> tuple[bool, str]:
    """Return whether training is ahead of validation by clearly more than noise, and both in a sentence."""
    metric = curve.metric
    training, validation = float(curve.training_scores[-1].mean()), float(curve.scores[-1].mean())
    both = f"{metric.title}: {metric.text(training, digits=1)} of training examples"
    both += f", {metric.text(validation, evaluation.error, digits=1)} of validation examples"
    if not np.isfinite(training):
        return False, f"Some networks diverged ({both})."
    overfits = training - validation - 2 * evaluation.error > _AHEAD
    return overfits, f"Training is {'' if overfits else 'not '}clearly ahead of validation ({both})."
