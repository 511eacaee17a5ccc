"""The ways people write each digit, drawn by hand as points that a pen passes through.

A way is a weight (how many people write so, by eye) and strokes. Points are "x,y" on paper about 60 wide
and 100 high, y downwards, in the order the pen meets them; "/" lifts the pen, "!" turns a sharp corner.
Between corners the curve through the points is a Catmull–Rom spline.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["POINTS", "SAMPLES", "STROKES", "WAYS", "Way", "ways"]

SAMPLES = 128  # places along a drawing where the pen's point is put down
POINTS = 24  # at most so many points in a way; shorter ways are filled up with points that nothing uses
STROKES = 3  # at most so many strokes

WAYS: dict[int, tuple[tuple[float, str], ...]] = {
    0: (
        (34, "36,3 15,12 3,34 0,60 9,86 30,98 52,88 63,62 61,34 49,12 32,3 20,8"),
        (25, "38,2 22,16 13,42 12,70 20,94 32,97 44,80 50,52 48,24 40,5 30,4"),
        (10, "20,8 5,34 2,62 14,88 34,98 56,84 63,56 52,24 36,6 18,10 14,22 26,28"),
        (9, "16,10 42,3 60,24 64,56 50,86 30,98 10,84 4,54 8,26 20,8 32,4"),
        (8, "14,16 5,44 8,76 26,97 48,88 58,58 52,24 36,6 20,8 10,18"),
        (6, "40,12 24,4 10,22 4,54 12,86 32,98 52,82 58,50 50,20 38,4"),
        (1.5, "34,3 16,12 6,34 4,60 12,86 30,98 48,88 57,62 55,34 46,12 32,3 / 54,10 30,50 6,92"),
        (7, "46,22 20,16 4,40 6,66 30,82 62,72 70,44 56,22 34,16"),
    ),
    1: (
        (76, "30,2 30,50 30,98"),
        (8, "16,22 31,3! 31,50 31,98"),
        (5, "16,20 30,3! 30,50 30,96 / 10,97 30,96 50,97"),
        (6, "35,2 27,50 32,98"),
        (5, "26,2 33,50 28,98"),
        (8, "58,4 31,51 4,98"),
    ),
    2: (
        (16, "8,24 18,6 38,3 50,18 46,42 32,66 16,86 6,92 4,82 14,75 30,84 44,95 60,88"),
        (18, "8,22 18,6 38,3 50,18 45,42 28,68 6,93! 24,92 42,92 60,92"),
        (12, "4,10 24,6 46,8 46,24 34,46 20,68 4,93! 24,93 44,93 62,93"),
        (12, "8,22 20,5 40,5 50,22 43,46 26,70 6,92! 22,85 40,94 60,88"),
        (6, "18,32 8,24 16,8 36,3 50,16 46,42 30,66 8,91! 28,88 44,92 60,90"),
        (12, "10,24 22,6 42,6 50,26 42,52 26,76 8,88 2,76 12,68 28,78 44,94 62,88"),
        (5, "4,20 22,8 44,10 48,30 30,58 8,82! 26,86 46,88 64,86"),
        (10, "12,22 26,6 44,12 48,36 42,62 26,86 8,94 0,82 10,70 28,72 46,84 66,90"),
        (8, "14,18 30,8 44,18 40,44 24,64 6,82! 2,76 14,74 30,78 48,86 68,92"),
        (8, "10,30 12,10 32,2 48,18 42,46 24,74 8,86 2,74 14,62 32,72 48,88 62,82"),
        (6, "14,20 28,8 40,18 34,40 16,64 2,82! 26,78 50,79 74,82"),
    ),
    3: (
        (28, "8,14 24,2 44,8 48,26 36,42 22,47! 42,52 54,70 46,90 24,98 6,86"),
        (18, "8,14 24,2 44,8 47,27 34,44 20,48 30,46 46,55 54,72 44,92 22,98 4,86"),
        (10, "8,6 28,5 50,4! 38,22 24,42! 44,48 54,68 46,90 24,98 6,88"),
        (18, "8,12 28,3 46,14 42,34 26,46! 44,56 50,74 38,94 16,97 4,88"),
        (14, "4,12 26,3 48,10 42,32 20,44! 48,50 60,68 50,86 24,93 0,92"),
        (8, "10,10 30,3 46,16 38,36 22,50 36,46 52,58 50,82 30,98 8,92"),
        (8, "16,14 30,4 42,14 36,32 24,40! 44,46 58,68 48,90 24,98 4,86"),
        (6, "6,18 24,4 42,10 38,28 22,44! 40,44 50,60 40,84 16,98 0,92"),
    ),
    4: (
        (22, "12,6 8,26 5,46 8,56! 26,56 46,54 62,52 / 46,4 44,34 42,66 40,98"),
        (16, "10,8 7,30 10,50 26,55 42,50 50,38 / 50,4 47,36 44,68 42,98"),
        (16, "8,4 7,26 6,48! 22,50 38,48 54,46 / 52,2 50,34 48,66 46,98"),
        (8, "40,4 22,32 4,62! 24,62 44,61 62,60 / 41,4 40,34 39,66 39,98"),
        (12, "30,2 16,26 4,52! 30,50 62,46 / 48,24 42,50 36,74 30,98"),
        (12, "8,10 9,34 18,50 34,46 52,22 / 54,4 46,36 36,68 28,98"),
        (3, "44,8 24,22 8,42 8,55 26,57 46,48 / 48,4 46,36 44,68 43,98"),
        (4, "38,98 43,66 47,36 48,4! 30,22 12,42 6,54! 24,58 44,58 62,56"),
        (8, "16,4 8,28 6,50! 24,52 42,50 60,48 / 44,22 42,48 40,72 38,98"),
        (6, "6,6 4,30 8,46 24,50 42,46 56,42 / 58,4 50,36 47,66 45,98"),
        (5, "24,30 14,42 4,58! 28,60 50,56 72,50 / 50,8 42,38 34,68 28,98"),
    ),
    5: (
        (22, "54,4 36,5 18,8! 14,26 12,42! 32,38 50,52 52,76 36,96 16,97 4,88"),
        (24, "18,8 14,26 12,42! 30,38 48,50 52,72 38,94 18,97 4,88 / 18,8 36,6 58,2"),
        (14, "52,6 30,6 14,20 16,38 34,48 50,62 50,84 30,97 6,92"),
        (18, "60,6 40,8 24,10! 17,28 10,46! 28,44 44,54 46,74 30,92 6,95"),
        (10, "50,4 30,5 12,8! 12,24 12,44! 34,36 54,48 54,76 34,97 8,92"),
        (12, "24,10 18,26 14,42 30,46 46,58 46,78 30,94 6,96 / 26,10 44,8 62,4"),
        (5, "52,4 34,6 20,10! 14,28 12,44! 30,38 48,52 48,78 30,97 12,90 8,74"),
    ),
    6: (
        (26, "40,2 24,18 10,44 6,70 14,92 32,97 48,86 50,68 38,56 22,60 9,78"),
        (22, "44,4 24,20 10,46 6,72 16,94 34,97 50,84 48,64 32,56 16,66 8,82"),
        (24, "34,2 22,28 12,54 8,78 20,97 40,94 52,78 46,60 28,60 10,80"),
        (14, "50,10 36,2 18,16 6,46 6,76 20,96 42,94 54,76 46,56 26,54 8,72"),
        (14, "32,2 18,26 8,56 10,86 28,97 44,86 46,68 34,60 20,70 18,90"),
        (10, "16,2 8,30 8,62 16,92 38,97 56,82 54,62 38,54 22,68 18,86"),
        (6, "20,2 12,30 6,60 5,90! 26,96 46,86 48,68 34,62 14,78"),
    ),
    7: (
        (34, "4,8 28,7 54,6! 44,32 34,64 26,98"),
        (22, "4,12 26,6 48,6 53,18 45,42 36,70 30,98"),
        (11, "4,8 28,7 54,6! 44,32 34,64 26,98 / 14,54 32,51 52,48"),
        (14, "8,24 8,8! 30,8 54,6! 42,36 32,66 26,98"),
        (8, "4,20 14,6 32,12 54,4! 44,34 36,64 32,98"),
        (5, "8,22 9,8! 30,9 54,6! 44,36 34,66 28,98 / 18,52 34,50 54,47"),
        (12, "6,30 10,12 30,4 48,10 50,36 45,68 42,98"),
        (5, "0,20 32,12 70,14! 56,34 44,56 34,82"),
        (4, "6,40 8,16! 24,8 46,6! 50,20 48,46 46,72 44,98"),
    ),
    8: (
        (30, "46,12 30,2 12,10 11,27 26,42 44,58 50,78 34,97 12,92 8,74 22,54 40,38 49,20 44,8"),
        (22, "32,2 13,10 13,30 30,46 47,62 47,86 28,98 9,86 11,66 28,48 47,30 47,10 30,2"),
        (14, "30,2 14,10 13,30 29,45 46,34 49,14 32,2 / 28,45 10,58 8,82 28,98 48,88 50,62 32,45"),
        (20, "56,6 36,4 17,14 17,30 33,48 45,66 42,88 24,98 10,88 14,68 32,46 56,12"),
        (14, "52,18 38,3 18,8 14,26 30,42 50,58 54,82 32,97 8,90 8,70 26,50 44,34 54,10"),
        (9, "44,14 34,4 22,8 22,24 36,38 50,60 50,84 30,98 10,86 10,64 26,44 40,30 44,12"),
        (7, "50,16 32,2 10,12 10,34 28,50 40,66 38,88 26,98 16,88 18,68 32,50 50,32 50,12"),
        (7, "52,10 36,2 18,10 20,26 36,40 46,58 38,80 20,96 6,90 8,74 26,54 44,36 54,12"),
    ),
    9: (
        (24, "48,16 34,3 16,10 8,30 18,48 36,46 48,22! 46,48 44,72 42,98"),
        (20, "46,20 32,4 14,12 8,32 20,48 38,40 48,14 48,46 45,72 40,98"),
        (12, "48,18 34,3 16,10 8,30 18,48 36,44 48,20! 49,50 46,80 34,97 16,96 6,86"),
        (22, "50,12 34,3 16,16 10,36 22,48 40,36 51,10! 42,40 32,70 22,98"),
        (14, "40,6 22,4 10,18 10,38 24,48 42,40 46,20 38,5 / 50,4 48,36 46,68 44,98"),
        (6, "46,14 28,6 10,20 8,40 26,50 46,38 50,10! 50,40 44,70 30,98"),
        (10, "42,14 30,3 18,12 18,28 28,36 40,26 43,10! 43,40 43,70 42,98"),
        (8, "50,6 28,12 8,36! 24,42 44,34 54,6! 48,40 42,70 36,98"),
        (5, "50,14 30,6 10,20 8,44 24,52 44,40 52,14! 52,40 56,70 66,96"),
        (8, "46,10 30,6 16,22 18,40 34,44 48,26 54,4! 48,36 40,68 30,98"),
    ),
}


@dataclass(frozen=True, eq=False)
class Way:
    """One way of writing one digit, ready to be drawn many times.

    ``points``: (POINTS, 2), centred, y from −1 to 1; multiples of 1/64.
    ``spline``: (SAMPLES, POINTS), what turns points into places along the curves; multiples of 2⁻¹⁹.
    ``along``: (SAMPLES,), from 0 at a stroke's start to 1 at its end.
    ``stroke``: (SAMPLES, STROKES), 1 where a sample belongs to a stroke.
    """

    digit: int
    weight: float
    points: NDArray[np.float64]
    spline: NDArray[np.float64]
    along: NDArray[np.float64]
    stroke: NDArray[np.float64]


@cache
def ways() -> tuple[Way, ...]:
    """Every way, digit by digit; a digit's weights add up to 1."""
    made = []
    for digit, forms in WAYS.items():
        total = sum(weight for weight, _ in forms)
        made += [_way(digit, weight / total, text) for weight, text in forms]
    return tuple(made)


