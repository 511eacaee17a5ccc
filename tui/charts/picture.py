"""A finished drawing: rows of text in ink, which any terminal, file or screen can show."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["PLAIN", "Colour", "Ink", "Picture", "Place", "Row", "ascii_only", "cells", "fitted", "sentence"]

Colour = tuple[int, int, int] | int
"""Red, green and blue (0 to 255), or one of the terminal's own 16 colours (0 to 15)."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a piece of text looks; None is the terminal's own colour."""

    colour: Colour | None = None
    background: Colour | None = None
    dim: bool = False
    bold: bool = False


PLAIN = Ink()

Row = tuple[tuple[str, Ink], ...]
"""Pieces of text from left to right."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the canvas of a chart lies in its picture, and what its edges stand for.

    ``left``, ``top``: the first cell of the canvas; ``columns``, ``rows``: its size in cells. ``x`` and
    ``y`` are the limits in data units, low before high; a log axis needs both above 0.
    """

    left: int
    top: int
    columns: int
    rows: int
    x: tuple[float, float]
    y: tuple[float, float]
    x_log: bool = False
    y_log: bool = False

    def x_at(self, column: int) -> float:
        """The x under a column of the picture, held inside the limits; for a crosshair."""
        low, high = self.x
        share = (column - self.left) / max(self.columns - 1, 1)
        share = min(max(share, 0.0), 1.0)
        if self.x_log:
            return float(low ** (1 - share) * high**share)
        return low * (1 - share) + high * share

    def column_at(self, x: float) -> int:
        """The column of the picture in which an x lies, held inside the canvas."""
        low, high = (math.log(end) if self.x_log else end for end in self.x)
        at = math.log(max(x, self.x[0])) if self.x_log else x
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return self.left + round(share * max(self.columns - 1, 1))


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of text in ink, all of one width; ``place`` is set where the picture is a chart."""

    rows: tuple[Row, ...]
    place: Place | None = None

    def plain(self) -> str:
        """The text without any escape sequence, a line a row."""
        return "\n".join("".join(text for text, _ in row) for row in self.rows)

    def ansi(self) -> str:
        """The text with SGR sequences, a line a row; every line ends in the terminal's own colours."""
        return "\n".join("".join(_sgr(text, ink) for text, ink in row) for row in self.rows)

    def over(self, *others: Picture) -> Picture:
        """A picture with others below it; the place stays that of the first."""
        return Picture(self.rows + tuple(row for other in others for row in other.rows), self.place)


def _sgr(text: str, ink: Ink) -> str:
    codes: list[str] = []
    if ink.bold:
        codes.append("1")
    if ink.dim:
        codes.append("2")
    for colour, base in ((ink.colour, 30), (ink.background, 40)):
        if isinstance(colour, int):
            codes.append(str(base + colour if colour < 8 else base + 52 + colour))
        elif colour is not None:
            codes.append(f"{base + 8};2;{colour[0]};{colour[1]};{colour[2]}")
    return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes else text


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(c) for c in text)


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fitted(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns: cut with "…", or filled with spaces; control characters go."""
    unknown = "?" if text.isascii() else "�"
    text = "".join(c if c.isprintable() else unknown for c in text)
    if cells(text) > width:
        mark = "~" if text.isascii() else "…"
        start, used = "", 0
        for character in text:
            if used + _cells_of(character) > width - 1:
                break
            start, used = start + character, used + _cells_of(character)
        text = start + mark if width > 0 else ""
    return text + " " * (width - cells(text))


_SPELLED = {
    "η": "eta", "λ": "lambda", "σ": "sigma", "μ": "mu", "√": "sqrt ", "′": "'", "÷": "/", "×": "x", "−": "-",
    "–": "-", "—": "-", "±": "+-", "≥": ">=", "≤": "<=", "…": "...", "→": "->", "·": "-", "’": "'",
    "Σ": "sum ", "∇": "grad ", "≈": "~", "½": "1/2 ", "“": '"', "”": '"', "✓": "+", "▸": ">",
    "‖": "||", "⏎": "enter", "←": "<-", "↑": "up", "↓": "down", "∞": "inf", "≪": "<<", "≫": ">>", "⇒": "=>", "∈": "in",
    "ε": "epsilon", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "π": "pi", "θ": "theta", "ρ": "rho",
    "Δ": "Delta", "ß": "ss", "æ": "ae",
}  # fmt: skip
_SPELLED |= zip(
    "─━│┃╭╮╰╯┌┐└┘├┤┬┴┼┊┈▼▲▶◀●○■□◆◇★☆▽△▷◁✗⚠▚█▀▄░▒▓▁▂▃▅▆▇∂∼‘‚„•øØłđ",
    "-=||+++++++++++++|.v^><oo##****v^><x!####.:#___###d~',\"-oOld",
    strict=True,
)


def ascii_only(text: str) -> str:
    """``text`` for a terminal that knows ASCII alone: η becomes eta, é becomes e, the rest "?"."""
    if text.isascii():
        return text
    spelled = "".join(_SPELLED.get(c, c) for c in text)
    decomposed = unicodedata.normalize("NFKD", spelled)
    return "".join(c if c.isascii() else "?" for c in decomposed if not unicodedata.combining(c))


def sentence(text: str, width: int, height: int, ink: Ink = PLAIN) -> Picture:
    """A picture of the size asked for with ``text`` in its middle, broken between words."""
    width, height = max(width, 0), max(height, 0)
    lines: list[str] = []
    for word in text.split():
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    lines = lines[:height]
    above = (height - len(lines)) // 2
    placed = [""] * above + lines + [""] * (height - above - len(lines))
    return Picture(tuple(((_centred(line, width), ink),) for line in placed))


def _centred(text: str, width: int) -> str:
    room = width - cells(text)
    return fitted(" " * (room // 2) + text if room > 0 else text, width)


def joined(pieces: Iterable[tuple[str, Ink]]) -> Row:
    """A row from pieces, neighbours in the same ink made one."""
    row: list[tuple[str, Ink]] = []
    for text, ink in pieces:
        if row and row[-1][1] == ink:
            row[-1] = (row[-1][0] + text, ink)
        elif text:
            row.append((text, ink))
    return tuple(row)
