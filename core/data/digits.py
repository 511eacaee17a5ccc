"""Drawn digits: the pictures and labels of a procedural pen, the same for an index whenever it is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.data.pen import chance
from core.data.pen.hand import Variety, strokes
from core.data.pen.ink import render
from core.data.pen.ways import ways

__all__ = ["VERSION", "Variety", "draw", "labels"]

VERSION = "1"
"""Changes whenever any drawing changes, so that a cache of older drawings isn't taken for these."""

_BLOCK = 128  # drawings at a time: what they need fits in a cache of a few megabytes


def labels(indices: ArrayLike) -> NDArray[np.uint8]:
    """The digit that each index is: (n,), every digit near a tenth of the time, as in a pile of forms."""
    ten = chance.bits(_checked(indices), "label", 1)[:, 0] >> np.uint64(32)
    return (ten * np.uint64(10) >> np.uint64(32)).astype(np.uint8)


def draw(indices: ArrayLike, variety: Variety | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw the digits with these numbers: images (n, 784), ink 255 and paper 0, and labels (n,).

    Indices 0–49,999 are the training part, 50,000–59,999 validation and 60,000–69,999 test; larger ones are
    more of the same. A drawing depends on its index and on ``variety`` (default: ``Variety()``) alone.
    """
    variety = variety or Variety()
    wanted = _checked(indices)
    digits = labels(wanted)
    images = np.empty((len(wanted), 784), np.uint8)
    for start in range(0, len(wanted), _BLOCK):
        block = slice(start, start + _BLOCK)
        some = wanted[block]
        places, radii = strokes(some, _way(some, digits[block], variety), variety)
        soft = chance.uniform(some, "blur", 1)
        images[block] = render(places, radii, 1 + variety.blur * (2 * soft - 0.5))
    return images, digits


def _checked(indices: ArrayLike) -> NDArray[np.uint64]:
    given = np.atleast_1d(np.asarray(indices))
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer):
        raise ValueError("indices must be whole numbers in one dimension")
    if given.size and given.min() < 0:
        raise ValueError("an index must not be negative")
    return given.astype(np.uint64)


def _way(indices: NDArray[np.uint64], digits: NDArray[np.uint8], variety: Variety) -> NDArray[np.intp]:
    """A position in ``ways()`` for each index, by weight among the ways of its digit."""
    upper = np.empty(len(ways()))
    running, digit = 0.0, -1
    for position, way in enumerate(ways()):
        running = way.weight if way.digit != digit else running + way.weight
        digit = way.digit
        upper[position] = digit + min(running, 1)
    u = chance.uniform(indices, "way", 1)[:, 0]
    keep = chance.uniform(indices, "ways", 1)[:, 0] >= variety.ways
    u = np.where(keep, 0, u)
    return np.minimum(np.searchsorted(upper, digits + u, side="right"), _last()[digits])


def _last() -> NDArray[np.intp]:
    return np.array([max(p for p, way in enumerate(ways()) if way.digit == digit) for digit in range(10)])
