"""When to lower η and when to stop: small objects that see the validation metric and say what follows.

Each belongs to one replicate. All they know is visible and goes into a checkpoint (``state``), so a training
resumed from one decides as the unbroken one would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Constant", "EarlyStopping", "Plateau", "Schedule"]


class Schedule(Protocol):
    """How η changes as training goes on."""

    @property
    def divisor(self) -> float:
        """What the first η is divided by now."""

    @property
    def ended(self) -> bool:
        """Whether the schedule has come to its end, and training with it."""

    def see(self, epoch: float, value: float) -> None:
        """Take note of the validation metric (tunelab.training.metrics) measured at ``epoch``."""

    def state(self) -> list[float]:
        """Everything remembered."""

    def restore(self, state: list[float]) -> None:
        """Go on from what ``state`` gave."""


@dataclass
class _Stall:
    """The best validation metric so far, and the epoch from which patience is counted."""

    best: float = -math.inf
    since: float = 0.0

    def see(self, epoch: float, value: float) -> float:
        """Epochs without improvement. A value that isn't a number is no improvement."""
        if value > self.best:
            self.best, self.since = value, epoch
        # Rounded, or 1.4 − 0.4 would fall short of 1 and patience last a measurement longer
        return round(epoch - self.since, 9)


@dataclass
class Constant:
    """η stays what it is: the lecture's advice for first experiments."""

    divisor: float = 1.0
    ended: bool = False

    def see(self, epoch: float, value: float) -> None:
        """Nothing follows from it."""

    def state(self) -> list[float]:
        """Nothing is remembered."""
        return []

    def restore(self, state: list[float]) -> None:
        """Nothing was remembered."""


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
    _stall: _Stall = field(default_factory=_Stall)

    @property
    def ended(self) -> bool:
        """Whether η has fallen by ``stop_at``."""
        return self.divisor >= self.stop_at

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
class EarlyStopping:
    """Stop when the validation metric hasn't improved for ``patience`` epochs."""

    patience: float
    stalled: float = 0.0
    _stall: _Stall = field(default_factory=_Stall)

    @property
    def ended(self) -> bool:
        """Whether patience is used up."""
        return self.stalled >= self.patience

    def see(self, epoch: float, value: float) -> None:
        """Take note of the validation metric (tunelab.training.metrics) measured at ``epoch``."""
        self.stalled = self._stall.see(epoch, value)

    def state(self) -> list[float]:
        """Epochs stalled, best value, epoch from which patience is counted."""
        return [self.stalled, self._stall.best, self._stall.since]

    def restore(self, state: list[float]) -> None:
        """Go on from what ``state`` gave."""
        self.stalled, self._stall.best, self._stall.since = state