def _way(digit: int, weight: float, text: str) -> Way:
    points: list[tuple[float, float]] = []
    strokes: list[list[list[int]]] = []  # of each stroke, of each smooth piece, the positions of its points
    for stroke in text.split("/"):
        pieces: list[list[int]] = [[]]
        for word in stroke.split():
            x, y = word.rstrip("!").split(",")
            pieces[-1].append(len(points))
            if word.endswith("!"):
                pieces.append([len(points)])
            points.append((float(x), float(y)))
        strokes.append(pieces)
    at = np.zeros((POINTS, 2))
    at[: len(points)] = points
    used = at[: len(points)]
    used -= np.rint((used.min(axis=0) + used.max(axis=0)) / 2)
    used[:] = np.rint(used * (64 / 50)) / 64
    lengths = [[_length(at[piece]) for piece in pieces] for pieces in strokes]
    share = [sum(of_pieces) for of_pieces in lengths]
    spline, along, stroke_of = np.zeros((SAMPLES, POINTS)), np.zeros(SAMPLES), np.zeros((SAMPLES, STROKES))
    ends = np.rint(np.cumsum([0, *share]) / sum(share) * SAMPLES).astype(int)
    for s, pieces in enumerate(strokes):
        rows = range(ends[s], ends[s + 1])
        spline[rows.start : rows.stop] = _basis(pieces, lengths[s], len(rows))
        along[rows.start : rows.stop] = np.arange(len(rows)) / (len(rows) - 1)
        stroke_of[rows.start : rows.stop, s] = 1
    return Way(digit, weight, at, spline, along, stroke_of)


