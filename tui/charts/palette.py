"""Colours and markers that tell arms apart, for eyes of every kind and terminals of every age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tunelab.tui.charts.picture import PLAIN, Colour, Ink, ascii_only
from tunelab.tui.charts.spec import Role

__all__ = ["ARMS", "PALETTES", "Palette", "Style", "ascii_marker", "ink", "marker"]

Palette = Literal["dark", "light", "ansi"]


@dataclass(frozen=True)
class Style:
    """How to draw: without ``colour`` brightness and markers are left; ``ascii`` is for terminals without Unicode."""

    colour: bool = True
    ascii: bool = False
    palette: Palette = "dark"

    @property
    def sixteen_colours(self) -> bool:
        """Whether cells have to be shaded by characters, for want of colours to mix."""
        return not self.colour or self.palette == "ansi"

    def text(self, text: str) -> str:
        """Return ``text`` as the terminal can show it."""
        return ascii_only(text) if self.ascii else text


# Okabe and Ito's colours (jfly.uni-koeln.de/color), distinct with every kind of colour blindness. Black is
# grey here. On white four of them are too faint for a thin line, so they are darker there; the terminal's
# own colours follow its theme, and None is its text colour.
PALETTES: dict[Palette, tuple[Colour | None, ...]] = {
    "dark": (
        (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167),
        (240, 228, 66), (213, 94, 0), (60, 134, 200), (160, 160, 160),
    ),
    "light": (
        (30, 130, 190), (185, 120, 0), (0, 140, 100), (180, 85, 140),
        (140, 130, 0), (195, 75, 0), (0, 80, 150), (110, 110, 110),
    ),
    "ansi": (6, 3, 5, 2, 12, 1, 13, None),
}  # fmt: skip
ARMS = 8

_WARNING: dict[Palette, Colour] = {"dark": (213, 94, 0), "light": (195, 75, 0), "ansi": 1}

_FILLED = "●■▲◆▼★▶◀"
_HOLLOW = "○□△◇▽☆▷◁"
_ASCII = "ox+*#%@&"


def ink(role: Role, style: Style) -> Ink:
    """The ink of a role; without colour an arm is plain."""
    if role == "muted":
        return Ink(dim=True)
    if not style.colour or role == "plain":
        return PLAIN
    if role == "warning":
        return Ink(_WARNING[style.palette])
    return Ink(PALETTES[style.palette][role % ARMS])


def marker(role: Role, dashed: bool) -> str:
    """The character on an arm's curve: filled for training, hollow for evaluation."""
    shapes = _HOLLOW if dashed else _FILLED
    return shapes[role % ARMS] if isinstance(role, int) else shapes[0]


def ascii_marker(role: Role) -> str:
    """The same for terminals without Unicode."""
    return _ASCII[role % ARMS] if isinstance(role, int) else _ASCII[0]
