"""When a training is saved: as often as it can be had for a fiftieth of the time."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Checkpointer"]

SHARE = 0.02  # of the time of training, spent on saving
FIRST_COST = 0.02  # seconds that saving is thought to take until it has been done once
_AT_LEAST_EVERY = 30.0  # seconds: where measurements are rarer, saved between them too


class Checkpointer:
    """Calls ``save`` at measurements while all saving so far stays within its share of the time.

    Until a training has lasted a second (or however long saving takes, fifty times) there is nothing worth saving.
    """

    def __init__(self, save: Callable[[], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self._save, self._clock = save, clock
        self._began = self._latest = clock()
        self._spent, self._cost = 0.0, FIRST_COST

    def at_measurement(self) -> None:
        """Save if it is cheap enough."""
        if self._spent + self._cost <= SHARE * (self._clock() - self._began):
            self.save()

    def between(self) -> None:
        """Save if that was long ago, and cheap enough."""
        if self._clock() - self._latest >= _AT_LEAST_EVERY:
            self.at_measurement()

    def save(self) -> None:
        """Save now, and remember what it cost."""
        began = self._clock()
        self._save()
        self._latest = self._clock()
        self._cost = self._latest - began
        self._spent += self._cost
