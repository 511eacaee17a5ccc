"""What is in a table, before anything is trained: its columns with kind, range and histogram, classes, warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tunelab.data.dataset import Array, Report
from tunelab.data.options import FileOptions
from tunelab.data.tables.columns import ColumnPlan
from tunelab.data.tables.decisions import decisions
from tunelab.data.tables.preparing import Understood, split_rows, understand
from tunelab.data.tables.raw_table import RawColumn
from tunelab.errors import printable

__all__ = ["describe_table"]

_BINS = 12
_COMMONEST = 8  # values listed of a category
_RARE_CLASS = 10  # rows: below it a class is hardly learned, and hardly measured


def describe_table(path: Path, options: FileOptions | None = None, report: Report | None = None) -> dict[str, Any]:
    """What is in the table ``path``, as plain values fit for JSON.

    ``rows``, ``header`` (whether it has one), ``label`` (name), ``label_why``, ``task``, ``classes`` (name → rows, in
    the order of the outputs; None for regression), ``parts`` (rows of training, validation and test), ``notes`` (what
    was decided), ``warnings`` (what a person should look at) and ``columns``, in the file's order, the label's among
    them: ``name``, ``index``, ``kind`` (number, category, left-out, label), ``why``, ``missing``, ``distinct``; where
    there are numbers ``min``, ``max``, ``mean`` and ``histogram`` (counts in 12 bins of equal width from min to
    max), where there is text ``values`` (the commonest → rows). Images have ``image_shape`` and no entry a pixel.
    Raises :class:`tunelab.BadInput` as loading does.
    """
    known = understand(path, options or FileOptions(), printable(path.name, 60), report)
    positions = split_rows(known)
    label = _column(known.label_column, "label", known.label.why, int(known.label_column.missing().sum()))
    entries = [_column(plan.column, plan.kind, plan.why, plan.missing) for plan in known.plans]
    classes = known.label.classes
    counts = np.bincount(known.label.targets, minlength=len(classes)).tolist() if classes is not None else []
    return {
        "rows": known.table.rows,
        "header": known.table.header,
        "label": known.label_column.name,
        "label_why": known.label_why,
        "task": known.label.task,
        "classes": None if classes is None else dict(zip(classes, counts, strict=True)),
        "parts": dict(zip(("training", "validation", "test"), map(len, positions), strict=True)),
        "image_shape": list(known.pixels.shape) if known.pixels else None,
        "columns": sorted([*entries, label], key=lambda entry: int(entry["index"])),
        "notes": decisions(known, positions),
        "warnings": _warnings(known, counts),
    }


def _column(column: RawColumn, kind: str, why: str, missing: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": column.name,
        "index": column.index,
        "kind": kind,
        "why": why,
        "missing": missing,
    }
    if column.numbers is not None:
        present = column.numbers[np.isfinite(column.numbers)]
        if len(present):
            low, high = float(present.min()), float(present.max())
            entry |= {
                "min": low,
                "max": high,
                "mean": float(present.mean()),
                "histogram": _histogram(present, low, high),
            }
    elif column.texts is not None:
        present_texts = column.texts.drop_nulls()
        commonest = present_texts.value_counts(sort=True)
        entry["distinct"] = commonest.height
        entry["values"] = {str(value): int(count) for value, count in commonest.head(_COMMONEST).iter_rows()}
    return entry


def _histogram(values: Array, low: float, high: float) -> list[int]:
    if low == high:
        return [len(values)]
    with np.errstate(over="ignore"):
        span = high - low
        if not np.isfinite(span):
            return []
        bins = np.minimum(((values - low) * (_BINS / span)).astype(np.int64), _BINS - 1)
    return np.bincount(bins, minlength=_BINS).tolist()


def _warnings(known: Understood, counts: list[int]) -> list[str]:
    """What a person should look at before training."""
    table, classes = known.table, known.label.classes
    warnings = [
        f"{_named(plan, known)}: {plan.warning}" for plan in known.plans if plan.warning and plan.kind == "number"
    ]
    if classes is not None:
        largest = max(counts) / sum(counts)
        if largest > 0.8:
            name = classes[int(np.argmax(counts))]
            warnings.append(
                f"{100 * largest:.1f} % of the rows are '{printable(name, 40)}': look at the balanced accuracy, and "
                'try data.class_weights = "balanced"'
            )
        rare = [f"'{printable(c, 30)}' {n}" for c, n in zip(classes, counts, strict=True) if n < _RARE_CLASS]
        if rare:
            warnings.append(
                f"Classes of few rows are hardly learned: {', '.join(rare[:8])}{' …' if len(rare) > 8 else ''}"
            )
    holes = [plan for plan in known.plans if plan.kind != "left-out" and plan.missing > 0.5 * table.rows]
    warnings += [f"{_named(plan, known)}: {100 * plan.missing / table.rows:.0f} % are missing" for plan in holes]
    return warnings


def _named(plan: ColumnPlan, known: Understood) -> str:
    called = known.table.called(plan.column)
    return called[:1].upper() + called[1:]
