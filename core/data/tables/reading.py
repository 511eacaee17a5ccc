"""A file becomes a :class:`RawTable`: text in whatever dialect, block by block, or Parquet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tunelab.data.tables.blocks import parsed_blocks
from tunelab.data.tables.cells import NUMBER_MISSING, TEXT_MISSING
from tunelab.data.tables.dialect import Dialect, detect
from tunelab.data.tables.numbers import MAX_EXACT, PLAIN, NumberStyle, choose_styles, leading_zeros, to_numbers
from tunelab.data.tables.raw_table import RawColumn, RawTable
from tunelab.data.tables.text_source import TextSource
from tunelab.errors import BadInput, printable
from tunelab.wording import quantity

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MAX_COLUMNS", "Expected", "read_raw"]

MAX_COLUMNS = 20_000
_MAX_ODD_SHARE = 0.05  # of a column's cells may be no numbers, and it is still a column of numbers
_MAX_ODD_WORD_SHARE = 0.3  # the same where the odd cells are a few words, which stand for something missing
_ODD_WORDS = 3
_FEW_VALUES = 50  # a column of so few different values, some of them words, is one of categories
_ODD_CELLS_KEPT = 20


@dataclass(frozen=True)
class Expected:
    """What is known of a table before it is read, from one like it: column ``names`` and which of them hold ``texts``.

    Where that one had no header there are no names.
    Rows whose cells are all missing are kept then, since whoever asks counts the rows.
    """

    names: tuple[str, ...]
    texts: frozenset[str]


def read_raw(
    path: Path, report: Callable[[int, int], None] | None = None, expected: Expected | None = None
) -> RawTable:
    """The table in ``path``, all its columns. Raises :class:`BadInput` naming line, column and cure.

    ``report`` hears how many bytes have been read, of how many.
    """
    if _is_parquet(path):
        table = _read_parquet(path)
        return table if expected else _without_empty_rows(table)
    source = TextSource.open(path)
    try:
        table = _read_text(source, expected, report)
    except UnicodeDecodeError:
        table = _read_text(source.recoded(), expected, report)
        table.notes.insert(0, "The file isn't UTF-8; it is read as Windows-1252")
    return table if expected else _without_empty_rows(table)


# -- text ---------------------------------------------------------------------------------------------------


class _NotNumbersError(Exception):
    """A column that began with numbers holds text further on: the file is read again, the column as text."""

    def __init__(self, index: int) -> None:
        self.index = index


def _read_text(source: TextSource, expected: Expected | None, report: Callable[[int, int], None] | None) -> RawTable:
    dialect = detect(source.sample(), source.where, expected.names if expected else None)
    if dialect.width > MAX_COLUMNS:
        raise BadInput(f"{source.where} has {quantity(dialect.width, 'column')}; at most {MAX_COLUMNS:,} are read")
    texts = expected.texts if expected else ()
    as_texts = {i for i, name in enumerate(dialect.names or ()) if _tidy(name) in texts}
    while True:
        try:
            return _read_columns(source, dialect, as_texts, report)
        except _NotNumbersError as column:
            as_texts.add(column.index)


def _read_columns(
    source: TextSource, dialect: Dialect, as_texts: set[int], report: Callable[[int, int], None] | None
) -> RawTable:
    names, notes = _column_names(dialect)
    columns = [_GrowingColumn(name, i, i in as_texts) for i, name in enumerate(names)]
    lines = []
    rows = 0
    floats: set[int] = set()
    for frame, frame_lines in parsed_blocks(source, dialect, floats, report):
        series = frame.get_columns()
        if rows == 0:
            series = [column.unwrapped_first(texts) for column, texts in zip(columns, series, strict=True)]
            styles = choose_styles(series, dialect.separator)
            for column, texts, style in zip(columns, series, styles, strict=True):
                column.begin(texts, style)
            floats |= {column.index for column in columns if column.has_decimals}
        for column, texts in zip(columns, series, strict=True):
            column.add(texts, rows)
        lines.append(frame_lines)
        rows += len(frame_lines)
    if rows == 0:
        what = "a header and no rows" if dialect.names else "no rows"
        raise BadInput(f"{source.where} has {what}; each line is an example, its inputs and its label")
    raw = [column.finished() for column in columns]
    return RawTable(raw, rows, dialect.names is not None, notes, np.concatenate(lines))


def _column_names(dialect: Dialect) -> tuple[list[str], list[str]]:
    """A name for every column, no two alike, and what is to be said about them."""
    if dialect.names is None:
        return [str(i) for i in range(dialect.width)], []
    names: list[str] = []
    notes = []
    for name in map(_tidy, dialect.names):
        unique, count = name, 1
        while unique and unique in names:
            count += 1
            unique = f"{name}_{count}"
        if unique != name:
            notes.append(f"Two columns are called '{printable(name, 40)}'; the later one is '{printable(unique, 40)}'")
        names.append(unique)
    return names, notes


def _tidy(name: str) -> str:
    """A column's name on one line, without what can't be printed."""
    return printable(" ".join(name.split()), 200)


class _GrowingColumn:
    """A column while its blocks come in."""

    def __init__(self, name: str, index: int, as_texts: bool) -> None:
        self.name, self.index, self._as_texts = name, index, as_texts
        self._style = PLAIN
        self._wrapped = False
        self._codes = False
        self._is_first = True
        self._blank = True
        self.has_decimals = False
        self._numbers = np.empty(0)
        self._filled = 0
        self._texts: list[pl.Series] = []
        self._odd: dict[int, str] = {}
        self._odd_count = 0
        self._rows = 0

    def unwrapped_first(self, texts: pl.Series) -> pl.Series:
        """The first block's texts without quotes that stand around every one of them."""
        present = texts.drop_nulls()
        self._wrapped = bool(len(present)) and bool(present.str.contains(r"^('.*'|\".*\")$").mean() > 0.9)  # type: ignore[operator]
        return self._unwrapped(texts)

    def begin(self, texts: pl.Series, style: NumberStyle) -> None:
        """Decide by the first block whether the column holds numbers."""
        self._style = style
        if self._as_texts:
            self._codes = leading_zeros(texts)
            return
        numbers = to_numbers(texts, style)
        odd = _odd_cells(texts, numbers)
        present = len(numbers) - numbers.null_count() + len(odd)
        whole = bool((numbers.drop_nulls() % 1 == 0).all())
        self.has_decimals = style is PLAIN and not whole and not self._wrapped
        self._codes = whole and style is PLAIN and leading_zeros(texts)
        too_long = whole and bool(texts.str.contains(r"^[+-]?\d{16,}$").any())
        self._as_texts = (
            present == len(odd) > 0
            or self._codes
            or too_long
            or (len(odd) > 0 and not _are_exceptions(odd, texts, present))
        )
        self.has_decimals &= not self._as_texts and not len(odd)

    def add(self, texts: pl.Series, first_row: int) -> None:
        """Take in a block's cells, stripped. Raises :class:`_NotNumbersError` where they are text after all."""
        import polars as pl

        if texts.dtype == pl.Float64:  # parsed as numbers at once
            self._rows += len(texts)
            self._blank = False
            self._append(texts.fill_null(np.nan).to_numpy())
            return
        if not self._is_first:
            texts = self._unwrapped(texts)
        self._is_first = False
        self._blank &= texts.null_count() == len(texts)
        self._rows += len(texts)
        if self._as_texts:
            missing = texts.str.to_lowercase().is_in(list(TEXT_MISSING)).fill_null(value=True)
            self._texts.append(
                texts.zip_with(~missing, pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)))
            )
            return
        numbers = to_numbers(texts, self._style)
        if numbers.null_count() > texts.null_count():
            odd = _odd_cells(texts, numbers)
            self._odd_count += len(odd)
            for row in odd.head(_ODD_CELLS_KEPT - len(self._odd)).iter_rows():
                self._odd[first_row + row[0]] = row[1]
            if self._odd_count > max(1, _MAX_ODD_WORD_SHARE * self._rows):
                raise _NotNumbersError(self.index)
        values = numbers.to_numpy(allow_copy=True) if not numbers.null_count() else numbers.fill_null(np.nan).to_numpy()
        if self._style is PLAIN and self._filled and _whole(values) and leading_zeros(texts):
            raise _NotNumbersError(self.index)
        self._append(values)

    def finished(self) -> RawColumn:
        """The whole column."""
        import polars as pl

        if self._as_texts:
            texts = pl.concat(self._texts, rechunk=True) if len(self._texts) > 1 else self._texts[0]
            self._texts = []
            if texts.null_count() < len(texts):
                return RawColumn(self.name, self.index, "texts", texts=texts, codes=self._codes)
            return RawColumn(self.name, self.index, "numbers", numbers=np.full(len(texts), np.nan), blank=self._blank)
        numbers = self._numbers[: self._filled]
        return RawColumn(
            self.name,
            self.index,
            "numbers",
            numbers=numbers,
            odd=self._odd,
            odd_count=self._odd_count,
            style=self._style.name,
            blank=self._blank,
        )

    def _append(self, values: np.ndarray) -> None:
        """Copy numbers to the end of a buffer that doubles: what isn't filled yet takes no memory."""
        needed = self._filled + len(values)
        if needed > len(self._numbers):
            grown = np.empty(max(needed, 2 * len(self._numbers)))
            grown[: self._filled] = self._numbers[: self._filled]
            self._numbers = grown
        self._numbers[self._filled : needed] = values
        self._filled = needed

    def _unwrapped(self, texts: pl.Series) -> pl.Series:
        if not self._wrapped:
            return texts
        return texts.str.replace(r"^(?:'(.*)'|\"(.*)\")$", "$1$2").str.strip_chars()


