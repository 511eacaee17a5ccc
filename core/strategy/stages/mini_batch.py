"""The mini-batch size, by validation accuracy against elapsed time."""

from __future__ import annotations

import math
from typing import Any

from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_mini_batch
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.trial_runner import Context, TrialRunner, with_epochs

__all__ = ["MiniBatch"]

_ENOUGH = 5_000  # … on which mini-batch sizes are compared
_JUDGED = 4000  # validation examples: with 1,000 the noise hides what 20 neurons are worth
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class MiniBatch(Stage):
    """Validation accuracy against elapsed time."""

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
    weight, seconds_at_most = 8, 60

    def plan(self, context: Context) -> Plan:
        """Every size gets the same time."""
        base = changed(context.experiment, self._fewer(context))
        one = context.seconds(with_epochs(base, 1, context.seeds))
        epochs = max(2, min(8, math.floor(context.allowed / (20 * one)))) if one > 0 else 4
        base = with_epochs(base, epochs)
        runs = (
            f"m = 1 to 500, η scaled along, each in the time of m = {base.training.mini_batch} for {epochs} epochs",
        )
        return Plan(base, runs, 15 * one * epochs)

    def _fewer(self, context: Context) -> dict[str, Any]:
        train = min(context.experiment.data.train or context.data.training, _ENOUGH, context.data.training)
        return context.with_data(context.experiment, train, min(_JUDGED, context.data.evaluation), {})

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Search, on fewer examples; m and η are what is kept of it."""
        base = plan.experiment
        sizes = _SIZES if plan.seconds <= trials.left else _SIZES[2:]  # the smallest are the slowest
        found = find_mini_batch(
            base, trials.trainer, seeds=trials.context.seeds, epochs=base.training.epochs, sizes=sizes
        )
        trials.search_rows(found)
        best = next(row for row in found.rows if row.value == found.chosen)
        present = next(row for row in found.rows if row.value == base.training.mini_batch)
        settings = dict(found.settings)
        if present.good and found.chosen != base.training.mini_batch and (present.score or 0) >= (best.score or 0):
            settings = {}
        others = tuple(
            ({"training.mini_batch": int(row.value)}, f"{row.label}: {row.text}")
            for row in found.rows
            if row.good and row.value != found.chosen
        )
        return Recommendation(settings, found.because, found.sure, {"bracket": list(found.bracket)}, others)
