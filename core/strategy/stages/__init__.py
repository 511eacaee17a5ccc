"""The stages of the strategy in the lecture's order, and the questions that can be asked alone.

A new stage is a file here and a line in ``STAGES``.
"""

from __future__ import annotations

from tunelab.errors import BadInput, printable
from tunelab.strategy.questions import QUESTIONS
from tunelab.strategy.stage import Stage
from tunelab.strategy.stages.baseline import Baseline
from tunelab.strategy.stages.chance import Chance
from tunelab.strategy.stages.eta import Eta
from tunelab.strategy.stages.eta_again import EtaAgain
from tunelab.strategy.stages.full import Full
from tunelab.strategy.stages.lambda_ import Lambda
from tunelab.strategy.stages.mini_batch import MiniBatch
from tunelab.strategy.stages.more_data import MoreData
from tunelab.strategy.stages.shrink import Shrink
from tunelab.strategy.stages.test import Test
from tunelab.strategy.stages.widen import Widen
from tunelab.wording import did_you_mean

__all__ = ["BUDGET", "NAMES", "STAGES", "declaration", "seconds_allowed", "stage_named"]

STAGES: tuple[Stage, ...] = (
    Baseline(),
    Shrink(),
    Chance(),
    Eta(),
    Lambda(),
    EtaAgain(),
    Widen(),
    MoreData(),
    MiniBatch(),
    Full(),
    Test(),
)

NAMES = tuple(stage.name for stage in STAGES)

BUDGET = 300.0
"""Seconds of work where nobody says how many: what one waits for over a coffee."""


def stage_named(name: str) -> Stage:
    """Return the stage of this name; :class:`BadInput` for another word."""
    if name not in NAMES:
        raise BadInput(
            f"there is no stage '{printable(name, 40)}'{did_you_mean(name, NAMES)}; they are {', '.join(NAMES)}"
        )
    return STAGES[NAMES.index(name)]


def seconds_allowed(stage: Stage, left: float, stop_after: str | None = None) -> float:
    """Return how many of the seconds that are left a stage may use: its share among those still to come."""
    last = NAMES.index(stop_after) if stop_after in NAMES else len(NAMES) - 1
    coming = STAGES[NAMES.index(stage.name) : last + 1]
    return min(stage.seconds_at_most, left * stage.weight / sum(other.weight for other in coming))


def declaration(name: str) -> Stage | None:
    """Return the stage or question of this name, with its words; None for one of another version."""
    return next((stage for stage in (*STAGES, *QUESTIONS) if stage.name == name), None)
