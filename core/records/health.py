"""What is wrong with what is kept, found without changing anything, and put right where that loses nothing."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.records import npz_arrays
from tunelab.records.follow import Follower
from tunelab.records.run import ArmRecord, Run, last_end, run_directories
from tunelab.records.writer import cut_torn_line
from tunelab.wording import quantity

__all__ = ["Finding", "findings"]

_SETTLED = 3600.0  # seconds after which what a living process would have finished belongs to one that died
_PART = re.compile(r"\..*\.(\d+)\.part")
_OF_A_RUN = {"preset.toml", "environment.json"}


@dataclass(frozen=True)
class Finding:
    """Something that isn't as it should be.

    ``code`` is for programs, ``text`` a sentence. ``remedy`` says what ``mend`` does; where there is none, a person
    decides. ``mend`` raises :class:`BadInput` where it can't.
    """

    code: str
    path: Path
    text: str
    remedy: str = ""
    mend: Callable[[], None] | None = None


def findings() -> Iterator[Finding]:
    """Everything that is wrong under the home. What is being trained just now is left alone."""
    for directory in run_directories():
        if directory.is_dir() and not directory.name.startswith("."):
            yield from _in_run(directory)
    for folder in (paths.home(), paths.presets()):
        yield from _parts(folder)
    for pattern in ("scratch/replay-*", "datasets/.*.tmp"):
        for path in sorted(paths.home().glob(pattern)):
            if _old(path) and not _being_trained(path):
                yield _rubbish(path, "was left by a process that was ended")


def _in_run(directory: Path) -> Iterator[Finding]:
    if not (directory / "run.json").exists():
        if _old(directory):
            yield _unfinished(directory)
        return
    try:
        run = Run(directory)
        arms = run.arms if run.preset else []
    except BadInput as problem:
        yield Finding("unreadable", directory, str(problem))
        return
    if run.is_running():
        return
    sound = True
    for arm in arms:
        for finding in _in_events(run, arm):
            sound = False
            yield finding
        path = arm.checkpoint_path
        try:
            arm.checkpoint()
        except BadInput as problem:
            sound = False
            yield Finding(
                "checkpoint",
                path,
                str(problem),
                "set it aside as checkpoint.npz.damaged",
                _while_held(run, lambda path=path: _aside(path)),  # type: ignore[misc]  # mypy can't infer a default's type
            )
        yield from _parts(arm.directory)
        with contextlib.suppress(FileNotFoundError):
            try:
                npz_arrays.unpacked(arm.directory / "parameters.npz")
            except npz_arrays.Damaged as problem:
                text = f"{printable(arm.directory / 'parameters.npz')} is damaged ({printable(problem, 80)})"
                yield Finding("parameters", arm.directory / "parameters.npz", text)
    yield from _parts(directory)
    if sound and run.state() == "cut off":
        yield Finding("cut-off", directory, f"{run.name} was cut off; resume it with: tunelab resume {run.argument}")


def _in_events(run: Run, arm: ArmRecord) -> Iterator[Finding]:
    path = arm.events_path
    follower = Follower(path)
    events = follower.new()
    size = path.stat().st_size if path.exists() else 0
    if follower.damaged:
        lines = quantity(follower.damaged, "line")
        ended = "; it had come to its end" if last_end(events) else ""
        yield Finding(
            "damaged-lines",
            path,
            f"{printable(path)} is damaged in {lines}{ended}",
            "keep a copy as events.jsonl.damaged, and of the record what is sound before the damage; resuming "
            "trains the rest again",
            _while_held(run, lambda: _cut(path, follower.sound)),
        )
    elif follower.position < size:
        yield Finding(
            "torn-line",
            path,
            f"the last line of {printable(path)} was torn off while it was written",
            "cut the torn line off, as resuming does too",
            _while_held(run, lambda: _cut_torn(path)),
        )


def _parts(folder: Path) -> Iterator[Finding]:
    """Files that were being written under a temporary name by a process that is no more."""
    for path in sorted(folder.glob(".*.part")) if folder.is_dir() else ():
        writer = _PART.fullmatch(path.name)
        if writer and not _alive(int(writer[1])):
            yield _rubbish(path, "was being written by a process that was ended")


def _rubbish(path: Path, why: str) -> Finding:
    def remove() -> None:
        with _sentences(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    return Finding("leftover", path, f"{printable(path)} {why}", "remove it", remove)


def _unfinished(directory: Path) -> Finding:
    text = f"{printable(directory)} isn't a run: it has no run.json"
    if not all(path.name in _OF_A_RUN or _PART.fullmatch(path.name) for path in directory.iterdir()):
        return Finding("no-run", directory, text)
    return _rubbish(directory, "isn't a run yet: whoever was making it was ended")


def _while_held(run: Run, work: Callable[[], None]) -> Callable[[], None]:
    """``work``, done while nobody can begin to train the run."""

    def held() -> None:
        hold = run.hold()
        try:
            with _sentences(run.directory):
                work()
        finally:
            hold.release()

    return held


@contextlib.contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput(f"{printable(path)} can't be mended: {(error.strerror or str(error)).lower()}") from None


def _aside(path: Path) -> None:
    path.replace(path.with_name(f"{path.name}.damaged"))


def _cut(path: Path, size: int) -> None:
    shutil.copyfile(path, path.with_name(f"{path.name}.damaged"))
    os.truncate(path, size)


def _cut_torn(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        cut_torn_line(descriptor)
    finally:
        os.close(descriptor)


def _being_trained(directory: Path) -> bool:
    try:
        return Run(directory).is_running()
    except BadInput:
        return False


def _old(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > _SETTLED
    return False


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # somebody else's, or no process number at all
    return True
