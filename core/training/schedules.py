"""How η changes as training goes on: by the validation metric, or by how many steps have been made.

Each schedule belongs to one replicate. What it has seen is visible and goes into a checkpoint (``state``); what depends
on the number of steps alone needs no memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tunelab.training.stopping_rules import Stall

__all__ = ["SCHEDULES", "Constant", "Cosine", "Linear", "Plateau", "Schedule", "Stairs", "WarmUp"]

Array = NDArray[Any]

SCHEDULES = {
    "constant": "constant keeps η, which is best for first experiments.",
    "halve-on-plateau": "The on-plateau rules hold η until the validation metric stops improving, then divide it "
    "by 2 or 10.",
    "divide-by-ten-on-plateau": "",
    "cosine": "cosine lets it fall from the first step to the last as half a wave, linear along a line.",
    "linear": "",
    "step": "step divides it by factor after every so many epochs.",
}
"""Every rule by the name that presets use, and its share of the parameter's help."""


class Schedule(Protocol):
    """How η changes as training goes on. ``moving`` says whether it does so inside an epoch."""

    @property
    def moving(self) -> bool:
        """Whether η changes from step to step."""

    @property
    def ended(self) -> bool:
        """Whether the schedule has come to its end, and training with it."""

    def divisors(self, steps: Array) -> Array:
        """What the first η is divided by for the mini-batch that follows ``steps`` (k,) others, (k,)."""

    def see(self, epoch: float, value: float) -> None:
        """Take note of the validation metric (tunelab.training.metrics) measured at ``epoch``."""

    def state(self) -> list[float]:
        """Everything remembered."""

    def restore(self, state: list[float]) -> None:
        """Go on from what ``state`` gave."""


class _Memoryless:
    """What schedules have in common that see nothing."""

    moving = True
    ended = False

    def see(self, epoch: float, value: float) -> None:
        """Nothing follows from it."""

    def state(self) -> list[float]:
        """Nothing is remembered."""
        return []

    def restore(self, state: list[float]) -> None:
        """Nothing was remembered."""


@dataclass
class Constant(_Memoryless):
    """η stays what it is: the lecture's advice for first experiments."""

    moving = False

    def divisors(self, steps: Array) -> Array:
        """1."""
        return np.ones(len(steps))


@dataclass
class Plateau:
    """Hold η until the validation metric hasn't improved for ``patience`` epochs, then divide it by ``factor``.

    Ends when η has fallen by ``stop_at`` (1024, 1000): that last level is not trained. After a cut patience
    is counted anew, against the best value so far. Source: Nielsen, chapter 3, "Learning rate schedule".
    """

    factor: float
    patience: float
    stop_at: float
    divisor: float = 1.0
    _stall: Stall = field(default_factory=Stall)

    moving = False

    @property
    def ended(self) -> bool:
        """Whether η has fallen by ``stop_at``."""
        return self.divisor >= self.stop_at

    def divisors(self, steps: Array) -> Array:
        """The present divisor."""
        return np.full(len(steps), self.divisor)

    def see(self, epoch: float, value: float) -> None:
        """Take note of the validation metric (tunelab.training.metrics) measured at ``epoch``."""
        if self._stall.see(epoch, value) >= self.patience:
            self.divisor *= self.factor
            self._stall.since = epoch

    def state(self) -> list[float]:
        """Divisor, best value, epoch from which patience is counted."""
        return [self.divisor, self._stall.best, self._stall.since]

    def restore(self, state: list[float]) -> None:
        """Go on from what ``state`` gave."""
        self.divisor, self._stall.best, self._stall.since = state


@dataclass
class _Fall(_Memoryless):
    """η falls from step ``first`` on to 1/``stop_at`` of itself at step ``last``, the training's end."""

    first: int
    last: int
    stop_at: float

    def _progress(self, steps: Array) -> Array:
        """How much of the way is done, from 0 to 1."""
        return np.clip((steps - self.first) / max(self.last - self.first, 1), 0.0, 1.0)

    def _divisors(self, share: Array) -> Array:
        """``share`` is how much of the fall is still to come, from 1 to 0."""
        lowest = 1 / self.stop_at
        return 1 / (lowest + (1 - lowest) * share)


class Cosine(_Fall):
    """η falls as half a wave: slowly, fast, slowly (Loshchilov & Hutter 2017, without restarts)."""

    def divisors(self, steps: Array) -> Array:
        """The reciprocal of a cosine's upper half wave."""
        return self._divisors((1 + np.cos(np.pi * self._progress(steps))) / 2)


class Linear(_Fall):
    """η falls along a straight line."""

    def divisors(self, steps: Array) -> Array:
        """The reciprocal of a line."""
        return self._divisors(1 - self._progress(steps))


@dataclass
class Stairs(_Memoryless):
    """η is divided by ``factor`` after every ``every`` epochs; ends when it has fallen by ``stop_at``."""

    factor: float
    every: int
    stop_at: float
    steps_an_epoch: int
    ended: bool = False

    moving = False  # only where an epoch begins

    def divisors(self, steps: Array) -> Array:
        """A power of the factor."""
        return self.factor ** (steps // (self.steps_an_epoch * self.every)).astype(np.float64)

    def see(self, epoch: float, value: float) -> None:  # noqa: ARG002 (whatever the metric is)
        """Take note of the epoch."""
        # Rounded: 10 cuts by 10 come to 1e10, and three by 0.1 wouldn't
        self.ended = self.factor ** (int(epoch + 1e-9) // self.every) >= self.stop_at * (1 - 1e-12)


@dataclass
class WarmUp:
    """η rises in a straight line from near 0 during the first ``steps`` mini-batches, ``epochs`` epochs.

    Then ``schedule`` sets it, which sees nothing of the time before.
    """

    schedule: Schedule
    steps: int
    epochs: float

    moving = True

    @property
    def ended(self) -> bool:
        """As the schedule that follows."""
        return self.schedule.ended

    def divisors(self, steps: Array) -> Array:
        """The first step is 1/``steps`` of η, the next two of them …"""
        return self.schedule.divisors(steps) * np.maximum(self.steps / (steps + 1.0), 1.0)

    def see(self, epoch: float, value: float) -> None:
        """Take note of the validation metric once η has risen."""
        if epoch > self.epochs:
            self.schedule.see(epoch, value)

    def state(self) -> list[float]:
        """What the schedule remembers."""
        return self.schedule.state()

    def restore(self, state: list[float]) -> None:
        """Go on from what ``state`` gave."""
        self.schedule.restore(state)
