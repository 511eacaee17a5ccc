"""Which parameters say nothing beside the others' values: a form leaves them out, and a change that ends them too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tunelab.data.catalogue import NAMED
from tunelab.experiment.fields import described, value_of
from tunelab.training.schedules import SCHEDULES

__all__ = ["applies", "ended_by"]

_FALLING = frozenset(SCHEDULES) - {"constant"}
_ON_PLATEAU = frozenset(rule for rule in SCHEDULES if rule.endswith("on-plateau"))

_CONDITIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "data.standardize": ("data.name", lambda name: name not in NAMED),
    "data.split_seed": ("data.name", lambda name: name not in NAMED),
    "data.validation_share": ("data.name", lambda name: name not in NAMED),
    "data.test_share": ("data.name", lambda name: name not in NAMED),
    "training.momentum": ("training.optimizer", lambda optimizer: optimizer == "sgd"),
    "training.nesterov": ("training.momentum", lambda momentum: isinstance(momentum, int | float) and momentum > 0),
    "training.beta1": ("training.optimizer", lambda optimizer: optimizer == "adam"),
    "training.beta2": ("training.optimizer", lambda optimizer: optimizer == "adam"),
    "training.epsilon": ("training.optimizer", lambda optimizer: optimizer == "adam"),
    "training.schedule.every": ("training.schedule.rule", lambda rule: rule == "step"),
    "training.schedule.factor": ("training.schedule.rule", lambda rule: rule == "step"),
    "training.schedule.patience": ("training.schedule.rule", lambda rule: rule in _ON_PLATEAU),
    "training.schedule.stop_at": ("training.schedule.rule", lambda rule: rule in _FALLING),
}
"""A parameter's key, the parameter on which it hangs, and which values of that give it a meaning."""


def applies(key: str, tables: dict[str, Any]) -> bool:
    """Return whether a parameter says anything in an experiment of these nested tables.

    >>> applies("training.nesterov", {"training": {"momentum": 0.9}}), applies("training.beta1", {})
    (True, False)
    """
    if key not in _CONDITIONS:
        return True
    on, meaningful = _CONDITIONS[key]
    return applies(on, tables) and meaningful(_value(tables, on))


def ended_by(key: str, tables: dict[str, Any]) -> list[str]:
    """Return the parameters set in ``tables`` that the value at ``key`` leaves without a meaning.

    >>> ended_by("training.optimizer", {"training": {"optimizer": "adam", "momentum": 0.9, "nesterov": True}})
    ['training.momentum', 'training.nesterov']
    """
    return [
        one
        for one in _CONDITIONS
        if _hangs_on(one, key) and value_of(tables, one) is not None and not applies(one, tables)
    ]


def _hangs_on(key: str, on: str) -> bool:
    while key in _CONDITIONS:
        key = _CONDITIONS[key][0]
        if key == on:
            return True
    return False


def _value(tables: dict[str, Any], key: str) -> Any:
    """The value at a key, its default where it is left out; without a schedule η is constant."""
    if key == "training.schedule.rule" and not value_of(tables, "training.schedule"):
        return "constant"
    value = value_of(tables, key)
    return described()[key].default if value is None else value
