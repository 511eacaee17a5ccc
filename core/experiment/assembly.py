"""From experiments to their training: data loaded, networks drawn, rules made, experiments of one shape stacked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.book import BookProgram, Place
from tunelab.data import Dataset, counts, load
from tunelab.errors import BadInput
from tunelab.experiment.declaration import Experiment, TrainingSection
from tunelab.experiment.fitting import fitted
from tunelab.experiment.network_shape import parameters
from tunelab.initialization import WEIGHTS, Initialization, initial_network
from tunelab.kernel import NUMPY, current_engine
from tunelab.network import Network
from tunelab.training import Constant, EarlyStopping, Plateau, Schedule, Training
from tunelab.training.class_weights import balanced_class_weights
from tunelab.training.dropout import Dropout
from tunelab.training.loop import Order, shuffled
from tunelab.training.metrics import metric_for
from tunelab.training.optimizers import Adam, Momentum, Nesterov, Optimizer
from tunelab.training.schedules import Cosine, Linear, Stairs, WarmUp
from tunelab.training.update import Update
from tunelab.wording import quantity

__all__ = [
    "assemble",
    "available_examples",
    "data_key",
    "initialization_of",
    "load_data",
    "planned_eta",
    "schedule_of",
    "stacks",
]

_MOST_PARAMETERS = 200_000_000  # in a training: 800 MB of float32, and their gradients as much again
_SAMPLE = 500  # training examples by which first weights are scaled where their scheme looks at data
_FACTORS = {"halve-on-plateau": 2.0, "divide-by-ten-on-plateau": 10.0}
_FALLS: dict[str, type[Cosine | Linear]] = {"cosine": Cosine, "linear": Linear}


def load_data(experiment: Experiment, report: Callable[[str, int, int], None] | None = None) -> Dataset:
    """Load the data set that an experiment asks for: its classes, its first N examples.

        >>> dataset = load_data(Experiment(data={"train": 200, "evaluation": 100, "classes": [0, 1]}))
        >>> dataset.training.inputs.shape, dataset.validation.inputs.shape, dataset.classes
        ((200, 784), (100, 784), ('0', '1'))

    Args:
        experiment: of which only ``data`` (and whether it follows the book) counts.
        report: hears of slow work, as (what, how much is done, of how much in all).

    Returns:
        A :class:`Dataset`. ``inputs`` are (n, features), uint8 pixels or float32; ``targets`` (n,) class positions,
        or (n, outputs) float32 for regression. ``validation`` is what the experiment is judged on: the test examples
        where it says so.

    Raises :class:`tunelab.BadInput` where there is no such data set, file or class, or fewer examples than asked for.
    """
    data = experiment.data
    on_test = data.evaluate_on == "test"
    evaluation = 1 if on_test else data.evaluation  # validation examples that nobody looks at needn't be made
    dataset = load(
        data.name,
        training=data.train,
        evaluation=evaluation,
        classes=data.classes,
        options=data.file_options,
        report=report,
    )
    if on_test:
        count, there = data.evaluation or len(dataset.test), len(dataset.test)
        if count > there:
            raise BadInput(f"data.evaluation is {count:,}, but {dataset.title} has {quantity(there, 'test example')}")
        dataset = replace(dataset, validation=dataset.test.first(count))
    return _program([experiment]).prepared(dataset)


def available_examples(experiment: Experiment) -> int:
    """How many training examples its data have, of which it may use few; 0 where they can't be counted any more."""
    try:
        return counts(experiment.data.name, experiment.data.classes)[0]
    except BadInput:
        return 0


def data_key(experiment: Experiment) -> str:
    """Return what decides which data set :func:`load_data` gives: equal for experiments that share their data."""
    return f"{experiment.data.model_dump_json()} {experiment.training.book is not None}"


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
    shared = (training.mini_batch, training.epochs, training.monitor_every)
    return f"{data_key(experiment)} {experiment.network.model_dump_json()} {shared} {_kind_of_step(training)}"


