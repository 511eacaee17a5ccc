"""A table as its file holds it: for each column its numbers or its texts, with the lines they stand on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from tunelab.data.dataset import Array
from tunelab.data.labels import plain_number
from tunelab.data.tables.numbers import choose_styles, to_numbers

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RawColumn", "RawTable"]

Kind = Literal["numbers", "texts", "dates"]


@dataclass
class RawColumn:
    """One column. ``numbers`` (n,) float64, NaN where missing; or ``texts`` (n,), null where missing.

    ``odd`` are the cells of a column of numbers that aren't any, by row, taken as missing: the first few, of
    ``odd_count``. ``style`` names how its numbers are written where that isn't plain; ``codes`` says that its
    texts are digits with leading zeros, ``blank`` that every cell is empty, as stray separators make a column.
    """

    name: str
    index: int
    kind: Kind
    numbers: Array | None = None
    texts: pl.Series | None = None
    odd: dict[int, str] = field(default_factory=dict)
    odd_count: int = 0
    style: str = "plain"
    codes: bool = False
    blank: bool = False

    def __len__(self) -> int:
        return len(self.numbers if self.numbers is not None else self.texts)  # type: ignore[arg-type]

    def taken(self, rows: Array) -> RawColumn:
        """The same column with only some rows, in the order given."""
        import polars as pl

        place = {int(row): i for i, row in enumerate(rows.tolist())} if self.odd else {}
        odd = {place[row]: text for row, text in self.odd.items() if row in place}
        texts = None if self.texts is None else self.texts.gather(pl.Series(rows))
        numbers = None if self.numbers is None else self.numbers[rows]
        return replace(self, numbers=numbers, texts=texts, odd=odd, odd_count=self.odd_count - len(self.odd) + len(odd))

    def missing(self) -> Array:
        """Where a value is missing, (n,) bool."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        assert self.texts is not None
        return self.texts.is_null().to_numpy()

    def forced_numbers(self) -> Array:
        """Its values as numbers, (n,) float64, NaN also where a text is none."""
        if self.numbers is not None:
            return self.numbers
        assert self.texts is not None
        style = choose_styles([self.texts.drop_nulls()], ";")[0]
        return to_numbers(self.texts, style).fill_null(np.nan).to_numpy()

    def as_texts(self) -> pl.Series:
        """Its values as texts, whole numbers in their plainest form; null where missing."""
        import polars as pl

        if self.texts is not None:
            return self.texts
        assert self.numbers is not None
        values, places = np.unique(self.numbers, return_inverse=True)
        words = pl.Series(self.name, [None if np.isnan(v) else plain_number(v) for v in values], dtype=pl.String)
        return words.gather(pl.Series(places.reshape(-1)))


@dataclass
class RawTable:
    """All columns. ``header`` says whether the file names them; if not, their names are their numbers from 0.

    ``notes`` are what was found out about the file and is to be said. ``lines`` gives the line of a row, where the
    file has lines.
    """

    columns: list[RawColumn]
    rows: int
    header: bool
    notes: list[str]
    lines: Array | None = None

    def place(self, row: int, column: RawColumn | None = None) -> str:
        """Where a cell is, for a sentence: the line where there are lines, and the column by name."""
        row_place = f"line {int(self.lines[row]):,}" if self.lines is not None else f"row {row:,} (from 0)"
        return row_place if column is None else f"{row_place}, {self.called(column)}"

    def called(self, column: RawColumn) -> str:
        """What a sentence calls a column."""
        from tunelab.errors import printable

        return f"column '{printable(column.name, 40)}'" if self.header else f"column {column.index} (from 0)"
