"""What a worker does: train some arms of a run, stacked, from where their records stand, and write what comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from tunelab.engine.arm_recorder import ArmRecorder
from tunelab.engine.checkpointing import Checkpointer
from tunelab.engine.pool import asked_to_leave, leaving_in_order
from tunelab.errors import BadInput
from tunelab.experiment import StackedTraining, load_data
from tunelab.records import Run
from tunelab.records.checkpoint import Checkpoint, damaged

__all__ = ["train_stack"]

_LOOK_EVERY = 0.05  # seconds between looks at the control file


class _Stopped(Exception):
    """Somebody asked the training to stop."""


class _Leaving(Exception):
    """The process is to end; the training isn't, and can be taken up again."""


def train_stack(directory: str, positions: Sequence[int], until: int | None = None, threads: int = 1) -> None:
    """Train some arms of a run, stacked, writing each one's record; go on where they have been saved.

    The arms must stand at the same point (:attr:`Checkpoint.point`), or all at the beginning. With ``until``
    they are stopped after so many examples. ``threads`` is how many cores the kernel may use.
    """
    run = Run(directory)
    experiments = [run.preset.arms[position].experiment for position in positions]
    dataset = load_data(experiments[0])
    with leaving_in_order(), ExitStack() as stack:
        records = [run.arms[position] for position in positions]
        writers = [stack.enter_context(record.writer()) for record in records]
        saved = [
            record.checkpoint(writer.events)
            for record, experiment, writer in zip(records, experiments, writers, strict=True)
        ]
        training = StackedTraining(experiments, dataset, engine=run.engine, threads=threads)
        _restore(training, saved, run)
        recorders = [
            ArmRecorder(writer, training, member, standing)
            for writer, member, standing in zip(writers, training.members, saved, strict=True)
        ]
        untrained = None if any(saved) else training.measure()
        for recorder in recorders:
            recorder.begin(untrained)
        checkpointer = Checkpointer(lambda: _save(training, recorders))
        try:
            for measurement in training.run(_pulse(run, checkpointer), until):
                for recorder in recorders:
                    recorder.measure(measurement)
                checkpointer.at_measurement()
        except _Stopped:
            checkpointer.save()
        except _Leaving:
            checkpointer.save()
            return
        for recorder in recorders:
            if not recorder.ended:
                recorder.done()


def _restore(training: StackedTraining, saved: Sequence[Checkpoint | None], run: Run) -> None:
    """Bring a training to where its arms stand."""
    points = {checkpoint.point if checkpoint else None for checkpoint in saved}
    if len(points) > 1:
        raise BadInput(f"{run.name} changed while it was being resumed; try `tunelab resume {run.argument}` once more")
    states = [checkpoint.state for checkpoint in saved if checkpoint]
    try:
        if states:
            training.restore(states)
    except ValueError:
        raise damaged(run.directory / "arms", "a checkpoint there doesn't fit the network") from None


def _save(training: StackedTraining, recorders: Sequence[ArmRecorder]) -> None:
    for recorder, state in zip(recorders, training.states(), strict=True):
        recorder.save(state)


def _pulse(run: Run, checkpointer: Checkpointer) -> Callable[[], None]:
    """What to do every few mini-batches: look, not too often, whether somebody said pause or stop; save at times."""
    looked = 0.0

    def pulse() -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked < _LOOK_EVERY:
            return
        looked = now
        if run.request() == "pause":
            checkpointer.save()  # a pause may be long, and much can happen to a machine
        while word := run.request():
            if word == "stop":
                raise _Stopped
            if asked_to_leave():
                break
            time.sleep(_LOOK_EVERY)
        if asked_to_leave():
            raise _Leaving
        checkpointer.between()

    return pulse
