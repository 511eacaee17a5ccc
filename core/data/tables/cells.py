"""What a single cell says: nothing, a number, a date, or text."""

from __future__ import annotations

import re

__all__ = ["DATE_PATTERN", "LABEL_MISSING", "NUMBER_MISSING", "TEXT_MISSING", "is_missing", "is_number"]

LABEL_MISSING = frozenset({"", "na", "n/a", "nan", "null", "?", "#n/a", "<na>", "#na", "nat"})
"""Cells in lower case that say that a value is missing, wherever they stand."""

TEXT_MISSING = LABEL_MISSING

NUMBER_MISSING = TEXT_MISSING | {
    *("none", "-", "--", "---", ".", "..", "*", "**", "missing", "unknown", "nil", "n.a.", "n.a", "na."),
    *("#value!", "#div/0!", "#ref!", "#name?", "#num!", "\\n", "—", "–"),
}
"""The same in a column of numbers, where a word can't be a value."""

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
_COMMA = re.compile(r"[+-]?(\d+(,\d+)?|\d{1,3}(\.\d{3})+(,\d+)?|\d{1,3}(,\d{3})+(\.\d+)?)([eE][+-]?\d+)?")

_DAY = r"\d{1,2}"
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_TIME = r"([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?( ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?"
DATE_PATTERN = (
    r"(?i)^("
    rf"\d{{4}}[-/.]{_DAY}([-/.]{_DAY})?{_TIME}"
    rf"|{_DAY}[-/.]{_DAY}[-/.](\d{{4}}|\d{{2}}){_TIME}"
    rf"|{_DAY}[- /.]?{_MONTH}[- /.,]*(\d{{4}}|\d{{2}}){_TIME}"
    rf"|{_MONTH}[- /.]?({_DAY}(st|nd|rd|th)?,?[- /.]+)?\d{{4}}{_TIME}"
    r"|\d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?"
    r")$"
)
"""A date, a month of a year, or a time of day, in the ways in which they are usually written."""


def is_missing(cell: str) -> bool:
    """Whether a cell says that its value is missing."""
    return cell.strip().lower() in LABEL_MISSING


def is_number(cell: str, *, comma: bool = False) -> bool:
    """Whether a cell is a number; with ``comma`` also one with a decimal comma or with marks between thousands."""
    cell = cell.strip()
    return bool(_PLAIN.fullmatch(cell)) or (comma and bool(_COMMA.fullmatch(cell)))
