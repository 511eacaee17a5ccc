"""Random numbers that depend on (index, source, position) alone: integer arithmetic, the same everywhere.

A numpy Generator is not used: which numbers it gives for a distribution may change between numpy versions,
and drawing number 7 would depend on what was drawn before it. Here every number is a hash of what it is for
(SplitMix64's finalizer: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
So a drawing is the same whatever else is drawn with it, and switching one source of variety off leaves the
numbers of all the others where they were.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = ["bits", "normal", "uniform"]

_KEY = "1"  # of eight tried, the one whose first 100 validation drawings are as hard as all 10,000
_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
_ROOT_3 = 1.7320508075688772


def bits(indices: NDArray[np.uint64], source: str, count: int) -> NDArray[np.uint64]:
    """64 random bits for each of ``count`` positions of ``source``: (len(indices), count)."""
    key = np.uint64(int.from_bytes(blake2b(f"{_KEY} {source}".encode(), digest_size=8).digest(), "little"))
    of_drawing = _mix((indices + np.uint64(1)) * _STEP ^ key)
    return _mix(of_drawing[:, None] + np.arange(1, count + 1, dtype=np.uint64) * _STEP)


def uniform(indices: NDArray[np.uint64], source: str, count: int) -> NDArray[np.float64]:
    """Multiples of 2⁻³² in [0, 1): (len(indices), count)."""
    return (bits(indices, source, count) >> np.uint64(32)).astype(np.float64) * 2.0**-32


def normal(indices: NDArray[np.uint64], source: str, count: int) -> NDArray[np.float64]:
    """Bell-shaped numbers of mean 0 and standard deviation 1, never beyond ±3.47: (len(indices), count).

    The sum of four uniform numbers (Irwin–Hall): made of integers, so that no logarithm's last bit matters.
    """
    word = bits(indices, source, count)
    total = np.zeros(word.shape, np.int64)
    for shift in (0, 16, 32, 48):
        total += (word >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64)
    return (total - 131_070).astype(np.float64) * (_ROOT_3 / 65_536)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
