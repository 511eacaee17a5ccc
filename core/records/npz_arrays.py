"""Arrays in an .npz, written and read without pickle; reading never unpacks more than the file itself holds."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tunelab.files import MaxBytes, stream_regular

__all__ = ["Damaged", "packed", "unpacked"]

Array = NDArray[Any]


class Damaged(Exception):
    """A file isn't what :func:`packed` makes. Its text says why, as the end of a sentence."""


def packed(arrays: Mapping[str, Array]) -> bytes:
    """The content of an .npz, not compressed."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpacked(path: Path) -> dict[str, Array]:
    """Every array of an .npz that :func:`packed` made.

    What comes from elsewhere is not trusted: compressed members (a small file could unpack to anything), objects
    (which need pickle, and pickle runs programs) and sizes that don't agree are refused before memory is asked for.
    Raises :class:`Damaged`, or FileNotFoundError.
    """
    arrays = {}
    try:
        with stream_regular(path, MaxBytes.ARRAYS) as file, zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
                    raise Damaged(f"{member.filename!r:.60} is compressed")
                with archive.open(member) as stream:
                    arrays[member.filename.removesuffix(".npy")] = _array(stream, member.file_size)
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError) as problem:
        # RuntimeError: encrypted; NotImplementedError: a zip that zipfile doesn't know
        raise Damaged(str(problem)) from None
    except OSError as problem:
        raise Damaged((problem.strerror or str(problem)).lower()) from None
    return arrays


def _array(stream: IO[bytes], size: int) -> Array:
    """One .npy of ``size`` bytes (format: numpy.lib.format, NEP 1)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if np.lib.format.read_magic(stream) != (1, 0):
                raise Damaged("an array is of a newer format")
            shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    except (Damaged, zipfile.BadZipFile):
        raise
    except Exception as problem:  # whatever a parser says of bytes that are no header
        raise Damaged(f"an array has no readable header ({problem})") from None
    expected = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or (by_columns and len(shape) > 1) or any(n < 0 for n in shape):
        raise Damaged(f"an array is of an unexpected kind ({dtype}, {shape})")
    if not dtype.itemsize or stream.tell() + expected != size:
        raise Damaged("an array isn't as long as its header says")
    # Read to the end, so that the archive's checksum is looked at
    return np.frombuffer(stream.read(), dtype).reshape(shape)
