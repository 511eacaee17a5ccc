"""IDX files, the format of MNIST: a directory of four, raw or gzip-compressed, becomes a Dataset.

Layout (big-endian): two zero bytes, a byte for the element type (0x08: unsigned byte), a byte for the
number of dimensions, 4 bytes for each dimension, then the elements (LeCun, Cortes and Burges, "The MNIST
database"). The header says how many bytes follow, and never more than that is read or unpacked.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from tunelab.data.arrays import MIN_TRAINING, too_few
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.data.labels import classes_of
from tunelab.data.limits import MAX_BYTES, read_up_to
from tunelab.data.options import FileOptions
from tunelab.data.splitting import split
from tunelab.data.store import Origin
from tunelab.errors import BadInput, printable
from tunelab.wording import quantity

__all__ = ["FILES", "files", "read_array", "read_directory", "read_images"]

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_PIXELS = 1 / 255


def files(directory: Path) -> list[Path]:
    """The four files of ``directory`` in the order of ``FILES``; raw is taken before .gz.

    EMNIST's have names of their own, such as emnist-letters-train-images-idx3-ubyte and …-test-images-….
    Raises :class:`BadInput` naming the first that isn't there, or where there are files of several data sets.
    """
    paths = []
    for name in FILES:
        # Unpacked by some tools, the files are called train-images.idx3-ubyte.
        names = [n + end for n in (name, name.replace("-idx", ".idx")) for end in ("", ".gz")]
        there = [directory / n for n in names if (directory / n).is_file()] or _with_prefix(directory, name)
        if not there:
            raise BadInput(
                f"The directory '{printable(directory)}' has no {name} (or {name}.gz); "
                f"a directory of IDX files holds {', '.join(FILES[:3])} and {FILES[3]}"
            )
        paths.append(there[0])
    return paths


def _with_prefix(directory: Path, name: str) -> list[Path]:
    """The file that is called ``name`` behind the name of a data set, its test part perhaps called test."""
    ends = [n + end for n in (name, name.replace("t10k", "test")) for end in ("", ".gz")]
    try:
        there = sorted(path for path in directory.iterdir() if path.name.endswith(tuple(f"-{end}" for end in ends)))
    except OSError as problem:
        raise BadInput(f"'{printable(directory)}' can't be read: {printable(problem.strerror or problem)}") from None
    stems = {path.name.removesuffix(".gz") for path in there}
    if len(stems) > 1:
        listed = ", ".join(printable(stem, 60) for stem in sorted(stems)[:3])
        raise BadInput(
            f"The directory '{printable(directory)}' has files of several data sets ({listed}); "
            "put the four of one into a directory of their own"
        )
    return there


def read_directory(
    directory: Path, name: str, title: str, labels: tuple[str, ...] | None = None, options: FileOptions | None = None
) -> tuple[Dataset, Origin]:
    """The data set in ``directory``, its last sixth of training examples kept for validation.

    For MNIST's 60,000 that is the book's split: 50,000 training, 10,000 validation, 10,000 test. Where the examples are
    sorted by class, they are shuffled first.
    ``labels`` names the classes 0, 1, …; without it they are called by their numbers.
    """
    paths = files(directory)
    where = f"'{printable(directory)}'"
    train, test = (_images(path) for path in paths[::2])
    y_train, y_test = (read_array(path, 1) for path in paths[1::2])
    for picture, images, label, y in (
        (paths[0], train, paths[1], y_train),
        (paths[2], test, paths[3], y_test),
    ):
        if len(images) != len(y):
            raise BadInput(
                f"'{printable(picture.name)}' has {quantity(len(images), 'image')} but "
                f"'{printable(label.name)}' {quantity(len(y), 'label')}: there must be one for each image"
            )
    if train.shape[1:] != test.shape[1:]:
        raise BadInput(
            f"'{printable(paths[0].name)}' has images of {train.shape[1]}×{train.shape[2]}, "
            f"but '{printable(paths[2].name)}' of {test.shape[1]}×{test.shape[2]}"
        )
    if len(train) < MIN_TRAINING or not len(test):
        raise too_few(where, len(train), len(test))
    positions, names = classes_of(np.concatenate([y_train, y_test]), where)
    y_train, y_test = positions[: len(y_train)], positions[len(y_train) :]
    if labels is not None:
        names = tuple(labels[int(n)] if int(n) < len(labels) else n for n in names)
    cut = len(train) - len(train) // 6
    rows, notes = [np.arange(cut), np.arange(cut, len(train))], []
    runs = int(np.count_nonzero(np.diff(y_train))) + 1
    if runs == len(np.unique(y_train)) or not set(np.unique(y_train[cut:])) <= set(np.unique(y_train[:cut])):
        seed = (options or FileOptions()).split_seed
        rows = split(y_train, (1 / 6,), seed, in_every_part=True)
        notes.append(
            f"The examples are sorted by class; they were shuffled by data.split_seed = {seed} before the split"
        )
    flat, flat_test = train.reshape(len(train), -1), test.reshape(len(test), -1)
    inputs = [flat[:cut], flat[cut:]] if not notes else [flat[part] for part in rows]
    training, validation = (Examples(x, y_train[part], _PIXELS) for x, part in zip(inputs, rows, strict=True))
    held_out = Examples(flat_test, y_test, _PIXELS)
    shape = (int(train.shape[1]), int(train.shape[2]))
    dataset = Dataset(name, title, training, validation, held_out, names, shape)
    return dataset, Origin(f"IDX files in {directory}", tuple(notes))


def _images(path: Path) -> Array:
    """The images of an IDX file; EMNIST's lie on their side, rows and columns exchanged, and are set upright."""
    images = read_array(path, 3)
    return np.ascontiguousarray(images.transpose(0, 2, 1)) if path.name.startswith("emnist") else images