def _odd_cells(texts: pl.Series, numbers: pl.Series) -> pl.DataFrame:
    """The cells that are neither numbers nor missing: ``row`` within the block, and ``text``."""
    import polars as pl

    frame = pl.DataFrame({"row": pl.arange(len(texts), eager=True), "text": texts, "number": numbers})
    odd = frame.filter(pl.col("number").is_null() & pl.col("text").is_not_null()).select("row", "text")
    return odd.filter(~pl.col("text").str.to_lowercase().is_in(list(NUMBER_MISSING)))


def _are_exceptions(odd: pl.DataFrame, texts: pl.Series, present: int) -> bool:
    """Whether odd cells are slips in a column of numbers, rather than a sign that it isn't one."""
    few = _FEW_VALUES if len(texts) > 5 * _FEW_VALUES else len(texts) // 10
    if len(odd) > 1 and texts.n_unique() <= few:
        return False
    words = odd["text"].n_unique()
    return len(odd) <= max(1, _MAX_ODD_SHARE * present) or (
        words <= _ODD_WORDS and len(odd) <= _MAX_ODD_WORD_SHARE * present
    )


def _whole(values: np.ndarray) -> bool:
    present = values[~np.isnan(values)]
    return bool((present == np.floor(present)).all())


def _without_empty_rows(table: RawTable) -> RawTable:
    """The same without rows in which every cell is missing; spreadsheets leave some at the end."""
    empty = np.ones(table.rows, bool)
    for column in table.columns:
        empty &= column.missing()
        if not empty.any():
            return table
    keep = np.flatnonzero(~empty)
    dropped = table.rows - len(keep)
    notes = [*table.notes, f"{dropped:,} empty row{'s are' if dropped > 1 else ' is'} left out"]
    columns = [column.taken(keep) for column in table.columns]
    return RawTable(columns, len(keep), table.header, notes, None if table.lines is None else table.lines[keep])


