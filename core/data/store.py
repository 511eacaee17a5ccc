"""Prepared data sets on disk: plain .npy arrays that every process maps, and a dataset.json beside them.

A store is a directory of ``x_train.npy … y_test.npy`` and ``dataset.json``. It appears whole or not at all:
it is written under a temporary name beside its place, synced and renamed. Pixels stay uint8, and reading
maps the files (``mmap_mode="r"``), so that worker processes share the pages and copy nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.data.npy_header import read_header
from tunelab.errors import BadInput, printable
from tunelab.files import MaxBytes, read_regular, stream_regular
from tunelab.wording import quantity

__all__ = ["DESCRIPTION", "PARTS", "Damaged", "Origin", "describe", "read", "verify", "write"]

FORMAT = 1
DESCRIPTION = "dataset.json"
PARTS = ("train", "validation", "test")
_STALE_SECONDS = 24 * 3600.0  # seconds after which a temporary directory must belong to a process that died


class Damaged(BadInput):
    """A store that can't be used as it is: cut short, altered, or of another version."""


@dataclass(frozen=True)
class Origin:
    """Where a data set came from and what was done to it on the way, kept in dataset.json.

    ``notes`` are sentences that people are told whenever the set is loaded. ``mean`` and ``std`` (a number a
    feature) are there where features were standardised: the network sees (x − mean) / std.
    """

    source: str
    notes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


