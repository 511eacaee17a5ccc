"""What is wrong with a run's record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.files import MaxBytes
from tunelab.health.repair import (
    Finding,
    cut_at,
    cut_torn,
    irregular,
    is_abandoned,
    is_old,
    leftover,
    mended,
    part_writer,
    put_aside,
)
from tunelab.records import npz_arrays
from tunelab.records.follow import Follower
from tunelab.records.run import ArmRecord, Run
from tunelab.wording import quantity

__all__ = ["in_run"]

_OF_A_RUN = {"run.json", "preset.toml", "environment.json", "control", "lock"}
_OF_AN_ARM = {
    "events.jsonl": MaxBytes.LINES,
    "encoder.json": MaxBytes.ENCODER,
    "checkpoint.npz": MaxBytes.ARRAYS,
    "parameters.npz": MaxBytes.ARRAYS,
    "lock": MaxBytes.WORD,
}


def in_run(directory: Path) -> Iterator[Finding]:
    """Yield what is wrong with the record in this directory; one that is being trained is left alone."""
    unusable = [finding for name in sorted(_OF_A_RUN) for finding in irregular(directory / name, MaxBytes.DESCRIPTION)]
    yield from unusable
    if not (directory / "run.json").exists():
        if is_old(directory) and not unusable:
            yield _unfinished(directory)
        return
    try:
        run = Run(directory)
        arms = run.arms if run.preset else []
    except BadInput as problem:
        if not unusable:
            yield Finding("unreadable", directory, str(problem))
        return
    if run.is_running():
        return
    sound = True
    for arm in arms:
        for finding in _in_arm(run, arm):
            sound = False
            yield finding
        yield from _abandoned_parts(arm.directory)
    yield from _abandoned_parts(directory)
    if not run.environment and not unusable:
        path = directory / "environment.json"
        yield Finding(
            "environment", path, f"{printable(path, 300)} is missing or damaged: where it trained isn't known"
        )
    if sound and run.state() == "cut off":
        yield Finding("cut-off", directory, f"{run.name} was cut off; resume it with: tunelab resume {run.argument}")


def _in_arm(run: Run, arm: ArmRecord) -> Iterator[Finding]:
    unusable = [finding for name, limit in _OF_AN_ARM.items() for finding in irregular(arm.directory / name, limit)]
    yield from unusable
    names = {finding.path.name for finding in unusable}
    if "events.jsonl" not in names:
        yield from _in_events(run, arm)
    if "checkpoint.npz" not in names:
        yield from _in_checkpoint(run, arm)
    if "encoder.json" not in names:
        try:
            arm.encoder()
        except BadInput as problem:
            yield Finding("encoder", arm.directory / "encoder.json", str(problem))
    if "parameters.npz" not in names:
        yield from _in_parameters(arm)


def _in_checkpoint(run: Run, arm: ArmRecord) -> Iterator[Finding]:
    path = arm.checkpoint_path
    try:
        arm.checkpoint([])
    except BadInput as problem:
        mend = _while_held(run, path, lambda: put_aside(path))
        yield Finding("checkpoint", path, str(problem), "set it aside as checkpoint.npz.damaged", mend)


def _in_parameters(arm: ArmRecord) -> Iterator[Finding]:
    path = arm.directory / "parameters.npz"
    try:
        npz_arrays.unpacked(path)
    except FileNotFoundError:
        if arm.end() is not None and (arm.directory / "lock").exists():
            text = f"{printable(path, 300)} is missing, though the training ended: it can't predict or be exported"
            yield Finding("parameters", path, text)
    except npz_arrays.Damaged as problem:
        yield Finding("parameters", path, f"{printable(path, 300)} is damaged ({printable(problem, 80)})")


def _in_events(run: Run, arm: ArmRecord) -> Iterator[Finding]:
    path = arm.events_path
    follower = Follower(path)
    has_end = sum(event["event"] == "done" for event in follower.iterate()) > 0
    if follower.damaged:
        lines = quantity(follower.damaged, "line")
        ended = "; it had come to its end" if arm.end() is not None else ""
        yield Finding(
            "damaged-lines",
            path,
            f"{printable(path, 300)} is damaged in {lines}{ended}",
            "keep it as events.jsonl.damaged, and of the record what is sound before the damage; resuming trains the "
            "rest again",
            _while_held(run, path, lambda: cut_at(path, follower.sound)),
        )
    elif follower.problem:
        yield Finding("unreadable", path, follower.problem)
    elif path.exists() and follower.position < path.stat().st_size:
        yield Finding(
            "torn-line",
            path,
            f"the last line of {printable(path, 300)} was torn off while it was written",
            "cut the torn line off, as resuming does too",
            _while_held(run, path, lambda: cut_torn(path)),
        )
    elif not has_end and (text := arm.lost_end()):
        yield Finding("events", path, f"{text}; resuming trains it again")


def _abandoned_parts(folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob(".*.part")):
        if is_abandoned(path.name):
            yield leftover(path, "was being written by a process that was ended")


def _unfinished(directory: Path) -> Finding:
    text = f"{printable(directory, 300)} isn't a run: it has no run.json"
    ours = _OF_A_RUN - {"run.json"}
    if not all(path.name in ours or part_writer(path.name) is not None for path in directory.iterdir()):
        return Finding("no-run", directory, text)
    return leftover(directory, "isn't a run yet: whoever was making it was ended")


def _while_held(run: Run, path: Path, work: Callable[[], str]) -> Callable[[], str]:
    """``work``, done while nobody can begin to train the run; only where it lies under the home."""

    def held() -> str:
        if paths.home() not in run.directory.parents:
            raise BadInput(f"{printable(run.directory, 300)} lies outside the home")
        hold = run.hold()
        try:
            with mended(path):
                return work()
        finally:
            hold.release()

    return held
