"""What each column is: a number, a category, or left out; and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tunelab.data.dataset import Array
from tunelab.data.tables.cells import DATE_PATTERN
from tunelab.data.tables.raw_table import RawColumn, RawTable
from tunelab.errors import BadInput, printable
from tunelab.wording import did_you_mean, quantity

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MAX_CATEGORIES", "ColumnPlan", "column_of", "overrides", "plan_columns"]

MAX_CATEGORIES = 1000  # of a column that a person calls a category
_GUESSED_CATEGORIES = 100  # of a column that nobody has called one
_MIN_ROWS_PER_CATEGORY = 3
_ID_NAME = re.compile(
    r"(?i)^(.*[\W_])?(id|ids|uid|uuid|guid|key|index|idx|row|rowid|rownames|rowname|row_?names?|nr|no|number|code)$|.*[a-z]I[dD]$"
)
_INDEX_NAME = re.compile(
    r"(?i)^(|unnamed: ?\d+|index|idx|row|rownames?|row[_ .]?(id|nr|no|number|index)|id|x\.?1|\.\.\.1)$"
)
_SENTENCE = r"\S+(\s+\S+){3,}[.!?]$"
_FREE_TEXT_WORDS, _FREE_TEXT_LETTERS = 5, 60
_ID_DIGITS, _ID_DISTINCT, _ID_SPREAD = 10_000, 0.9, 0.5


@dataclass(frozen=True)
class ColumnPlan:
    """What becomes of a column: ``kind`` is number, category or left-out, ``why`` a short sentence.

    ``missing`` is how many cells are. ``warning`` is something to be told that isn't acted on.
    """

    column: RawColumn
    kind: str
    why: str
    missing: int
    warning: str = ""


def column_of(table: RawTable, name: int | str, key: str, where: str) -> RawColumn:
    """The column that a person means: by its name, or by its number from 0, negative from the end.

    Raises :class:`BadInput` that names the nearest.
    """
    names = [column.name for column in table.columns]
    text = str(name).strip()
    if text in names:
        return table.columns[names.index(text)]
    folded = [other.casefold() for other in names]
    if folded.count(text.casefold()) == 1:
        return table.columns[folded.index(text.casefold())]
    number = text.lower().removeprefix("column").strip()
    if re.fullmatch(r"-?\d{1,6}", number) and -len(names) <= int(number) < len(names):
        return table.columns[int(number)]
    if table.header:
        listed = ", ".join(f"'{printable(n, 30)}'" for n in names[:12]) + (", …" if len(names) > 12 else "")
        raise BadInput(
            f"{where} has no column '{printable(text, 40)}' for {key}{did_you_mean(text, names)}; it has {listed}"
        )
    raise BadInput(
        f"{where} has no column {printable(text, 40)} for {key}: it has no header, so a column is called by its "
        f"number, 0 to {len(names) - 1}, or -1 for the last"
    )


def overrides(table: RawTable, columns: Mapping[str, str], where: str) -> dict[int, str]:
    """What a person says of columns, by their position. Raises :class:`BadInput` for a name that isn't there."""
    return {column_of(table, name, f"data.columns.{name}", where).index: kind for name, kind in columns.items()}


def plan_columns(table: RawTable, label: RawColumn | None, said: Mapping[int, str], where: str) -> list[ColumnPlan]:
    """A plan for every column but the label, in the file's order.

    Where everything would be left out, a column of row numbers is used after all. Raises :class:`BadInput` where
    nothing is left, or a column can't be what a person says.
    """
    others = [column for column in table.columns if label is None or column.index != label.index]
    plans = [_plan(column, table, said.get(column.index), where) for column in others]
    if not any(plan.kind != "left-out" for plan in plans):
        for position, plan in enumerate(plans):
            numbers = plan.column.numbers
            if numbers is not None and plan.column.index not in said and _distinct(numbers) > 1:
                plans[position] = ColumnPlan(plan.column, "number", "the only input there is", plan.missing)
                break
        else:
            reasons = "; ".join(f"'{printable(p.column.name, 30)}': {p.why}" for p in plans[:5])
            raise BadInput(
                f"{where} has no column to learn from ({reasons}); "
                'use one with data.columns.NAME = "number" or "category"'
            )
    return plans


