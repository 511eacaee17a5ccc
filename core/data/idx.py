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
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.data.preparation import MOST_BYTES, read_up_to, too_few, with_classes
from tunelab.data.store import Origin
from tunelab.errors import BadInput, printable

__all__ = ["FILES", "files", "read_array", "read_directory"]

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_PIXELS = 1 / 255


def files(directory: Path) -> list[Path]:
    """The four files of ``directory`` in the order of ``FILES``; raw is taken before .gz.

    Raises :class:`BadInput` naming the first that isn't there.
    """
    found = []
    for name in FILES:
        # Unpacked by some tools, the files are called train-images.idx3-ubyte.
        candidates = [directory / (n + end) for n in (name, name.replace("-idx", ".idx")) for end in ("", ".gz")]
        there = [path for path in candidates if path.is_file()]
        if not there:
            raise BadInput(
                f"The directory '{printable(directory)}' has no {name} (or {name}.gz); "
                f"a directory of IDX files holds {', '.join(FILES[:3])} and {FILES[3]}"
            )
        found.append(there[0])
    return found


def read_directory(
    directory: Path, name: str, title: str, labels: tuple[str, ...] | None = None
) -> tuple[Dataset, Origin]:
    """The data set in ``directory``, its last sixth of training examples kept for validation.

    For MNIST's 60,000 that is the book's split: 50,000 training, 10,000 validation, 10,000 test.
    ``labels`` names the classes 0, 1, …; without it they are called by the numbers found.
    """
    paths = files(directory)
    images = {path: read_array(path, 3) for path in paths[::2]}
    classes = {path: read_array(path, 1) for path in paths[1::2]}
    for picture, label in zip(paths[::2], paths[1::2], strict=True):
        if len(images[picture]) != len(classes[label]):
            raise BadInput(
                f"'{printable(picture.name)}' has {len(images[picture]):,} images but "
                f"'{printable(label.name)}' {len(classes[label]):,} labels: there must be one a picture"
            )
    train, test = (images[path] for path in paths[::2])
    if train.shape[1:] != test.shape[1:]:
        raise BadInput(
            f"'{printable(paths[0].name)}' has images of {train.shape[1]}×{train.shape[2]}, "
            f"but '{printable(paths[2].name)}' of {test.shape[1]}×{test.shape[2]}"
        )
    if len(train) < 6 or not len(test):
        raise too_few(f"'{printable(directory)}'", len(train), len(test))
    cut = len(train) - len(train) // 6
    y_train, y_test = (classes[path] for path in paths[1::2])
    targets, names = with_classes([y_train[:cut], y_train[cut:], y_test], f"'{printable(directory)}'")
    if labels is not None:
        names = tuple(labels[int(n)] if int(n) < len(labels) else n for n in names)
    inputs = [part.reshape(len(part), -1) for part in (train[:cut], train[cut:], test)]
    training, validation, held_out = (Examples(x, y, _PIXELS) for x, y in zip(inputs, targets, strict=True))
    shape = (int(train.shape[1]), int(train.shape[2]))
    dataset = Dataset(name, title, training, validation, held_out, names, shape)
    return dataset, Origin(f"IDX files in {directory}")


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
    if size > MOST_BYTES:
        raise BadInput(f"{where} announces {size:,} bytes; more than {MOST_BYTES:,} are not read")
    data = read_up_to(stream, size)
    if len(data) < size:
        raise BadInput(f"{where} is cut short: its header announces {size:,} bytes, {len(data):,} are there")
    if stream.read(1):
        raise BadInput(f"{where} holds more than the {size:,} bytes that its header announces")
    return np.frombuffer(data, np.uint8).reshape(shape)
