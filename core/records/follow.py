"""Reading a record while it grows, or long after: the same code for both."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from tunelab.errors import os_error_sentence, printable
from tunelab.files import MaxBytes, stream_regular
from tunelab.records.damage import report_damage
from tunelab.records.events import MEASURE, parse_event
from tunelab.wording import quantity

__all__ = [
    "Follower",
    "MergedFollower",
    "count_measurements",
    "iterate_events",
    "last_event",
    "outline_events",
    "read_events",
    "sample_events",
]

_BEGINNING = b'{"event": "'  # of every line that is written here
_PRINTABLE = bytes(n for n in range(256) if n >= 32 or n == 10)
_RECENT = 3  # measurements at the end of an outline
_PIECE = 4 * 1024 * 1024  # bytes read at once
_TAIL = 64 * 1024  # bytes read at once from the end
_LONGEST = 32 * 1024 * 1024  # bytes of a line; none is longer in a record of ours


class Follower:
    """Reads an arm's events from where it last stopped. A torn last line waits until it is whole.

    A line that isn't an event (a damaged disk, a foreign hand) is left out and counted in ``damaged``; :attr:`problem`
    describes it. ``position`` is the byte up to which the file has been read, ``sound`` the one up to which nothing was
    damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.position = 0
        self.sound = 0
        self._lines = 0
        self._first_damaged = 0
        self._refusal = ""

    @property
    def problem(self) -> str | None:
        """What is wrong with the file so far, in a sentence that names it; None where nothing is."""
        if self._refusal:
            return self._refusal
        if not self.damaged:
            return None
        return (
            f"{printable(self.path, 300)} is damaged: {quantity(self.damaged, 'line')} left out, "
            f"the first is line {self._first_damaged:,}"
        )

    def new(self) -> list[dict[str, Any]]:
        """The events that have come since the last call, in the order of the file."""
        return list(self.iterate())

    def iterate(self) -> Iterator[dict[str, Any]]:
        """Yield the events that have come since the last call, one at a time: a record may be larger than memory."""
        try:
            file = stream_regular(self.path, MaxBytes.LINES)
        except FileNotFoundError:  # not there yet, or removed: there is nothing new
            return
        except OSError as error:
            self._refusal = os_error_sentence(error, self.path, "read")
            return
        self._refusal = ""
        with file:
            file.seek(self.position)
            rest = b""
            while content := self._read(file):
                *lines, rest = (rest + content).split(b"\n")
                for line in lines:
                    event = self._take(line, len(line) + 1)
                    if event is not None:
                        yield event
                if len(rest) > _LONGEST:  # no line of ours: a file full of zeros, say
                    self._take(rest, len(rest))
                    return

    def _read(self, file: Any) -> bytes:
        try:
            content: bytes = file.read(_PIECE)
        except OSError as error:
            self._refusal = os_error_sentence(error, self.path, "read")
            return b""
        return content

    def _take(self, line: bytes, length: int) -> dict[str, Any] | None:
        self.position += length
        self._lines += 1
        event = parse_event(line)
        if event is None:
            self.damaged += 1
            self._first_damaged = self._first_damaged or self._lines
        elif not self.damaged:
            self.sound = self.position
        return event


class _SamplingFollower(Follower):
    """Parses one of every so many measurements, the last one among them; the others are passed over unread."""

    def __init__(self, path: Path, every: int, measurements: int) -> None:
        super().__init__(path)
        self._every = every
        self._left = measurements

    def _take(self, line: bytes, length: int) -> dict[str, Any] | None:
        if line.startswith(MEASURE):
            self._left -= 1
            if self._left % self._every:
                self.position += length
                self._lines += 1
                return None
        return super()._take(line, length)


