"""The one way to open what tunelab keeps: regular files only, and none larger than its kind can be.

A record may come from elsewhere, or have been changed. A link in it would be read, or written through, wherever it
points; a pipe would be waited for; a device, or a file of terabytes with nothing in it, would be read for ever.
"""

from __future__ import annotations

import errno
import os
import stat
from enum import IntEnum
from io import BufferedReader
from pathlib import Path

__all__ = ["MaxBytes", "check_regular", "open_regular", "own_part", "read_regular", "stream_regular"]


_REASONS = {
    errno.ELOOP: "it is a link, and none is followed here",
    errno.EISDIR: "it is a directory",
    errno.ENXIO: "it isn't a regular file",
}


class MaxBytes(IntEnum):
    """How large a file of a kind can be, in bytes."""

    WORD = 4_000
    """A request, an address."""
    DESCRIPTION = 4_000_000
    """Of a run, an environment, a data set, a session."""
    PRESET = 1_000_000
    ENCODER = 64_000_000
    LINES = 64_000_000_000
    """Of events; they are read a piece at a time."""
    ARRAYS = 8_000_000_000
    """Of parameters, of a checkpoint; they are read whole."""
    DATA = 2_000_000_000_000
    """Of a data set; it is mapped."""


def open_regular(
    path: Path, flags: int = os.O_RDONLY, *, limit: int = MaxBytes.LINES, follow: bool = False, mode: int = 0o600
) -> int:
    """Return a descriptor of a regular file. Raises OSError, its text the end of a sentence, where it is none.

    ``follow`` allows the path itself to be a link: for what a person may have put there. Nothing is written or
    emptied before it is known what the file is.
    """
    # O_NONBLOCK: a pipe without a writer answers at once
    safe = flags | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, safe, mode)
    except OSError as error:
        if error.errno in _REASONS:
            raise OSError(error.errno, _REASONS[error.errno], str(path)) from None
        raise
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            number = errno.EISDIR if stat.S_ISDIR(about.st_mode) else errno.ENXIO
            raise OSError(number, _REASONS[number], str(path))
        if about.st_size > limit:
            raise OSError(errno.EFBIG, f"it is larger than any of ours, {about.st_size:,} bytes", str(path))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def stream_regular(path: Path, limit: int, *, follow: bool = False) -> BufferedReader:
    """Return a regular file opened for reading. Raises OSError as :func:`open_regular` does."""
    return os.fdopen(open_regular(path, limit=limit, follow=follow), "rb")


def read_regular(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """Return the content of a regular file. Raises OSError as :func:`open_regular` does."""
    with stream_regular(path, limit, follow=follow) as file:
        return file.read(limit + 1)[:limit]


def check_regular(path: Path, limit: int) -> None:
    """Raise OSError where there is something at ``path`` that is no regular file: before a library opens it."""
    try:
        os.close(open_regular(path, limit=limit))
    except FileNotFoundError:
        if path.is_symlink():  # a library that writes would make the file that it points to
            raise OSError(errno.ELOOP, _REASONS[errno.ELOOP], str(path)) from None


def own_part(directory: Path, *parts: str) -> Path:
    """Return the path of something inside ``directory``; OSError where a link on the way would lead elsewhere."""
    path = directory
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise OSError(errno.ELOOP, _REASONS[errno.ELOOP], str(path))
    return path
