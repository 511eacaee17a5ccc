"""A comparison in words and tables: the same for the command line, the screen and a screen reader."""

from __future__ import annotations

import math
from typing import Any

from tunelab.diagnosis.difference import Difference, Interval
from tunelab.experiment.fields import value_text
from tunelab.run_comparison import METRICS, Comparison
from tunelab.tui.text.tables import aligned

__all__ = ["comparison_text", "difference_sentence", "settings_table"]


def comparison_text(comparison: Comparison, width: int | None = None) -> str:
    """The whole comparison: verdict first, then numbers, then settings that differ, then cautions."""
    parts = [
        "\n".join(difference_sentence(d) for d in comparison.differences) or _nothing(comparison),
        _fitting(_results(comparison), width),
        settings_table(comparison, width),
        *comparison.notes,
    ]
    return "\n\n".join(part for part in parts if part)


def difference_sentence(d: Difference) -> str:
    """One difference in plain words, its number and its uncertainty."""
    points = f"{100 * d.mean:.2f} ± {100 * d.half:.2f} points"
    how = {
        "paired": f"paired over {d.seeds} seeds",
        "unpaired": f"{d.seeds} seeds or more on each side",
        "examples": "one seed each",
    }[d.how]
    evidence = f"({how}, p = {d.p:.2g})" if d.p >= 1e-4 else f"({how}, p < 0.0001)"
    if d.beyond:
        return f"“{d.first}” is ahead of “{d.second}” by {points}: beyond noise {evidence}."
    return f"“{d.first}” and “{d.second}” differ by {points}: no more than noise {evidence}."


def settings_table(comparison: Comparison, width: int | None = None) -> str:
    """The parameters that are not the same, a column a side."""
    if not comparison.settings:
        return "The experiments are the same in every parameter."
    rows = [["parameter", *comparison.names]]
    rows += [[key, *(_setting(value) for value in values)] for key, values in comparison.settings]
    return _fitting(rows, width)


def _setting(value: Any) -> str:
    return value_text(value) or "(left out)"


def _results(comparison: Comparison) -> list[list[str]]:
    rows = [["", *comparison.names]]
    for (when, measure), found in zip(METRICS, comparison.intervals, strict=True):
        rows.append([f"{when} {measure.replace('_', ' ')}", *(_number(i, measure) for i in found)])
    return rows


def _number(i: Interval | None, measure: str) -> str:
    if i is None:
        return "not finite"
    if measure.endswith("accuracy"):
        return f"{100 * i.mean:.2f} %" if math.isnan(i.half) else f"{100 * i.mean:.2f} ± {100 * i.half:.2f} %"
    return f"{i.mean:.4g}" if math.isnan(i.half) else f"{i.mean:.4g} ± {i.half:.2g}"


def _fitting(rows: list[list[str]], width: int | None) -> str:
    """A table; where it is too wide, a paragraph a row."""
    table = aligned(rows)
    if width is None or max(map(len, table.splitlines())) <= width:
        return table
    heads = rows[0][1:]
    return "\n".join(
        "\n".join([row[0], *(f"  {text}  {head}" for head, text in zip(heads, row[1:], strict=True))])
        for row in rows[1:]
    )


def _nothing(comparison: Comparison) -> str:
    return "" if comparison.best is not None else "None of them has an accuracy to be compared by."
