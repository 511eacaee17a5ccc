"""From an experiment to its training: data loaded, networks drawn, rules made, arms of one shape stacked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController
from tunelab import book
from tunelab.data import Dataset, load
from tunelab.errors import BadInput
from tunelab.experiment.declaration import Experiment, TrainingSection
from tunelab.experiment.network_shape import parameters
from tunelab.initialization import Initialization, initial_network
from tunelab.network import Network
from tunelab.training import Constant, EarlyStopping, Measurement, Plateau, Schedule, Training
from tunelab.training.loop import shuffled

__all__ = ["assemble", "initialization_of", "load_data", "stacks", "train"]

_MOST_PARAMETERS = 200_000_000  # in a training: 800 MB of float32, and their gradients as much again
_FACTORS = {"halve-on-plateau": 2.0, "divide-by-ten-on-plateau": 10.0}


def load_data(experiment: Experiment, report: Callable[[str, int, int], None] | None = None) -> Dataset:
    """The data set an experiment asks for: its classes, its first N examples, as the network is to see them.

    Its ``validation`` part is what the experiment is judged on, the test examples where it says so.
    """
    data = experiment.data
    on_test = data.evaluate_on == "test"
    evaluation = 1 if on_test else data.evaluation  # validation examples that nobody looks at needn't be made
    dataset = load(data.name, training=data.train, evaluation=evaluation, classes=data.classes, report=report)
    if on_test:
        count, there = data.evaluation or len(dataset.test), len(dataset.test)
        if count > there:
            raise BadInput(f"data.evaluation is {count:,}, but {dataset.title} has {there:,} test examples")
        dataset = replace(dataset, validation=dataset.test.first(count))
    return book.with_its_pixels(dataset) if experiment.training.book else dataset


def initialization_of(experiment: Experiment, dataset: Dataset) -> Initialization:
    """Where the experiment's network begins, its inputs and outputs taken from the data."""
    first = experiment.initialization
    sizes = (dataset.features, *experiment.network.hidden, dataset.outputs)
    return Initialization(sizes, first.weights, first.biases, first.gain)


