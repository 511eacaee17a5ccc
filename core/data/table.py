"""A person's own table: a .csv with the label in its last column, or in `label`, becomes a Dataset."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np
from tunelab.data.dataset import Array, Dataset, Report
from tunelab.data.preparation import LONGEST_LABEL, assembled, shuffled
from tunelab.data.store import Origin
from tunelab.errors import BadInput, printable

__all__ = ["read"]

_FEWEST = 10
_SHARE = 0.15  # of the rows for validation, and as many for the test
_SEED = 0
_ROWS_BETWEEN_REPORTS = 1000


def read(path: Path, name: str, title: str, report: Report | None = None) -> tuple[Dataset, Origin]:
    """The data set in ``path``: UTF-8, cells parted by commas (by ';' or tabs where the first line has none).

    A first line with names is recognised by cells that are no numbers. Labels that are text or whole numbers
    become classes, other numbers are regression; every other column must be finite numbers. The rows are
    shuffled by a fixed seed and split 70/15/15. Raises :class:`BadInput` naming line and column.
    """
    where = f"'{printable(path)}'"
    try:
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
            size = path.stat().st_size
            tell = (lambda: report(f"Reading {title}", raw.tell(), size)) if report else None
            features, labels, lines = _rows(file, where, tell)
    except UnicodeDecodeError:
        raise BadInput(f"{where} is not UTF-8 text; save it as CSV in UTF-8") from None
    except csv.Error as problem:
        raise BadInput(f"{where} is not a table that can be read: {printable(problem, 80)}") from None
    except OSError as problem:
        raise BadInput(f"{where} can't be read: {printable(problem.strerror or problem, 80)}") from None
    if len(labels) < _FEWEST:
        raise BadInput(f"{where} has {len(labels)} rows of data; at least {_FEWEST} are needed to split them")
    targets = _targets(labels, lines, where)
    order, held = shuffled(len(labels), _SEED), max(1, round(_SHARE * len(labels)))
    cuts = [len(labels) - 2 * held, len(labels) - held]
    split = f"Split by a fixed shuffle into {cuts[0]:,} training, {held:,} validation and {held:,} test rows"
    return assembled(
        name,
        title,
        where,
        np.split(features[order], cuts),
        np.split(targets[order], cuts),
        f"the table {path}",
        [split],
    )


def _rows(file: TextIO, where: str, tell: Callable[[], None] | None) -> tuple[Array, list[str], list[int]]:
    """Features (n, columns) int64 or float64, the label of each row, and the line it ends on."""
    first_line = file.readline(100_000)
    file.seek(0)
    separator = next((mark for mark in ",;\t" if mark in first_line), ",")
    reader = csv.reader(file, delimiter=separator, strict=True)
    rows = ((reader.line_num, row) for row in reader if row)
    first = next(rows, None)
    if first is None:
        raise BadInput(f"{where} is empty; each line is an example, numbers and then a label")
    cells = first[1]
    width = len(cells)
    if width < 2:
        raise BadInput(f"{where} has one column; at least one feature and a label are needed, parted by commas")
    names = [cell.strip() for cell in cells]
    lowered = [cell.lower() for cell in names]
    position = lowered.index("label") if "label" in lowered else width - 1
    has_header = "label" in lowered or any(_number(c) is None for i, c in enumerate(names) if i != position)

    numbers, labels, lines = array("d"), list[str](), list[int]()
    for line, cells in rows if has_header else chain([first], rows):
        if len(cells) != width:
            raise BadInput(f"{where}, line {line}: {len(cells)} columns, where the first line has {width}")
        labels.append(cells.pop(position).strip())
        lines.append(line)
        if not 0 < len(labels[-1]) <= LONGEST_LABEL:
            raise BadInput(f"{where}, line {line}: a label has 1 to {LONGEST_LABEL} characters, not {len(labels[-1])}")
        if (values := _finite(cells)) is None:
            column = next(i for i, cell in enumerate(cells) if _finite([cell]) is None)
            text, column = cells[column], column + (column >= position)
            called = f" ({printable(names[column], 30)})" if has_header else ""
            raise BadInput(
                f"{where}, line {line}, column {column + 1}{called}: '{printable(text, 30)}' is not a finite number"
            )
        numbers += values
        if tell is not None and len(labels) % _ROWS_BETWEEN_REPORTS == 0:
            tell()
    if tell is not None and len(labels) >= _ROWS_BETWEEN_REPORTS:
        tell()
    features = np.frombuffer(numbers, np.float64).reshape(len(labels), width - 1) if labels else np.empty((0, 0))
    if features.size and np.abs(features).max() < 2**53 and (features == np.floor(features)).all():
        features = features.astype(np.int64)
    return features, labels, lines


def _finite(cells: Sequence[str]) -> array[float] | None:
    """All the cells as numbers, or None where one isn't finite or no number. Wide tables spend their time here."""
    try:
        values = array("d", map(float, cells))
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) and "_" not in "".join(cells) else None


def _number(cell: str) -> float | None:
    # float() also takes "1_000", which nobody means in a table
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _targets(labels: Sequence[str], lines: Sequence[int], where: str) -> Array:
    """Labels as strings (n,), whole numbers in their plainest form; or, with decimals, float64 (n,)."""
    values = [_number(label) for label in labels]
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(labels):
        return np.array(labels)
    for value, line in zip(numbers, lines, strict=True):
        if not math.isfinite(value):
            raise BadInput(f"{where}, line {line}: the label is {value:g}; it must be a finite number or text")
    if all(value.is_integer() for value in numbers):
        return np.array([str(int(value)) for value in numbers])
    return np.array(numbers)
