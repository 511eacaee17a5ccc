"""How long a training will take: a model of this engine's cost, corrected by what was measured on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.assembly import is_plain
from tunelab.experiment.network_shape import parameters
from tunelab.strategy.dataset_info import DatasetInfo

__all__ = ["modelled", "network_parameters"]

# Seconds an example on the machine of the README's table ("How fast"); only their proportions matter.
_UNIT = 3.7e-6


def network_parameters(experiment: Experiment, data: DatasetInfo) -> int:
    """Weights and biases of an experiment's network."""
    outputs = len(experiment.data.classes or data.classes) or max(data.outputs, 1)
    return parameters((data.features, *experiment.network.hidden, outputs))


def modelled(experiments: Sequence[Experiment], data: DatasetInfo, epochs: float | None = None) -> float:
    """Seconds that these would take on one core by the model, those of one shape stacked.

    ``epochs`` where it isn't the experiments' own. Monitoring is in it.
    """
    networks: dict[tuple[Any, ...], int] = {}
    for experiment in experiments:
        training, section = experiment.training, experiment.data
        shape = (section.train, section.evaluation, experiment.network.hidden, training.mini_batch, training.epochs)
        kind = (*shape, training.monitor_every, is_plain(training), network_parameters(experiment, data))
        networks[kind] = networks.get(kind, 0) + experiment.initialization.seeds
    total = 0.0
    for (train, evaluation, hidden, m, own_epochs, every, plain, size), count in networks.items():
        n = min(train or data.training, data.training)
        judged = n + min(evaluation or data.evaluation, data.evaluation)
        overhead = (0.3 + 0.15 * len(hidden)) * 10 / m
        step = _UNIT * (overhead + 0.25 + 1.5e-5 * size)
        look = _UNIT * (0.1 + 0.9e-5 * size)
        stacked = 0.5 * count + 0.5  # a second network in a stack costs half as much as the first
        looks = n / every if isinstance(every, int) else 1.0
        # What the kernel leaves to numpy: calls that a stack shares, dense products, and steps of every weight's memory
        beside = 0.0 if plain else _UNIT * (43 / m + count * size * (3.5e-5 + 5e-4 / m))
        total += (n * (step * stacked + beside) + looks * judged * look * count) * (epochs or own_epochs)
    return total