def _plan(column: RawColumn, table: RawTable, said: str | None, where: str) -> ColumnPlan:
    missing = int(column.missing().sum())
    if said == "ignore":
        return ColumnPlan(column, "left-out", "as data.columns says", missing)
    if said is not None:
        return _plan_as_asked(column, said, missing, table, where)
    if missing == len(column):
        return ColumnPlan(column, "left-out", "no values", missing)
    if column.kind == "dates":
        return ColumnPlan(column, "left-out", "dates", missing)
    if column.numbers is not None:
        return _plan_numbers(column, table, missing)
    return _plan_texts(column, missing)


def _plan_as_asked(column: RawColumn, said: str, missing: int, table: RawTable, where: str) -> ColumnPlan:
    """A column that a person calls a number or a category."""
    if said == "category":
        count = column.as_texts().drop_nulls().n_unique()
        if count > MAX_CATEGORIES:
            raise BadInput(
                f"{where}: {table.called(column)} has {quantity(count, 'different value')}; a category has at most "
                f'{MAX_CATEGORIES:,}, so leave it out with data.columns.{column.name} = "ignore"'
            )
        return ColumnPlan(column, "category", f"{quantity(count, 'value')}, as data.columns says", missing)
    numbers = column.forced_numbers()
    count = int(np.isnan(numbers).sum())
    if count == len(numbers):
        example = printable(column.as_texts().drop_nulls()[0], 30) if missing < len(column) else ""
        raise BadInput(
            f"{where}: {table.called(column)} holds no numbers (but such as '{example}'); "
            f'use data.columns.{column.name} = "category" or "ignore"'
        )
    odd = f"; {quantity(count - missing, 'cell')} that aren't numbers count as missing" if count > missing else ""
    changed = RawColumn(column.name, column.index, "numbers", numbers=numbers, style=column.style)
    return ColumnPlan(changed, "number", f"as data.columns says{odd}", count)


# -- numbers ------------------------------------------------------------------------------------------------


def _plan_numbers(column: RawColumn, table: RawTable, missing: int) -> ColumnPlan:
    numbers = column.numbers
    assert numbers is not None
    present = numbers[~np.isnan(numbers)] if missing else numbers
    low, high = float(present.min()), float(present.max())
    if low == high:
        if missing:
            return ColumnPlan(column, "category", "one value or missing", missing)
        return ColumnPlan(column, "left-out", f"constant, always {low:g}", missing)
    whole = bool((present == np.floor(present)).all())
    if whole and (why := _row_number(column, table, present, missing)):
        return ColumnPlan(column, "left-out", why, missing)
    notes = []
    if column.style != "plain":
        notes.append(f"written with {column.style}")
    if column.odd_count and column.odd:
        row, text = next(iter(column.odd.items()))
        cells = (
            "a cell that is no number counts"
            if column.odd_count == 1
            else (f"{quantity(column.odd_count, 'cell')} that are no numbers count")
        )
        notes.append(f"{cells} as missing ('{printable(text, 20)}' in {table.place(row)})")
    warning = _suspicion(present)
    return ColumnPlan(column, "number", "; ".join(["numbers", *notes]), missing, warning)


