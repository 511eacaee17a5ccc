"""What a worker does: train some arms of a run, stacked, from where their records stand, and write what comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from threadpoolctl import threadpool_limits
from tunelab.engine.arm_recorder import ArmRecorder, arm_recorders
from tunelab.engine.checkpointing import Checkpointer
from tunelab.engine.pool import asked_to_leave, leaving_in_order
from tunelab.errors import BadInput
from tunelab.experiment import assemble, load_data
from tunelab.records import Run
from tunelab.records.checkpoint import Checkpoint, damaged, joined
from tunelab.records.run import find
from tunelab.training import Training

__all__ = ["train_stack"]

_LOOK_EVERY = 0.05  # seconds between looks at the control file


class _Stopped(Exception):
    """Somebody asked the training to stop."""


class _Leaving(Exception):
    """The process is to end; the training isn't, and can be taken up again."""


def train_stack(directory: str, positions: Sequence[int], until: int | None = None) -> None:
    """Train some arms of a run, stacked, writing each one's record; go on where they have been saved.

    The arms must stand at the same point (:attr:`Checkpoint.point`), or all at the beginning. With ``until``
    they are stopped after so many examples.
    """
    run = find(directory)
    arms = [run.preset.arms[position] for position in positions]
    experiments = [arm.experiment for arm in arms]
    dataset = load_data(experiments[0])
    with leaving_in_order(), threadpool_limits(limits=1), ExitStack() as stack:
        records = [run.arms[position] for position in positions]
        writers = [stack.enter_context(record.writer()) for record in records]
        saved = [
            record.checkpoint(experiment, writer.recorded)
            for record, experiment, writer in zip(records, experiments, writers, strict=True)
        ]
        training = assemble(experiments, dataset)
        _go_on(training, saved, run)
        logs = arm_recorders(writers, experiments, saved)
        untrained = None if any(saved) else training.measure()
        for log in logs:
            log.begin(training, dataset, untrained)
        checkpointer = Checkpointer(lambda: _save(training, logs))
        try:
            for measurement in training.run(_pulse(run, checkpointer), until):
                for log in logs:
                    log.measure(training, measurement)
                checkpointer.at_measurement()
        except _Stopped:
            checkpointer.save()
        except _Leaving:
            checkpointer.save()
            return
        for log in logs:
            if not log.ended:
                log.done(training)


def _go_on(training: Training, saved: Sequence[Checkpoint | None], run: Run) -> None:
    """Bring a training to where its arms stand."""
    points = {checkpoint.point if checkpoint else None for checkpoint in saved}
    if len(points) > 1:
        raise BadInput(f"{run.name} changed while it was being taken up; try `tunelab resume {run.typed}` once more")
    standing = [checkpoint.state for checkpoint in saved if checkpoint]
    if not standing:
        return
    fresh = training.state()
    try:
        state = joined(standing)
        fits = all(state[name].shape == was.shape and state[name].dtype == was.dtype for name, was in fresh.items())
        examples, measured = int(state["examples"]), int(state["measured"])
    except (KeyError, ValueError, TypeError):
        fits, examples, measured = False, 0, 0
    if not fits or not 0 <= measured <= examples <= training.epochs * training.n:
        raise damaged(run.directory / "arms", "a checkpoint there doesn't fit the network")
    training.restore(state)


def _save(training: Training, logs: Sequence[ArmRecorder]) -> None:
    state = training.state()
    for log in logs:
        log.save(state)


def _pulse(run: Run, checkpointer: Checkpointer) -> Callable[[], None]:
    """What to do every few mini-batches: look, not too often, whether somebody said pause or stop; save at times."""
    looked = 0.0

    def pulse() -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked < _LOOK_EVERY:
            return
        looked = now
        if run.told() == "pause":
            checkpointer.save()  # a pause may be long, and much can happen to a machine
        while word := run.told():
            if word == "stop":
                raise _Stopped
            if asked_to_leave():
                break
            time.sleep(_LOOK_EVERY)
        if asked_to_leave():
            raise _Leaving
        checkpointer.between()

    return pulse