def _kind_of_step(training: TrainingSection) -> tuple[object, ...]:
    """What must be alike for networks to be moved by one program. Where nothing is set they share the plain one."""
    adam = training.optimizer == "adam"
    moving = training.schedule is not None and (training.schedule.warm_up > 0 or training.schedule.rule in _FALLS)
    return (
        (training.optimizer, training.beta1, training.beta2, training.epsilon) if adam else "sgd",
        training.momentum > 0,
        training.nesterov,
        training.l1 > 0,
        training.dropout > 0,
        training.clip_norm > 0,
        moving,
    )


_PLAIN = _kind_of_step(TrainingSection())


def assemble(
    experiments: Sequence[Experiment], dataset: Dataset, *, engine: str | None = None, threads: int = 1
) -> Training:
    """The training of several experiments of one shape, stacked: their replicates in a row.

    ``engine`` is what does the arithmetic, what trains here if not given; the book's program is always numpy's.
    ``threads`` is how many networks the kernel trains at once.
    Raises :class:`BadInput` where an experiment doesn't fit the data.
    """
    experiments = [fitted(experiment, dataset) for experiment in experiments]
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
    program = _program(experiments)
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
        order=program.order(n, m),
        monitor_every=None if every == "epoch" else every,
        schedules=[schedule_of(t, n) for t in per_replicate],
        stopping=[_stopping(t) for t in per_replicate] if stopping else None,
        classes=dataset.classes is not None,
        tolerance=0.0 if dataset.target_std else dataset.tolerance,
        unit=dataset.target_std,
        class_weights=_class_weights(first, dataset),
        metric=metric_for(dataset, first.data.class_weights),
        evaluation_penalty=program.evaluation_penalty(n, len(dataset.validation)),
        update=_update(per_replicate, n, [seed for e in experiments for seed in e.seeds]),
        engine=NUMPY if first.training.book else engine or current_engine(),
        threads=threads,
    )


def _initial(experiment: Experiment, dataset: Dataset) -> Network:
    network, first = experiment.network, initialization_of(experiment, dataset)
    names = {"activation": network.activation, "output": network.output, "cost": network.cost}
    dtype = np.dtype(network.precision)
    if not WEIGHTS[first.weights].by_data:
        return _program([experiment]).first_network(first, dtype=dtype, **names)
    return initial_network(
        first,
        experiment.seeds,
        dtype=dtype,
        activation=network.activation,
        output=network.output,
        cost=network.cost,
        examples=dataset.training.scaled(slice(0, _SAMPLE), np.dtype(np.float64)),
    )


@dataclass(frozen=True)
class _OwnProgram:
    """How tunelab trains networks of these seeds, beside :class:`BookProgram`."""

    seeds: Sequence[int]

    def first_network(self, initialization: Initialization, *, dtype: np.dtype[Any], **names: str) -> Network:
        return initial_network(initialization, self.seeds, dtype=dtype, examples=None, **names)

    def order(self, n: int, _mini_batch: int) -> Order:
        return shuffled(self.seeds, n)

    def prepared(self, dataset: Dataset) -> Dataset:
        return dataset

    def evaluation_penalty(self, _training: int, _evaluation: int) -> float:
        return 1.0


def _program(experiments: Sequence[Experiment]) -> BookProgram | _OwnProgram:
    """Whose way the experiments of one stack are trained: tunelab's, or the book's where its section is there."""
    places = [
        Place(seed, book.networks_before, book.epochs_before, book.added == "backwards")
        for experiment in experiments
        if (book := experiment.training.book) is not None
        for seed in experiment.seeds
    ]
    return BookProgram(places) if places else _OwnProgram([s for experiment in experiments for s in experiment.seeds])


