"""A strategy's journal on disk: one JSON object a line, written as it happens, one writer at a time.

    studies/NAME/journal.jsonl   everything asked, measured, recommended and decided
                 lock            held by whoever works on it
                 control         a word for whoever works on it: stop

Every line has ``event``, ``run`` (the study's name), ``arm`` (what was tried, or nothing), ``time`` (seconds of work
since the beginning: waiting for a decision doesn't count) and, but for the first and the last, ``stage``.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.files import MaxBytes, open_regular, read_regular
from tunelab.records import locks
from tunelab.records.damage import report_damage
from tunelab.records.follow import Follower, read_events
from tunelab.records.writer import cut_torn_line

__all__ = ["Event", "Journal", "control_word", "exists", "find", "is_worked_on", "read", "send", "studies"]

Event = dict[str, Any]

_FILE = "journal.jsonl"
_PATIENCE = 2.0  # seconds for another process to finish what it writes


def studies() -> list[str]:
    """Names of all strategies that have been begun, the latest last."""
    journals = paths.studies().glob(f"*/{_FILE}")
    return [path.parent.name for path in sorted(journals, key=lambda path: path.stat().st_mtime)]


def find(name: str) -> Path:
    """The directory of the strategy of this name, or at this path; it need not exist yet."""
    if os.sep in name or name.startswith((".", "~")):
        return paths.expanded(name).absolute()
    return paths.studies() / paths.checked_name(name, "a study")


def exists(directory: Path) -> bool:
    """Whether a strategy has been begun there."""
    return (directory / _FILE).exists()


def read(directory: Path) -> list[Event]:
    """Everything in a journal so far. A last line that is being written isn't there yet."""
    return read_events(directory / _FILE)


def is_worked_on(directory: Path) -> bool:
    """Whether a living process holds the journal."""
    return locks.is_held(directory / "lock")


def send(directory: Path, word: str) -> None:
    """Say 'stop' to whoever works on the strategy: it ends soon, and everything measured is kept."""
    paths.write_whole(directory / "control", word.encode())


def control_word(directory: Path) -> str:
    """What was said last, or an empty text."""
    try:
        return read_regular(directory / "control", MaxBytes.WORD).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


class Journal:
    """A journal opened for writing; ``events`` are those in it, and ``see`` hears of every new one.

    Raises :class:`BadInput` where another process works on it, or it can't be written.
    """

    def __init__(self, directory: Path, see: Callable[[Event], None] | None = None) -> None:
        self.directory = directory
        self._see = see
        with _sentences(directory):
            directory.mkdir(parents=True, exist_ok=True)
            lock = locks.hold(directory / "lock", _PATIENCE)
        if lock is None:
            raise BadInput(f"{printable(directory.name)} is being worked on by another process; wait until it is done")
        self._lock = lock
        try:
            with _sentences(directory):
                (directory / "control").unlink(missing_ok=True)
                self._file = open_regular(directory / _FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND)
                before = os.fstat(self._file).st_size
                torn = before - cut_torn_line(self._file)
        except BadInput:
            lock.release()
            raise
        path = directory / _FILE
        if torn:
            report_damage(
                path, f"the last line of {printable(path, 300)} was torn off: what it recorded is done or asked again"
            )
        follower = Follower(path)
        self.events = follower.new()
        if follower.problem:
            self.close()
            raise BadInput(
                f"{follower.problem}; what follows may rest on it. `tunelab doctor --repair` keeps a copy and what is "
                "sound before the damage, and the same command then continues from there"
            )
        # The clock goes on where it stood: what counts is how long was worked on it
        self._before = max((event["time"] for event in self.events), default=0.0)
        self._opened = time.monotonic()

    @property
    def time(self) -> float:
        """Seconds of work since the beginning."""
        return self._before + time.monotonic() - self._opened

    def write(self, event: str, fields: Event, *, arm: str = "") -> Event:
        """Append one event; it is in the system's hands, safe from a kill -9, when this returns."""
        head = {"event": event, "run": self.directory.name, "arm": arm, "time": round(self.time, 3)}
        line = json.dumps(head | fields, ensure_ascii=False, allow_nan=False) + "\n"
        with _sentences(self.directory):
            if not os.fstat(self._file).st_nlink:
                raise BadInput(f"the study {printable(self.directory, 300)} was deleted while it was worked on")
            rest = memoryview(line.encode())
            while rest:
                rest = rest[os.write(self._file, rest) :]
        written: Event = json.loads(line)  # as whoever reads it later will find it
        self.events.append(written)
        if self._see is not None:
            self._see(written)
        return written

    def close(self) -> None:
        """Put everything on the disk itself and let go."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)
        self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def _sentences(directory: Path) -> Any:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput(
            f"{printable(directory)} can't be written: {reason}; what was recorded is kept, and the same command "
            "goes on once that is put right"
        ) from None
