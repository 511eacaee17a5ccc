"""The mini-batch size, by validation against elapsed time."""

from __future__ import annotations

import math

from tunelab.search import find_mini_batch
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["MiniBatch"]

_TRAIN, _EVALUATION = 5000, 4000
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_TIMES = 1.5  # of equal lengths that one size costs, its first look included


class MiniBatch(Stage):
    """Every size gets the same time, with η scaled along; the present one stays where no other gains."""

    name = "mini-batch"
    title = "Mini-batch size m"
    short = "m"
    question = "Which m learns most in the same time?"
    teaching = (
        "A small m moves the weights often and wastes fast matrix arithmetic; a large one does the opposite. What"
        " counts is validation accuracy against elapsed time, with η scaled along with m. m depends little on the"
        " other choices, so it can wait until they are acceptable."
    )
    subject = "training.mini_batch"
    weight, seconds_at_most = 6, 60

    def plan(self, context: Context) -> Plan:
        """As many sizes around the present one as the time allows, each for the same time."""
        view = context.view(_TRAIN, _EVALUATION)
        one = context.seconds(with_epochs(view, 1, context.search_seeds))
        sizes = self._sizes(context, view.training.mini_batch, one)
        epochs = max(
            2, min(context.epochs(view, 2000, most=40), math.floor(context.planned / (_TIMES * len(sizes) * one)))
        )
        base = with_epochs(view, epochs, context.search_seeds)
        listed = ", ".join(map(str, sizes))
        runs = (
            f"m = {listed}, η scaled along, each in the time of m = {base.training.mini_batch} for "
            f"{quantity(epochs, 'epoch')}",
        )
        return Plan(base, runs, _TIMES * len(sizes) * one * epochs)

    def _sizes(self, context: Context, present: int, one: float) -> list[int]:
        """The sizes nearest to the present one, at least four, of which each gets two epochs' time."""
        count = max(4, math.floor(context.planned / max(2 * _TIMES * one, 1e-9)))
        near = sorted(set(_SIZES) | {present}, key=lambda m: (abs(math.log(m / present)), m))
        return sorted(near[:count])

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search on fewer examples; m and η are what is kept of it."""
        base, context = plan.experiment, trials.context
        one = context.seconds(with_epochs(base, 1))
        sizes = self._sizes(context, base.training.mini_batch, one)
        result = find_mini_batch(
            base, trials.by_validation, seeds=context.search_seeds, epochs=base.training.epochs, sizes=sizes
        )
        trials.search_rows(result)
        present = next(row for row in result.rows if row.value == base.training.mini_batch)
        settings, because = dict(result.settings), result.because
        if present.good:  # no other gains more than noise over it
            settings = {"training.mini_batch": base.training.mini_batch}
            because += f" m = {base.training.mini_batch} stays: no other gains more than noise in the same time."
        others = tuple(
            ({"training.mini_batch": int(row.value)}, f"{row.label}: {row.text}")
            for row in result.rows
            if row.good and row.value != result.chosen
        )
        return Recommendation(settings, because, result.sure, {"bracket": list(result.bracket)}, others)
