"""A verdict: a code for programs, a sentence for people, and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What is seen, why it may be so, and one thing to try.

    ``code`` is stable: programs and tests rely on it. ``evidence`` holds the numbers that led to it.
    """

    code: str
    seen: str
    why: str = ""
    advice: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole in a few sentences."""
        return " ".join(part for part in (self.seen, self.why, self.advice) if part)
