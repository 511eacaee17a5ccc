"""Who works on a record: locks that the system lets go when their process ends, however it ends.

So whether a run is being trained is never guessed from a process number that a killed process, or the machine
before it was started again, has left behind.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

from tunelab.files import open_regular

__all__ = ["Hold", "hold", "is_held"]

_RETRY = 0.005  # seconds; is_held holds a lock for microseconds


class Hold:
    """A lock on a file, held until :meth:`release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        self._guard = threading.Lock()

    def release(self) -> None:
        """Let go; a second time does nothing."""
        with self._guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def hold(path: Path, patience: float) -> Hold | None:
    """The lock on ``path`` (made where it is missing), or None if another holds it for ``patience`` seconds more.

    It is asked for again and again, since whoever looks (:func:`is_held`) takes it for a moment, and a process
    that was told to end needs a moment to do so. Raises OSError where the file can't be made or locked.
    """
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    until = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    os.close(descriptor)
                    return None
                time.sleep(_RETRY)
            else:
                return Hold(descriptor)
    except OSError:
        os.close(descriptor)
        raise


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock on ``path``."""
    try:
        descriptor = open_regular(path)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks, on which nothing can have been locked
        return False
    finally:
        os.close(descriptor)
    return False
