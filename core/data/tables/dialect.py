"""How a text table is written: its separator, its quotes, whether its first line names the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tunelab.data.tables.cells import is_missing, is_number
from tunelab.errors import BadInput

__all__ = ["Dialect", "detect", "split_on_whitespace"]

WHITESPACE = " "
_SEPARATORS = (",", ";", "\t", "|", WHITESPACE)
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", WHITESPACE: "spaces"}
_SAMPLE_LINES = 1000
_MAX_TITLE_LINES = 10
_MIN_CONSISTENT = 0.8  # of the sampled lines have the commonest number of cells, or this isn't the separator
_COMMENT = re.compile(r"\s*(#|%|//)")
_QUOTED_OR_WORD = re.compile(r"""("[^"]*"|'[^']*'|[^\s]+)""")
_YEARS = range(1500, 2200)


@dataclass(frozen=True)
class Dialect:
    """``separator`` is ``" "`` for runs of spaces and tabs. ``quote`` is ``"`` or ``'``.

    ``names`` are those of the header, or None where the first line is data. ``skipped`` is how many lines stand
    before the data, the header among them; ``width`` how many cells a row has.
    """

    separator: str
    quote: str
    width: int
    skipped: int = 0
    names: tuple[str, ...] | None = None

    @property
    def separator_name(self) -> str:
        """What to call the separator in a sentence: commas, tabs …"""
        return _NAMES[self.separator]


def detect(sample: str, where: str, expected: Sequence[str] | None = None) -> Dialect:
    """The dialect of a table that begins with ``sample``. Raises :class:`BadInput` where there is no table in it.

    ``expected`` are the columns of a table like it: a first line with names of theirs is a header, and a single
    column will do.
    """
    lines = sample.split("\n")[: _SAMPLE_LINES + _MAX_TITLE_LINES]
    first, forced = _first_line(lines)
    body = [line for line in lines[first:] if line.strip()]
    if not body:
        raise BadInput(f"{where} is empty; each line is an example, its inputs and its label")
    dialect, rows = _best(body, (forced,) if forced else _SEPARATORS)
    if dialect is None and expected is not None:
        quote = "'" if body[0].startswith("'") else '"'
        dialect, rows = Dialect(",", quote, 1), _split(body, ",", quote)
    if dialect is None:
        raise BadInput(
            f"{where} has one column; at least one input and a label are needed, separated by commas, semicolons, "
            "tabs or spaces"
        )
    titles = _title_lines(rows, dialect.width)
    if titles:
        body, rows = body[titles:], rows[titles:]
    start = next(i for i in range(first, len(lines)) if lines[i] == body[0])
    names = _header(rows, dialect.width, {" ".join(name.split()).casefold() for name in expected or ()})
    if names is None and first and (comment := lines[first - 1]).lstrip().startswith("#"):
        # numpy.savetxt writes its header as a comment
        cells = _split([comment.lstrip().lstrip("# ")], dialect.separator, dialect.quote)[0]
        if len(cells) == dialect.width and not any(map(is_number, cells)):
            names = tuple(cells)
            return replace(dialect, skipped=start, names=names)
    skipped = start if names is None else start + _lines_of_first_row(lines[start:], dialect)
    return replace(dialect, skipped=skipped, names=names)


def _first_line(lines: Sequence[str]) -> tuple[int, str | None]:
    """The first line that is neither blank, a comment nor Excel's ``sep=;``, and the separator that one names."""
    forced = None
    for position, line in enumerate(lines):
        if match := re.fullmatch(r'"?sep=(.)"?', line.strip(), re.IGNORECASE):
            forced = match[1] if match[1] in _SEPARATORS else None
        elif line.strip() and not _COMMENT.match(line):
            return position, forced
    return len(lines), forced


def _best(lines: Sequence[str], separators: Sequence[str]) -> tuple[Dialect | None, list[list[str]]]:
    """The dialect that splits the lines most evenly into the cleanest cells, and the lines so split."""
    best: tuple[float, Dialect | None, list[list[str]]] = (0.0, None, [])
    for quote in ('"', "'"):
        if quote == "'" and not any("'" in line for line in lines):
            continue
        for separator in separators:
            if separator != WHITESPACE and not any(separator in line for line in lines):
                continue
            try:
                rows = _split(lines, separator, quote)
            except csv.Error:
                continue
            score, width = _score(rows, separator)
            if quote == "'":
                score *= 1.01 if _wrapped_share(_split(lines, separator, "\0")) > 0 else 0.5
            if width >= 2 and score > best[0]:
                best = score, Dialect(separator, quote, width), rows
    return best[1], best[2]


def _split(lines: Sequence[str], separator: str, quote: str) -> list[list[str]]:
    if separator == WHITESPACE:
        return [[_unquoted(cell, quote) for cell in split_on_whitespace(line, quote)] for line in lines]
    if quote == "\0":
        return [line.split(separator) for line in lines]
    text = (line + "\n" for line in lines)
    rows = csv.reader(text, delimiter=separator, quotechar=quote, skipinitialspace=separator != "\t")
    return [[cell.strip() for cell in row] for row in rows]


