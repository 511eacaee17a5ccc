"""What every source of data needs: labels to classes, features on one scale, a fair split, finite numbers."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import IO

import numpy as np
from tunelab.data.dataset import Array, Dataset, Examples, smallest_integer
from tunelab.data.store import Origin
from tunelab.errors import BadInput, printable

__all__ = ["LONGEST_LABEL", "MOST_BYTES", "assembled", "read_up_to", "too_few", "with_classes"]

MOST_BYTES = 4 << 30  # nothing larger is unpacked; 75 times MNIST
MOST_CLASSES = 1000
LONGEST_LABEL = 60
_LARGEST = 1e30
_PARTS = ("train", "validation", "test")


def assembled(
    name: str,
    title: str,
    where: str,
    inputs: Sequence[Array],
    targets: Sequence[Array],
    source: str,
    notes: Sequence[str] = (),
) -> tuple[Dataset, Origin]:
    """A Dataset of numbers from outside: training, validation and test, already split.

    ``inputs``: (n, features) or pictures (n, rows, columns), of integers or floats. Whole numbers from 0 to
    255 in pictures, or 784 of them in a row, are pixels. Other features are left alone where those of the
    training examples lie within [0, 1], else standardised by the training examples.
    ``targets``: (n,) integers or strings are labels; (n,) or (n, outputs) floats are regression.
    ``where`` begins the sentence of a :class:`BadInput`.
    """
    said = list(notes)
    features, shape, scale, mean, std = _as_inputs(inputs, where)
    if len(mean):
        said.append(f"Features were standardised by the mean and spread of {len(inputs[0]):,} training examples")
    classes, tolerance = None, 0.0
    if targets[0].dtype.kind == "f":
        answers = [_finite(y.reshape(len(y), -1), f"{where}: y_{p}") for y, p in zip(targets, _PARTS, strict=True)]
        # Nobody has said how near is near: half of the spread is better than any constant answer does.
        tolerance = float(answers[0].std(axis=0).min()) / 2
        answers = [y.astype(np.float32) for y in answers]
        said.append(f"An answer counts as right within {tolerance:.3g}, half the spread of the training targets")
    else:
        answers, classes = with_classes(targets, where)
    training, validation, test = (Examples(x, y, scale) for x, y in zip(features, answers, strict=True))
    dataset = Dataset(name, title, training, validation, test, classes, shape, tolerance)
    return dataset, Origin(source, tuple(said), tuple(mean.tolist()), tuple(std.tolist()))


def with_classes(labels: Sequence[Array], where: str) -> tuple[list[Array], tuple[str, ...]]:
    """Labels (integers ≥ 0 or strings), one array (n,) a part, as positions among the classes found.

    The classes are sorted, numbers by value. ``where`` begins the sentence if they can't be used.
    """
    found, positions = np.unique(np.concatenate(labels), return_inverse=True)
    positions = positions.reshape(-1)
    if found.dtype.kind == "U" and all(_is_whole_number(text) for text in found):
        order = np.argsort([int(text) for text in found], kind="stable")
        found, positions = found[order], np.argsort(order)[positions]
    if len(found) < 2:
        raise BadInput(f"{where} has only the label '{printable(found[0], 40)}'; at least two are needed")
    if len(found) > MOST_CLASSES:
        raise BadInput(
            f"{where} has {len(found):,} different labels, more than the {MOST_CLASSES:,} classes a network here "
            "can have; numbers to be predicted (regression) are floats, at least one of them with decimals"
        )
    if found.dtype.kind in "iu" and found[0] < 0:
        raise BadInput(f"{where} has the label {found[0]}; labels are whole numbers from 0 up")
    for label in map(str, found):
        if len(label) > LONGEST_LABEL or not label.isprintable():
            raise BadInput(
                f"{where} has the label '{printable(label, 40)}'; a label is at most {LONGEST_LABEL} "
                "characters that can be printed"
            )
    cuts = np.cumsum([len(part) for part in labels])[:-1]
    positions = positions.astype(smallest_integer(len(found)))
    return np.split(positions, cuts), tuple(str(label) for label in found)


def _is_whole_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 19


def _as_inputs(inputs: Sequence[Array], where: str) -> tuple[list[Array], tuple[int, int] | None, float, Array, Array]:
    """Flat inputs, the shape of a picture, the scale, and the mean and std used (empty where none were)."""
    shape = inputs[0].shape[1:]
    picture = (28, 28) if shape == (784,) else (shape[0], shape[1]) if len(shape) == 2 else None
    flat = [x.reshape(len(x), -1) for x in inputs]
    none = np.empty(0)
    whole = all(x.dtype.kind in "iu" for x in flat)
    if picture and whole and all(x.min() >= 0 and x.max() <= 255 for x in flat) and flat[0].max() > 1:
        return [x.astype(np.uint8) for x in flat], picture, 1 / 255, none, none
    checked = [_finite(x, f"{where}: x_{part}") for x, part in zip(flat, _PARTS, strict=True)]
    if checked[0].min() >= 0 and checked[0].max() <= 1:
        return [x.astype(np.float32) for x in checked], picture, 1.0, none, none
    scaled, mean, std = _standardised(checked)
    return scaled, picture, 1.0, mean, std


def _finite(array: Array, name: str) -> Array:
    """``array`` as float64; NaN, infinity and what would overflow are refused, naming the first place."""
    numbers = array.astype(np.float64)
    fine = np.abs(numbers) <= _LARGEST  # NaN fails this too
    if not fine.all():
        place = tuple(int(i) for i in np.argwhere(~fine)[0])
        inside = ", ".join(map(str, place))
        raise BadInput(f"{name}[{inside}] is {numbers[place]:g}; every number must be finite, and below 1e30")
    return numbers


def _standardised(parts: Sequence[Array]) -> tuple[list[Array], Array, Array]:
    """(x − mean) / std with the mean and the standard deviation of the first part, the training examples.

    Each part (n, features) becomes float32; mean and std are (features,) float64. A feature that never
    changes in training is only centred.
    """
    mean, std = parts[0].mean(axis=0), parts[0].std(axis=0)
    # Rounding leaves a constant column with a spread of about 1e-16 of its size.
    std = np.where(std > 1e-12 * np.abs(mean), std, 1.0)
    # A training column that hardly moves makes others huge; they are held to what float32 can multiply.
    return [np.clip((x - mean) / std, -_LARGEST, _LARGEST).astype(np.float32) for x in parts], mean, std


def too_few(where: str, training: int, test: int) -> BadInput:
    """The sentence for a set that is too small to be split in three parts."""
    return BadInput(
        f"{where} has {training:,} training and {test:,} test examples; at least 6 and 1 are needed, "
        "for a sixth of the training examples is kept for validation"
    )


def read_up_to(stream: IO[bytes] | gzip.GzipFile, size: int) -> bytearray:
    """At most ``size`` bytes of ``stream``, by and by: a header that lies costs no more than is there."""
    data = bytearray()
    while len(data) < size and (piece := stream.read(min(1 << 20, size - len(data)))):
        data += piece
    return data
