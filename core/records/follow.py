"""Reading a record while it grows, or long after: the same code for both."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tunelab.records.events import parse_event

__all__ = ["Follower", "MergedFollower", "read_events"]

_PIECE = 32 * 1024 * 1024  # bytes read at once; a line is never longer in a record of ours


class Follower:
    """Reads an arm's events from where it last stopped. A torn last line waits until it is whole.

    A line that isn't an event (a damaged disk, a foreign hand) is passed over and counted in ``damaged``.
    ``position`` is the byte up to which the file has been read, ``sound`` the one up to which nothing was damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.position = 0
        self.sound = 0

    def new(self) -> list[dict[str, Any]]:
        """The events that have come since the last call, in the order of the file."""
        events: list[dict[str, Any]] = []
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                while content := file.read(_PIECE):
                    whole, newline, rest = content.rpartition(b"\n")
                    if not newline and len(rest) < _PIECE:
                        break
                    self._take(whole + newline if newline else rest, events)
                    file.seek(self.position)
        except OSError:  # not there yet, removed, or not to be read: there is nothing new
            return events
        return events

    def _take(self, lines: bytes, events: list[dict[str, Any]]) -> None:
        for line in lines.split(b"\n")[:-1] if lines.endswith(b"\n") else [lines]:
            self.position += len(line) + lines.endswith(b"\n")
            event = parse_event(line)
            if event is None:
                self.damaged += 1
            else:
                events.append(event)
            if not self.damaged:
                self.sound = self.position


class MergedFollower:
    """Reads several arms' events, (name, path) each, as they come: one stream in the order of time."""

    def __init__(self, arms: Iterable[tuple[str, Path]]) -> None:
        self._followers = [(name, Follower(path)) for name, path in arms]

    def new(self) -> list[dict[str, Any]]:
        """What has been recorded since the last call. An event's arm is the one whose record it stands in."""
        events = [event | {"arm": name} for name, follower in self._followers for event in follower.new()]
        return sorted(events, key=lambda event: event["time"])


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events of a file."""
    return Follower(path).new()
