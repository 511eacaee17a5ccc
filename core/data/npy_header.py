"""The header of an .npy array, read with suspicion: what it announces is checked before anything is allocated."""

from __future__ import annotations

import math
import warnings
from typing import IO

import numpy as np

__all__ = ["read_header"]


def read_header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype[np.generic], bool]:
    """Shape, type and whether it is stored by columns (format: numpy.lib.format, NEP 1).

    ``size`` is how many bytes the array takes with its header; ``stream`` is left at the first element.
    Raises ValueError with a few words for whatever isn't the header of just that many bytes.
    """
    begin = stream.tell()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # headers written by Python 2 would warn
            version = np.lib.format.read_magic(stream)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, by_columns, dtype = read[version](stream)
    except OSError:
        raise
    except Exception as problem:  # numpy evaluates the header as Python, which can fail in many ways
        raise ValueError(str(problem) or "it has no header") from None
    if any(n < 0 for n in shape) or stream.tell() - begin + math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f"it announces {shape} of {dtype}, which isn't what is there")
    return shape, dtype, by_columns
