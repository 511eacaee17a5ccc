"""The range test: η rises by the same factor at every mini-batch, and the slope of the cost in log η is looked at.

A second opinion beside the grid. The idea is Smith's ("Cyclical learning rates", 2017); the slope is taken
in log η, since in η itself the suggestion would be off by orders of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.experiment import Experiment, assemble
from tunelab.experiment.dotted_keys import changed
from tunelab.search.trainer import Trainer
from tunelab.wording import quantity

__all__ = ["RangeTest", "range_test"]

Array = NDArray[Any]

_STEPS = 300
_WINDOW = 15  # mini-batches smoothed over: one alone says little
_BURST = 3.0  # times the lowest smoothed cost: beyond, it has burst and nothing later counts
_SKIPPED = 5  # first mini-batches, whose cost is that of luck


@dataclass(frozen=True, eq=False)
class RangeTest:
    """What was seen: ``etas`` (S,), the mini-batch's cost before each step (S, R), NaN where not finite.

    ``steepest`` (R,) is where each seed's smoothed cost falls fastest in log η, ``lowest`` (R,) where it is lowest
    before it bursts; NaN where it never falls. Costs far above what guessing reaches fall fastest while only the biases
    learn, so the lowest point tells more of the threshold.
    """

    etas: Array
    costs: Array
    steepest: Array
    lowest: Array

    @property
    def suggested(self) -> float:
        """Half of the lowest point, in the middle of the seeds; NaN where there is none."""
        return _middle(self.lowest) / 2

    @property
    def text(self) -> str:
        """Both points with the spread between seeds, as sentences."""
        finite = self.lowest[np.isfinite(self.lowest)]
        if not len(finite):
            return "Second opinion: a range test finds no η at which the cost falls."
        spread = (
            f" ({finite.min():.2g} to {finite.max():.2g} over {quantity(len(finite), 'seed')})"
            if len(finite) > 1
            else ""
        )
        return (
            f"Second opinion: in a range test, η rising at every mini-batch, the cost falls fastest at "
            f"{_middle(self.steepest):.2g} and is lowest at {_middle(self.lowest):.2g}{spread}; half of that is "
            f"{self.suggested:.2g}."
        )


def _middle(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.exp(np.median(np.log(finite)))) if len(finite) else float("nan")


def range_test(
    base: Experiment, trials: Trainer, *, seeds: int = 3, low: float = 1e-4, high: float = 100.0
) -> RangeTest:
    """Let η rise from ``low`` to ``high`` over some hundred mini-batches of fresh networks."""
    dataset = trials.dataset(base)
    training = assemble([changed(base, {"initialization.seeds": seeds, "training.schedule": None})], dataset)
    network, update = training.network, training.update
    m, n = base.training.mini_batch, len(dataset.training)
    etas = np.geomspace(low, high, _STEPS)
    orders = [np.random.default_rng([base.initialization.seed + r, 3]) for r in range(seeds)]
    costs = np.full((_STEPS, seeds), np.nan)
    outputs = network.sizes[-1]
    wanted = network.output.wanted(outputs, network.dtype)
    with np.errstate(all="ignore"):
        for step, eta in enumerate(etas):
            rows = np.stack([rng.integers(0, n, m) for rng in orders])
            x = np.stack([dataset.training.scaled(row, network.dtype) for row in rows])
            targets = dataset.training.targets[rows]
            y = wanted[targets] if dataset.classes is not None else targets.astype(network.dtype)
            costs[step] = network.output.cost(network.last_z(x), y).mean(axis=-1)
            if update is None:
                network.descend(x, y, np.full((seeds, 1, 1), eta / m, network.dtype))
            else:
                update.set_eta(np.full(seeds, eta))
                update.step(x, y, None, update.masks(0, step * m, m), step + 1)
    costs = np.where(np.isfinite(costs), costs, np.nan)
    points = np.array([_points(etas, column) for column in costs.T])
    return RangeTest(etas, costs, points[:, 0], points[:, 1])


def _points(etas: Array, costs: Array) -> tuple[float, float]:
    """Where the smoothed cost of one seed falls fastest in log η, and where it is lowest before it bursts."""
    nothing = (float("nan"), float("nan"))
    end = len(costs) if np.isfinite(costs).all() else int(np.flatnonzero(~np.isfinite(costs))[0])
    if end < 3 * _WINDOW:
        return nothing
    # A median in the window first: a single spike is no trend
    windows = np.lib.stride_tricks.sliding_window_view(costs[:end], _WINDOW)
    smooth = np.convolve(np.median(windows, axis=-1), np.ones(_WINDOW) / _WINDOW, mode="valid")
    middle = etas[_WINDOW - 1 : _WINDOW - 1 + len(smooth)]
    burst = np.flatnonzero(smooth > _BURST * np.minimum.accumulate(smooth))
    last = int(burst[0]) if len(burst) else len(smooth)
    if last < _SKIPPED + 3:
        return nothing
    slope = np.gradient(smooth[_SKIPPED:last], np.log(middle[_SKIPPED:last]))
    if slope.min() >= 0:
        return nothing
    steepest, lowest = int(np.argmin(slope)), int(np.argmin(smooth[_SKIPPED:last]))
    return float(middle[_SKIPPED + steepest]), float(middle[_SKIPPED + lowest])
