"""A person's own arrays: an .npz with x_train, y_train, x_test, y_test becomes a Dataset.

Nothing in it is trusted. Objects (which need pickle, and pickle runs programs) are refused; what the zip
directory and the array headers announce must agree and stay below a limit before anything is unpacked.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from tunelab.data.arrays import dataset_of_arrays
from tunelab.data.dataset import Array, Dataset
from tunelab.data.limits import MAX_BYTES, read_up_to
from tunelab.data.npy_header import read_header
from tunelab.data.options import FileOptions
from tunelab.data.store import Origin
from tunelab.errors import BadInput, printable
from tunelab.wording import quantity

__all__ = ["read"]

_NEEDED = ("x_train", "y_train", "x_test", "y_test")
_OPTIONAL = ("x_validation", "y_validation")


def read(path: Path, name: str, title: str, options: FileOptions | None = None) -> tuple[Dataset, Origin]:
    """The data set in ``path``. Without x_validation a sixth of x_train becomes the validation part, classes alike.

    Inputs are (n, features) or images (n, rows, columns), perhaps with a last axis of one channel. Targets are labels
    (n,) of any kind, one-hot, or numbers (n,) or (n, outputs). Raises :class:`BadInput` for anything else.
    """
    where = f"'{printable(path)}'"
    arrays = _arrays(path, where)
    parts = [part for part in ("train", "validation", "test") if f"x_{part}" in arrays]
    for part in parts:
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype == np.bool_:
            arrays[f"x_{part}"] = x = x.astype(np.int64)
        if x.ndim == 4 and x.shape[-1] == 1:  # images as Keras has them
            arrays[f"x_{part}"] = x = x[..., 0]
        _check_array(x, f"x_{part}", where)
        _check_array(y, f"y_{part}", where)
        if len(x) != len(y):
            raise BadInput(f"{where} has {quantity(len(x), 'row')} in x_{part} but {len(y):,} in y_{part}")
        for array, letter in ((x, "x"), (y, "y")):
            row, wanted = (_row_description(rows, letter) for rows in (array, arrays[f"{letter}_train"]))
            if row != wanted:
                raise BadInput(
                    f"{where}: an example of {letter}_{part} is {row}, of {letter}_train {wanted}; they must be alike"
                )
    inputs = {part: arrays[f"x_{part}"] for part in parts}
    targets = {part: arrays[f"y_{part}"] for part in parts}
    source = f"the arrays of {path}"
    return dataset_of_arrays(name, title, where, inputs, targets, source, options or FileOptions())


def read_inputs(path: Path) -> Array:
    """The inputs in ``path`` to predict from: its ``x``, else ``x_test``, else the one array that there is."""
    where = f"'{printable(path)}'"
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            keys = [info.filename.removesuffix(".npy") for info in archive.infolist()]
    except (zipfile.BadZipFile, ValueError, OSError) as problem:
        raise BadInput(f"{where} can't be unpacked: {printable(problem, 80)}") from None
    key = next((key for key in ("x", "x_test") if key in keys), keys[0] if len(keys) == 1 else None)
    if key is None:
        has = ", ".join(printable(key, 30) for key in keys[:8]) or "nothing"
        raise BadInput(f"{where} has neither x nor x_test to predict from; it holds {has}")
    array = _arrays(path, where, (key,), ())[key]
    _check_array(array, key if key.startswith("x") else f"x ({key})", where)
    return array


def _row_description(array: Array, letter: str) -> str:
    kind = {"i": "whole number", "u": "whole number", "f": "float", "U": "string", "b": "boolean"}[array.dtype.kind]
    if letter == "y" and array.dtype.kind in "iuf":
        kind = "number"  # 1.0 and 1 are the same label
    return f"{'×'.join(map(str, array.shape[1:])) or 'one'} {kind}{'s' if array.ndim > 1 else ''}"


def _check_array(array: Array, key: str, where: str) -> None:
    """Refuse shapes and types that can't be inputs, labels or regression targets."""
    if not array.size:
        raise BadInput(f"{where}: {key} is empty")
    if key.startswith("x") and (array.ndim not in (2, 3) or array.dtype.kind == "U"):
        raise BadInput(
            f"{where}: {key} has shape {array.shape} and type {array.dtype}; "
            "give numbers, (n, features) or grey images (n, rows, columns)"
        )
    if key.startswith("y") and (array.ndim not in (1, 2) or (array.ndim == 2 and array.dtype.kind == "U")):
        raise BadInput(
            f"{where}: {key} has shape {array.shape} and type {array.dtype}; give labels (n,) or one-hot "
            "(n, classes), or for regression floats, (n,) or (n, outputs)"
        )


def _arrays(
    path: Path, where: str, needed: tuple[str, ...] = _NEEDED, optional: tuple[str, ...] = _OPTIONAL
) -> dict[str, Array]:
    """The wanted arrays, every integer as int64 (pixels as uint8) and every float as it is."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            missing = [key for key in needed if key not in members]
            wanted = [key for key in (*needed, *optional) if key in members]
            if not missing and optional and len(wanted) == len(needed) + 1:
                missing = [key for key in optional if key not in members]
            if missing:
                has = ", ".join(printable(key, 30) for key in list(members)[:8]) or "nothing"
                raise BadInput(f"{where} has no {missing[0]}; it holds {has}, and needs {', '.join(needed)}")
            if sum(members[key].file_size for key in wanted) > MAX_BYTES:
                raise BadInput(f"{where} would unpack to more than {MAX_BYTES:,} bytes, and no more is unpacked")
            arrays = {}
            for key in wanted:
                with archive.open(members[key]) as stream:
                    arrays[key] = _array(stream, members[key].file_size, f"{where}: {key}")
            return arrays
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as problem:
        # RuntimeError: encrypted; NotImplementedError: a compression that zipfile doesn't know
        raise BadInput(f"{where} can't be unpacked: {printable(problem, 80)}") from None
    except OSError as problem:
        raise BadInput(f"{where} can't be read: {printable(problem.strerror or problem, 80)}") from None


def _array(stream: IO[bytes], size: int, where: str) -> Array:
    """One .npy of ``size`` bytes out of the archive."""
    try:
        shape, dtype, by_columns = read_header(stream, size)
    except ValueError as problem:
        raise BadInput(f"{where} is not an array that can be read ({printable(problem, 80)})") from None
    if dtype.hasobject:
        raise BadInput(f"{where} holds Python objects, which need pickle, and that can run any program: refused")
    if dtype.kind not in "biufU" or dtype.itemsize == 0:
        raise BadInput(f"{where} has type {printable(dtype, 40)}; integers, floats or (for labels) strings are read")
    expected = math.prod(shape) * dtype.itemsize
    data = read_up_to(stream, expected)
    if len(data) < expected:
        raise BadInput(f"{where} is cut short: {len(data):,} of {expected:,} bytes are there")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")
    if dtype.kind == "U":
        return array.astype(dtype.newbyteorder("="))
    if dtype.kind == "f":
        return array.astype(dtype.newbyteorder("="), copy=False)
    if dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise BadInput(f"{where} holds whole numbers beyond 2⁶³")
    return array if dtype in (np.uint8, np.bool_) else array.astype(np.int64)