def read_images(path: Path) -> Array:
    """Images (n, rows, columns) uint8 of an IDX file, or of a directory's test part."""
    return _images(files(path)[2] if path.is_dir() else path)


def read_array(path: Path, dimensions: int) -> Array:
    """The unsigned bytes in the IDX file ``path``, raw or gzip-compressed, which must have ``dimensions``.

    Raises :class:`BadInput` for anything else than exactly what the header announces.
    """
    where = f"'{printable(path)}'"
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not packed:
                return _array(raw, where, dimensions)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _array(unpacked, where, dimensions)
    except EOFError:
        raise BadInput(f"{where} is cut short: its compressed data end too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BadInput(f"{where} is damaged: its compressed data don't unpack") from None
    except OSError as problem:
        raise BadInput(f"{where} can't be read: {printable(problem.strerror or problem)}") from None


def _array(stream: IO[bytes] | gzip.GzipFile, where: str, dimensions: int) -> Array:
    header = stream.read(4 + 4 * dimensions)
    if len(header) < 4 or header[:3] != b"\x00\x00\x08":
        raise BadInput(f"{where} is not an IDX file of unsigned bytes: it must begin with 00 00 08")
    if header[3] != dimensions:
        kind = "images (3 dimensions)" if dimensions == 3 else "labels (1 dimension)"
        raise BadInput(f"{where} has {header[3]} dimensions where {kind} are expected")
    if len(header) < 4 + 4 * dimensions:
        raise BadInput(f"{where} is cut short inside its header")
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4", offset=4))
    size = math.prod(shape)
    if dimensions == 3 and not math.prod(shape[1:]):
        raise BadInput(f"{where} announces images of {shape[1]}×{shape[2]} pixels")
    if size > MAX_BYTES:
        raise BadInput(f"{where} announces {size:,} bytes; more than {MAX_BYTES:,} are not read")
    data = read_up_to(stream, size)
    if len(data) < size:
        raise BadInput(f"{where} is cut short: its header announces {size:,} bytes, {len(data):,} are there")
    if stream.read(1):
        raise BadInput(f"{where} holds more than the {size:,} bytes that its header announces")
    return np.frombuffer(data, np.uint8).reshape(shape)
