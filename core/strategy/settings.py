"""Settings as dotted keys: what differs between two experiments, and networks in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tunelab.experiment import Experiment
from tunelab.wording import quantity

__all__ = ["differences", "epochs_text", "hidden_text", "settings_text"]


def differences(before: Experiment, after: Experiment) -> dict[str, Any]:
    """Return the dotted keys in which two experiments differ, with the values of ``after``; None where it has none."""
    first, second = _flat(before), _flat(after)
    return {key: second.get(key) for key in {**first, **second} if first.get(key) != second.get(key)}


def _flat(experiment: Experiment) -> dict[str, Any]:
    return {
        f"{section}.{key}": value for section, table in experiment.to_dict().items() for key, value in table.items()
    }


def hidden_text(hidden: Sequence[int]) -> str:
    """Return the hidden layers as a label."""
    return f"{' and '.join(map(str, hidden))} hidden" if hidden else "no hidden layer"


def epochs_text(experiment: Experiment) -> str:
    """Return how long an experiment trains: "1 epoch", "30 epochs"."""
    return quantity(experiment.training.epochs, "epoch")


def settings_text(values: Mapping[str, Any]) -> str:
    """Return dotted keys with their values as a label: "activation = relu, eta = 0.05"."""
    return ", ".join(f"{key.rsplit('.', 1)[-1]} = {_value_text(value)}" for key, value in values.items())


def _value_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
