"""Colours and markers that tell arms apart, for eyes of every kind and terminals of every age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tunelab.tui.charts.picture import PLAIN, Colour, Ink, ascii_only
from tunelab.tui.charts.spec import Role

__all__ = ["ARMS", "PALETTES", "Palette", "Style", "ascii_marker", "ink", "marker", "ramp"]

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

# From blue by green to yellow, ever brighter on a dark screen and ever lighter on a light one
RAMPS: dict[Palette, tuple[Colour, ...]] = {
    "dark": ((70, 105, 215), (40, 160, 165), (125, 195, 85), (245, 220, 75)),
    "light": ((35, 45, 140), (0, 110, 150), (60, 140, 50), (190, 135, 0)),
    "ansi": (4, 6, 2, 3),
}

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
    if isinstance(role, float):
        return Ink(ramp(role, style.palette))
    return Ink(PALETTES[style.palette][role % ARMS])


def ramp(share: float, palette: Palette) -> Colour:
    """Return the colour at a share of the ramp, mixed where the terminal has more than 16."""
    stops = RAMPS[palette]
    at = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    below, above = stops[int(at)], stops[min(int(at) + 1, len(stops) - 1)]
    if isinstance(below, int) or isinstance(above, int):
        return stops[round(at)]
    red, green, blue = (round(x + (at - int(at)) * (y - x)) for x, y in zip(below, above, strict=True))
    return red, green, blue


def marker(role: Role, dashed: bool) -> str:
    """The character on an arm's curve: filled for training, hollow for evaluation."""
    shapes = _HOLLOW if dashed else _FILLED
    return shapes[role % ARMS] if isinstance(role, int) else shapes[0]


def ascii_marker(role: Role) -> str:
    """The same for terminals without Unicode."""
    return _ASCII[role % ARMS] if isinstance(role, int) else _ASCII[0]
