"""The stages of the strategy in the lecture's order, and the questions that can be asked alone.

A new stage is a file here and a line in ``STAGES``.
"""

from __future__ import annotations

from collections.abc import Mapping

from tunelab.errors import BadInput, printable
from tunelab.strategy.questions import QUESTIONS
from tunelab.strategy.stage import Stage
from tunelab.strategy.stages.activation import Activation
from tunelab.strategy.stages.baseline import Baseline
from tunelab.strategy.stages.chance import Chance
from tunelab.strategy.stages.dropout import Dropout
from tunelab.strategy.stages.eta import Eta
from tunelab.strategy.stages.eta_again import EtaAgain
from tunelab.strategy.stages.full import Full
from tunelab.strategy.stages.initialization import Initialization
from tunelab.strategy.stages.lambda_ import Lambda
from tunelab.strategy.stages.mini_batch import MiniBatch
from tunelab.strategy.stages.momentum import Momentum
from tunelab.strategy.stages.more_data import MoreData
from tunelab.strategy.stages.shrink import Shrink
from tunelab.strategy.stages.test import Test
from tunelab.strategy.stages.widen import Widen
from tunelab.wording import did_you_mean

__all__ = ["BUDGET", "NAMES", "STAGES", "declaration", "seconds_planned", "stage_named"]

STAGES: tuple[Stage, ...] = (
    Baseline(),
    Shrink(),
    Chance(),
    Eta(),
    Lambda(),
    EtaAgain(),
    Initialization(),
    Widen(),
    Activation(),
    MoreData(),
    MiniBatch(),
    Momentum(),
    Dropout(),
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


def seconds_planned(needs: Mapping[str, float], left: float) -> dict[str, float]:
    """Share the seconds that are left among stages that need so many: all get what they need where that is enough.

    Else each gets its share by weight, and what one doesn't need goes to the others.
    """
    planned: dict[str, float] = {}
    waiting = {name: min(need, stage_named(name).seconds_at_most) for name, need in needs.items()}
    while waiting:
        weights = sum(stage_named(name).weight for name in waiting)
        shares = {name: left * stage_named(name).weight / weights for name in waiting}
        content = {name: need for name, need in waiting.items() if need <= shares[name]}
        if not content:
            return planned | shares
        planned |= content
        left -= sum(content.values())
        waiting = {name: need for name, need in waiting.items() if name not in content}
    return planned


def declaration(name: str) -> Stage | None:
    """Return the stage or question of this name, with its words; None for one of another version."""
    return next((stage for stage in (*STAGES, *QUESTIONS) if stage.name == name), None)