def write(place: Path, dataset: Dataset, origin: Origin) -> None:
    """Put ``dataset`` at ``place``, whole or not at all. Raises OSError where the disk refuses.

    Two processes writing the same set at once is fine: one of them wins, and the sets are the same.
    A store that is already there is replaced; whoever has mapped it keeps the old pages.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(place)
    temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tmp"))
    try:
        sums = {}
        for part, examples in zip(PARTS, (dataset.training, dataset.validation, dataset.test), strict=True):
            for letter, array in (("x", examples.inputs), ("y", examples.targets)):
                name = f"{letter}_{part}.npy"
                sums[name] = _save(temporary / name, np.ascontiguousarray(array))
        description = {
            "format": FORMAT,
            "name": dataset.name,
            "title": dataset.title,
            "classes": None if dataset.classes is None else list(dataset.classes),
            "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
            "scale": dataset.training.scale,
            "tolerance": dataset.tolerance,
            "target_mean": list(dataset.target_mean),
            "target_std": list(dataset.target_std),
            "encoder": dataset.encoder,
            "source": origin.source,
            "notes": list(origin.notes),
            "standardised": {"mean": list(origin.mean), "std": list(origin.std)} if origin.mean else None,
            "counts": {
                "train": len(dataset.training),
                "validation": len(dataset.validation),
                "test": len(dataset.test),
            },
            "sha256": sums,
        }
        with (temporary / DESCRIPTION).open("w", encoding="utf-8") as file:
            json.dump(description, file, ensure_ascii=False, indent=1, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o755)
        _swap_in(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read(place: Path) -> tuple[Dataset, Origin]:
    """The data set at ``place``, its arrays mapped from disk.

    Raises FileNotFoundError where there is none, and :class:`Damaged` where it can't be used.
    """
    about = describe(place)
    try:
        classes = None if about["classes"] is None else tuple(str(c) for c in about["classes"])
        shape = None if about["image_shape"] is None else (int(about["image_shape"][0]), int(about["image_shape"][1]))
        scale, tolerance = float(about["scale"]), float(about["tolerance"])
        standardised = about["standardised"] or {"mean": [], "std": []}
        origin = Origin(
            str(about["source"]),
            tuple(str(note) for note in about["notes"]),
            tuple(float(v) for v in standardised["mean"]),
            tuple(float(v) for v in standardised["std"]),
        )
        # A store written by an older version has none of these
        target_mean = tuple(float(v) for v in about.get("target_mean", ()))
        target_std = tuple(float(v) for v in about.get("target_std", ()))
        encoder = about.get("encoder")
        if not isinstance(encoder, dict | None):
            raise TypeError("encoder")
        name, title, counts = str(about["name"]), str(about["title"]), about["counts"]
        expected = [int(counts[part]) for part in PARTS]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as problem:
        raise _damaged(place, f"{DESCRIPTION} lacks or mistypes {printable(problem, 60)}") from None
    parts = []
    for part, count in zip(PARTS, expected, strict=True):
        x, y = _map_array(place, f"x_{part}.npy"), _map_array(place, f"y_{part}.npy")
        if x.ndim != 2 or len(x) != count or len(y) != count or x.dtype not in (np.uint8, np.float32):
            raise _damaged(place, f"x_{part}.npy is not {quantity(count, 'row')} of pixels or float32")
        if classes is None:
            good = y.ndim == 2 and y.dtype == np.float32
        else:
            good = y.ndim == 1 and y.dtype in (np.uint8, np.uint16) and (not count or y.max() < len(classes))
        if not good:
            raise _damaged(place, f"y_{part}.npy doesn't hold the targets that {DESCRIPTION} speaks of")
        parts.append(Examples(x, y, scale))
    widths = {part.inputs.shape[1] for part in parts}
    if len(widths) > 1 or (shape is not None and widths != {math.prod(shape)}):
        raise _damaged(place, "its parts have different numbers of features")
    training, validation, test = parts
    if {len(target_mean), len(target_std)} - {0, 0 if classes is not None else training.targets.shape[1]}:
        raise _damaged(place, "its targets' scale is for another number of outputs")
    dataset = Dataset(
        name, title, training, validation, test, classes, shape, tolerance, target_mean, target_std, encoder
    )
    return dataset, origin


def describe(place: Path) -> dict[str, Any]:
    """What dataset.json says, after looking at its format only: cheap, and maps nothing.

    Raises FileNotFoundError where there is no store, and :class:`Damaged` where it can't be read.
    """
    try:
        text = read_regular(place / DESCRIPTION, MaxBytes.ENCODER).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(place) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise _damaged(place, f"{DESCRIPTION} can't be read ({printable(problem, 60)})") from None
    try:
        about = json.loads(text)
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict):
        raise _damaged(place, f"{DESCRIPTION} is not a JSON object")
    if about.get("format") != FORMAT:
        written_format = printable(about.get("format"), 20)
        raise _damaged(place, f"{DESCRIPTION} has format {written_format}, and this tunelab reads {FORMAT}")
    return about


def verify(place: Path) -> bool:
    """Whether every array at ``place`` still has the SHA-256 that was recorded. Reads all of it."""
    try:
        sums = describe(place)["sha256"]
        for part in PARTS:
            for name in (f"x_{part}.npy", f"y_{part}.npy"):
                with stream_regular(place / name, MaxBytes.DATA) as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != sums[name]:
                        return False
    except (OSError, Damaged, KeyError, TypeError):
        return False
    return True


def _map_array(place: Path, name: str) -> Array:
    path = place / name
    try:
        with stream_regular(path, MaxBytes.DATA) as file:
            shape, dtype, by_columns = read_header(file, os.fstat(file.fileno()).st_size)
            if dtype.hasobject or by_columns or not math.prod(shape):
                raise ValueError("it isn't an array of numbers, row by row")
            mapped = np.memmap(file, dtype, "r", file.tell(), shape)
    except (OSError, ValueError) as problem:
        raise _damaged(place, f"{name} is missing, cut short or altered ({printable(problem, 60)})") from None
    # A plain view: np.memmap runs Python code at every slice, which a training loop would feel.
    return np.asarray(mapped)


def _damaged(place: Path, what: str) -> Damaged:
    return Damaged(f"The prepared data set '{printable(place.name, 60)}' can't be used: {what}")


def _save(path: Path, array: Array) -> str:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _swap_in(new: Path, place: Path) -> None:
    """Give ``new`` the name ``place``; as a directory can't replace a full one, the old one steps aside."""
    for _ in range(100):
        try:
            new.rename(place)
        except OSError as problem:
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tmp"))
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                place.rename(aside / "old")
            shutil.rmtree(aside, ignore_errors=True)
        else:
            if os.name == "posix":
                descriptor = os.open(place.parent, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            return
    raise OSError(f"{place} is being written by too many processes at once")


def _remove_stale(place: Path) -> None:
    """Remove what processes that were killed left behind, once it is a day old."""
    for left in place.parent.glob(f".{place.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
