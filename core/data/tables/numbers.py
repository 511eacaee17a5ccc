"""Columns of text to numbers: decimal commas, marks between thousands, percent and currency signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunelab.data.tables.cells import NUMBER_MISSING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MAX_EXACT", "PLAIN", "NumberStyle", "choose_styles", "leading_zeros", "to_numbers"]

MAX_EXACT = 2.0**53
"""Whole numbers below it are exact as floats; longer ones are names."""


@dataclass(frozen=True)
class NumberStyle:
    """How a column writes its numbers: the patterns taken away, in order, and the decimal mark."""

    name: str
    remove: str = ""
    decimal: str = "."


PLAIN = NumberStyle("plain")
_DECIMAL_COMMA = NumberStyle("decimal comma", decimal=",")
_POINT_THOUSANDS = NumberStyle("points between thousands", remove=r"\.", decimal=",")
_COMMA_THOUSANDS = NumberStyle("commas between thousands", remove=",")
_SPACE_THOUSANDS = NumberStyle("spaces between thousands", remove=r"[  \u202f']")
_UNITS = NumberStyle("a percent or currency sign", remove=r"[%$€£¥, ]")

_SHAPES = {
    _DECIMAL_COMMA.name: r"^[+-]?\d+,\d+([eE][+-]?\d+)?$",
    _POINT_THOUSANDS.name: r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$",
    _COMMA_THOUSANDS.name: r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$",
    _SPACE_THOUSANDS.name: r"^[+-]?\d{1,3}([  \u202f']\d{3})+(\.\d+)?$",
    _UNITS.name: r"^[+-]?[$€£¥]? ?[+-]?\d+(,\d{3})*(\.\d+)? ?[%$€£¥]?$",
}
_UNICODE_MINUS = "−"


def to_numbers(texts: pl.Series, style: NumberStyle) -> pl.Series:
    """Stripped texts as Float64; null where a text is missing or no number. ``nan`` is null, infinity stays."""
    import polars as pl

    if style is not PLAIN:
        if style.remove:
            texts = texts.str.replace_all(style.remove, "")
        if style.decimal == ",":
            texts = texts.str.replace(",", ".", literal=True)
    numbers = texts.cast(pl.Float64, strict=False)
    if numbers.null_count() > texts.null_count() and (dashed := texts.str.contains(_UNICODE_MINUS, literal=True)).any():
        again = texts.str.replace(_UNICODE_MINUS, "-", literal=True).cast(pl.Float64, strict=False)
        numbers = numbers.zip_with(~dashed.fill_null(value=False), again)
    return numbers.fill_nan(None)


def choose_styles(columns: Sequence[pl.Series], separator: str) -> list[NumberStyle]:
    """How each column (stripped texts) writes its numbers; ``PLAIN`` also where it holds none.

    A comma is a decimal one, unless the cells can only be thousands (1,234,567 or 1,234.5), or the separator is a
    comma and every cell has groups of three. In a file with decimal commas 1.234 is 1234 where all cells are so.
    """
    styles = [_style(texts, separator) for texts in columns]
    if any(style is _DECIMAL_COMMA or style is _POINT_THOUSANDS for style in styles):
        for position, (texts, style) in enumerate(zip(columns, styles, strict=True)):
            pointed = texts.filter(texts.str.contains(".", literal=True).fill_null(value=False))
            if style is PLAIN and len(pointed) and _all_match(pointed, _POINT_THOUSANDS):
                styles[position] = _POINT_THOUSANDS
    return styles


def _style(texts: pl.Series, separator: str) -> NumberStyle:
    numbers = to_numbers(texts, PLAIN)
    odd = texts.filter(texts.is_not_null() & numbers.is_null())
    odd = odd.filter(~odd.str.to_lowercase().is_in(list(NUMBER_MISSING)))
    if not len(odd):
        return PLAIN
    if _all_match(odd, _COMMA_THOUSANDS):
        certain = odd.str.contains(r",\d{3},|,\d{3}\.").any()
        if certain or separator == ",":
            return _COMMA_THOUSANDS
    for style in (_DECIMAL_COMMA, _POINT_THOUSANDS, _SPACE_THOUSANDS, _UNITS):
        if _all_match(odd, style):
            return style
    if _all_match(odd, _DECIMAL_COMMA, _POINT_THOUSANDS):
        return _POINT_THOUSANDS
    return PLAIN


def _all_match(texts: pl.Series, *styles: NumberStyle) -> bool:
    pattern = "|".join(f"({_SHAPES[style.name]})" for style in styles)
    return bool(texts.str.contains(pattern).all())


def leading_zeros(texts: pl.Series) -> bool:
    """Whether some text is a code such as ``007``, whose zeros a number would lose."""
    return bool(texts.str.contains(r"^[+-]?0\d+$").any())
