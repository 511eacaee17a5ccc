"""Experiments of one shape trained side by side: the one driver behind runs, searches, sweeps and scripts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.data.encoding import table_facts
from tunelab.diagnosis import baseline_facts
from tunelab.experiment.assembly import assemble, available_examples, load_data
from tunelab.experiment.blas_threads import one_blas_thread
from tunelab.experiment.declaration import Experiment
from tunelab.experiment.fitting import fitted
from tunelab.experiment.network_shape import parameters
from tunelab.experiment.validation_errors import checked
from tunelab.network import Network
from tunelab.training import Measurement
from tunelab.training.loop import OPTIMIZER

__all__ = ["Member", "StackedTraining", "State", "joined_states", "train"]

State = dict[str, NDArray[Any]]
"""Where a training stands: :meth:`tunelab.training.Training.state`, or one member's share of it."""


@dataclass(frozen=True)
class Member:
    """One experiment of a stack; ``replicates`` are its networks' places on the replicate axis."""

    experiment: Experiment
    replicates: slice


class StackedTraining:
    """One training of several experiments, each a member with its own replicates; one member is the ordinary case.

    The bits of a member do not depend on the others, so members may be saved, and taken up again, in other company.

    Args:
        experiments: of one shape (:func:`tunelab.experiment.stacks`).
        dataset: what all of them learn from.
        engine: what does the arithmetic (:mod:`tunelab.kernel.library`), what trains here if not given.
        threads: in which the compiled kernel trains networks side by side; numpy trains in one.

    Raises:
        BadInput: where an experiment doesn't fit the data.
    """

    def __init__(
        self, experiments: Sequence[Experiment], dataset: Dataset, *, engine: str | None = None, threads: int = 1
    ) -> None:
        self.dataset = dataset
        experiments = [fitted(experiment, dataset) for experiment in experiments]
        self._began = time.perf_counter()
        self._training = assemble(experiments, dataset, engine=engine, threads=threads)
        ends = np.cumsum([len(experiment.seeds) for experiment in experiments]).tolist()
        starts = [0, *ends[:-1]]
        self.members = [
            Member(experiment, slice(start, end))
            for experiment, start, end in zip(experiments, starts, ends, strict=True)
        ]

    @property
    def engine(self) -> str:
        """What does the arithmetic, as records name it (:mod:`tunelab.kernel.library`)."""
        return self._training.engine

    @property
    def examples(self) -> int:
        """How many training examples each network that still trains has seen."""
        return self._training.examples

    @property
    def epoch(self) -> float:
        """How many epochs have been trained."""
        return self._training.epoch

    @property
    def seconds(self) -> float:
        """Seconds of training alone, without measuring or waiting; an equal share of them is one member's."""
        return self._training.seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the stack was made."""
        return time.perf_counter() - self._began

    def measure(self) -> Measurement:
        """Measure now, outside the measuring points: before any training, say."""
        with one_blas_thread():
            return self._training.measure()

    def run(self, pulse: Callable[[], None] | None = None, until: int | None = None) -> Iterator[Measurement]:
        """Train to the end, or until so many examples, yielding measurements of all members at once.

        One BLAS thread does the arithmetic: more gain nothing here, and would round in another order. What the
        caller does between measurements keeps its threads. ``pulse`` is called every few mini-batches, with the
        training in a state that can be saved; it may wait (a pause) or raise (a stop).
        """
        measurements = self._training.run(pulse, until)
        while True:
            with one_blas_thread():
                measurement = next(measurements, None)
            if measurement is None:
                return
            yield measurement

    def reasons(self, member: Member) -> tuple[str, ...]:
        """Return why each replicate of a member has ended; '' for one that still trains."""
        return tuple(self._training.reasons[member.replicates])

    def has_ended(self, member: Member) -> bool:
        """Return whether nothing of a member still trains."""
        return all(self.reasons(member))

    def network(self, member: Member) -> Network:
        """Return a copy of a member's networks as they are now."""
        return self._training.parameters(member.replicates)

    def states(self) -> list[State]:
        """Return where every member stands, to go on to the same bits: arrays that numpy saves without pickle."""
        state = self._training.state()
        return [
            {name: values[member.replicates] if values.ndim else values for name, values in state.items()}
            for member in self.members
        ]

    def restore(self, states: Sequence[State]) -> None:
        """Go on from where the members stood, one state each, all at the same point.

        Raises ValueError where they don't fit this training or each other.
        """
        mine = self._training.state()
        try:
            state = joined_states(
                [_for_optimizer(state, fresh) for state, fresh in zip(states, self.states(), strict=True)]
            )
            fits = all(
                state[name].shape == own.shape and state[name].dtype == own.dtype
                for name, own in mine.items()
                if name in state or not name.startswith("latest_")  # an older tunelab measured less
            )
            examples, measured = int(state["examples"]), int(state["measured"])
        except (KeyError, TypeError) as problem:
            raise ValueError(str(problem)) from None
        if not fits or not 0 <= measured <= examples <= self._training.epochs * self._training.n:
            raise ValueError("the states don't fit the networks")
        self._training.restore(state)

    def description(self, member: Member) -> dict[str, Any]:
        """Return what is trained, as the fields of a record's ``start`` event."""
        experiment, dataset = member.experiment, self.dataset
        network = experiment.network
        sizes = self._training.network.sizes
        data: dict[str, Any] = {
            "title": dataset.title,
            "classes": list(dataset.classes) if dataset.classes is not None else None,
            "training": len(dataset.training),
            "evaluation": len(dataset.validation),
            "task": "regression" if dataset.classes is None else "classification",
            **(table_facts(dataset.encoder) if dataset.encoder else {}),
            **baseline_facts(dataset, network.output, network.cost, experiment.data.class_weights),
        }
        if experiment.data.evaluate_on:
            data["evaluated_on"] = experiment.data.evaluate_on
        if experiment.data.train is not None and (available := available_examples(experiment)):
            data["available"] = available
        return {
            "engine": self._training.engine,
            "experiment": experiment.to_dict(),
            "parameters": parameters(sizes),
            "seeds": experiment.seeds,
            "sizes": list(sizes),
            "data": data,
        }


