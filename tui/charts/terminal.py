"""What the terminal can show, found out once: colour, Unicode, bandwidth."""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass

__all__ = ["Looks", "looks"]


@dataclass(frozen=True)
class Looks:
    """How to draw. ``colour`` off leaves markers and brightness; ``ascii`` leaves braille and Greek letters out."""

    colour: bool = True
    ascii: bool = False
    low_bandwidth: bool = False

    @property
    def frames_a_second(self) -> float:
        """How often live charts are drawn."""
        return 0.25 if self.low_bandwidth else 2.0


def looks(*, low_bandwidth: bool = False) -> Looks:
    """How to draw on this terminal, from what its environment says of it."""
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    plain = encoding not in {"utf8", "utf_8"} or os.environ.get("TERM") in {"linux", "vt100", "dumb"}
    return Looks("NO_COLOR" not in os.environ, plain, low_bandwidth)
