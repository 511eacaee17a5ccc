"""A data set in words: a few lines for a panel, a page with its columns and what was decided about them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from tunelab.errors import printable
from tunelab.tui.text.tables import aligned
from tunelab.wording import quantity

if TYPE_CHECKING:
    from tunelab.data import Dataset

__all__ = ["column_names", "data_page", "data_summary"]

_MAX_COLUMNS = 300


def _table(dataset: Dataset) -> dict[str, Any] | None:
    """How a table's rows became inputs; None for anything but a table."""
    encoder = dataset.encoder or {}
    return encoder if encoder.get("kind") == "table" else None


def column_names(dataset: Dataset) -> list[str]:
    """Return the names of a table's columns in their order, those without a name by number; none for other data."""
    table = _table(dataset)
    if table is None:
        return []
    columns = sorted([*table["columns"], table["label"]], key=lambda column: int(column["index"]))
    return [str(column["name"]) or str(column["index"]) for column in columns]


def data_summary(dataset: Dataset) -> str:
    """Return a data set in two or three short lines."""
    head = f"{dataset.title}: n = {len(dataset.training):,}"
    table = _table(dataset)
    if table is None:
        return head
    kinds = Counter(str(column["kind"]) for column in table["columns"])
    named = {"number": "numbers", "category": "categories", "left-out": "left out"}
    columns = ", ".join(f"{kinds[kind]} {words}" for kind, words in named.items() if kinds[kind])
    what = "regression" if dataset.classes is None else f"{quantity(len(dataset.classes), 'class', 'classes')}"
    return f"{head}\n{what} of {table['label']['name']}; {columns}\nd shows the columns"


def data_page(dataset: Dataset) -> str:
    """Return everything that is known of a data set: its parts, its classes with their shares, a table's columns."""
    counts = [len(part) for part in (dataset.training, dataset.validation, dataset.test)]
    parts = [
        f"{dataset.title}: {quantity(dataset.features, 'input')}; "
        f"{counts[0]:,} training, {counts[1]:,} validation, {quantity(counts[2], 'test example')}"
    ]
    parts.append(_targets(dataset))
    table = _table(dataset)
    if table is not None:
        parts.append(str(table.get("why", "")))
        rows = [["column", "kind", "missing", "why"]]
        rows += [
            [printable(str(c["name"]) or str(c["index"]), 30), str(c["kind"]), f"{c['missing']:,}", str(c["why"])]
            for c in table["columns"][:_MAX_COLUMNS]
        ]
        rows.append([str(table["label"]["name"]), "label", "", str(table.get("task", ""))])
        parts.append(aligned(rows, right=frozenset({2})))
        parts.append('Another kind for a column: data.columns.NAME = "number", "category" or "ignore" in a preset.')
    return "\n\n".join(part for part in parts if part)


def _targets(dataset: Dataset) -> str:
    """The classes and how frequent each is, or the range of what is predicted."""
    targets = np.asarray(dataset.training.targets)
    if dataset.classes is None:
        values = dataset.unscaled(targets)
        return f"Regression: from {values.min():.4g} to {values.max():.4g}, mean {values.mean():.4g}."
    shares = np.bincount(targets.astype(int), minlength=len(dataset.classes)) / max(len(targets), 1)
    most = max(float(shares.max()), 1e-9)
    rows = [["class", "share", ""]]
    rows += [
        [
            printable(name, 30),
            f"{100 * share:.1f} %",
            "█" * round(20 * share / most),
        ]
        for name, share in zip(dataset.classes, shares.tolist(), strict=True)
    ]
    return aligned(rows, right=frozenset({1}))
