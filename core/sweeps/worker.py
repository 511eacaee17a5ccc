"""What a worker does in a sweep: train some trials stacked, and give back what was measured.

It knows no study and writes no file, so it may be on another machine. What it gets is small: data travel by name and
hash, and the state of an unfinished training as arrays (a sweep that prunes looks at it in between).
"""

from __future__ import annotations

import hashlib
import json
import platform
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from tunelab.data import Dataset
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, StackedTraining, load_data
from tunelab.experiment.declaration import DataSection
from tunelab.experiment.stacked_training import State
from tunelab.records.environment import environment
from tunelab.records.measure_events import arm_reason, measure_fields
from tunelab.records.parameters import weights_sha256

__all__ = [
    "StackRequest",
    "TrialOutcome",
    "WorkerMismatch",
    "data_hash",
    "train_trials",
    "version_difference",
    "versions",
]


class WorkerMismatch(BadInput):
    """A worker can't take part in the sweep: its data or versions are others. The text names it."""


@dataclass(frozen=True)
class StackRequest:
    """Trials to be trained stacked. Experiments are plain tables; ``states`` are where they stand, or nothing.

    ``until``: how many epochs to train at most, in all. ``data``: the SHA-256 that the data must have. ``versions``:
    of whoever asks.
    """

    experiments: tuple[dict[str, Any], ...]
    data: str
    versions: dict[str, str]
    states: tuple[State, ...] = ()
    until: int | None = None


@dataclass(frozen=True)
class TrialOutcome:
    """What came of one trial: its events, and where it stands if it hasn't ended.

    ``events`` are those of a record ('start', 'initial', 'measure', 'done') without their head.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    state: State | None = None
    seconds: float = 0.0


def train_trials(request: StackRequest, pulse: Callable[[], None] | None = None) -> list[TrialOutcome]:
    """Train a stack of trials; a result each. ``pulse`` is called every few mini-batches, and may raise.

    Raises :class:`WorkerMismatch` where this worker has other data, and :class:`BadInput` where an experiment doesn't
    fit the data.
    """
    if differs := version_difference(request.versions, versions()):
        raise WorkerMismatch(f"the worker {where()} can't take part: {differs}")
    experiments = [Experiment.model_validate(said) for said in request.experiments]
    with _loading:
        dataset, has = _data(experiments[0].data.model_dump_json())
    if has != request.data:
        raise WorkerMismatch(
            f"the worker {where()} has other data of the name {printable(experiments[0].data.name, 60)}: "
            f"SHA-256 {has[:12]}…, and the study's is {request.data[:12]}…"
        )
    training = StackedTraining(experiments, dataset)
    events: list[list[dict[str, Any]]] = [[] for _ in experiments]
    if request.states:
        training.restore(request.states)
    else:
        untrained = training.measure()
        for member, own in zip(training.members, events, strict=True):
            own.append({"event": "start"} | training.description(member))
            own.append({"event": "initial", "seconds": 0.0} | measure_fields(untrained, member.replicates))
    until = None if request.until is None else request.until * len(dataset.training)
    ended = [training.has_ended(member) for member in training.members]
    for measurement in training.run(pulse, until):
        for n, member in enumerate(training.members):
            if not ended[n]:
                fields = measure_fields(measurement, member.replicates)
                events[n].append({"event": "measure", "seconds": training.elapsed} | fields)
                ended[n] = training.has_ended(member)
    # Side by side they took this long: a share of it each is what a trial cost
    seconds = training.elapsed / len(experiments)
    states: list[State | None] = [None] * len(experiments)
    if not all(ended):
        states = [None if over else state for over, state in zip(ended, training.states(), strict=True)]
    for n, member in enumerate(training.members):
        if ended[n]:
            reasons = training.reasons(member)
            events[n].append(
                {
                    "event": "done",
                    "reason": arm_reason(reasons),
                    "reasons": list(reasons),
                    "examples": training.examples,
                    "weights_sha256": weights_sha256(training.network(member)),
                }
            )
    return [TrialOutcome(own, state, seconds) for own, state in zip(events, states, strict=True)]


_loading = threading.Lock()  # a thread that wants the same data as another waits for them


@lru_cache(maxsize=2)
def _data(section: str) -> tuple[Dataset, str]:
    """The data of an experiment and their hash, kept: the next stack wants the same."""
    experiment = Experiment(data=DataSection.model_validate(json.loads(section)))
    try:
        dataset = load_data(experiment)
    except BadInput as problem:
        raise WorkerMismatch(f"the worker {where()} can't load the data: {problem}") from None
    return dataset, data_hash(dataset)


def data_hash(dataset: Dataset) -> str:
    """SHA-256 of everything that a training sees: inputs and targets, of training and evaluation."""
    digest = hashlib.sha256()
    for part in (dataset.training, dataset.validation):
        for array in (part.inputs, part.targets):
            whole = np.ascontiguousarray(array)
            digest.update(f"{whole.dtype.str}{whole.shape}".encode())
            digest.update(whole.data)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """What a trial's numbers may depend on, besides its experiment."""
    return _versions()


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    here = environment()
    return {"tunelab": str(here["tunelab"]), "numpy": str(here["numpy"])}


def version_difference(wanted: dict[str, str], has: dict[str, str]) -> str:
    """What differs between two sets of versions, in words; nothing where they agree."""
    said = [
        f"it has {key} {has.get(key, 'missing')}, the study's is {wanted[key]}"
        for key in wanted
        if has.get(key) != wanted[key]
    ]
    return "; ".join(said)


def where() -> str:
    """What to call this worker in a sentence."""
    name = multiprocessing_name()
    return f"{name} on {socket.gethostname() or platform.node()}"


def multiprocessing_name() -> str:
    """The process's name: a Dask worker's address, or a local worker's number."""
    try:
        from distributed import get_worker

        return str(get_worker().address)
    except (ImportError, ValueError):
        import multiprocessing

        return multiprocessing.current_process().name