def _check(experiment: Experiment, dataset: Dataset) -> None:
    seeds = experiment.initialization.seeds
    count = parameters(initialization_of(experiment, dataset).sizes) * seeds
    if count > _MOST_PARAMETERS:
        many = f" in {quantity(seeds, 'network')}" if seeds > 1 else ""
        raise BadInput(
            f"network.hidden: {list(experiment.network.hidden)} makes {quantity(count, 'parameter')}{many}; "
            f"at most {_MOST_PARAMETERS:,} fit"
        )
    n, m = len(dataset.training), experiment.training.mini_batch
    if m > n:
        raise BadInput(
            f"training.mini_batch: {m:,} is more than the {quantity(n, 'training example')}; use at most {n:,}"
        )
    if dataset.classes is None and experiment.network.cost != "quadratic":
        raise BadInput(
            f"network.cost: {dataset.title} asks for numbers, not classes, and {experiment.network.cost} "
            'judges classes; use network.cost = "quadratic" and network.output = "linear"'
        )


def _class_weights(experiment: Experiment, dataset: Dataset) -> NDArray[Any] | None:
    if experiment.data.class_weights == "none":
        return None
    if dataset.classes is None:
        raise BadInput(
            f"data.class_weights: {dataset.title} asks for numbers, which have no classes to weigh; leave it out"
        )
    return balanced_class_weights(dataset.training.targets, len(dataset.classes))


def schedule_of(training: TrainingSection, n: int) -> Schedule:
    """Return the schedule of a training of n examples."""
    section = training.schedule
    if section is None:
        return Constant()
    steps_an_epoch = -(-n // training.mini_batch)
    warm_up = section.warm_up * steps_an_epoch
    schedule: Schedule
    if section.rule in _FALLS:
        schedule = _FALLS[section.rule](warm_up, training.epochs * steps_an_epoch, section.stop_at)
    elif section.rule == "step":
        schedule = Stairs(section.factor, section.every, section.stop_at, steps_an_epoch)
    elif section.rule in _FACTORS:
        schedule = Plateau(_FACTORS[section.rule], section.patience, section.stop_at)
    else:
        schedule = Constant()
    return WarmUp(schedule, warm_up, section.warm_up) if warm_up else schedule


def planned_eta(training: TrainingSection, n: int, points: int = 200) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return epochs and η at them, (points,) each, as the schedule of a training of n examples plans it.

    Where the validation metric decides, it is taken to improve all the time: what is planned is η, held.
    """
    steps_an_epoch = -(-n // training.mini_batch)
    steps = np.unique(np.linspace(0, training.epochs * steps_an_epoch, points).astype(np.int64))
    return steps / steps_an_epoch, training.eta / schedule_of(training, n).divisors(steps)


def is_plain(training: TrainingSection) -> bool:
    """Return whether the weights are moved by plain steps only, which the compiled kernel knows; numpy does others."""
    return _kind_of_step(training) == _PLAIN


def _update(trainings: Sequence[TrainingSection], n: int, seeds: Sequence[int]) -> Update | None:
    """How replicates of one kind are moved; None where that is the plain way."""
    first = trainings[0]
    if is_plain(first):
        return None
    optimizer: Optimizer | None = None
    if first.optimizer == "adam":
        optimizer = Adam([t.beta1 for t in trainings], [t.beta2 for t in trainings], [t.epsilon for t in trainings])
    elif first.momentum:
        optimizer = (Nesterov if first.nesterov else Momentum)([t.momentum for t in trainings])
    return Update(
        n,
        [t.lmbda for t in trainings],
        optimizer=optimizer,
        l1=[t.l1 for t in trainings],
        clip_norm=[t.clip_norm for t in trainings],
        dropout=Dropout(seeds, [t.dropout for t in trainings]) if first.dropout else None,
    )


def _stopping(training: TrainingSection) -> EarlyStopping:
    return EarlyStopping(training.early_stopping.patience if training.early_stopping else math.inf)
