"""What a worker does in a sweep: train some trials stacked, and give back what was measured.

It knows no study and writes no file, so it may be on another machine. What it gets is small: data travel by name and
hash, and where a training stands as arrays, where it goes on (a sweep that prunes looks at it in between).
"""

from __future__ import annotations

import hashlib
import json
import platform
import socket
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tunelab.data import Dataset
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, assemble, load_data
from tunelab.experiment.declaration import DataSection
from tunelab.records.checkpoint import State, joined, share
from tunelab.records.environment import environment
from tunelab.records.events import arm_reason, measure_fields, parameter_count, weights_sha256

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


def train_trials(job: StackRequest) -> list[TrialOutcome]:
    """Train a stack of trials; a result each. Raises :class:`WorkerMismatch` where this worker has other data, and
    :class:`BadInput` where an experiment doesn't fit the data.
    """
    if differs := version_difference(job.versions, versions()):
        raise WorkerMismatch(f"the worker {where()} can't take part: {differs}")
    experiments = [Experiment.model_validate(said) for said in job.experiments]
    dataset, has = _data(experiments[0].data.model_dump_json())
    if has != job.data:
        raise WorkerMismatch(
            f"the worker {where()} has other data of the name {printable(experiments[0].data.name, 60)}: "
            f"SHA-256 {has[:12]}…, and the study's is {job.data[:12]}…"
        )
    began = time.perf_counter()
    with threadpool_limits(limits=1):
        training = assemble(experiments, dataset)
        parts, first = [], 0
        for experiment in experiments:
            parts.append(slice(first, first + len(experiment.seeds)))
            first += len(experiment.seeds)
        results = [TrialOutcome() for _ in experiments]
        if job.states:
            training.restore(joined(job.states))
        else:
            untrained = training.measure()
            for experiment, part, result in zip(experiments, parts, results, strict=True):
                result.events.append({"event": "start"} | _about(experiment, training, dataset))
                result.events.append({"event": "initial", "seconds": 0.0} | measure_fields(untrained, part))
        ended = [all(training.reasons[part]) for part in parts]
        until = None if job.until is None else job.until * training.n
        for measurement in training.run(until=until):
            passed = time.perf_counter() - began
            for n, part in enumerate(parts):
                if not ended[n]:
                    results[n].events.append(
                        {"event": "measure", "seconds": passed} | measure_fields(measurement, part)
                    )
                    ended[n] = all(measurement.reasons[part])
    # Side by side they took this long: a share of it each is what a trial cost
    seconds = (time.perf_counter() - began) / len(experiments)
    whole = training.state() if not all(ended) else None
    given = []
    for n, part in enumerate(parts):
        reasons = tuple(training.reasons[part])
        if all(reasons):
            hashed = weights_sha256(training.parameters(part))
            results[n].events.append(
                {
                    "event": "done",
                    "reason": arm_reason(reasons),
                    "reasons": list(reasons),
                    "examples": training.examples,
                    "weights_sha256": hashed,
                }
            )
        state = None if all(reasons) or whole is None else share(whole, part)
        given.append(TrialOutcome(results[n].events, state, seconds))
    return given


def _about(experiment: Experiment, training: Any, dataset: Dataset) -> dict[str, Any]:
    return {
        "experiment": experiment.to_dict(),
        "parameters": parameter_count(training.network),
        "seeds": experiment.seeds,
        "sizes": list(training.network.sizes),
        "data": {
            "title": dataset.title,
            "classes": list(dataset.classes) if dataset.classes is not None else None,
            "training": len(dataset.training),
            "evaluation": len(dataset.validation),
        },
    }


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
