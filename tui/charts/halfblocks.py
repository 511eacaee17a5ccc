"""Small grey pictures in a terminal: two pixels a character as half-blocks, or shades, or plain ASCII."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TextIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["Manner", "beside", "manner_for", "picture", "wide"]

Manner = Literal["colour", "shades", "ascii"]
"""How to draw: half-blocks in 24 greys; block characters without colour; ASCII characters."""

_SHADES = {"shades": " ░▒▓█", "ascii": " .:-=+*#%@"}
_RESET = "\x1b[0m"


def manner_for(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Manner:
    """What ``stream`` can show: colour only on a terminal that may have it, blocks only where it speaks UTF."""
    if not (stream.encoding or "").lower().replace("-", "").startswith("utf"):
        return "ascii"
    plain = environment.get("NO_COLOR") or environment.get("TERM", "dumb") in ("dumb", "")
    return "shades" if plain or not stream.isatty() else "colour"


def picture(image: NDArray[Any], manner: Manner) -> list[str]:
    """``image`` (rows, columns), uint8 or floats in [0, 1], as lines of text, two rows of pixels a line.

    Every line is as many cells wide as the image has columns; in colour it ends with a reset.
    """
    grey = np.asarray(image, np.float64) / (255 if image.dtype == np.uint8 else 1)
    if len(grey) % 2:
        grey = np.vstack([grey, np.zeros((1, grey.shape[1]))])
    upper, lower = np.clip(grey[0::2], 0, 1), np.clip(grey[1::2], 0, 1)
    if manner == "colour":
        return [_line(a, b) for a, b in zip(_ansi_grey(upper), _ansi_grey(lower), strict=True)]
    ramp = _SHADES[manner]
    # Rounded up, so that thin faint strokes don't vanish.
    steps = np.ceil((upper + lower) / 2 * (len(ramp) - 1) - 1e-9).astype(int)
    return ["".join(ramp[step] for step in row) for row in steps]


def beside(pictures: Sequence[Sequence[str]], labels: Sequence[str], columns: int, gap: int = 2) -> list[str]:
    """``pictures`` (each ``columns`` cells wide, equally high) in one row, the label of each beneath it."""
    space = " " * gap
    lines = [space.join(row).rstrip() for row in zip(*pictures, strict=True)]
    lines.append(space.join(f"{label[:columns]:^{columns}}" for label in labels).rstrip())
    return lines


def wide(columns: int, width: int, gap: int = 2) -> int:
    """How many pictures of ``columns`` cells fit side by side into ``width`` cells; at least one."""
    return max(1, (width + gap) // (columns + gap))


def _ansi_grey(values: NDArray[np.float64]) -> list[list[int]]:
    """Numbers of the 256-colour palette: 16 is black, 232–255 are greys, 231 is white."""
    steps = np.rint(values * 25).astype(int)
    numbers: list[list[int]] = np.where(steps == 0, 16, np.where(steps == 25, 231, 231 + steps)).tolist()
    return numbers


def _line(upper: Sequence[int], lower: Sequence[int]) -> str:
    pieces = []
    before = None
    for colours in zip(upper, lower, strict=True):
        if colours != before:
            pieces.append(f"\x1b[38;5;{colours[0]};48;5;{colours[1]}m")
            before = colours
        pieces.append("▀")
    return "".join(pieces) + _RESET
