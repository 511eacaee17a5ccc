"""How much is read of what comes from outside: a header that lies costs no more than what is there."""

from __future__ import annotations

import gzip
from typing import IO

__all__ = ["MAX_BYTES", "MAX_NUMBER", "read_up_to"]

MAX_BYTES = 4 << 30  # nothing larger is unpacked; 75 times MNIST
MAX_NUMBER = 1e30  # float32 can still multiply it


def read_up_to(stream: IO[bytes] | gzip.GzipFile, size: int) -> bytearray:
    """Read at most ``size`` bytes of ``stream``, a megabyte at a time."""
    data = bytearray()
    while len(data) < size and (piece := stream.read(min(1 << 20, size - len(data)))):
        data += piece
    return data
