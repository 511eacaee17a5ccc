"""A run as the screen sees it: histories that grow as its record grows, or as a playback reveals them."""

from __future__ import annotations

from typing import Any

from tunelab.records import Follower, Run
from tunelab.records.history import LIVE, History

__all__ = ["Playback", "RunView"]


class RunView:
    """Follows the record of a run, live or finished: a history for each arm."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.arms = [History(record.name, limit=LIVE) for record in run.arms]
        self._followers = [Follower(record.events_path) for record in run.arms]

    def poll(self) -> list[dict[str, Any]]:
        """Read what has come since the last call; the new events that show, in the order of time."""
        events = []
        for history, follower in zip(self.arms, self._followers, strict=True):
            events += [event for event in follower.new() if history.add(event)]
        return sorted(events, key=lambda event: float(event.get("time", 0.0)))

    @property
    def ended(self) -> bool:
        """Whether every arm has said how it ended."""
        return all(arm.done for arm in self.arms)

    @property
    def progress(self) -> float:
        """How far the slowest arm has come, from 0 to 1."""
        shares = [
            1.0 if arm.done else float(arm.latest.get("epoch", 0.0)) / max(arm.planned_epochs, 1.0) for arm in self.arms
        ]
        return min(shares, default=0.0)

    @property
    def title(self) -> str:
        """The data's title, as charts name it."""
        return next((str(arm.data["title"]) for arm in self.arms if arm.data), "")


class Playback(RunView):
    """A finished run, revealed again as time passes: what a teacher shows. ``length`` is in recorded seconds."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._events = sorted(
            ((float(event.get("time", 0.0)), n, event) for n, arm in enumerate(run.arms) for event in arm.events()),
            key=lambda item: item[:2],
        )
        first = self._events[0][0] if self._events else 0.0
        self._events = [(time - first, n, event) for time, n, event in self._events]
        self.length = self._events[-1][0] if self._events else 0.0
        self.position = 0.0
        self.playing = True
        self.speed = 1.0
        self._shown = 0

    @property
    def state(self) -> str:
        """A sign and how far it has come: ▶ playback 2× 0.8/3.1 s."""
        sign = "▶" if self.playing and self.position < self.length else "‖"
        return f"{sign} playback {self.speed:g}× {self.position:.1f}/{self.length:.1f} s"

    def advance(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass, at the playback's speed; the events that came with it."""
        return self.seek(self.position + seconds * self.speed) if self.playing else []

    def seek(self, position: float) -> list[dict[str, Any]]:
        """Show what was known at ``position``; the events that came with it (all, after a step back)."""
        position = min(max(position, 0.0), self.length)
        if position > self.length * (1 - 1e-9):  # twenty steps of a twentieth are the whole, whatever rounding says
            position = self.length
        if position < self.position:
            self.arms = [History(record.name, limit=LIVE) for record in self.run.arms]
            self._shown = 0
        self.position = position
        new = []
        while self._shown < len(self._events) and self._events[self._shown][0] <= position:
            _, n, event = self._events[self._shown]
            if self.arms[n].add(event):
                new.append(event)
            self._shown += 1
        return new

    def poll(self) -> list[dict[str, Any]]:
        """Nothing comes by itself: :meth:`seek` reveals."""
        return []
