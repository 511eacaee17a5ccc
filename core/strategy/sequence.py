"""The way through, in the lecture's order, and how the time is shared out along it."""

from __future__ import annotations

from dataclasses import dataclass

from tunelab.strategy.beginning import Baseline, Chance, Shrink
from tunelab.strategy.ending import Full, Test
from tunelab.strategy.growing import MiniBatch, MoreData, Widen
from tunelab.strategy.stage import Stage
from tunelab.strategy.tuning import Eta, EtaAgain, Lambda

__all__ = ["BUDGET", "SEQUENCE", "Share", "allowed"]

BUDGET = 300.0
"""Seconds of work where nobody says how many: what one waits for over a coffee."""


@dataclass(frozen=True)
class Share:
    """A stage, its part of the time (only proportions count), and how many seconds it can use at most."""

    stage: Stage
    weight: float
    most: float


SEQUENCE = (
    Share(Baseline(), 3, 10),
    Share(Shrink(), 1, 5),
    Share(Chance(), 4, 20),
    Share(Eta(), 6, 40),
    Share(Lambda(), 6, 40),
    Share(EtaAgain(), 4, 30),
    Share(Widen(), 24, 150),
    Share(MoreData(), 24, 240),
    Share(MiniBatch(), 8, 60),
    Share(Full(), 60, 1200),
    Share(Test(), 1, 20),
)


def allowed(name: str, left: float, stop_after: str | None = None) -> float:
    """How many of the seconds that are left a stage may use: its share among those that are still to come."""
    names = [share.stage.name for share in SEQUENCE]
    last = names.index(stop_after) if stop_after in names else len(names) - 1
    coming = SEQUENCE[names.index(name) : last + 1]
    return min(coming[0].most, left * coming[0].weight / sum(share.weight for share in coming))
