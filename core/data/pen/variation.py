"""The hand that writes: every source of variety by name, and the strokes it makes of a way of writing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from tunelab.data.pen import hash_rng
from tunelab.data.pen.glyphs import POINTS, SAMPLES, STROKES, ways

__all__ = ["Variety", "strokes"]

Floats = NDArray[np.float64]
Indices = NDArray[np.uint64]

_KNOTS = 12  # of the smooth noise along a drawing
_END = 0.22  # share of a stroke that a loosened end bends


@dataclass(frozen=True)
class Variety:
    """How much handwriting varies, source by source; 0 switches a source off.

    Lengths are in half heights of a digit (1 is 10 pixels), unless said otherwise.
    Each source has random numbers of its own: changing one leaves what the others do as it was.
    """

    ways: float = 1.0
    """How often another way of writing the digit is taken than its first: 1 as often as people do."""
    lean: float = 0.12
    """The mean slant to the right: sideways shift for a unit of height."""
    slant: float = 0.22
    """Spread of the slant."""
    turn: float = 0.07
    """Spread of the rotation of the whole digit, in radians."""
    width: float = 1.12
    """The digit's mean width, as a share of what the ways of writing have."""
    stretch: float = 0.18
    """Spread of the width: a share of it."""
    shape: float = 0.045
    """Spread of the points of a way of writing, neighbours going together: what makes one hand's 3 unlike another's."""
    sloppiness: float = 1.0
    """How unequal hands are: 0 gives all the same care, 1 many neat hands and a tail of sloppy ones."""
    warp: float = 0.08
    """Smooth bending of the whole digit: a large head, a high waist, a bow."""
    ends: float = 0.07
    """Where strokes begin and end: loops that don't close or close too far."""
    overshoot: float = 0.25
    """Strokes that stop short or run on along their own direction."""
    misses: float = 0.06
    """Later strokes that miss the place where they should meet the first."""
    wobble: float = 0.02
    """Tremor along the stroke."""
    pen: float = 0.14
    """The pen's mean radius, as a share of the digit's half size."""
    pens: float = 0.32
    """Spread of the radius between pens: a share of it."""
    pressure: float = 0.16
    """Spread of the radius along the stroke: a share of it."""
    grain: float = 0.08
    """Roughness of the edges: spread of the radius from place to place, a share of it."""
    blur: float = 0.25
    """How unsharp the scan of some drawings is: spread of the width of a stroke's grey edge, in pixels."""


def strokes(indices: Indices, way: NDArray[np.intp], variety: Variety) -> tuple[Floats, Floats]:
    """Where the pen goes, (n, SAMPLES, 2) as x and y, and its radius there, (n, SAMPLES), in the same unit.

    ``way`` is a position in ``ways()`` for each index. The matrix products are of multiples of 2⁻¹² and
    2⁻¹⁹ below 2⁵: float64 holds every sum exactly, so the order in which a BLAS adds can't matter. All else
    is +, −, ×, ÷ and √ of single numbers, which IEEE 754 defines to the last bit.
    """
    forms = _forms()
    care = _care(indices, variety)[:, None]
    spline = forms.spline[way]
    place = np.matmul(spline, forms.points[way] + _exact(_shape(indices) * (variety.shape * care[..., None])))
    place += _along(hash_rng.normal(indices, "wobble", _KNOTS * 2) * (variety.wobble * care))
    _loosen(place, indices, way, variety, care)
    place += _misses(indices, way, variety, care)
    x, y = _whole(indices, place[..., 0], place[..., 1], variety, care)
    size = np.maximum(np.ptp(x, axis=1), np.ptp(y, axis=1)) / 2
    return np.stack([x, y], axis=-1), _radius(indices, variety) * size[:, None]


@dataclass(frozen=True, eq=False)
class _Forms:
    points: Floats  # (ways, POINTS, 2)
    spline: Floats  # (ways, SAMPLES, POINTS)
    ends: Floats  # (ways, SAMPLES, 2 · STROKES): how much a sample goes with each stroke's start, each one's end
    tip: NDArray[np.intp]  # (ways, 2 · STROKES): the sample at each start and end
    before_tip: NDArray[np.intp]  # (ways, 2 · STROKES): the sample a little inwards from there
    stroke: Floats  # (ways, SAMPLES, STROKES)


@cache
def _forms() -> _Forms:
    points = np.stack([way.points for way in ways()])
    spline = np.stack([way.spline for way in ways()])
    stroke = np.stack([way.stroke for way in ways()])
    along = np.stack([way.along for way in ways()])[..., None]
    ends = np.concatenate([np.square(np.maximum(1 - t / _END, 0)) * stroke for t in (along, 1 - along)], axis=-1)
    inwards = ends >= 0.25
    from_start = SAMPLES - 1 - inwards[:, ::-1, :STROKES].argmax(axis=1)
    before_tip = np.concatenate([from_start, inwards[..., STROKES:].argmax(axis=1)], axis=-1)
    return _Forms(points, spline, ends, (ends >= 1).argmax(axis=1), before_tip, stroke)


