"""What is wrong with a study: a strategy's journal, or a sweep's, its trials' curves and its runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic_core import from_json
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.files import MaxBytes, read_regular, stream_regular
from tunelab.health.repair import Finding, cut_at, cut_torn, irregular, is_old, leftover, mended
from tunelab.health.runs import in_run
from tunelab.records import locks
from tunelab.records.follow import Follower
from tunelab.wording import quantity

__all__ = ["in_study"]

_LONGEST = 64 * 1024 * 1024  # bytes of a line; a plan is a few thousand


def in_study(directory: Path) -> Iterator[Finding]:
    """Yield what is wrong with the study in this directory; one that is worked on just now is left alone."""
    if locks.is_held(directory / "lock") or any(locks.is_held(path) for path in directory.glob("drivers/*")):
        return
    strategy, sweep, storage = (directory / name for name in ("journal.jsonl", "journal.log", "storage.txt"))
    for name, limit in (("lock", MaxBytes.WORD), ("control", MaxBytes.WORD), (storage.name, MaxBytes.WORD)):
        yield from irregular(directory / name, limit)
    for path in (strategy, sweep):
        unusable = list(irregular(path, MaxBytes.LINES))
        yield from unusable
        if not unusable and path.exists():
            yield from _in_strategy(path) if path == strategy else _in_sweep(path)
    if not any(path.exists() or path.is_symlink() for path in (strategy, sweep, storage)) and is_old(directory):
        if any(path.name != "lock" for path in directory.iterdir()):
            yield Finding("no-study", directory, f"{printable(directory, 300)} isn't a study: it has no journal")
        else:
            yield leftover(directory, "isn't a study yet: whoever was making it was ended")
    if storage.is_file() and not storage.is_symlink() and not _is_address(storage):
        yield Finding("storage", storage, f"{printable(storage, 300)} holds no storage's URL; write it there again")
    for path in sorted(directory.glob("trials/*.jsonl")):
        follower = Follower(path)
        for _ in follower.iterate():
            pass
        if follower.problem:
            yield Finding("damaged-lines", path, follower.problem)
    for run in sorted(directory.glob("runs/*")):
        if run.is_dir() and not run.is_symlink():
            yield from (finding for finding in in_run(run) if finding.code != "cut-off")


def _is_address(storage: Path) -> bool:
    try:
        address = read_regular(storage, MaxBytes.WORD).decode("utf-8").strip()
        return "://" in address and address.isprintable()
    except (OSError, UnicodeDecodeError):
        return False


def _in_strategy(path: Path) -> Iterator[Finding]:
    follower = Follower(path)
    for _ in follower.iterate():
        pass
    yield from _in_lines(path, follower.problem, follower.sound, follower.position)


def _in_sweep(path: Path) -> Iterator[Finding]:
    sound = position = damaged = number = first = 0
    try:
        with stream_regular(path, MaxBytes.LINES) as file:
            while (line := file.readline(_LONGEST)).endswith(b"\n"):
                number, position = number + 1, position + len(line)
                try:
                    good = isinstance(from_json(line), dict)
                except ValueError:
                    good = False
                if not good:
                    damaged, first = damaged + 1, first or number
                elif not damaged:
                    sound = position
            if len(line) >= _LONGEST:
                damaged, first = damaged + 1, first or number + 1
    except OSError as error:
        yield Finding("unreadable", path, os_error_sentence(error, path, "read"))
        return
    problem = None
    if damaged:
        problem = (
            f"{printable(path, 300)} is damaged: {quantity(damaged, 'line')} can't be read, the first is line {first:,}"
        )
    yield from _in_lines(path, problem, sound, position)


def _in_lines(path: Path, problem: str | None, sound: int, position: int) -> Iterator[Finding]:
    if problem:
        remedy = f"keep it as {path.name}.damaged, and what is sound before the damage; what followed is done again"
        yield Finding("damaged-lines", path, problem, remedy, _while_free(path, lambda: cut_at(path, sound)))
    elif position < path.stat().st_size:
        text = f"the last line of {printable(path, 300)} was torn off while it was written"
        yield Finding("torn-line", path, text, "cut the torn line off", _while_free(path, lambda: cut_torn(path)))


def _while_free(path: Path, work: Callable[[], str]) -> Callable[[], str]:
    """``work``, done while nobody can begin to work on the study."""

    def mend() -> str:
        with mended(path):
            hold = locks.hold(path.with_name("lock"), 0.5)
            if hold is None:
                raise BadInput(f"{printable(path.parent.name)} is being worked on; wait until it is done")
            try:
                return work()
            finally:
                hold.release()

    return mend
