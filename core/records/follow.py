"""Reading a record while it grows, or long after: the same code for both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["Follower", "read_events"]


class Follower:
    """Reads an arm's events from where it last stopped. A torn last line waits until it is whole.

    A line that isn't an event (a damaged disk, a foreign hand) is passed over and counted in ``damaged``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._offset = 0

    def new(self) -> list[dict[str, Any]]:
        """The events that have come since the last call, in the order of the file."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return []
        whole, newline, _ = content.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        return [event for line in whole.split(b"\n") if line and (event := self._parsed(line)) is not None]

    def _parsed(self, line: bytes) -> dict[str, Any] | None:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            self.damaged += 1
            return None
        return event


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events of a file."""
    return Follower(path).new()
