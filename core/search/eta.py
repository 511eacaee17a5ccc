"""The learning rate by the lecture's rule: half of the largest η at which the training cost falls from the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search.range_test import range_test
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import Trainer
from tunelab.search.trials import Curve, Trials, search_settings
from tunelab.statistics import binomial_test

__all__ = ["course", "find_eta"]

Array = NDArray[Any]

_LOOKS = 5  # measurements an epoch: an oscillation between two of them would go unseen
_WORST_UP = 0.1  # of the way down that may be lost again on the way, before a cost is said to oscillate
_RISEN = 0.1  # of the first cost: an end that lies so far above the lowest point has risen
_FLAT = 0.003  # of the first cost: what falls less doesn't fall
_BEHIND = 1.2  # times the cost that a smaller η comes to: who ends above has got stuck on the way
_STEPS = (2.0, 5.0)  # between a power of ten and the next
_LOWEST, _HIGHEST = 1e-7, 1e5


def course(costs: Array) -> str:
    """What a training cost does: 'falls', 'flat', 'oscillates', 'rises' or 'diverges'.

    ``costs`` (k,) begins with the cost before any training; NaN where it wasn't finite. The small ups and downs of
    mini-batches are told from real ones by their sum: what is lost on the way, as a share of the way down.
    """
    if not np.isfinite(costs).all():
        return "diverges"
    first, last, lowest = float(costs[0]), float(costs[-1]), float(costs.min())
    down = first - lowest
    # An average over the last few looks: one unlucky mini-batch at the very end isn't a rise
    end = float(np.mean(costs[-3:]))
    if end > first or end - lowest > max(_RISEN * first, 0.5 * down):
        return "rises"
    if down < _FLAT * first:
        return "flat"
    steps = np.diff(costs)
    if steps[steps > 0].sum() > _WORST_UP * (first - min(last, end)):
        return "oscillates"
    return "falls"


def find_eta(
    base: Experiment,
    trials: Trainer | None = None,
    *,
    start: float = 0.01,
    seeds: int = 3,
    epochs: int = 4,
    factor: float = 10.0,
) -> SearchResult:
    """Search η for ``base``: up from ``start`` by ``factor`` while the training cost falls, down where it doesn't.

    Then finer, without going above the threshold, and half of it (the lecture; Nielsen, chapter 3). Every η is tried
    with ``seeds`` networks for ``epochs`` epochs; it falls where it does for two seeds in three.

        >>> experiment = Experiment(data={"train": 200, "evaluation": 100}, network={"hidden": [8]})
        >>> result = find_eta(experiment, seeds=1, epochs=2)
        >>> low, high = result.bracket
        >>> result.what, result.chosen == low / 2, low < high
        ('eta', True, True)
        >>> tuned = experiment.changed(result.settings)

    Args:
        base: the experiment; its own η isn't looked at, and data count as they are: few examples answer in seconds.
        trials: who trains; :class:`tunelab.search.Trials`, in this process, if not given.
        start: the η tried first.
        seeds: networks for each η.
        epochs: of each trial.
        factor: between one η and the next, before the finer steps.

    Returns:
        A :class:`SearchResult`: the η chosen, the bracket of the threshold, and every η tried with what it did.

    Raises :class:`tunelab.BadInput` where the experiment doesn't fit its data.
    """
    if trials is None:
        trials = Trials()
    hunt = _Hunt(base, trials, seeds, epochs)
    # Up, over values at which too little happens, to the first at which too much does
    eta = start
    while eta < _HIGHEST and not hunt.too_much(eta):
        eta *= factor
    # Down from the start, if none of those fell
    eta = start
    while eta > _LOWEST and not hunt.best:
        eta /= factor
        hunt.falls(eta)
    if not hunt.best:
        return hunt.nothing()
    largest = hunt.best
    for step in (s for s in _STEPS if s < factor):
        if not hunt.falls(largest * step):
            break
    # Its own random streams and networks: nothing of it can touch what was found
    return replace(hunt.ended(), second=range_test(base, trials, seeds=seeds).text)


class _Hunt:
    """One search: what has been tried, and what it showed."""

    def __init__(self, base: Experiment, trials: Trainer, seeds: int, epochs: int) -> None:
        self._trials = trials
        n = len(trials.dataset(base).training)
        looks = max(base.training.mini_batch, n // _LOOKS)
        self._base = search_settings(base, seeds=seeds, epochs=epochs, monitor_every=looks)
        self._epochs = epochs
        self._tried: dict[float, Curve] = {}
        self._rows: dict[float, SearchRow] = {}

    @property
    def best(self) -> float:
        """The largest η so far at which the cost falls; 0 where there is none."""
        return max((row.value for row in self._rows.values() if row.good), default=0.0)

    def too_much(self, eta: float) -> bool:
        """Whether the cost oscillates, rises or diverges at this η, or gets stuck above what a smaller one reaches.

        A cost that is flat isn't: two layers of sigmoids, say, may need a larger η to get off what guessing reaches.
        """
        if self.falls(eta):
            return False
        outcomes = self._rows[float(f"{eta:.3g}")].outcomes
        return sum(word not in ("falls", "flat") for word in outcomes) * 3 > len(outcomes)

    def falls(self, eta: float) -> bool:
        """Whether the training cost falls at this η, for two seeds in three."""
        eta = float(f"{eta:.3g}")
        if eta not in self._rows:
            label = f"η = {eta:g}"
            (curve,) = self._trials.run({label: changed(self._base, {"training.eta": eta})})
            outcomes = tuple(self._outcome(eta, curve, seed) for seed in range(curve.seeds))
            good = outcomes.count("falls") * 3 >= 2 * len(outcomes)
            accuracy = curve.final_accuracy
            std = float(accuracy.std(ddof=1)) if len(accuracy) > 1 else None
            text = f"falls {outcomes.count('falls')}/{len(outcomes)}"
            self._tried[eta] = curve
            self._rows[eta] = SearchRow(eta, label, outcomes, good, text, float(accuracy.mean()), std)
        return self._rows[eta].good

    def _outcome(self, eta: float, curve: Curve, seed: int) -> str:
        """What one seed's training cost does, not taking for learning what only gets over a bad start.

        A first jump can put everything out of action: the cost falls from where the first weights had it, and then
        stays far above what a smaller η comes to ('stalls'), or at what guessing reaches ('flat').
        """
        costs = np.append(curve.first_cost[seed], curve.training_cost[:, seed])
        word = course(costs)
        smaller = [float(c.training_cost[-3:, seed].mean()) for e, c in self._tried.items() if e < eta]
        # NaN compares as false: a smaller η that diverged is no mark to be held against
        if word == "falls" and any(costs[-3:].mean() > _BEHIND * end for end in smaller):
            return "stalls"
        half = float(costs[len(costs) // 2])
        if word == "falls" and half - costs[-1] < _FLAT * costs[0] and self._guesses(curve, seed):
            return "flat"
        return word

    def _guesses(self, curve: Curve, seed: int) -> bool:
        """Whether the answers are no better than always naming the most frequent class, on training examples."""
        dataset = self._trials.dataset(self._base)
        if dataset.classes is None:
            return False
        share = np.bincount(dataset.training.targets).max() / len(dataset.training)
        right = round(float(np.nan_to_num(curve.training_accuracy[-1, seed])) * len(dataset.training))
        return not binomial_test(right, len(dataset.training), float(share)).better_than_chance()

    @property
    def _sorted(self) -> list[SearchRow]:
        return [self._rows[eta] for eta in sorted(self._rows)]

    def nothing(self) -> SearchResult:
        """No η was found at which the cost falls."""
        smallest = self._sorted[0]
        return SearchResult(
            "eta",
            smallest.value,
            (0.0, smallest.value),
            f"At no η down to {smallest.value:g} does the training cost fall: what is wrong isn't η alone.",
            "Not sure at all; look at the first weights, λ and the data before anything else.",
            tuple(self._sorted),
            {},
        )

    def ended(self) -> SearchResult:
        """Half of the threshold, with everything that led to it."""
        rows = self._sorted
        threshold = max(row.value for row in rows if row.good)
        above = min((row.value for row in rows if row.value > threshold), default=float("inf"))
        chosen = float(f"{threshold / 2:.3g}")
        what = f"from {rows[0].value:g} to {threshold:g} the training cost falls during the first {self._epochs} epochs"
        failed = next((row for row in rows if row.value == above), None)
        if failed is not None:
            words = ", ".join(
                f"{word} {failed.outcomes.count(word)}/{len(failed.outcomes)}"
                for word in dict.fromkeys(failed.outcomes)
                if word != "falls"
            )
            what += f"; at {above:g} it no longer does ({words})"
        own = self._own_thresholds(rows)
        return SearchResult(
            "eta",
            chosen,
            (threshold, above) if np.isfinite(above) else (threshold, threshold * 10),
            f"The rule of the largest η that still falls: {what}. Half of the threshold {threshold:g} leaves room for "
            f"many epochs: η = {chosen:g}.",
            self._sure(own, threshold),
            tuple(rows),
            {"training.eta": chosen},
        )

    @staticmethod
    def _own_thresholds(rows: Sequence[SearchRow]) -> list[float]:
        """For every seed the largest η up to which it alone would have gone on."""
        found = []
        for seed in range(len(rows[0].outcomes)):
            falling = [row.value for row in rows if row.outcomes[seed] == "falls"]
            found.append(max(falling, default=0.0))
        return found

    @staticmethod
    def _sure(own: Sequence[float], threshold: float) -> str:
        if len(own) < 2:
            return "One seed only: how much of this is luck can't be said."
        low, high = min(own), max(own)
        if low == high:
            return f"The threshold is the same for all {len(own)} seeds."
        return f"Single seeds put the threshold between {low:g} and {high:g}; most agree on {threshold:g}."
