"""How rows of a file become a network's inputs: kept with a data set and with each run as plain values, and applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.errors import BadInput, printable
from tunelab.wording import quantity

__all__ = ["EncodedRows", "arrays_encoder", "encode_rows", "encoder_of", "table_facts"]


@dataclass(frozen=True, eq=False)
class EncodedRows:
    """Rows of a file as inputs: ``inputs`` (n, features), to be multiplied with ``scale`` (:meth:`scaled` does it).

    ``notes`` are sentences on what was left aside or wasn't known.
    """

    inputs: Array
    scale: float
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)

    def scaled(self, rows: slice | Array, dtype: np.dtype[Any] | type = np.float32) -> Array:
        """The inputs of ``rows`` as the network sees them, (rows, features) in ``dtype``."""
        return Examples(self.inputs, np.empty(len(self.inputs)), self.scale).scaled(rows, dtype)


def encoder_of(dataset: Dataset) -> dict[str, Any]:
    """The data set's encoder, fit for JSON; where rows are taken as they are, one that says only that.

    ``kind`` is ``table`` or ``arrays``. Both have ``task``, ``classes`` (in the order of the outputs), ``target_mean``
    and ``target_std`` (empty: unscaled), ``scale`` and ``image_shape``. A table has ``header``, ``width``, ``label``
    and ``columns`` (see :mod:`tunelab.data.tables.encoder`); arrays have ``features``, and ``mean`` and ``std`` where
    features were standardized.
    """
    return dataset.encoder or arrays_encoder(dataset)


def arrays_encoder(dataset: Dataset) -> dict[str, Any]:
    """The encoder of a data set whose rows are taken as they are."""
    return {
        "format": 1,
        "kind": "arrays",
        "task": "regression" if dataset.classes is None else "classification",
        "classes": None if dataset.classes is None else list(dataset.classes),
        "target_mean": list(dataset.target_mean),
        "target_std": list(dataset.target_std),
        "features": dataset.features,
        "scale": dataset.training.scale,
        "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
        "mean": [],
        "std": [],
    }


def table_facts(encoder: dict[str, Any]) -> dict[str, Any]:
    """What a ``start`` event says of a table: its ``columns`` (name, kind, missing, why) and its ``label``."""
    if encoder["kind"] != "table":
        return {}
    keys = ("name", "kind", "missing", "why")
    return {
        "columns": [{key: column[key] for key in keys} for column in encoder["columns"]],
        "label": encoder["label"]["name"],
        "label_why": encoder["why"],
    }


def encode_rows(encoder: dict[str, Any], path: Path) -> EncodedRows:
    """The rows of a table, of an .npz (its ``x`` or ``x_test``) or of IDX images, as inputs for a trained network.

    Where the file and the training table have a header, columns are matched by name, in any order; else by their
    place, with or without the label's. A category never seen is none of those known; a missing cell is treated as in
    training. Raises :class:`BadInput` for a missing column, or rows of another length.
    """
    from tunelab.data.catalogue import is_table

    where = f"'{printable(path)}'"
    if not path.exists():
        raise BadInput(f"there is no file {where} to predict from")
    if path.is_dir() or "idx3" in path.name:
        from tunelab.data import idx

        images = idx.read_images(path)
        return _of_array(encoder, images, where)
    if path.suffix.lower() == ".npz":
        from tunelab.data import npz

        return _of_array(encoder, npz.read_inputs(path), where)
    if not is_table(path):
        raise BadInput(f"{where} is neither a table, nor an .npz, nor IDX images")
    return _of_table(encoder, path, where) if encoder["kind"] == "table" else _of_plain_table(encoder, path, where)


# -- arrays -------------------------------------------------------------------------------------------------


def _of_array(encoder: dict[str, Any], array: Array, where: str) -> EncodedRows:
    """Rows of an array (n, …) for a network that was trained on arrays or images."""
    shape = encoder["image_shape"]
    if encoder["kind"] == "table" and shape is None:
        raise BadInput(f"{where} holds arrays, and the network was trained on a table with columns; give a table")
    flat = array.reshape(len(array), -1)
    features = encoder["features"] if encoder["kind"] == "arrays" else shape[0] * shape[1]
    if flat.shape[1] != features:
        was = f"images of {shape[0]}×{shape[1]}" if shape else quantity(features, "input")
        raise BadInput(f"{where} has {flat.shape[1]:,} numbers a row, and the network was trained on {was}")
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        row = int(np.argwhere(~np.isfinite(flat))[0][0])
        raise BadInput(f"{where}: row {row:,} (from 0) holds a number that isn't finite")
    scale = float(encoder["scale"])
    if shape is not None and flat.dtype.kind == "f":
        # Pixels may be given as 0 to 255 or as 0 to 1, whatever the network was trained on
        unit = bool(flat.size and flat.max() <= 1)
        return EncodedRows(flat.astype(np.float32), 1.0 if unit else 1 / 255)
    if encoder.get("std"):
        flat = (flat - np.array(encoder["mean"])) / np.array(encoder["std"])
    if flat.dtype != np.uint8:
        flat = flat.astype(np.float32)
    return EncodedRows(flat, scale)


# -- tables -------------------------------------------------------------------------------------------------


def _of_table(encoder: dict[str, Any], path: Path, where: str) -> EncodedRows:
    from tunelab.data.tables.encoder import encode
    from tunelab.data.tables.raw_table import RawColumn
    from tunelab.data.tables.reading import Expected, read_raw

    entries = [entry for entry in encoder["columns"] if entry["kind"] != "left-out"]
    every = [*encoder["columns"], encoder["label"]]
    names = tuple(entry["name"] for entry in sorted(every, key=lambda entry: int(entry["index"])))
    texts = frozenset(entry["name"] for entry in entries if entry["kind"] == "category")
    table = read_raw(path, expected=Expected(names if encoder["header"] else (), texts))
    notes = list(table.notes)
    if table.header and encoder["header"]:
        matched = _by_name(table.columns, entries, where)
        known = {entry["name"].casefold() for entry in encoder["columns"]}
        extra = [column.name for column in table.columns if column.name.casefold() not in known]
        if extra:
            notes.append(f"Left aside: {', '.join(printable(name, 30) or 'the unnamed column' for name in extra[:10])}")
    else:
        matched = _by_place(table.columns, entries, encoder, where)
        if encoder["header"]:
            notes.append("The file has no header: its columns are taken in the order of the training table")
    columns: dict[int, RawColumn] = {}
    for entry, column in zip(entries, matched, strict=True):
        columns[entry["index"]] = column
        if entry["kind"] == "number":
            numbers = column.forced_numbers()
            if (infinite := np.flatnonzero(np.isinf(numbers))).size:
                raise BadInput(
                    f"{where}, {table.place(int(infinite[0]), column)}: the cell is infinite; leave it empty"
                )
            odd = int(np.isnan(numbers).sum() - column.missing().sum()) + column.odd_count
            if odd:
                cells = "cell that is no number counts" if odd == 1 else "cells that are no numbers count"
                notes.append(f"{_capital(table.called(column))}: {odd:,} {cells} as missing")
        else:
            notes += _unknown_categories(entry, column, table.called(column))
    inputs = np.ascontiguousarray(encode(entries, columns, np.arange(table.rows)))
    return EncodedRows(inputs, float(encoder["scale"]), tuple(notes))


def _by_name(columns: Sequence[Any], entries: Sequence[dict[str, Any]], where: str) -> list[Any]:
    from tunelab.wording import did_you_mean

    exact = {column.name: column for column in columns}
    folded = {column.name.casefold(): column for column in columns}
    matched = []
    for entry in entries:
        name = entry["name"]
        column = exact.get(name) or folded.get(name.casefold())
        if column is None:
            missing = [e["name"] for e in entries if e["name"].casefold() not in folded]
            more = f" (and {len(missing) - 1:,} more)" if len(missing) > 1 else ""
            raise BadInput(
                f"{where} has no column '{printable(name, 40)}'{more}, which the network was trained on"
                f"{did_you_mean(name, exact)}; add it, with empty cells where a value isn't known"
            )
        matched.append(column)
    return matched


def _by_place(
    columns: Sequence[Any], entries: Sequence[dict[str, Any]], encoder: dict[str, Any], where: str
) -> list[Any]:
    width, label = int(encoder["width"]), int(encoder["label"]["index"])
    if len(columns) == width:
        return [columns[entry["index"]] for entry in entries]
    if len(columns) == width - 1:  # without the label
        return [columns[entry["index"] - (entry["index"] > label)] for entry in entries]
    raise BadInput(
        f"{where} has {quantity(len(columns), 'column')}, and the network was trained on a "
        f"table of {width:,}, the label among them; give all of them in that order, with or without the label"
    )


def _unknown_categories(entry: dict[str, Any], column: Any, called: str) -> list[str]:
    """A sentence where a column holds categories that training never saw."""
    known = set(entry["categories"])
    present = column.as_texts().drop_nulls().unique().to_list()
    if entry["numeric"]:
        from tunelab.data.tables.encoder import plain_form

        present = [plain_form(text) for text in present]
    unknown = sorted(set(present) - known)
    if not unknown:
        return []
    listed = ", ".join(f"'{printable(text, 30)}'" for text in unknown[:5]) + (" …" if len(unknown) > 5 else "")
    return [f"{_capital(called)} holds {listed}, never seen in training: none of the known values"]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _of_plain_table(encoder: dict[str, Any], path: Path, where: str) -> EncodedRows:
    """Rows of a table for a network that was trained on arrays: a column for every input, perhaps a label beside."""
    from tunelab.data.tables.preparing import LABEL_NAMES
    from tunelab.data.tables.reading import Expected, read_raw

    table = read_raw(path, expected=Expected((*LABEL_NAMES,), frozenset()))
    features = int(encoder["features"])
    columns = [c for c in table.columns if not (table.header and c.name.strip().casefold() in LABEL_NAMES)]
    if len(columns) != features:
        raise BadInput(
            f"{where} has {quantity(len(columns), 'column')} besides a label, and the network was trained "
            f"on {quantity(features, 'input')}"
        )
    rows = np.column_stack([column.forced_numbers() for column in columns])
    if np.isnan(rows).any():
        row, place = (int(i) for i in np.argwhere(np.isnan(rows))[0])
        raise BadInput(f"{where}, {table.place(row, columns[place])}: a number is missing")
    return _of_array(encoder, rows, where)
