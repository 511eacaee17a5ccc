"""What the terminal can show, found out once: colour, Unicode, bandwidth."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from dataclasses import dataclass

from tunelab.tui.charts.palette import Palette, Style

__all__ = ["Looks", "looks", "page_style"]


@dataclass(frozen=True)
class Looks:
    """How to draw. ``colour`` off leaves markers and brightness; ``ascii`` leaves braille and Greek letters out."""

    colour: bool = True
    ascii: bool = False
    low_bandwidth: bool = False

    @property
    def frames_a_second(self) -> float:
        """How often live charts are drawn."""
        return 0.2 if self.low_bandwidth else 2.0

    def style(self, theme: str, *, dark: bool) -> Style:
        """Return how charts are drawn on a screen of this theme."""
        return Style(self.colour, self.ascii, "ansi" if theme.startswith("ansi") else "dark" if dark else "light")


def looks(*, low_bandwidth: bool = False) -> Looks:
    """How to draw on this terminal, from what its environment says of it."""
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    plain = encoding not in {"utf8", "utf_8"} or os.environ.get("TERM") in {"linux", "vt100", "dumb"}
    return Looks("NO_COLOR" not in os.environ, plain, low_bandwidth)


def page_style(*, colour: bool) -> tuple[int, Style]:
    """Return the width of a page of plain text on stdout, at most 120, and how to draw on it."""
    # On a screen stdout is Textual's, which has no encoding: what is written there goes into files
    plain = (getattr(sys.stdout, "encoding", "utf-8") or "").lower().replace("-", "") != "utf8"
    # A terminal that promises no more than 16 colours gets its own; ssh doesn't hand COLORTERM on
    palette: Palette = "dark" if os.environ.get("COLORTERM") in {"truecolor", "24bit"} else "ansi"
    width = min(shutil.get_terminal_size((80, 24)).columns, 120)
    return width, Style(colour and "NO_COLOR" not in os.environ, plain, palette)