def _row_number(column: RawColumn, table: RawTable, values: Array, missing: int) -> str:
    """Why whole numbers only number or name the rows, or an empty string."""
    n = len(values)
    named = table.header
    if missing == 0 and n > 2 and values[0] in (0, 1) and bool((np.diff(values) == 1).all()):
        return "counts the rows"
    if missing > n // 10 or n <= 2:
        return ""
    steps = np.diff(values)
    if named and n >= 20 and _ID_NAME.match(column.name) and (steps == 1).mean() > 0.9:
        return "counts the rows, group by group"
    distinct = _distinct(values)
    if distinct == n and named and _INDEX_NAME.match(column.name):
        return "a number for every row, by its name an index"
    if distinct == n and float(values.max() - values.min()) < 1.02 * n and n >= 20:
        return "counts the rows, in another order"
    if named and _ID_NAME.match(column.name) and distinct >= _ID_DISTINCT * n:
        return "an identifier: by its name, and nearly every row has its own"
    if not named and n >= 50 and distinct >= _ID_DISTINCT * n and float(np.median(values)) >= _ID_DIGITS:
        quarter, middle, three = np.percentile(values, [25, 50, 75])
        if three - quarter < _ID_SPREAD * middle:
            return f"an identifier: long whole numbers, {100 * distinct / n:.0f} % of them different"
    return ""


def _distinct(values: Array) -> int:
    return len(np.unique(values[~np.isnan(values)]))


def _suspicion(values: Array) -> str:
    """A word on zeros or on numbers such as -999 that may stand for missing ones; nothing is done about them."""
    zeros = len(values) - int(np.count_nonzero(values))
    if (
        1 < zeros <= 0.6 * len(values)
        and not (values < 0).any()
        and len(positive := np.unique(values[values > 0])) >= 10
    ):
        usual, smallest = float(np.median(values[values > 0])), float(positive[0])
        spacing = float(np.median(np.diff(positive)))
        if smallest > 3 * spacing and smallest > 0.1 * usual:
            return f"{zeros:,} zeros far below all other values ({smallest:g} and more): they may stand for missing"
    for sentinel in (-9999.0, -999.0, -99.0, 9999.0, 99999.0, 999.0):
        count = int((values == sentinel).sum())
        others = values[values != sentinel] if count > 1 else values[:0]
        if len(others) > 10 and (others.min() > 0 > sentinel or others.max() < sentinel / 3):
            return f"{quantity(count, 'cell')} are {sentinel:g}, which may stand for missing"
    return ""


# -- text ---------------------------------------------------------------------------------------------------


def _plan_texts(column: RawColumn, missing: int) -> ColumnPlan:
    texts = column.texts
    assert texts is not None
    present = texts.drop_nulls()
    distinct, n = present.n_unique(), len(present)
    if distinct == 1:
        if missing:
            return ColumnPlan(column, "category", "one value or missing", missing)
        return ColumnPlan(column, "left-out", f"constant, always '{printable(present[0], 30)}'", missing)
    if column.codes and distinct >= _ID_DISTINCT * n and n > 10:
        return ColumnPlan(column, "left-out", "an identifier: codes, nearly every row has its own", missing)
    if float(present.head(10_000).str.contains(DATE_PATTERN).mean()) > 0.9:  # type: ignore[arg-type]
        return ColumnPlan(column, "left-out", "dates or times", missing)
    if distinct == n and n > 10:
        return ColumnPlan(column, "left-out", "an identifier or free text: every row has its own", missing)
    if _is_free_text(present, distinct):
        return ColumnPlan(column, "left-out", f"free text ({distinct:,} different)", missing)
    if distinct > _GUESSED_CATEGORIES or (n < _MIN_ROWS_PER_CATEGORY * distinct and distinct > 10):
        why = f"text with {quantity(distinct, 'different value')} in {quantity(n, 'row')}, too many for a category"
        return ColumnPlan(column, "left-out", why, missing)
    kind = "codes with leading zeros" if column.codes else "text"
    return ColumnPlan(column, "category", f"{kind}, {quantity(distinct, 'value')}", missing)


def _is_free_text(present: pl.Series, distinct: int) -> bool:
    """Whether the texts are sentences or long, and not the few answers of a questionnaire."""
    sample = present.head(10_000)
    if distinct <= 2 or len(present) >= 20 * distinct:
        return False
    words: Any = sample.str.count_matches(r"\S+").mean()
    letters: Any = sample.str.len_chars().mean()
    sentences: Any = sample.str.contains(_SENTENCE).mean()
    return bool(words >= _FREE_TEXT_WORDS or letters >= _FREE_TEXT_LETTERS or sentences > 0.5)