def _for_optimizer(state: State, fresh: State) -> State:
    """The state with what this training's optimizer remembers: ``fresh`` where a branch from another has none of it."""
    memory = {name: values for name, values in fresh.items() if name.startswith(OPTIMIZER)}
    return {name: values for name, values in state.items() if not name.startswith(OPTIMIZER)} | {
        name: state.get(name, values) for name, values in memory.items()
    }


def joined_states(states: Sequence[State]) -> State:
    """Return several members' states, which stand at the same point, as that of one stack.

    Raises ValueError or KeyError where they don't fit together.
    """
    return {
        name: np.concatenate([state[name] for state in states]) if values.ndim else values
        for name, values in states[0].items()
    }


def train(experiment: Experiment | None = None, dataset: Dataset | None = None, **keys: Any) -> Iterator[Measurement]:
    """Train an experiment, and yield a measurement each time one is due. It trains as it is iterated.

        >>> experiment = Experiment(data={"train": 200, "evaluation": 100}, training={"epochs": 3})
        >>> for measurement in train(experiment):
        ...     print(measurement.epoch, measurement.evaluation_accuracy.shape)
        1.0 (1,)
        2.0 (1,)
        3.0 (1,)

    Args:
        experiment: what to train; ``initialization.seeds`` = R networks train side by side.
        dataset: what to learn from; :func:`load_data` brings what the experiment asks for where it isn't given.
        keys: the sections of an experiment, where none is given: ``train(training={"eta": 0.25})``.

    Yields:
        A :class:`Measurement` at every measuring point (after each epoch, unless ``training.monitor_every`` says
        otherwise), the last one at the end. Its arrays are (R,) float64, its counts (R,) int64.

    The loop may be left at any time. The numbers are those of ``tunelab run``, to the last bit; nothing is recorded.
    Raises :class:`tunelab.BadInput` before any training where the experiment doesn't fit the data.
    """
    experiment = experiment or checked(Experiment, keys, "experiment")
    return StackedTraining([experiment], dataset or load_data(experiment)).run()
