"""How long a training will take: a model of this engine's cost, corrected by what was measured on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from tunelab.experiment import Experiment
from tunelab.experiment.network_shape import parameters
from tunelab.strategy.dataset_info import DatasetInfo

__all__ = ["modelled", "network_parameters"]

# Seconds an example on the machine of the README's table ("How fast"); only their proportions matter.
_UNIT = 3.7e-6


def network_parameters(experiment: Experiment, data: DatasetInfo) -> int:
    """Weights and biases of an experiment's network."""
    outputs = len(experiment.data.classes or data.classes)
    return parameters((data.features, *experiment.network.hidden, outputs))


def modelled(experiments: Sequence[Experiment], data: DatasetInfo, epochs: float | None = None) -> float:
    """Seconds that these would take one after another on one core, each stacked with its seeds, by the model.

    ``epochs`` where it isn't the experiments' own. Judging after every epoch is in it.
    """
    total = 0.0
    for experiment in experiments:
        training = experiment.training
        size = network_parameters(experiment, data)
        n = min(experiment.data.train or data.training, data.training)
        judged = n + min(experiment.data.evaluation or data.evaluation, data.evaluation)
        overhead = (0.3 + 0.15 * len(experiment.network.hidden)) * 10 / training.mini_batch
        step = _UNIT * (overhead + 0.25 + 1.5e-5 * size)
        look = _UNIT * (0.1 + 0.9e-5 * size)
        seeds = experiment.initialization.seeds
        stacked = 0.5 * seeds + 0.5  # a second network in a stack costs half as much as the first
        every = training.monitor_every
        looks = max(1.0, n / every) if isinstance(every, int) else 1.0
        total += (n * step * stacked + looks * judged * look * seeds) * (epochs or training.epochs)
    return total
