"""Momentum and dropout: a handful of values with the same seeds; one is taken only where it is better beyond noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.errors import BadInput
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search.curve import Curve
from tunelab.search.lambda_search import noise_threshold
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import OutOfTime, Trainer
from tunelab.search.trials import search_settings
from tunelab.wording import quantity

__all__ = ["MOMENTA", "SHARES", "effective_eta", "find_dropout", "find_momentum"]

Array = NDArray[Any]

MOMENTA = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
_LAST = 3  # measurements whose mean is judged: one alone moves with the last few mini-batches


def effective_eta(eta: float, momentum: float) -> float:
    """Return η/(1 − μ): how far steps go in the long run while the gradient stays the same."""
    return eta / (1 - momentum)


def find_momentum(
    base: Experiment, trials: Trainer, *, seeds: int = 5, epochs: int = 6, values: Sequence[float] = MOMENTA
) -> SearchResult:
    """Search μ of ``values`` and the present one, with η moved along so that η/(1 − μ) stays; then twice and half.

    Judged by the validation metric after a few epochs, over the same seeds. What isn't better than the present μ beyond
    noise isn't taken. Where the trainer's time is up on the way, what has been tried decides, and the result says so.
    Raises :class:`BadInput` for another optimizer than sgd.
    """
    training = base.training
    if training.optimizer != "sgd":
        raise BadInput(
            f'training.optimizer: {training.optimizer} has its own momentum, beta1; use training.optimizer = "sgd"'
        )
    whole = effective_eta(training.eta, training.momentum)

    def settings(momentum: float, times: float = 1.0) -> dict[str, Any]:
        eta = float(f"{times * whole * (1 - momentum):.3g}")
        return {"training.momentum": momentum, "training.eta": min(eta, 1e6)} | (
            {"training.nesterov": False} if training.nesterov and not momentum else {}
        )

    search = _ValueSearch(base, trials, seeds, epochs, training.momentum)
    present = {"training.momentum": training.momentum, "training.eta": training.eta}
    tried = sorted({*values, training.momentum}, key=lambda mu: (abs(mu - training.momentum), mu))
    search.score([(mu, settings(mu) if mu != training.momentum else present) for mu in tried])
    with suppress(OutOfTime):
        # The present μ as well: what is due to larger steps isn't momentum's doing
        search.score([(mu, settings(mu, times)) for mu in {search.best, training.momentum} for times in (2.0, 0.5)])
    return search.result(
        "momentum",
        "μ",
        f"From μ = {min(tried):g} to {max(tried):g}, η moved along so that η/(1 − μ) stays {whole:.3g}, then twice "
        "and half of that",
    )


def find_dropout(
    base: Experiment, trials: Trainer, *, seeds: int = 5, epochs: int = 15, values: Sequence[float] = SHARES
) -> SearchResult:
    """Search the share of hidden neurons that a step leaves out, of ``values`` and the present one, by validation.

    What isn't better than the present share beyond noise isn't taken. Where the trainer's time is up on the way, what
    has been tried decides, and the result says so. Raises :class:`BadInput` where there is no hidden layer.
    """
    if not base.network.hidden:
        raise BadInput(
            "network.hidden: without a hidden layer there are no neurons to leave out; give one, such as [30]"
        )
    present = base.training.dropout
    search = _ValueSearch(base, trials, seeds, epochs, present)
    tried = sorted({*values, present}, key=lambda share: (abs(share - present), share))
    search.score([(share, {"training.dropout": share}) for share in tried])
    return search.result("dropout", "dropout", f"From none to {100 * max(tried):g} % of the hidden neurons left out")


class _ValueSearch:
    """One search: what has been tried, and how well it did. ``present`` is the value that stands before it."""

    def __init__(self, base: Experiment, trials: Trainer, seeds: int, epochs: int, present: float) -> None:
        self._trials, self._epochs, self._present_value = trials, epochs, present
        self._base = search_settings(base, seeds=seeds, epochs=epochs)
        self._tried: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._curves: dict[str, Curve] = {}
        self._scores: dict[str, Array] = {}
        self._cut_short = False

    def score(self, wanted: Sequence[tuple[float, Mapping[str, Any]]]) -> None:
        """Try settings, each with the value that it stands for. Raises :class:`OutOfTime` where not all could be."""
        new = {self._label(settings): (value, settings) for value, settings in wanted}
        experiments = {label: changed(self._base, dict(settings)) for label, (_, settings) in new.items()}
        if self._cut_short:
            raise OutOfTime
        try:
            curves = self._trials.run(experiments)
        except OutOfTime:
            self._cut_short = True
            raise
        if len(self._curves) + len(curves) < 2:
            raise OutOfTime
        self._cut_short = len(curves) < len(new)
        for curve in curves:
            own = next(label for label, one in experiments.items() if one.training == curve.experiment.training)
            self._tried[own], self._curves[own] = new[own], curve
            self._scores[own] = np.where(curve.diverged, curve.metric.worst, curve.scores[-_LAST:].mean(axis=0))

    @staticmethod
    def _label(settings: Mapping[str, Any]) -> str:
        if "training.dropout" in settings:
            return f"dropout = {settings['training.dropout']:g}"
        mu, eta = settings["training.momentum"], settings["training.eta"]
        return f"μ = {mu:g}, η = {eta:g} (η/(1 − μ) = {effective_eta(eta, mu):.3g})"

    @property
    def _best(self) -> str:
        return max(self._scores, key=lambda label: float(self._scores[label].mean()))

    @property
    def best(self) -> float:
        """The value with the highest mean score."""
        return self._tried[self._best][0]

    def _is_tied(self, label: str) -> bool:
        best, score = self._scores[self._best], self._scores[label]
        total = next(iter(self._curves.values())).noise_total
        return float(best.mean() - score.mean()) <= noise_threshold(best, score, total)

    def result(self, what: str, symbol: str, head: str) -> SearchResult:
        """The present value where nothing is better than it beyond noise, else the best.

        Where the present value was tried with several η, its best counts: the gain of larger steps isn't another's.
        """
        first = next(iter(self._tried))  # as it is
        own = [label for label, (value, _) in self._tried.items() if value == self._present_value]
        present = max(own, key=lambda label: float(self._scores[label].mean()))
        own_gain = float(self._scores[present].mean() - self._scores[first].mean())
        total = next(iter(self._curves.values())).noise_total
        if own_gain <= noise_threshold(self._scores[present], self._scores[first], total):
            present = first
        stays = self._is_tied(present)
        chosen = present if stays else self._best
        value, settings = self._tried[chosen]
        tied = sorted({self._tried[label][0] for label in self._tried if self._is_tied(label)})
        metric = self._curves[chosen].metric
        score = metric.text(float(self._scores[chosen].mean()), digits=1)
        because = f"{head}, {quantity(self._epochs, 'epoch')} each: {chosen} comes to {score}"
        gain = float(self._scores[self._best].mean() - self._scores[present].mean())
        if present != first:
            because += f" ({metric.difference_text(own_gain)} more than {first}, by the size of the steps alone)"
        if not stays:
            because += f", {metric.difference_text(gain)} more than {present}: more than noise."
        elif self._best == present:
            because += ", and nothing else to more."
        else:
            because += (
                f". {self._best} is {metric.difference_text(gain)} ahead, which is within noise, so {symbol} = "
                f"{value:g} stays."
            )
        spread = self._scores[chosen]
        sure = "One seed only: how much of this is luck can't be said."
        if len(spread) > 1:
            text = metric.difference_text(float(spread.std(ddof=1)))
            sure = f"{quantity(len(spread), 'seed')}, ± {text} between them."
        rows = [
            SearchRow.of_scores(
                self._tried[label][0],
                label,
                self._scores[label].tolist(),
                self._is_tied(label),
                diverged=self._curves[label].diverged.tolist(),
                metric=metric,
            )
            for label in sorted(self._tried, key=lambda label: (self._tried[label][0], label))
        ]
        return SearchResult(
            what, value, (tied[0], tied[-1]), because, sure, tuple(rows), dict(settings), is_cut_short=self._cut_short
        )
