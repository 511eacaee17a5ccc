"""How many hidden neurons: each width with an η and a λ of its own, until more don't pay."""

from __future__ import annotations

from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import find_eta
from tunelab.statistics import Accuracy
from tunelab.strategy.measures import standard_errors
from tunelab.strategy.search_evidence import look_epochs
from tunelab.strategy.stage import Plan, Recommendation, Stage
from tunelab.strategy.stages.widths import EPOCH_MONITORING, EPOCHS, PAYS, WIDTHS, width_setting, width_text
from tunelab.strategy.trial_runner import Context, OutOfTime, TrialRunner, with_epochs

__all__ = ["Widen"]

_SOME = 4000  # training examples on which hidden neurons can show what they are worth
_JUDGED = 4000  # validation examples: with 1,000 the noise hides what 20 neurons are worth
_PATIENCE = 2  # widths that bring nothing, after which no wider one is tried


class Widen(Stage):
    """10 hidden neurons, 20, and so forth, each with an η and a λ of its own, until more of them don't pay."""

    name = "widen"
    title = "Hidden neurons"
    short = "widen"
    question = "Do hidden neurons pay, and how many?"
    teaching = (
        "Now the network may grow: 10 hidden neurons, 20, and so forth, each with an η and a λ of its own, until "
        "more width brings no more than noise. What a hidden layer is worth shows only where there is enough to "
        "learn, so up to 4,000 training examples are used, and λ grows along with them."
    )
    subject = "network.hidden"
    weight, seconds_at_most = 24, 150

    def plan(self, context: Context) -> Plan:
        """Every width costs an η, a λ, and a training; the narrow ones come first, so time may cut off the wide."""
        base = changed(context.experiment, self.problem(context))
        epochs = look_epochs(base, context)
        seconds = 0.0
        for width in WIDTHS[: _PATIENCE + 1]:
            network = changed(base, width_setting(width))
            seconds += 6 * context.seconds(with_epochs(network, epochs, context.seeds))
            seconds += 5 * context.seconds(with_epochs(network, EPOCHS, context.seeds))
        runs = (
            "what was found without a hidden layer, as the mark to beat",
            f"{', '.join(map(str, WIDTHS))} hidden neurons: the search for η, then λ by tens, "
            f"{EPOCHS} epochs, {context.seeds} seeds",
            f"until {_PATIENCE} widths in a row bring no more than noise",
        )
        return Plan(base, runs, seconds)

    def problem(self, context: Context) -> dict[str, Any]:
        """Enough examples to show what a hidden layer is worth, λ/n staying put."""
        train = min(max(_SOME, context.experiment.data.train or 0), context.data.training)
        judged = min(max(_JUDGED, context.experiment.data.evaluation or 0), context.data.evaluation)
        return context.with_data(context.experiment, train, judged, EPOCH_MONITORING)

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Widen step by step; what time cuts off isn't missed, as long as one width was judged."""
        base, seeds = plan.experiment, trials.context.seeds
        own = base.network.hidden
        mark = {"network.hidden": list(own)}
        first = width_text(own[0] if len(own) == 1 else 0) if len(own) < 2 else f"{list(own)} hidden"
        found: list[tuple[int, dict[str, Any], Accuracy]] = []
        reached = self._trained(trials, with_epochs(changed(base, mark), EPOCHS, seeds), first)
        found.append((own[0] if own else 0, mark, reached))
        idle, cut = 0, False
        for width in (w for w in WIDTHS if w > (own[0] if own else 0)):
            try:
                found.append((width, *self._judged(trials, base, width)))
            except OutOfTime:
                cut = True
                break
            best = max(found[:-1], key=lambda item: item[2].accuracy)
            idle = 0 if standard_errors(found[-1][2], best[2]) >= PAYS else idle + 1
            if idle >= _PATIENCE:
                break
        trials.prefix = ""
        return self._advice(trials, found, cut)

    def _judged(self, trials: TrialRunner, base: Experiment, width: int) -> tuple[dict[str, Any], Accuracy]:
        """η by its search, λ by tens around where it stands, and the best of that."""
        seeds = trials.context.seeds
        trials.prefix = f"{width_text(width)}: "
        network = changed(base, width_setting(width))
        eta = find_eta(network, trials.trainer, seeds=seeds, epochs=look_epochs(network, trials.context))
        network = changed(network, eta.settings)
        n = base.data.train or trials.context.data.training
        centre = base.training.lmbda or n / 10_000  # λ/n = 1e-4, a light touch, where there was none
        tried = {
            f"η = {eta.chosen:g}, λ = {lmbda:g}": with_epochs(
                changed(network, {"training.lambda": lmbda}), EPOCHS, seeds
            )
            for lmbda in (0.0, *(float(f"{centre * factor:.3g}") for factor in (0.1, 1.0, 10.0)))
        }
        scores = {label: trials.accuracy_row(label, events[-1]) for label, events in trials.run(tried).items()}
        best = max(scores, key=lambda label: scores[label].accuracy)
        settings = width_setting(width) | eta.settings | {"training.lambda": tried[best].training.lmbda}
        return settings, scores[best]

    def _trained(self, trials: TrialRunner, experiment: Experiment, label: str) -> Accuracy:
        return trials.accuracy_row(label, trials.run({label: experiment})[label][-1])

    def _advice(
        self, trials: TrialRunner, found: list[tuple[int, dict[str, Any], Accuracy]], cut: bool
    ) -> Recommendation:
        best = max(found, key=lambda item: item[2].accuracy)
        # The narrowest that the best isn't ahead of by more than noise: what doesn't pay needn't be carried
        chosen = next(item for item in found if standard_errors(best[2], item[2]) < PAYS)
        settings = self.problem(trials.context) | chosen[1]
        because = f"{width_text(chosen[0])}: {chosen[2].text}."
        because = because[0].upper() + because[1:]
        if chosen is not found[0]:
            gain = 100 * (chosen[2].accuracy - found[0][2].accuracy)
            because += f" That is {gain:.1f} points more than {width_text(found[0][0])}."
        if best is not chosen:
            because += f" {width_text(best[0])} come to {best[2].text}, which is within noise of it."
        sure = f"One standard deviation is about {100 * chosen[2].error:.1f} points; more data will ask again."
        if cut:
            sure += " Wider networks were left out for lack of time."
        elif chosen[0] == WIDTHS[-1]:
            sure += " It is the widest that was tried, so wider may do better still."
        others = tuple((item[1], f"{width_text(item[0])}: {item[2].text}") for item in found if item is not chosen)
        return Recommendation(settings, because, sure, {"widths": [item[0] for item in found]}, others, chosen[2])
