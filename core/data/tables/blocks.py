"""A table's text, block by block, to frames of stripped texts, and the line on which each row begins."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Set
from typing import TYPE_CHECKING

import numpy as np
from tunelab.data.dataset import Array
from tunelab.data.tables.cells import LABEL_MISSING
from tunelab.data.tables.dialect import WHITESPACE, Dialect, split_on_whitespace
from tunelab.data.tables.text_source import TextSource
from tunelab.errors import BadInput
from tunelab.wording import quantity

if TYPE_CHECKING:
    import polars as pl

__all__ = ["parsed_blocks"]

_NEWLINE = ord("\n")
_NULLS = ["", *(form for word in LABEL_MISSING if word for form in {word, word.upper(), word.capitalize(), "NaN"})]
_MAX_CARRIED = 64 << 20  # bytes in which a quote stays open, before it is taken as one that nobody closed


def parsed_blocks(
    source: TextSource,
    dialect: Dialect,
    floats: Set[int] = frozenset(),
    report: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[pl.DataFrame, Array]]:
    """The rows below the header: frames of ``dialect.width`` columns of stripped texts, and their lines (n,) from 1.

    ``floats`` are columns that may come as Float64 at once, null where missing; whoever iterates may add to them.
    Raises :class:`BadInput` for a row of another length or a quote that isn't closed, naming the line.
    """
    parser = _Parser(source.where, dialect, floats)
    to_skip, carried = dialect.skipped, b""
    for block in source.blocks(report):
        while to_skip and block:
            end = block.find(b"\n") + 1
            block, to_skip = block[end:], to_skip - 1
        block = carried + block
        end = parser.whole_rows(block)
        if end == 0 and len(block) > _MAX_CARRIED:
            end = len(block)
        carried = block[end:]
        if end:
            yield from parser.parse(block[:end])
    if carried:
        yield from parser.parse(carried)


class _Parser:
    """Goes through the blocks; ``line`` is that of the next row."""

    def __init__(self, where: str, dialect: Dialect, floats: Set[int]) -> None:
        self._where, self._dialect, self._floats = where, dialect, floats
        self._line = dialect.skipped + 1
        # Words are rejoined by tabs, so that one way of reading serves all
        self._separator = "\t" if dialect.separator == WHITESPACE else dialect.separator
        self._quote = ord(dialect.quote)

    def whole_rows(self, block: bytes) -> int:
        """Where the last row ends whose quotes are all closed: 0 where there is none."""
        if block.count(self._dialect.quote.encode()) % 2 == 0:
            return len(block)
        data = np.frombuffer(block, np.uint8)
        open_quotes = np.cumsum(data == self._quote, dtype=np.int64) % 2
        ends = np.flatnonzero((data == _NEWLINE) & (open_quotes == 0))
        return int(ends[-1]) + 1 if len(ends) else 0

    def parse(self, block: bytes) -> Iterator[tuple[pl.DataFrame, Array]]:
        """A block that ends with a whole row."""
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if self._dialect.separator == WHITESPACE:
            block = self._words(block)
        elif self._dialect.quote.encode() in block:
            block = self._closely_quoted(block)
        parsed = self._fast(block)
        if parsed is None:
            parsed = self._careful(block)
        self._line += lines
        if parsed is not None and len(parsed[1]):
            yield parsed

    def _fast(self, block: bytes) -> tuple[pl.DataFrame, Array] | None:
        """The rows by polars, or None where a row isn't as long as it should be or quotes stand oddly."""
        import polars as pl

        block = block.rstrip(b"\n") + b"\n"
        data = np.frombuffer(block, np.uint8)
        newlines = np.flatnonzero(data == _NEWLINE)
        separators = data == ord(self._separator)
        ends = newlines
        quotes = np.flatnonzero(data == self._quote)
        if len(quotes):
            if len(quotes) % 2 or not self._quotes_wrap_cells(data, quotes):
                return None
            inside = (np.cumsum(data == self._quote, dtype=np.int32) % 2).astype(bool)
            ends = newlines[~inside[newlines]]
            separators &= ~inside
        if len(ends) == 0:
            return None
        starts = np.concatenate([[0], ends[:-1] + 1])
        counts = np.diff(np.searchsorted(np.flatnonzero(separators), np.concatenate([[0], ends + 1])))
        if (counts != self._dialect.width - 1).any():
            return None
        try:
            frame = self._read(block, self._floats)
        except pl.exceptions.PolarsError:
            if not self._floats:
                return None
            self._floats = frozenset()  # numbers with spaces around them, say: as texts from here on
            frame = self._read(block, self._floats)
        if frame.height != len(ends):
            return None
        if b" " in block or (self._separator != "\t" and b"\t" in block) or not block.isascii():
            frame = frame.with_columns(pl.col(pl.String).str.strip_chars())
        lines = self._line + (np.arange(len(ends)) if len(ends) == len(newlines) else newlines.searchsorted(starts))
        return frame, lines.astype(np.int32)

    def _read(self, block: bytes, floats: Set[int]) -> pl.DataFrame:
        import polars as pl

        return pl.read_csv(
            io.BytesIO(block),
            has_header=False,
            separator=self._separator,
            quote_char=self._dialect.quote,
            schema={str(i): pl.Float64 if i in floats else pl.String for i in range(self._dialect.width)},
            null_values=_NULLS if floats else None,
            infer_schema=False,
        )

    def _quotes_wrap_cells(self, data: Array, quotes: Array) -> bool:
        """Whether every quote opens or closes a cell, or is doubled inside one."""
        padded = np.concatenate([[_NEWLINE], data, [_NEWLINE]])
        before, after = padded[quotes[0::2]], padded[quotes[1::2] + 2]
        edges = (ord(self._separator), _NEWLINE, self._quote)
        return bool(np.isin(before, edges).all() and np.isin(after, edges).all())

    def _careful(self, block: bytes) -> tuple[pl.DataFrame, Array] | None:
        """The rows by Python's csv, which takes a quote inside a cell as what it is, and says which line is wrong."""
        import polars as pl

        text = block.decode()
        rows, lines = [], []
        width = self._dialect.width
        try:
            read = list(self._csv_rows(text, strict=True))
        except csv.Error as problem:
            if "end of data" in str(problem):
                self._refuse_open_quote(text)
            try:
                read = list(self._csv_rows(text, strict=False))
            except csv.Error as second:
                raise BadInput(f"{self._where} is not a table that can be read: {second}") from None
        for line, cells in read:
            if not any(cells) and len(cells) <= 1:
                continue
            if len(cells) > width and not any(cells[width:]):
                cells = cells[:width]  # a stray separator at the end
            if len(cells) != width:
                raise BadInput(
                    f"{self._where}, line {line:,}: {quantity(len(cells), 'column')}, where the "
                    f"other lines have {width}; cells are separated by {self._dialect.separator_name}, "
                    "so put a cell that holds one in quotes"
                )
            rows.append(cells)
            lines.append(line)
        if not rows:
            return None
        schema = {str(i): pl.String for i in range(width)}
        return pl.DataFrame(rows, schema=schema, orient="row"), np.array(lines, np.int32)

    def _csv_rows(self, text: str, strict: bool) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self._separator,
            quotechar=self._dialect.quote,
            skipinitialspace=self._separator != "\t",
            strict=strict,
        )
        before = 0
        for cells in reader:
            yield self._line + before, [cell.strip() for cell in cells]
            before = reader.line_num

    def _refuse_open_quote(self, text: str) -> None:
        """Raise for the last row, whose quote is opened and never closed."""
        start = end = 0
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self._separator,
            quotechar=self._dialect.quote,
            skipinitialspace=self._separator != "\t",
        )
        for _cells in reader:
            start, end = end, reader.line_num
        raise BadInput(
            f"{self._where}, line {self._line + start:,}: a quote is opened and not closed; "
            "close it, or double it where it is part of the text"
        )

    def _closely_quoted(self, block: bytes) -> bytes:
        """Without spaces between a separator and a quote, which polars would take for an unquoted cell."""
        quote, separator = re.escape(self._dialect.quote.encode()), re.escape(self._separator.encode())
        if re.search(rb"[%s\n] +%s" % (separator, quote), block) is None:
            return block
        block = re.sub(rb"(?<=[%s\n]) +(?=%s)" % (separator, quote), b"", block)
        return re.sub(rb"(?<=%s) +(?=[%s\n])" % (quote, separator), b"", block)

    def _words(self, block: bytes) -> bytes:
        """Runs of spaces and tabs as single tabs, outside of quotes; none at the ends of a line."""
        if self._dialect.quote.encode() not in block:
            block = re.sub(rb"[ \t]+", b"\t", block)
            return re.sub(rb"^\t|\t$", b"", block, flags=re.MULTILINE)
        lines = block.decode().split("\n")
        words = (
            "\t".join(word.replace("\t", " ") for word in split_on_whitespace(line, self._dialect.quote))
            for line in lines
        )
        return "\n".join(words).encode()
