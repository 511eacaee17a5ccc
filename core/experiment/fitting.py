"""What an experiment leaves open is chosen to suit its data: a network for numbers, a mini-batch for few examples."""

from __future__ import annotations

from typing import Any

from tunelab.data import Dataset
from tunelab.experiment.declaration import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.preset import Preset

__all__ = ["fitted", "fitted_preset"]

_REGRESSION = {"network.output": "linear", "network.cost": "quadratic"}
_TABLE_MINI_BATCH = 5
_STEPS_AN_EPOCH = 100  # of gradient descent, at least: of a hundred rows, fewer teach next to nothing in 30 epochs


def fitted(experiment: Experiment, dataset: Dataset) -> Experiment:
    """The experiment with what nobody has set chosen for ``dataset``; itself where that changes nothing.

    For regression a linear output and the quadratic cost; for a table a mini-batch of 5, of classes fewer where the
    rows are so few that an epoch would have less than 100 steps; never one larger than the training part.
    """
    wanted = _wanted(experiment, dataset)
    return changed(experiment, wanted) if wanted else experiment


def fitted_preset(preset: Preset, dataset: Dataset) -> tuple[Preset, list[str]]:
    """The same for all arms of a preset, and a sentence for each choice."""
    values: dict[str, Any] = {}
    for arm in preset.arms:
        values |= _wanted(arm.experiment, dataset)
    if not values:
        return preset, []
    sentences = []
    if chosen := [f'{key} = "{values[key]}"' for key in _REGRESSION if key in values]:
        sentences.append(f"The task is regression, so {' and '.join(chosen)} where nothing else was set")
    if "training.mini_batch" in values:
        m, n = values["training.mini_batch"], len(dataset.training)
        sentences.append(f"training.mini_batch = {m:,}, for {n:,} training examples, where nothing else was set")
    return preset.with_settings(values), sentences


def _wanted(experiment: Experiment, dataset: Dataset) -> dict[str, Any]:
    values: dict[str, Any] = {}
    network = experiment.network
    if dataset.classes is None:
        unset = {key: value for key, value in _REGRESSION.items() if key.split(".")[1] not in network.model_fields_set}
        # Whoever has set the cost to one for classes is told so, and not overruled
        if "network.cost" in unset or network.cost == "quadratic":
            values |= {key: value for key, value in unset.items() if getattr(network, key.split(".")[1]) != value}
    training, n = experiment.training, len(dataset.training)
    if "mini_batch" not in training.model_fields_set:
        m = training.mini_batch
        if dataset.encoder is not None and dataset.encoder["kind"] == "table":
            # A linear output learns fast enough in few steps, and single examples are too noisy for it
            few_steps = dataset.classes is not None and n < _STEPS_AN_EPOCH * _TABLE_MINI_BATCH
            m = max(1, n // _STEPS_AN_EPOCH) if few_steps else _TABLE_MINI_BATCH
        if min(m, n) != training.mini_batch:
            values["training.mini_batch"] = min(m, n)
    return values