def _length(points: NDArray[np.float64]) -> float:
    steps = np.diff(points, axis=0)
    return math.fsum(np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1]))


def _basis(pieces: list[list[int]], lengths: list[float], count: int) -> NDArray[np.float64]:
    """(count, POINTS): where a pen is, as weights of the points, at ``count`` even steps along the pieces."""
    rows = np.zeros((count, POINTS))
    starts = np.cumsum([0, *lengths])
    for row in range(count):
        where = starts[-1] * row / (count - 1)
        p = min(int(np.searchsorted(starts, where, side="right")) - 1, len(pieces) - 1)
        piece = pieces[p]
        place = (where - starts[p]) / lengths[p] * (len(piece) - 1)
        k = min(int(place), len(piece) - 2)
        t = np.rint((place - k) * 64) / 64
        before, after = -t * (1 - t) * (1 - t) / 2, -t * t * (1 - t) / 2
        start, end = 1 - t * t * (5 - 3 * t) / 2, t * (1 + 4 * t - 3 * t * t) / 2
        if k == 0:  # the point before the first mirrors the second
            start, end, before = start + 2 * before, end - before, 0.0
        if k == len(piece) - 2:
            end, start, after = end + 2 * after, start - after, 0.0
        rows[row, piece[k]] += start
        rows[row, piece[k + 1]] += end
        if k > 0:
            rows[row, piece[k - 1]] += before
        if k < len(piece) - 2:
            rows[row, piece[k + 2]] += after
    return rows
