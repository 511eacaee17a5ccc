"""Drawn digits: pictures and labels from a procedural pen, the same for an index whenever and wherever drawn.

Nothing here is learnt from anybody's handwriting: ``pen/ways.py`` holds curves put down by hand,
``pen/hand.py`` varies them (each source of variety is a field of :class:`Variety`, to be changed and looked
at), ``pen/ink.py`` makes pictures by MNIST's conventions.

Why the bits are the same on every platform and with every numpy: random numbers are hashes in integer
arithmetic (``pen/chance.py``), not a Generator's. Between them and the grey levels there is only
+, −, ×, ÷, √, rounding and comparison of single numbers, which IEEE 754 defines to the last bit; sines,
exponentials and logarithms, which differ between maths libraries, are replaced by quotients of polynomials.
Where many numbers are added (matrix products, centres of mass) they are first rounded to multiples of a
power of two or to integers, so that every order of adding gives the same sum.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tunelab.data.pen import hash_rng
from tunelab.data.pen.glyphs import ways
from tunelab.data.pen.rasterize import render
from tunelab.data.pen.variation import Variety, strokes

__all__ = ["VERSION", "Variety", "draw", "labels"]

VERSION = "2"
"""Changes whenever any drawing changes, so that a cache of older drawings isn't taken for these."""

_BLOCK = 128  # drawings at a time: working memory stays near 25 MB


def labels(indices: ArrayLike) -> NDArray[np.uint8]:
    """The digit that each index is: (n,), every digit near a tenth of the time, as in a pile of forms."""
    of_2_32 = hash_rng.bits(_check_indices(indices), "label", 1)[:, 0] >> np.uint64(32)
    return (of_2_32 * np.uint64(10) >> np.uint64(32)).astype(np.uint8)


def draw(indices: ArrayLike, variety: Variety | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw the digits with these numbers: images (n, 784), paper 0 and ink 255, and labels (n,).

    Indices 0–49,999 are the training part, 50,000–59,999 validation and 60,000–69,999 test; larger ones are
    more of the same. A drawing depends on its index and on ``variety`` (default: ``Variety()``) alone.
    Raises ValueError for indices that aren't whole numbers from 0 in one dimension.
    """
    variety = variety or Variety()
    wanted = _check_indices(indices)
    digits = labels(wanted)
    images = np.empty((len(wanted), 784), np.uint8)
    for start in range(0, len(wanted), _BLOCK):
        some = wanted[start : start + _BLOCK]
        way = _choose_ways(some, digits[start : start + _BLOCK], variety)
        edge = 1 + variety.blur * (2 * hash_rng.uniform(some, "blur", 1) - 0.5)
        images[start : start + _BLOCK] = render(*strokes(some, way, variety), np.maximum(edge, 0.25))
    return images, digits


def _check_indices(indices: ArrayLike) -> NDArray[np.uint64]:
    given = np.asarray(indices)
    if given.ndim != 1 or (given.size and (not np.issubdtype(given.dtype, np.integer) or given.min() < 0)):
        raise ValueError("indices must be whole numbers from 0, in one dimension")
    return given.astype(np.uint64)


def _choose_ways(indices: NDArray[np.uint64], digits: NDArray[np.uint8], variety: Variety) -> NDArray[np.intp]:
    """A position in ``ways()`` for each index, by weight among the ways of its digit."""
    other = hash_rng.uniform(indices, "ways", 1)[:, 0] < variety.ways
    u = np.where(other, hash_rng.uniform(indices, "way", 1)[:, 0], 0)
    return np.searchsorted(_upper_bounds(), digits + u, side="right")


@cache
def _upper_bounds() -> NDArray[np.float64]:
    """For each way its digit plus the summed weights up to it; a digit's last way ends at the next digit."""
    bounds, digit, summed = [], 0, 0.0
    for way in ways():
        digit, summed = way.digit, way.weight + (summed if way.digit == digit else 0.0)
        bounds.append(digit + summed)
    following = [way.digit for way in ways()[1:]] + [10]
    return np.array([f if f > way.digit else b for way, b, f in zip(ways(), bounds, following, strict=True)])
