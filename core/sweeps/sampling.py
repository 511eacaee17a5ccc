"""Optuna's samplers and pruners, made so that a trial's values don't depend on who asks for them.

Every trial gets a sampler of its own, whose luck begins at (study seed, trial number). So random search draws the
same table whatever the number of workers, and a continued study draws what it would have drawn. No configuration
is drawn twice, as long as there are others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from tunelab.sweeps.search_space import Dimension
from tunelab.sweeps.sweep_plan import SweepPlan

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

__all__ = ["distributions", "make_pruner", "make_sampler"]

_ATTEMPTS = 200  # draws until one is new; more where there are few configurations, to find the last of them too


def distributions(plan: SweepPlan) -> dict[str, BaseDistribution]:
    """What Optuna calls a search space: a distribution by dotted key."""
    return {d.key: _distribution(d) for d in plan.over}


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.kind == "list":
        return CategoricalDistribution(dimension.values)
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.kind == "log")
    return FloatDistribution(dimension.low, dimension.high, log=dimension.kind == "log")


def make_sampler(plan: SweepPlan) -> BaseSampler:
    """The sampler that chooses the values of a study's trials."""
    from optuna.samplers import GridSampler, RandomSampler, TPESampler

    if plan.sampler == "grid":

        class Grid(GridSampler):
            """Optuna's grid, which here doesn't end the study: whoever asks for trials counts them."""

            def after_trial(self, *_: Any) -> None:
                """Nothing follows from a trial's end."""

        return Grid({d.key: d.grid() for d in plan.over}, seed=plan.seed % 2**32)
    if plan.sampler == "random":
        return _seeded(plan, lambda seed: RandomSampler(seed=seed), sees_results=False)
    return _seeded(plan, lambda seed: TPESampler(seed=seed), sees_results=True)


def _seeded(plan: SweepPlan, make: Callable[[int], BaseSampler], *, sees_results: bool) -> BaseSampler:
    from optuna.samplers import BaseSampler

    space = distributions(plan)
    attempts = max(_ATTEMPTS, 20 * int(min(plan.size, 1000)))

    class Seeded(BaseSampler):
        """A fresh sampler for every trial, seeded by (study seed, trial number, attempt)."""

        def __init__(self) -> None:
            self._drawn: list[tuple[Any, ...]] = []  # of a random study, the values of trial 0, 1, …

        def infer_relative_search_space(self, *_: Any) -> dict[str, BaseDistribution]:
            """All parameters are drawn together."""
            return space

        def sample_relative(self, study: Study, trial: FrozenTrial, *_: Any) -> dict[str, Any]:
            """Values for a trial, other than any trial before it has."""
            if sees_results:
                known = {_values(t.params) for t in study.get_trials(deepcopy=False) if t.number != trial.number}
                return self._draw(study, trial, trial.number, known)
            # What is drawn depends on no result, and so can be drawn again without asking what others have drawn
            while len(self._drawn) <= trial.number:
                self._drawn.append(_values(self._draw(study, trial, len(self._drawn), set(self._drawn))))
            return dict(zip(space, self._drawn[trial.number], strict=True))

        def _draw(self, study: Study, trial: FrozenTrial, number: int, known: set[tuple[Any, ...]]) -> dict[str, Any]:
            params: dict[str, Any] = {}
            for attempt in range(attempts):
                seeds = np.random.SeedSequence([plan.seed, number, attempt, 1]).generate_state(1)
                sampler = make(int(seeds[0]))
                params = {name: sampler.sample_independent(study, trial, name, d) for name, d in space.items()}
                if _values(params) not in known:
                    break
            return params

        def sample_independent(
            self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
        ) -> Any:
            """A parameter with one value only, which Optuna doesn't ask for with the others."""
            return make(plan.seed % 2**32).sample_independent(study, trial, param_name, param_distribution)

    def _values(params: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(params.get(name) for name in space)

    return Seeded()


def make_pruner(plan: SweepPlan) -> BasePruner:
    """What gives a trial up before its end."""
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    if plan.pruner == "median":
        return MedianPruner(n_startup_trials=5, n_warmup_steps=1)
    if plan.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=most_epochs(plan), reduction_factor=3)
    return NopPruner()


def most_epochs(plan: SweepPlan) -> int:
    """The longest that any trial trains."""
    epochs = [plan.experiment.training.epochs]
    for dimension in plan.over:
        if dimension.key == "training.epochs":
            epochs = [int(v) for v in dimension.grid()]
    return max(epochs)
