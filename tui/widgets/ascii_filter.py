"""What a terminal without Unicode gets in place of letters and signs that it can't show: eta, lambda, ->."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.widget import Widget
from tunelab.tui.charts.picture import ascii_only, cells

__all__ = ["AsciiFilter", "spelled"]


class AsciiFilter(LineFilter):
    """Spells what isn't ASCII. A line stays as long as it was: longer words take their room from the next gap."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments of a line in ASCII."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        pieces: list[tuple[str, Style | None]] = []
        owed = 0  # columns that the line is too long by
        for text, style, control in segments:
            if control:
                pieces.append((text, style))
                continue
            spelled = ""
            for place, character in enumerate(text):
                gap = character == " " and (spelled[-1:] == " " or text[place + 1 : place + 2] == " ")
                if owed > 0 and gap:
                    owed -= 1
                    continue
                replacement = ascii_only(character)
                owed += len(replacement) - cells(character)
                spelled += replacement + " " * max(-owed, 0)
                owed = max(owed, 0)
            pieces.append((spelled, style))
        return [Segment(text, style) for text, style in _shortened(pieces, owed)]


def spelled(widget: Widget, text: str) -> str:
    """Return a text that will be wrapped as the terminal can show it: in ASCII before its lines are broken."""
    return ascii_only(text) if widget.app.has_class("-ascii") else text


def _shortened(pieces: list[tuple[str, Style | None]], columns: int) -> list[tuple[str, Style | None]]:
    """Take ``columns`` from the end, but leave the last character: it may be a border."""
    for place in range(len(pieces) - 1, -1, -1):
        text, style = pieces[place]
        keep = 1 if place == len(pieces) - 1 else 0
        if columns <= 0:
            break
        cut = min(columns, max(len(text) - keep, 0))
        pieces[place] = (text[: len(text) - keep - cut] + text[len(text) - keep :], style)
        columns -= cut
    return pieces
