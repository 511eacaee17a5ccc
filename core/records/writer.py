"""One arm's record while it is being written: events as lines, each whole before the next; a checkpoint."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.files import open_regular
from tunelab.network import Network
from tunelab.records import checkpoint, locks, npz_arrays, parameters
from tunelab.records.checkpoint import Checkpoint
from tunelab.records.follow import Follower

__all__ = ["ENCODER", "ArmWriter"]

ENCODER = "encoder.json"

_PATIENCE = 5.0  # seconds for a process that was told to end, to save where it stands and do so
_BLOCK = 4096


class ArmWriter:
    """Appends an arm's events, going on after those that are there (``events``).

    It holds a lock on the arm, which the system lets go when the process ends. A last line that was torn is
    cut off. ``typed`` is what a person types for the run. Raises :class:`BadInput` where the arm is being written
    already, can't be written, or is damaged.
    """

    def __init__(self, directory: Path, run: str, arm: str, began: float, typed: str) -> None:
        self._directory, self._run, self._arm, self._typed = directory, run, arm, printable(typed, 300)
        events = directory / "events.jsonl"
        with self._sentences(events):
            directory.mkdir(parents=True, exist_ok=True)
            lock = locks.hold(directory / "lock", _PATIENCE)
        if lock is None:
            raise BadInput(
                f"the arm '{printable(arm, 60)}' of {printable(run)} is being written by another process; "
                f"`tunelab watch {self._typed}` follows it"
            )
        self._lock = lock
        try:
            with self._sentences(events):
                self._file = open_regular(events, os.O_RDWR | os.O_CREAT | os.O_APPEND)
                self._size = cut_torn_line(self._file)
        except BadInput:
            lock.release()
            raise
        follower = Follower(events)
        self.events = follower.new()
        if follower.damaged:
            self.close()
            raise BadInput(
                f"{printable(events)} is damaged in {follower.damaged} "
                f"line{'s' if follower.damaged > 1 else ''}; `tunelab doctor --repair` keeps what is sound "
                f"before that, and `tunelab resume {self._typed}` then trains the rest again"
            )
        # After a break the clock goes on where it stood: what counts is how long it was worked on
        self._before = self.events[-1]["time"] if self.events else max(0.0, time.time() - began)
        self._opened = time.monotonic()

    def write(self, event: str, fields: dict[str, Any]) -> None:
        """Append one event. It is in the system's hands, safe from a kill -9, when this returns.

        Where the disk refuses, nothing of it stays: the record ends with the event before.
        """
        now = self._before + time.monotonic() - self._opened
        head = {"event": event, "run": self._run, "arm": self._arm, "time": round(now, 6)}
        line = (json.dumps(head | fields, ensure_ascii=False, allow_nan=False) + "\n").encode()
        with self._sentences(self._directory / "events.jsonl"):
            self._check_there()
            try:
                _write_all(self._file, line)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, self._size)
                raise
        self._size += len(line)

    def save_parameters(self, network: Network) -> None:
        """The arm's parameters as ``parameters.npz``: ``weights_0`` (R, fan_in, fan_out), ``biases_0``, …"""
        self._save(parameters.FILE, npz_arrays.packed(parameters.parameter_arrays(network)))

    def save_encoder(self, encoder: dict[str, Any]) -> None:
        """How rows become inputs and outputs answers, as ``encoder.json``: with it the networks predict."""
        self._save(ENCODER, json.dumps(encoder, ensure_ascii=False, allow_nan=False).encode())

    def save_checkpoint(self, saved: Checkpoint) -> None:
        """Put the arm's state on the disk, after the events that led to it."""
        with self._sentences(self._directory / "events.jsonl"):
            os.fsync(self._file)
        self._save(checkpoint.FILE, saved.packed())

    def drop_checkpoint(self) -> None:
        """Remove the checkpoint of an arm that has ended by itself: there is nothing to go on with."""
        with contextlib.suppress(OSError):
            (self._directory / checkpoint.FILE).unlink(missing_ok=True)

    def close(self) -> None:
        """Put everything on the disk itself and let go of the arm."""
        try:
            with self._sentences(self._directory / "events.jsonl"):
                os.fsync(self._file)
        finally:
            os.close(self._file)
            self._lock.release()

    def __enter__(self) -> ArmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:  # what went wrong first is what is told
            with contextlib.suppress(BadInput):
                self.close()

    def _check_there(self) -> None:
        """Raise :class:`BadInput` where the record was deleted meanwhile: what is written now nobody would find."""
        if not os.fstat(self._file).st_nlink:
            raise BadInput(f"the record {printable(self._directory, 300)} was deleted while it was written")

    def _save(self, name: str, content: bytes) -> None:
        self._check_there()
        try:
            paths.write_whole(self._directory / name, content)
        except BadInput as problem:
            raise BadInput(f"{problem}; {self._advice}") from None

    @contextlib.contextmanager
    def _sentences(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput(f"{printable(path)} can't be written: {reason}; {self._advice}") from None

    @property
    def _advice(self) -> str:
        return f"everything recorded is kept, and `tunelab resume {self._typed}` goes on once that is put right"


def cut_torn_line(descriptor: int) -> int:
    """Cut what follows the last whole line of a file of lines; how many bytes there are then."""
    size = end = os.fstat(descriptor).st_size
    whole = 0
    while end:
        start = max(0, end - _BLOCK)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            whole = start + found + 1
            break
        end = start
    if whole < size:
        os.ftruncate(descriptor, whole)
    return whole


def _write_all(descriptor: int, content: bytes) -> None:
    """Write all of ``content``: the system may take less at a time."""
    rest = memoryview(content)
    while rest:
        taken = os.write(descriptor, rest)
        if not taken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[taken:]
