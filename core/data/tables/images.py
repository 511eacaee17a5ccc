"""A table whose columns are the pixels of an image: 784 of them beside a label, as MNIST is passed on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tunelab.data.dataset import Array
from tunelab.data.tables.raw_table import RawColumn, RawTable
from tunelab.wording import quantity

__all__ = ["Pixels", "pixel_columns"]

_MNIST_PIXELS = 784
_PIXEL_NAME = re.compile(r"(?i)^(pixel|pix|px|p|x|var|v)?[ _]?\d+([ _x]\d+)*$")
_MIN_NAMED_PIXELS = 64  # an image of fewer pixels isn't recognized by its columns' names
_MAX_LABEL_VALUES = 100


@dataclass(frozen=True, eq=False)
class Pixels:
    """The columns of an image in order, its shape, and the label beside them.

    ``scale`` is what a pixel is multiplied with: 1/255 for whole numbers up to 255, 1 for numbers in [0, 1].
    """

    columns: list[RawColumn]
    shape: tuple[int, int]
    scale: float
    label: RawColumn
    why: str

    def inputs(self, parts: Sequence[Array]) -> list[Array]:
        """The pixels of each part's rows, (rows, pixels): uint8 where they are whole numbers, else float32."""
        bytes_ = self.scale != 1.0 and all(_is_whole(column.numbers) for column in self.columns)
        dtype = np.uint8 if bytes_ else np.float32
        result = [np.empty((len(rows), len(self.columns)), dtype) for rows in parts]
        for place, column in enumerate(self.columns):
            assert column.numbers is not None
            for rows, inputs in zip(parts, result, strict=True):
                inputs[:, place] = column.numbers[rows]
        return result

    def entries(self) -> list[dict[str, Any]]:
        """The encoder's columns: each a number left as it is."""
        return [
            {
                "name": column.name,
                "index": column.index,
                "kind": "number",
                "missing": 0,
                "why": "a pixel",
                "median": 0.0,
                "mean": 0.0,
                "std": 1.0,
                "indicator": False,
            }
            for column in self.columns
        ]


def pixel_columns(table: RawTable, label: RawColumn, *, guessed: bool) -> Pixels | None:
    """The image in a table's columns, or None where there is none.

    Where the label was only ``guessed`` and the file has no name for it, it is the first or the last column,
    whichever isn't a pixel.
    """
    others = [c for c in table.columns if c.index != label.index and not (table.header and c.name.lower() in _INDEX)]
    if not _is_image_width(table, others):
        return None
    candidates = [label]
    named = table.header and _PIXEL_NAME.match(label.name) is None
    if guessed and not named:
        used = sorted([*others, label], key=lambda column: column.index)
        candidates = [used[-1], used[0]]
    best = max(candidates, key=_label_quality)
    pixels = [column for column in table.columns if column in others or column is label]
    pixels = [column for column in pixels if column is not best]
    if any(column.numbers is None or np.isnan(column.numbers).any() for column in pixels):
        return None
    low = min(float(column.numbers.min()) for column in pixels)  # type: ignore[union-attr]
    high = max(float(column.numbers.max()) for column in pixels)  # type: ignore[union-attr]
    if low < 0 or not 0 < high <= 255:
        return None
    side = math.isqrt(len(pixels))
    whole = high > 1 or all(_is_whole(column.numbers) for column in pixels)
    if high <= 16 and high > 1:
        return None
    scale = 1 / 255 if high > 1 else 1.0
    del whole
    levels = "0 to 255" if high > 1 else "0 to 1"
    why = (
        f"{quantity(len(pixels), 'column')} are the pixels of images of {side}×{side}, {levels}; they "
        f"are scaled together"
    )
    return Pixels(pixels, (side, side), scale, best, why)


_INDEX = frozenset({"", "index", "id", "unnamed: 0"})


def _is_image_width(table: RawTable, columns: Sequence[RawColumn]) -> bool:
    if len(columns) == _MNIST_PIXELS:
        return True
    side = math.isqrt(len(columns))
    return (
        table.header
        and side * side == len(columns) >= _MIN_NAMED_PIXELS
        and sum("pix" in column.name.lower() for column in columns) > 0.9 * len(columns)
    )


def _label_quality(column: RawColumn) -> float:
    """How much a column looks like a label beside pixels: text, or a few whole numbers, each about as often."""
    if column.numbers is None:
        return math.inf
    values, counts = np.unique(column.numbers[~np.isnan(column.numbers)], return_counts=True)
    if not 2 <= len(values) <= _MAX_LABEL_VALUES or (values != np.floor(values)).any():
        return -1.0
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _is_whole(values: Array | None) -> bool:
    return values is not None and bool((values == np.floor(values)).all())
