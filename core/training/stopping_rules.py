"""When to stop because the validation metric stalls.

Each rule belongs to one replicate. All it knows is visible and goes into a checkpoint (``state``), so a training
resumed from one decides as the unbroken one would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

__all__ = ["EarlyStopping", "Stall"]


@dataclass
class Stall:
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
class EarlyStopping:
    """Stop when the validation metric hasn't improved for ``patience`` epochs."""

    patience: float
    stalled: float = 0.0
    _stall: Stall = field(default_factory=Stall)

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
