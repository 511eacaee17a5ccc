"""Columns to inputs: fitted on the training rows, kept as plain values, applied to any rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from tunelab.data.dataset import Array
from tunelab.data.labels import plain_number
from tunelab.data.tables.columns import ColumnPlan
from tunelab.data.tables.raw_table import RawColumn

__all__ = ["encode", "feature_count", "feature_names", "fit_columns", "plain_form"]

_INDICATOR_SHARE = 0.05  # of the training cells missing: from there on "missing" is an input of its own
_FENCE = 10.0  # spreads beyond the middle half; what lies further out neither sets the scale nor exceeds it
_LARGEST = 1e30


def fit_columns(plans: Sequence[ColumnPlan], rows: Array, *, standardize: bool) -> list[dict[str, Any]]:
    """An entry for each planned column, fitted on the training ``rows``: plain values, fit for JSON.

    All have ``name``, ``index``, ``kind``, ``missing`` and ``why``. A number has ``median``, ``mean``, ``std``,
    ``indicator`` (whether "missing" is an input) and perhaps ``low`` and ``high``, which values are held to. A
    category has ``categories``, one input each, ``indicator``, and ``numeric`` where its values are numbers.
    """
    return [_fit(plan, rows, standardize) for plan in plans]


def _fit(plan: ColumnPlan, rows: Array, standardize: bool) -> dict[str, Any]:
    column = plan.column
    entry: dict[str, Any] = {
        "name": column.name,
        "index": column.index,
        "kind": plan.kind,
        "missing": plan.missing,
        "why": plan.why,
    }
    if plan.kind == "category":
        texts = column.as_texts()
        present = texts.gather(_series(rows)).drop_nulls()
        numeric = column.numbers is not None
        categories = present.unique().to_list()
        entry["categories"] = sorted(categories, key=float) if numeric else sorted(categories)
        entry["indicator"] = plan.missing > 0
        entry["numeric"] = numeric
    elif plan.kind == "number":
        assert column.numbers is not None
        entry |= _fit_number(column.numbers[rows], standardize)
    return entry


def _series(rows: Array) -> Any:
    import polars as pl

    return pl.Series(rows)


def _fit_number(values: Array, standardize: bool) -> dict[str, Any]:
    absent = np.isnan(values)
    missing_share = float(absent.mean()) if len(values) else 0.0
    present = values[~absent] if missing_share else values
    if not len(present):
        return {"median": 0.0, "mean": 0.0, "std": 1.0, "indicator": True}
    quarter, median, three = map(float, np.percentile(present, [25, 50, 75]))
    entry: dict[str, Any] = {"median": median, "mean": 0.0, "std": 1.0, "indicator": missing_share >= _INDICATOR_SHARE}
    if not standardize:
        return entry
    spread = three - quarter or float(np.subtract(*np.percentile(present, [99, 1]))) / 2
    low, high = quarter - _FENCE * spread, three + _FENCE * spread
    beyond = int(((present < low) | (present > high)).sum()) if spread else 0
    if beyond:
        entry |= {"low": low, "high": high, "beyond": beyond}
        present = np.clip(present, low, high)
    # What is missing will hold the median, and counts for the scale as the rows that a network sees
    mean = (float(present.sum()) + median * int(absent.sum())) / len(values)
    square = (float(np.square(present - mean).sum()) + (median - mean) ** 2 * int(absent.sum())) / len(values)
    std = float(np.sqrt(square))
    # Rounding leaves a constant column with a spread of about 1e-16 of its size
    entry |= {"mean": mean, "std": std if std > 1e-12 * abs(mean) else 1.0}
    return entry


def feature_count(entries: Sequence[dict[str, Any]]) -> int:
    """How many inputs the columns become."""
    return len(feature_names(entries))


def feature_names(entries: Sequence[dict[str, Any]]) -> list[str]:
    """What each input is: a column, one of its values, or that it is missing."""
    names = []
    for entry in entries:
        if entry["kind"] == "number":
            names.append(str(entry["name"]))
        elif entry["kind"] == "category":
            names += [f"{entry['name']} = {value}" for value in entry["categories"]]
        else:
            continue
        if entry["indicator"]:
            names.append(f"{entry['name']} missing")
    return names


def encode(
    entries: Sequence[dict[str, Any]], columns: dict[int, RawColumn], rows: Array, *, free: bool = False
) -> Array:
    """Inputs (rows, features) float32, column by column in memory. ``columns`` are by their index in the entries.

    With ``free`` each column's values are let go once they are encoded, so that two copies never stand side by side.
    """
    # So that memory is taken for one column after the other, as others are let go
    inputs = np.empty((feature_count(entries), len(rows)), np.float32)
    place = 0
    for entry in entries:
        if entry["kind"] == "left-out":
            continue
        column = columns.pop(entry["index"]) if free else columns[entry["index"]]
        for values in _inputs_of(entry, column, rows):
            inputs[place] = values
            place += 1
    return inputs.T


def _inputs_of(entry: dict[str, Any], column: RawColumn, rows: Array) -> Iterator[Array]:
    """The inputs that a column becomes, one (rows,) array each."""
    if entry["kind"] == "number":
        values = column.forced_numbers()[rows]
        absent = np.isnan(values)
        values[absent] = entry["median"]
        if "low" in entry:
            np.clip(values, entry["low"], entry["high"], out=values)
        values -= entry["mean"]
        values /= entry["std"]
        yield np.clip(values, -_LARGEST, _LARGEST, out=values)
    else:
        texts = column.as_texts().gather(_series(rows))
        absent = texts.is_null().to_numpy()
        if entry["numeric"] and column.numbers is None:
            texts = _plainly_numbered(texts)
        for category in entry["categories"]:
            yield (texts == category).fill_null(value=False).to_numpy()
    if entry["indicator"]:
        yield absent


def plain_form(text: str) -> str:
    """A number as its category is called, 1 for 1.0; any other text as it is."""
    try:
        return plain_number(float(text))
    except (ValueError, OverflowError):
        return text


def _plainly_numbered(texts: Any) -> Any:
    """Numbers that are written as texts, each in the form that its category has: 1 for 1.0."""
    import polars as pl

    forms = {text: plain_form(text) for text in texts.drop_nulls().unique().to_list()}
    return texts.replace(pl.Series(list(forms), dtype=pl.String), pl.Series(list(forms.values()), dtype=pl.String))
