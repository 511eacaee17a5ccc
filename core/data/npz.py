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
from tunelab.data.dataset import Array, Dataset
from tunelab.data.npy_header import read_header
from tunelab.data.preparation import MOST_BYTES, assembled, read_up_to, too_few
from tunelab.data.store import Origin
from tunelab.errors import BadInput, printable

__all__ = ["read"]

_NEEDED = ("x_train", "y_train", "x_test", "y_test")
_OPTIONAL = ("x_validation", "y_validation")


def read(path: Path, name: str, title: str) -> tuple[Dataset, Origin]:
    """The data set in ``path``. Without x_validation the last sixth of x_train becomes the validation part.

    Inputs are (n, features) or pictures (n, rows, columns); integer or string targets (n,) are labels,
    float targets (n,) or (n, outputs) are regression. Raises :class:`BadInput` for anything else.
    """
    where = f"'{printable(path)}'"
    arrays = _arrays(path, where)
    parts = [part for part in ("train", "validation", "test") if f"x_{part}" in arrays]
    for part in parts:
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        _check(x, f"x_{part}", where)
        _check(y, f"y_{part}", where)
        if len(x) != len(y):
            raise BadInput(f"{where} has {len(x):,} rows in x_{part} but {len(y):,} in y_{part}")
        for array, letter in ((x, "x"), (y, "y")):
            if _looks(array) != (wanted := _looks(arrays[f"{letter}_train"])):
                raise BadInput(
                    f"{where}: an example of {letter}_{part} is {_looks(array)}, of {letter}_train {wanted}; "
                    "they must be alike"
                )
    inputs = [arrays[f"x_{part}"] for part in parts]
    targets = [arrays[f"y_{part}"] for part in parts]
    if "validation" not in parts:
        count = len(inputs[0])
        if count < 6:
            raise too_few(where, count, len(inputs[1]))
        cut = count - count // 6
        inputs[:1], targets[:1] = [inputs[0][:cut], inputs[0][cut:]], [targets[0][:cut], targets[0][cut:]]
    return assembled(name, title, where, inputs, targets, f"the arrays of {path}")


def _looks(array: Array) -> str:
    kind = {"i": "whole number", "u": "whole number", "f": "float", "U": "string"}[array.dtype.kind]
    return f"{'×'.join(map(str, array.shape[1:])) or 'one'} {kind}{'s' if array.ndim > 1 else ''}"


def _check(array: Array, key: str, where: str) -> None:
    """Refuse shapes and types that can't be inputs, labels or regression targets."""
    if not array.size:
        raise BadInput(f"{where}: {key} is empty")
    if key.startswith("x") and (array.ndim not in (2, 3) or array.dtype.kind == "U"):
        raise BadInput(
            f"{where}: {key} has shape {array.shape} and type {array.dtype}; "
            "give numbers, (n, features) or grey pictures (n, rows, columns)"
        )
    if key.startswith("y") and array.ndim != 1 and (array.ndim != 2 or array.dtype.kind != "f"):
        raise BadInput(
            f"{where}: {key} has shape {array.shape} and type {array.dtype}; give labels (n,) of whole "
            "numbers, or for regression floats, (n,) or (n, outputs)"
        )


def _arrays(path: Path, where: str) -> dict[str, Array]:
    """The wanted arrays, every integer as int64 (pixels as uint8) and every float as it is."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            missing = [key for key in _NEEDED if key not in members]
            wanted = [key for key in (*_NEEDED, *_OPTIONAL) if key in members]
            if not missing and len(wanted) == len(_NEEDED) + 1:
                missing = [key for key in _OPTIONAL if key not in members]
            if missing:
                has = ", ".join(printable(key, 30) for key in list(members)[:8]) or "nothing"
                raise BadInput(f"{where} has no {missing[0]}; it holds {has}, and needs {', '.join(_NEEDED)}")
            if sum(members[key].file_size for key in wanted) > MOST_BYTES:
                raise BadInput(f"{where} would unpack to more than {MOST_BYTES:,} bytes, and no more is unpacked")
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
    return array if dtype == np.uint8 else array.astype(np.int64)