def _exact(numbers: Floats) -> Floats:
    """Rounded to multiples of 2⁻¹², so that sums of products are exact."""
    return np.rint(numbers * 4096) / 4096


def _care(indices: Indices, variety: Variety) -> Floats:
    """(n,): what this hand's carelessness multiplies the spreads of its strokes with; from 0.4 to 2.4."""
    u = hash_rng.uniform(indices, "care", 1)[:, 0]
    return 1 + variety.sloppiness * (1.5 * u * u * u + 0.5 * u - 0.6)


@cache
def _noise() -> Floats:
    """(SAMPLES, _KNOTS): quadratic B-splines, for noise that is smooth along the drawing."""
    where = np.arange(SAMPLES)[:, None] * ((_KNOTS - 2) / SAMPLES) + 0.5 - np.arange(_KNOTS)[None, :]
    d = np.abs(where)
    return _exact(np.where(d < 0.5, 0.75 - d * d, np.where(d < 1.5, np.square(1.5 - d) / 2, 0)))


def _shape(indices: Indices) -> Floats:
    """(n, POINTS, 2): how far each point strays; neighbours go together, or curves would become jagged."""
    z = hash_rng.normal(indices, "shape", (POINTS + 2) * 2).reshape(-1, POINTS + 2, 2)
    return (z[:, :-2] + 2 * z[:, 1:-1] + z[:, 2:]) * 0.4


def _along(knots: Floats) -> Floats:
    """(n, SAMPLES, k) of (n, _KNOTS · k)."""
    return np.matmul(_noise(), _exact(knots).reshape(len(knots), _KNOTS, -1))


def _loosen(place: Floats, indices: Indices, way: NDArray[np.intp], variety: Variety, care: Floats) -> None:
    """Let the beginnings and ends of strokes stray, stop short or run on, in place (n, SAMPLES, 2)."""
    forms = _forms()
    free = hash_rng.normal(indices, "ends", 4 * STROKES) * (variety.ends * care)
    on = hash_rng.normal(indices, "overshoot", 2 * STROKES) * (variety.overshoot * care)
    rows = np.arange(len(place))
    for end in range(2 * STROKES):
        outwards = place[rows, forms.tip[way, end]] - place[rows, forms.before_tip[way, end]]
        stray = on[:, end, None] * outwards + free[:, 2 * end : 2 * end + 2]
        place += forms.ends[way, :, end, None] * stray[:, None, :]


def _misses(indices: Indices, way: NDArray[np.intp], variety: Variety, care: Floats) -> Floats:
    """(n, SAMPLES, 2): how far whole strokes after the first are from where they should be."""
    shift = hash_rng.normal(indices, "misses", 2 * STROKES) * (variety.misses * care)
    shift[:, :2] = 0
    return np.matmul(_forms().stroke[way], _exact(shift).reshape(-1, STROKES, 2))


def _whole(indices: Indices, x: Floats, y: Floats, variety: Variety, care: Floats) -> tuple[Floats, Floats]:
    """Bend, stretch, turn and slant the digit as a whole."""
    bend = hash_rng.normal(indices, "warp", 12) * (variety.warp * care)
    a, b, c, d, e, f, g, h, i, j, k, m = (bend[:, n, None] for n in range(12))
    xx, xy, yy = x * x, x * y, y * y
    bent_x = x + a * xx + b * xy + c * yy + (d * xx * x + e * y * yy + f * xx * y) * 0.6
    bent_y = y + g * xx + h * xy + i * yy + (j * yy * y + k * x * xx + m * x * yy) * 0.6
    bent_x = bent_x * (variety.width * _times(hash_rng.normal(indices, "stretch", 1) * variety.stretch))
    turn = hash_rng.normal(indices, "turn", 1) * variety.turn
    # A turn by 2 atan(t/2) without sine and cosine, whose last bits differ between platforms.
    t = turn / 2
    cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    slant = variety.lean + hash_rng.normal(indices, "slant", 1) * variety.slant
    turned_x, turned_y = cos * bent_x - sin * bent_y, sin * bent_x + cos * bent_y
    return turned_x - slant * turned_y, turned_y


def _times(z: Floats) -> Floats:
    """A factor near exp(z): as often above 1 as below. A quotient, as exp's last bit differs between platforms."""
    half = np.clip(z / 2, -0.75, 0.75)
    return (1 + half) / (1 - half)


def _radius(indices: Indices, variety: Variety) -> Floats:
    """(n, SAMPLES): the pen's radius as a share of the digit's half size."""
    pen = variety.pen * np.maximum(_times(hash_rng.normal(indices, "pens", 1) * variety.pens), 0.55)
    along = _along(hash_rng.normal(indices, "pressure", _KNOTS) * variety.pressure)[..., 0]
    along += hash_rng.normal(indices, "grain", SAMPLES) * variety.grain
    return pen * np.maximum(1 + along, 0.3)
