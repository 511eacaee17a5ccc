"""A matrix as coloured cells: confusion matrices with their numbers, weights and digits in half-blocks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from tunelab.tui.charts.palette import Style
from tunelab.tui.charts.picture import Ink, Picture, Row, cells, fitted, joined, sentence
from tunelab.tui.charts.spec import Floats

__all__ = ["heatmap", "image"]

log = logging.getLogger(__name__)

RGB = tuple[int, int, int]
# Five stops of cividis (Nuñez et al. 2018), the same to every kind of colour vision and even in brightness;
# the other runs from blue over the theme's background to orange
_RISING = ((0, 32, 77), (65, 77, 108), (124, 123, 120), (188, 175, 111), (255, 234, 70))
_SIGNED = {
    "dark": ((86, 180, 233), (40, 95, 140), (24, 24, 28), (150, 95, 10), (245, 175, 40)),
    "light": ((0, 90, 170), (120, 170, 215), (245, 245, 245), (235, 185, 105), (190, 95, 0)),
}
_BLOCKS, _BLOCKS_ASCII = " ░▒▓█", " .:-=+*#%@"
DEFAULT = Style()


@dataclass(frozen=True)
class _Shading:
    """How numbers become shades: two hues around 0 (``signed``), their square ``root``."""

    style: Style
    signed: bool = False
    root: bool = False


def heatmap(
    values: ArrayLike,
    row_labels: Sequence[str],
    col_labels: Sequence[str],
    width: int,
    height: int,
    *,
    style: Style = DEFAULT,
    signed: bool = False,
    root: bool = False,
    texts: Sequence[Sequence[str]] | None = None,
) -> Picture:
    """``values`` (rows, columns) with labels at both sides, in at most ``width`` × ``height`` cells.

    Whole numbers stand in their cells where there is room; where there isn't, two values share a cell as
    half-blocks. ``signed`` gives positive and negative numbers two hues around 0. ``root`` shades by
    the square root, so that a confusion matrix' few mistakes show beside its many right answers. Without
    colour, and with 16 colours, cells are shaded by characters. A value that isn't finite is a "?". ``texts``
    stand in the cells instead of the numbers. Like ``build`` it never raises.
    """
    try:
        return _heatmap(values, row_labels, col_labels, width, height, _Shading(style, signed, root), texts)
    except Exception:
        log.warning("a heatmap could not be drawn", exc_info=True)
        return sentence("This table can't be drawn; the log says why.", width, height, Ink(dim=True))


def image(values: ArrayLike, width: int, height: int, *, style: Style = DEFAULT, signed: bool = False) -> Picture:
    """``values`` (rows, columns) as a picture of half-blocks, one value a pixel, in at most that many cells.

    A larger matrix is averaged down to fit. 28 × 28 pixels take 28 × 14 cells.
    """
    try:
        pixels = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if not np.isfinite(pixels).any() or width < 1 or height < 1:
            return sentence("Nothing to show.", width, height, Ink(dim=True))
        return _pixels(pixels, width, height, _Shading(style, signed))
    except Exception:
        log.warning("an image could not be drawn", exc_info=True)
        return sentence("This image can't be drawn; the log says why.", width, height, Ink(dim=True))


def _heatmap(
    values: ArrayLike,
    row_labels: Sequence[str],
    col_labels: Sequence[str],
    width: int,
    height: int,
    how: _Shading,
    texts: Sequence[Sequence[str]] | None,
) -> Picture:
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    rows, columns = table.shape
    if not np.isfinite(table).any() or width < 1 or height < 1:
        return sentence("Nothing to show.", width, height, Ink(dim=True))
    row_labels, col_labels = [how.style.text(t) for t in row_labels], [how.style.text(t) for t in col_labels]
    gutter = min(max((cells(label) for label in row_labels), default=0) + 1, max(width // 3, 1))
    cell_texts = texts or [[_number(v) for v in row] for row in table.tolist()]
    broad = max(cells(text) for text in [*col_labels, *(text for row in cell_texts for text in row)]) + 2
    if gutter + broad * columns > width:
        broad -= 1
    if gutter + broad * columns <= width and rows + 1 <= height:
        head = "".join(fitted(label.center(broad), broad) for label in col_labels)
        lines: list[Row] = [((" " * gutter + head, Ink(dim=True)),)]
        shares = _shares(table, how)
        for label, written, share in zip(row_labels, cell_texts, shares.tolist(), strict=True):
            row = [(fitted(label, gutter), Ink(dim=True))]
            for text, value in zip(written, share, strict=True):
                row.append((text.center(broad), _cell_ink(value, how)))
            lines.append(joined(row))
        return Picture(tuple(lines))
    room = width - gutter
    if columns > room or rows > 2 * (height - 1):  # several values to a pixel: a label would say nothing
        return _pixels(table, width, height, how)
    stretch = min(room // columns, 2 * (height - 1) // rows)
    shares = np.repeat(np.repeat(_shares(table, how), stretch, axis=0), stretch, axis=1)
    return _labelled(shares, row_labels, col_labels, gutter, stretch, how)


def _pixels(table: Floats, width: int, height: int, how: _Shading) -> Picture:
    factor = max(1, -(-table.shape[1] // width), -(-table.shape[0] // (2 * height)))
    shares = _shares(_smaller(table, factor), how)
    return Picture(tuple(joined(row) for row in _pixel_rows(shares, how)))


def _labelled(
    shares: Floats,
    row_labels: Sequence[str],
    col_labels: Sequence[str],
    gutter: int,
    stretch: int,
    how: _Shading,
) -> Picture:
    head = "".join(fitted(label, stretch) for label in col_labels)
    lines: list[Row] = [((" " * gutter + head, Ink(dim=True)),)]
    for number, row in enumerate(_pixel_rows(shares, how)):
        # a cell holds two pixels; a label stands where its first whole cell is
        of = [i for i in range(len(row_labels)) if (i * stretch + 1) // 2 == number]
        lines.append(joined([(fitted(row_labels[of[0]] if of else "", gutter), Ink(dim=True)), *row]))
    return Picture(tuple(lines))


def _pixel_rows(shares: Floats, how: _Shading) -> list[list[tuple[str, Ink]]]:
    if len(shares) % 2:
        shares = np.vstack((shares, np.full((1, shares.shape[1]), np.nan)))
    lines: list[list[tuple[str, Ink]]] = []
    for upper, lower in zip(shares[::2].tolist(), shares[1::2].tolist(), strict=True):
        line: list[tuple[str, Ink]] = []
        for above, below in zip(upper, lower, strict=True):
            if how.style.ascii or how.style.sixteen_colours:
                line.append((_block(above, below, how), Ink()))
            else:
                top, bottom = _shade(above, how), _shade(below, how)
                line.append((" ", Ink(background=top)) if top == bottom else ("▀", Ink(top, bottom)))
        lines.append(line)
    return lines


def _block(above: float, below: float, how: _Shading) -> str:
    known = [share for share in (above, below) if share == share]
    if not known:
        return " "
    share = sum(known) / len(known)
    # without hues a signed matrix shows how far from 0 it is
    share = abs(share - 0.5) * 2 if how.signed else share
    blocks = _BLOCKS_ASCII if how.style.ascii else _BLOCKS
    return blocks[min(int(share * len(blocks)), len(blocks) - 1)]


def _cell_ink(share: float, how: _Shading) -> Ink:
    if how.style.sixteen_colours:
        weight = abs(share - 0.5) * 2 if how.signed else share
        return Ink(bold=weight >= 0.5, dim=weight < 0.1)
    background = _shade(share, how)
    if background is None:
        return Ink()
    # the weights of sRGB's brightness (ITU-R BT.601)
    bright = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2]
    return Ink((0, 0, 0) if bright > 125 else (255, 255, 255), background)


def _shade(share: float, how: _Shading) -> RGB | None:
    if share != share:
        return None
    stops = _SIGNED["light" if how.style.palette == "light" else "dark"] if how.signed else _RISING
    at = share * (len(stops) - 1)
    lower = min(int(at), len(stops) - 2)
    a, b = stops[lower], stops[lower + 1]
    mixed = [round(x + (at - lower) * (y - x)) for x, y in zip(a, b, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _shares(table: Floats, how: _Shading) -> Floats:
    """Values as 0 … 1 (signed: 0 is at 0.5), NaN where they aren't finite."""
    known = np.where(np.isfinite(table), table, np.nan)
    size = np.nanmax(np.abs(known))
    known = known / size if size > 0 else known  # first, so that a range of 1e308 doesn't overflow
    if how.root:
        known = np.sign(known) * np.sqrt(np.abs(known))
    if how.signed:
        return 0.5 + known / 2
    low, high = min(float(np.nanmin(known)), 0.0), float(np.nanmax(known))
    return (known - low) / (high - low) if high > low else np.where(np.isnan(known), np.nan, 0.0)


def _smaller(table: Floats, factor: int) -> Floats:
    """Means of ``factor`` × ``factor`` values; what is left over at the right and lower edge is averaged too."""
    if factor == 1:
        return table
    rows, columns = (-(-n // factor) for n in table.shape)
    padded = np.full((rows * factor, columns * factor), np.nan)
    padded[: table.shape[0], : table.shape[1]] = np.where(np.isfinite(table), table, np.nan)
    blocks = padded.reshape(rows, factor, columns, factor)
    count = (~np.isnan(blocks)).sum(axis=(1, 3))
    total = np.nansum(blocks / factor**2, axis=(1, 3))
    return np.where(count > 0, total * (factor**2 / np.maximum(count, 1)), np.nan)


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return "?"
    return "·" if value == 0 else f"{value:.0f}" if value == int(value) and abs(value) < 1e6 else f"{value:.2g}"