# -- Parquet ------------------------------------------------------------------------------------------------


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as problem:
        raise BadInput(f"'{printable(path)}' can't be read: {printable(problem.strerror or problem, 80)}") from None


def _read_parquet(path: Path) -> RawTable:
    import polars as pl

    where = f"'{printable(path)}'"
    before = path.stat()
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as problem:
        reason = printable((str(problem).splitlines() or [""])[0], 100)
        raise BadInput(f"{where} is not a Parquet file that can be read, or cut short ({reason})") from None
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadInput(f"{where} changed while it was read; read it again once it is complete")
    if not frame.width or not frame.height:
        raise BadInput(f"{where} has no rows; each is an example, its inputs and its label")
    if frame.width > MAX_COLUMNS:
        raise BadInput(f"{where} has {quantity(frame.width, 'column')}; at most {MAX_COLUMNS:,} are read")
    columns = [_parquet_column(series, i, where) for i, series in enumerate(frame.get_columns())]
    return RawTable(columns, frame.height, header=True, notes=[])


def _parquet_column(series: pl.Series, index: int, where: str) -> RawColumn:
    import polars as pl

    name, dtype = _tidy(series.name), series.dtype
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise BadInput(
            f"{where}: column '{printable(name, 40)}' holds {printable(dtype, 40)}, not one value a row; "
            "take it out, or make columns of numbers or text of it"
        )
    if dtype == pl.Boolean:
        texts = series.cast(pl.String).replace({"true": "True", "false": "False"})
        return RawColumn(name, index, "texts", texts=texts)
    if dtype.is_temporal():
        return RawColumn(name, index, "dates", texts=series.cast(pl.String))
    if dtype.is_numeric():
        exact = not dtype.is_integer() or not bool((series.cast(pl.Float64).abs() >= MAX_EXACT).any())
        if exact:
            return RawColumn(name, index, "numbers", numbers=series.cast(pl.Float64).fill_null(np.nan).to_numpy())
    texts = series.cast(pl.String).str.strip_chars()
    column = _GrowingColumn(name, index, dtype.is_numeric())
    texts = column.unwrapped_first(texts)
    column.begin(texts, choose_styles([texts], ";")[0])
    column.add(texts, 0)
    return column.finished()