def stacks(experiments: Sequence[Experiment], workers: int = 1) -> list[list[int]]:
    """Which experiments train stacked in one program: positions, a list a stack.

    Those that share data, shape, mini-batch, epochs and monitoring can; there are at least as many stacks as
    ``workers`` where there are that many experiments.
    """
    groups: dict[str, list[int]] = {}
    for position, experiment in enumerate(experiments):
        groups.setdefault(_shape(experiment), []).append(position)
    pieces = list(groups.values())
    while len(pieces) < workers and max(map(len, pieces), default=0) > 1:
        largest = max(pieces, key=len)
        pieces.remove(largest)
        pieces += [largest[: len(largest) // 2], largest[len(largest) // 2 :]]
    return sorted(pieces)


def _shape(experiment: Experiment) -> str:
    training = experiment.training
    shared = (training.mini_batch, training.epochs, training.monitor_every, training.book is not None)
    return f"{experiment.data.model_dump_json()} {experiment.network.model_dump_json()} {shared}"


def assemble(experiments: Sequence[Experiment], dataset: Dataset) -> Training:
    """The training of several experiments of one shape, stacked: their replicates in a row.

    Raises :class:`BadInput` where an experiment doesn't fit the data.
    """
    for experiment in experiments:
        _check(experiment, dataset)
    first = experiments[0]
    networks = [_initial(experiment, dataset) for experiment in experiments]
    layers = range(len(networks[0].weights))
    network = Network(
        [np.concatenate([net.weights[layer] for net in networks]) for layer in layers],
        [np.concatenate([net.biases[layer] for net in networks]) for layer in layers],
        **networks[0].names,
    )
    n, m = len(dataset.training), first.training.mini_batch
    if first.training.book:
        order = book.order([place for experiment in experiments for place in _places(experiment)], n, m)
        evaluation_penalty = book.evaluation_penalty(n, len(dataset.validation))
    else:
        order = shuffled([seed for experiment in experiments for seed in experiment.seeds], n)
        evaluation_penalty = 1.0
    per_replicate = [e.training for e in experiments for _ in e.seeds]
    stopping = any(t.early_stopping for t in per_replicate)
    every = first.training.monitor_every
    return Training(
        network,
        dataset.training,
        dataset.validation,
        eta=[t.eta for t in per_replicate],
        lmbda=[t.lmbda for t in per_replicate],
        mini_batch=m,
        epochs=first.training.epochs,
        order=order,
        monitor_every=None if every == "epoch" else every,
        schedules=[_schedule(t) for t in per_replicate],
        stopping=[_stopping(t) for t in per_replicate] if stopping else None,
        classes=dataset.classes is not None,
        tolerance=dataset.tolerance,
        evaluation_penalty=evaluation_penalty,
    )


def _initial(experiment: Experiment, dataset: Dataset) -> Network:
    network, first = experiment.network, initialization_of(experiment, dataset)
    names = {"activation": network.activation, "output": network.output, "cost": network.cost}
    if experiment.training.book:
        return book.first_network(first, _places(experiment), **names)
    return initial_network(first, experiment.seeds, dtype=np.dtype(network.precision), **names)


def _places(experiment: Experiment) -> list[book.Place]:
    """Where on the book's random streams each replicate begins."""
    said = experiment.training.book
    assert said is not None  # whoever asks has looked
    before = (said.networks_before, said.epochs_before, said.added == "backwards")
    return [book.Place(seed, *before) for seed in experiment.seeds]


def _check(experiment: Experiment, dataset: Dataset) -> None:
    seeds = experiment.initialization.seeds
    count = parameters(initialization_of(experiment, dataset).sizes) * seeds
    if count > _MOST_PARAMETERS:
        many = f" in {seeds:,} networks" if seeds > 1 else ""
        raise BadInput(
            f"network.hidden: {list(experiment.network.hidden)} makes {count:,} parameters{many}; "
            f"at most {_MOST_PARAMETERS:,} fit"
        )
    n, m = len(dataset.training), experiment.training.mini_batch
    if m > n:
        raise BadInput(f"training.mini_batch: {m:,} is more than the {n:,} training examples; use at most {n:,}")
    if dataset.classes is None and experiment.network.cost != "quadratic":
        raise BadInput(
            f"network.cost: {dataset.title} asks for numbers, not classes, and {experiment.network.cost} "
            'judges classes; use network.cost = "quadratic"'
        )


def _schedule(training: TrainingSection) -> Schedule:
    steps = training.schedule
    if steps is None or steps.rule == "constant":
        return Constant()
    return Plateau(_FACTORS[steps.rule], steps.patience, steps.stop_at)


def _stopping(training: TrainingSection) -> EarlyStopping:
    return EarlyStopping(training.early_stopping.patience if training.early_stopping else math.inf)


def train(experiment: Experiment | None = None, dataset: Dataset | None = None, **keys: Any) -> Iterator[Measurement]:
    """Train an experiment, yielding its measurements: the whole of tunelab for a script.

    ``dataset`` is loaded where it isn't given. Without an experiment, ``keys`` are the sections of one:
    ``train(training={"eta": 0.25})``. The numbers are those of ``tunelab run``, to the last bit.
    """
    experiment = experiment or Experiment(**keys)
    return _alone(iter(assemble([experiment], dataset or load_data(experiment))))


def _alone(measurements: Iterator[Measurement]) -> Iterator[Measurement]:
    """The same, each measured with one BLAS thread: more gain nothing here, and would round in another order.

    What a script does between measurements keeps the threads it has.
    """
    threads = ThreadpoolController()
    while True:
        with threads.limit(limits=1):
            measurement = next(measurements, None)
        if measurement is None:
            return
        yield measurement
