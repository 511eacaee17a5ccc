"""How far a person has come in the lecture: where they stopped, what they predicted, what came out. Kept on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput
from tunelab.files import MaxBytes, read_regular

__all__ = ["LectureProgress", "Outcome"]


@dataclass
class Outcome:
    """What was predicted at a step (a choice's position; None: don't know), and what came of it.

    ``right`` is None until an experiment has answered; ``run`` is the run that did.
    """

    predicted: int | None = None
    right: bool | None = None
    run: str = ""


@dataclass
class LectureProgress:
    """``at`` is the number of the step last looked at; ``outcomes`` by the steps' numbers; ``data`` what is used in
    place of drawn digits.
    """

    at: str = ""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    data: str = ""

    @staticmethod
    def load() -> LectureProgress:
        """What was kept; a fresh start where that is nothing, or can't be read."""
        try:
            stored: dict[str, Any] = json.loads(read_regular(_path(), MaxBytes.DESCRIPTION))
            outcomes = {number: Outcome(**outcome) for number, outcome in stored["outcomes"].items()}
            return LectureProgress(str(stored["at"]), outcomes, str(stored.get("data", "")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return LectureProgress()

    def save(self) -> None:
        """Keep it. A home that can't be written loses it, nothing else."""
        try:
            paths.write_whole(_path(), json.dumps(asdict(self), indent=1).encode())
        except BadInput:
            return

    @property
    def tally(self) -> str:
        """How many experiments were done, and how many predictions were right."""
        done = [outcome for outcome in self.outcomes.values() if outcome.right is not None]
        right = sum(bool(outcome.right) for outcome in done)
        return f"{len(done)} done, {right} predicted right" if done else "nothing done yet"


def _path() -> Any:
    return paths.home() / "lecture.json"
