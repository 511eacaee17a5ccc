"""What every source of data needs: labels to classes, features on one scale, a fair split, finite numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.data.dataset import Array, smallest_integer
from core.errors import BadInput, printable

__all__ = ["MOST_CLASSES", "require_finite", "shuffled", "standardised", "too_few", "with_classes"]

MOST_CLASSES = 1000


def with_classes(labels: Sequence[Array], where: str) -> tuple[list[Array], tuple[str, ...]]:
    """Labels (integers ≥ 0 or strings), one array (n,) a part, as positions among the classes found.

    The classes are sorted, numbers by value. ``where`` begins the sentence if they can't be used.
    """
    found, positions = np.unique(np.concatenate(labels), return_inverse=True)
    if found.dtype.kind == "U" and all(_is_number(text) for text in found):
        order = np.argsort([int(text) for text in found], kind="stable")
        found, positions = found[order], np.argsort(order)[positions]
    if len(found) < 2:
        raise BadInput(f"{where} has only the label '{printable(found[0], 40)}'; learning to tell needs two")
    if len(found) > MOST_CLASSES:
        raise BadInput(
            f"{where} has {len(found):,} different labels, and at most {MOST_CLASSES:,} classes can be told "
            "apart; for numbers to be predicted write them with decimals"
        )
    if found.dtype.kind in "iu" and found[0] < 0:
        raise BadInput(f"{where} has the label {found[0]}; labels are whole numbers from 0 up")
    positions = positions.reshape(-1).astype(smallest_integer(len(found)))
    cuts = np.cumsum([len(part) for part in labels])[:-1]
    return np.split(positions, cuts), tuple(str(label) for label in found)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def require_finite(array: Array, name: str) -> None:
    """Refuse NaN, infinity and what float32 can't hold, naming the first place."""
    # A sum would overflow for large numbers: compare, which NaN fails as well.
    fine = np.abs(array) <= _LARGEST
    if not fine.all():
        place = tuple(int(i) for i in np.argwhere(~fine)[0])
        inside = ", ".join(map(str, place))
        raise BadInput(f"{name}[{inside}] is {array[place]:g}; every number must be finite and below 1e30")


_LARGEST = 1e30


def standardised(parts: Sequence[Array]) -> tuple[list[Array], Array, Array]:
    """(x − mean) / std with the mean and the standard deviation of the first part, the training examples.

    Each part (n, features) becomes float32; mean and std are (features,) float64. A feature that never
    changes is only centred.
    """
    training = parts[0].astype(np.float64)
    mean, std = training.mean(axis=0), training.std(axis=0)
    # Rounding leaves a constant column with a spread of about 1e-16 of its size.
    std = np.where(std > 1e-12 * np.abs(mean), std, 1.0)
    with np.errstate(over="ignore"):
        scaled = [((part - mean) / std).astype(np.float32) for part in parts]
    return scaled, mean, std


def shuffled(count: int, seed: int) -> Array:
    """A fixed order of ``count`` examples. Sorting raw Philox output gives the same on every machine and
    with every numpy, which its ``permutation`` does not promise (NEP 19).
    """
    return np.argsort(np.random.Philox(key=seed).random_raw(count), kind="stable")


def too_few(where: str, training: int, test: int) -> BadInput:
    """The sentence for a set that is too small to be split in three parts."""
    return BadInput(
        f"{where} has {training:,} training and {test:,} test examples; at least 6 and 1 are needed, "
        "for a sixth of the training examples is kept for validation"
    )
