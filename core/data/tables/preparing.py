"""A table becomes a data set: its label and task, typed columns, split rows, encoded inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tunelab.data.arrays import scaled_targets
from tunelab.data.dataset import Array, Dataset, Examples, Report
from tunelab.data.labels import Label, decide
from tunelab.data.options import FileOptions
from tunelab.data.splitting import absent_classes, split, strata_of_numbers
from tunelab.data.store import Origin
from tunelab.data.tables.columns import ColumnPlan, column_of, overrides, plan_columns
from tunelab.data.tables.decisions import decisions, fitted_decisions
from tunelab.data.tables.encoder import encode, fit_columns
from tunelab.data.tables.images import Pixels, pixel_columns
from tunelab.data.tables.raw_table import RawColumn, RawTable
from tunelab.data.tables.reading import read_raw
from tunelab.errors import BadInput, printable
from tunelab.wording import quantity

__all__ = ["FORMAT", "LABEL_NAMES", "Understood", "read", "split_rows", "understand"]

FORMAT = 1
"""Of an encoder; it stands in it."""

LABEL_NAMES = ("label", "target", "class", "y")
_MIN_ROWS = 10
_PIXEL = 1 / 255


@dataclass(frozen=True, eq=False)
class Understood:
    """A table with what was found out about it: its label, the plans of the other columns, and the rows used.

    ``rows`` are those that have a label; ``pixels`` is the image that the columns are, and then there are no plans.
    """

    where: str
    options: FileOptions
    table: RawTable
    label_column: RawColumn
    label_why: str
    rows: Array
    label: Label
    plans: list[ColumnPlan]
    pixels: Pixels | None


def understand(path: Path, options: FileOptions, title: str, report: Report | None = None) -> Understood:
    """Read a table and decide what its label, its task and its columns are. Raises :class:`BadInput`."""
    where = f"'{printable(path)}'"
    heard = (lambda done, total: report(f"Reading {title}", done, total)) if report else None
    table = read_raw(path, heard)
    if len(table.columns) < 2:
        raise BadInput(f"{where} has one column; at least one input and a label are needed")
    overruled = overrides(table, options.columns, where)
    label_column, label_why = _label_column(table, options.label, where)
    pixels = None if overruled else pixel_columns(table, label_column, guessed=options.label is None)
    if pixels and pixels.label is not label_column:
        label_column, label_why = (
            pixels.label,
            f"{table.called(pixels.label)} is the label, the only one that is no pixel",
        )
    called = table.called(label_column)
    rows = np.flatnonzero(~label_column.missing())
    if not len(rows):
        raise BadInput(f"{where}: {called}, the label, is missing in every row; choose another with data.label")
    if len(rows) < _MIN_ROWS:
        raise BadInput(
            f"{where} has {quantity(len(rows), 'row')} of data with a label; at least {_MIN_ROWS} are "
            f"needed to split them"
        )
    if label_column.kind == "dates":
        raise BadInput(f"{where}: {called}, the label, holds dates; choose another with data.label")
    label = decide(_label_values(label_column, rows), task=options.task, called=called, where=where)
    plans = [] if pixels else plan_columns(table, label_column, overruled, where)
    known = Understood(where, options, table, label_column, label_why, rows, label, plans, pixels)
    _refuse_infinity(known)
    return known


def split_rows(known: Understood) -> list[Array]:
    """Positions among the labelled rows of the training, validation and test part."""
    label, options = known.label, known.options
    strata = label.targets if label.classes is not None else strata_of_numbers(label.targets)
    shares = (options.validation_share, options.test_share)
    return split(strata, shares, options.split_seed, in_every_part=label.classes is not None)


def read(
    path: Path, name: str, title: str, options: FileOptions | None = None, report: Report | None = None
) -> tuple[Dataset, Origin]:
    """The data set in ``path``, whatever its separator, quotes, encoding and header.

    Rows without a label are left out; the rest are shuffled by ``options.split_seed`` and split, classes in
    proportion. Numbers are standardized by the training part, text is one-hot, regression targets are standardized.
    Raises :class:`BadInput` naming line, column and cure.
    """
    options = options or FileOptions()
    known = understand(path, options, title, report)
    label, classes = known.label, known.label.classes
    positions = split_rows(known)
    notes = decisions(known, positions)
    rows = [known.rows[part] for part in positions]
    targets = [label.targets[part] for part in positions]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    if classes is None:
        mean, std, targets = scaled_targets(targets)
        notes.append(f"The label is standardized for training: mean {mean[0]:.4g}, standard deviation {std[0]:.4g}")
    else:
        names = ("training", "validation", "test")
        notes += absent_classes(dict(zip(names, targets, strict=True)), classes)
    encoder: dict[str, Any] = {
        "format": FORMAT,
        "kind": "table",
        "header": known.table.header,
        "width": len(known.table.columns),
        "label": {"name": known.label_column.name, "index": known.label_column.index},
        "task": label.task,
        "classes": None if classes is None else list(classes),
        "target_mean": list(mean),
        "target_std": list(std),
        "scale": 1.0,
        "image_shape": None,
        "why": f"{known.label_why}; {label.why}",
    }
    shape, scale = None, 1.0
    if known.pixels:
        inputs, entries = known.pixels.inputs(rows), known.pixels.entries()
        shape, scale = known.pixels.shape, known.pixels.scale
        encoder |= {"columns": entries, "image_shape": list(shape), "scale": scale}
    else:
        entries = fit_columns(known.plans, rows[0], standardize=options.standardize)
        notes += fitted_decisions(entries)
        columns = {plan.column.index: plan.column for plan in known.plans}
        known.plans.clear()
        known.table.columns.clear()
        everything = encode(entries, columns, np.concatenate(rows), free=True)
        cuts = np.cumsum([len(part) for part in rows])[:-1]
        inputs = [np.ascontiguousarray(part) for part in np.split(everything, cuts)]
        del everything
        encoder["columns"] = entries
    training, validation, test = (Examples(x, y, scale) for x, y in zip(inputs, targets, strict=True))
    dataset = Dataset(name, title, training, validation, test, classes, shape, 0.0, mean, std, encoder)
    return dataset, Origin(f"the table {path}", tuple(notes))


def _label_column(table: RawTable, wanted: int | str | None, where: str) -> tuple[RawColumn, str]:
    """The column to predict, and why it is that one."""
    if wanted is not None:
        column = column_of(table, wanted, "data.label", where)
        return column, f"{table.called(column)} is the label, as data.label says"
    if table.header:
        names = {column.name.strip().casefold(): column for column in reversed(table.columns)}
        for name in LABEL_NAMES:
            if name in names:
                return names[name], f"{table.called(names[name])} is the label, by its name"
    stray = (column.blank and (not table.header or not column.name) for column in reversed(table.columns))
    last = table.columns[-1 - next((i for i, is_stray in enumerate(stray) if not is_stray), 0)]
    return last, f"{table.called(last)} is the label, being the last; data.label chooses another"


def _label_values(column: RawColumn, rows: Array) -> Array:
    """The label of ``rows``, (rows,): float64, or texts as objects."""
    if column.numbers is not None:
        return column.numbers[rows]
    assert column.texts is not None
    return np.array(column.texts.to_list(), dtype=object)[rows].astype(str)


def _refuse_infinity(known: Understood) -> None:
    used = [plan.column for plan in known.plans if plan.kind == "number"]
    if known.label.task == "regression":
        used.append(known.label_column)
    for column in used:
        assert column.numbers is not None
        if (bad := np.flatnonzero(np.isinf(column.numbers[known.rows]))).size:
            row = int(known.rows[bad[0]])
            raise BadInput(
                f"{known.where}, {known.table.place(row, column)}: the cell is infinite; "
                "write a finite number, or leave it empty to count as missing"
            )
        if np.nanmax(np.abs(column.numbers)) > 1e30:
            row = int(np.nanargmax(np.abs(column.numbers)))
            raise BadInput(f"{known.where}, {known.table.place(row, column)}: every number must be below 1e30")