class MergedFollower:
    """Reads several arms' events, (name, path) each, as they come: one stream in the order of time."""

    def __init__(self, arms: Iterable[tuple[str, Path]]) -> None:
        self._followers = [(name, Follower(path)) for name, path in arms]

    def new(self) -> list[dict[str, Any]]:
        """What has been recorded since the last call. An event's arm is the one whose record it stands in."""
        events = []
        for name, follower in self._followers:
            events += [event | {"arm": name} for event in follower.new()]
            report_damage(follower.path, follower.problem)
        return sorted(events, key=lambda event: event["time"])


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events of a file; what is damaged in it is reported."""
    return list(iterate_events(path))


def iterate_events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole events of a file, one at a time; what is damaged in it is reported at the end."""
    follower = Follower(path)
    yield from follower.iterate()
    report_damage(path, follower.problem)


def count_measurements(path: Path) -> int:
    """Return how many lines of a file are of measurements. Nothing is parsed."""
    count = 0
    try:
        with stream_regular(path, MaxBytes.LINES) as file:
            rest = b"\n"
            while content := file.read(_PIECE):
                block = rest + content
                count += block.count(b"\n" + MEASURE)
                rest = block[-len(MEASURE) :]
    except OSError:
        return 0
    return count


def sample_events(path: Path, most: int) -> Iterator[dict[str, Any]]:
    """Yield the events of a file, but of its measurements at most ``most``, as if it had been measured less often.

    What is damaged in those is reported at the end.
    """
    count = count_measurements(path)
    follower = _SamplingFollower(path, max(-(-count // most), 1), count)
    yield from follower.iterate()
    report_damage(path, follower.problem)


def last_event(path: Path, kinds: Collection[str]) -> dict[str, Any] | None:
    """Return the last whole event of one of these kinds, reading the file from its end; None where there is none.

    Lines that are damaged are passed over: who reads the whole record reports them.
    """
    try:
        with stream_regular(path, MaxBytes.LINES) as file:
            for line in _lines_backwards(file):
                event = parse_event(line)
                if event is not None and event["event"] in kinds:
                    return event
    except OSError:
        pass
    return None


def _lines_backwards(file: BufferedReader) -> Iterator[bytes]:
    """Yield the whole lines of a file from its last to its first; what follows the last newline is torn."""
    start = file.seek(0, os.SEEK_END)
    rest, torn = b"", True
    while start and len(rest) <= _LONGEST:
        block = min(_TAIL, start)
        start = file.seek(start - block)
        rest, *lines = (file.read(block) + rest).split(b"\n")
        if lines and torn:
            lines.pop()
            torn = False
        yield from reversed(lines)
    if not start and not torn:
        yield rest


def outline_events(path: Path) -> list[dict[str, Any]] | None:
    """Return the events before the first measurement, the last measurements, and what follows them.

    None where a line of the file looks damaged: then it has to be read whole.
    """
    try:
        with stream_regular(path, MaxBytes.LINES) as file:
            if not _looks_whole(file):
                return None
            file.seek(0)
            first = []
            for line in file:
                event = parse_event(line.rstrip(b"\n")) if line.endswith(b"\n") else None
                if event is None or event["event"] == "measure":
                    break
                first.append(event)
            last: list[dict[str, Any]] = []
            for line in _lines_backwards(file):
                event = parse_event(line)
                if event is None or sum(e["event"] == "measure" for e in last) >= _RECENT:
                    break
                last.append(event)
    except OSError:
        return None
    return first + last[::-1] if any(event["event"] == "measure" for event in last) else None


def _looks_whole(file: BufferedReader) -> bool:
    """Return whether every line begins and ends as ours do and holds no control character. It isn't parsed."""
    rest = b""
    while content := file.read(_PIECE):
        lines, newline, rest = (rest + content).rpartition(b"\n")
        block = lines + newline
        count = block.count(b"\n")
        if (
            (block and not block.startswith(_BEGINNING))
            or block.count(b"}\n") != count
            or block.count(b"\n" + _BEGINNING) != max(0, count - 1)
            or block.translate(None, _PRINTABLE)
            or len(rest) > _LONGEST
        ):
            return False
    return True
