"""Pictures as Textual wants them; imported by screens alone, for Textual takes long to load."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from tunelab.tui.charts.picture import Colour, Ink, Picture, Row, cells

__all__ = ["rich_style", "strip", "strips"]


def strips(picture: Picture) -> list[Strip]:
    """A strip a row."""
    return [strip(row) for row in picture.rows]


def strip(row: Row) -> Strip:
    """A row as a strip of its full width."""
    segments = [Segment(text, rich_style(ink)) for text, ink in row]
    return Strip(segments, sum(cells(text) for text, _ in row))


@lru_cache(maxsize=1024)
def rich_style(ink: Ink) -> Style:
    """An ink as Rich wants it."""
    return Style(color=_color(ink.colour), bgcolor=_color(ink.background), dim=ink.dim or None, bold=ink.bold or None)


def _color(colour: Colour | None) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)
