"""A verdict: a code for programs, a cause, a sentence for people, the numbers behind it, and a cure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from tunelab.diagnosis.causes import CAUSES

__all__ = ["CERTAIN", "LIKELY", "POSSIBLE", "Verdict"]

CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@dataclass(frozen=True)
class Verdict:
    """What is seen, why it may be so, and one thing to try.

    ``code`` is what is seen, ``cause`` the slug of one of :data:`tunelab.diagnosis.causes.CAUSES`, '' where it is
    healthy or where no cause fits; both are stable. ``evidence`` holds the numbers that led to it, ``cure`` what to
    change ({dotted key: value}), None where nothing is known that helps. ``certainty`` is certain, likely or possible.
    """

    code: str
    observation: str
    why: str = ""
    advice: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    cause: str = ""
    cure: dict[str, Any] | None = None
    certainty: str = LIKELY

    @property
    def text(self) -> str:
        """The whole in a few sentences."""
        return " ".join(part for part in (self.observation, self.why, self.advice) if part)

    @property
    def cause_name(self) -> str:
        """The cause's name for people, '' without one."""
        return CAUSES[self.cause].name if self.cause else ""

    @property
    def title(self) -> str:
        """The cause's name as a sentence begins with it. (Η, the capital of η, would look like a Latin H.)"""
        name = self.cause_name
        return name[0].upper() + name[1:] if name and name[0].isascii() else name

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a record and ``--json`` hold them; ``cause`` and ``cure`` are None where there is none."""
        return {
            "code": self.code,
            "cause": self.cause or None,
            "text": self.text,
            "evidence": {key: _plain(value) for key, value in self.evidence.items()},
            "cure": self.cure,
            "certainty": self.certainty if self.cause else None,
        }


def _plain(value: Any) -> Any:
    """A number that isn't finite is None: JSON has no word for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