def split_on_whitespace(line: str, quote: str) -> list[str]:
    """The words of a line, what stands in quotes being one word, quotes included."""
    if quote not in line:
        return line.split()
    words: list[str] = _QUOTED_OR_WORD.findall(line) if quote == "'" else re.findall(r'"[^"]*"|\S+', line)
    return words


def _unquoted(cell: str, quote: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == quote == cell[-1] else cell


def _wrapped_share(rows: Sequence[Sequence[str]]) -> float:
    """Share of rows with a cell in single quotes."""
    wrapped = sum(any(len(c := cell.strip()) > 1 and c[0] == "'" == c[-1] for cell in row) for row in rows)
    return wrapped / max(1, len(rows))


def _score(rows: Sequence[Sequence[str]], separator: str) -> tuple[float, int]:
    """How evenly the rows are wide, less what makes cells look as if they hold several; and the common width."""
    widths = Counter(map(len, rows))
    width = max(widths, key=lambda w: (widths[w], w))
    even = widths[width] / len(rows)
    if width < 2 or (even < _MIN_CONSISTENT and len(rows) > 5):
        return (even / 10 if width > 1 else 0.0), width
    cells = [cell for row in rows for cell in row]
    unclean = sum(_holds_several(cell, separator) for cell in cells) / max(1, len(cells))
    # Between even splits the one with more columns has seen more; a comma may be a decimal one
    return even * (1 - unclean) * (1 + 0.001 * min(width, 50)), width


def _holds_several(cell: str, separator: str) -> bool:
    """Whether a cell looks as if another separator would have split it rightly."""
    if not cell:
        return False
    if separator == WHITESPACE:
        return cell[-1] in ",;|" or cell[0] in ",;|" or ("," in cell and not is_number(cell, comma=True))
    if "  " in cell.strip() or (separator != "\t" and "\t" in cell):
        return True
    if " " in cell and len(words := cell.split()) > 1 and all(map(is_number, words)):
        return True
    others = [mark for mark in ";|" if mark != separator and mark in cell]
    if separator == "," and others:
        return True
    return separator != "," and "," in cell and not is_number(cell, comma=True) and " " not in cell


def _title_lines(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many lines at the top are titles: of one cell where all that follow have ``width``."""
    for position, row in enumerate(rows[: _MAX_TITLE_LINES + 1]):
        filled = sum(bool(cell) for cell in row)
        if len(row) >= width - 1 and (filled > 1 or width == 2):
            return position
    return 0


def _lines_of_first_row(lines: Sequence[str], dialect: Dialect) -> int:
    """How many lines the header takes: a quoted name may have a line end in it."""
    if dialect.separator == WHITESPACE or dialect.quote not in lines[0]:
        return 1
    reader = csv.reader(
        (line + "\n" for line in lines), delimiter=dialect.separator, quotechar=dialect.quote, skipinitialspace=True
    )
    next(reader)
    return reader.line_num


# -- header or none ---------------------------------------------------------------------------------------


def _header(rows: Sequence[Sequence[str]], width: int, expected: set[str]) -> tuple[str, ...] | None:
    """The names in the first row, or None where it is data like those below it.

    Evidence are columns of numbers below a word (a header), below a number (none, unless those count up: 0, 1, 2, …),
    and, where all is text, whether the first row's words occur again below.
    """
    first, below = list(rows[0]), rows[1:]
    if len(first) == width - 1 and len(below) > 0 and not any(map(is_number, first)):
        first = ["", *first]  # R writes no name above the names of the rows
    first = first[:width] if not any(first[width:]) else first
    if len(first) != width:
        return None
    if expected and sum(" ".join(cell.split()).casefold() in expected for cell in first) >= max(1, width / 2):
        return tuple(first)
    if not below:
        return None if any(map(is_number, first)) else tuple(first)
    columns = [[row[i] for row in below if i < len(row)] for i in range(width)]
    over_numbers, repeated, fresh = 0, 0, 0
    numbers: list[str] = []
    for cell, column in zip(first, columns, strict=True):
        present = [other for other in column if not is_missing(other)]
        numeric = bool(present) and sum(is_number(other, comma=True) for other in present) >= 0.9 * len(present)
        if is_number(cell, comma=True):
            numbers.append(cell)
        elif numeric:
            over_numbers += not is_missing(cell)
        elif present and not is_missing(cell):
            few = len(set(present)) <= max(2, len(present) // 2)
            repeated += cell in present
            fresh += few and cell not in present
    if numbers:
        if len(numbers) == width:
            named = _counts_up(numbers) and width >= 4 and list(first) not in map(list, below)
        else:
            named = over_numbers > len(numbers) or (_counts_up(numbers) and over_numbers + fresh > 0)
        return tuple(first) if named and not repeated else None
    if over_numbers:
        return tuple(first) if any(first) else None
    return tuple(first) if fresh > repeated and len(set(first)) == width else None


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether the cells are consecutive whole numbers from 0 or 1, or years: numbers that name columns."""
    if len(cells) < 2 or not all(re.fullmatch(r"\d{1,9}", cell) for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    if any(b - a != 1 for a, b in pairwise(values)):
        return False
    return values[0] in (0, 1) or all(value in _YEARS for value in values)
