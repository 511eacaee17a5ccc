"""Drawn digits as a Dataset: a few drawn on the spot, many drawn once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from tunelab import paths
from tunelab.data import digits, store
from tunelab.data.dataset import Array, Dataset, Examples, LazyExamples, Report, smallest_integer
from tunelab.data.store import Damaged, Origin
from tunelab.errors import printable

__all__ = ["FEW", "TITLE", "counts", "digits_are_kept", "load"]

TITLE = "drawn digits"
FEW = 5_000  # up to so many are drawn on the spot, in a few seconds; for more all 70,000 are drawn and kept
_SCALE = 1 / 255
_CLASSES = tuple("0123456789")
_PARTS = {"training": range(50_000), "validation": range(50_000, 60_000), "test": range(60_000, 70_000)}
_BLOCK = 500  # drawings between two reports of progress
_KEPT_DRAWINGS = 8  # parts that a process keeps in memory, of a few megabytes each

_drawn: dict[tuple[str, tuple[int, ...]], tuple[Array, Array]] = {}


def load(training: int | None, evaluation: int | None, classes: Sequence[int | str] | None, report: Report) -> Dataset:
    """Drawn digits, of ``classes`` only if given, with at least ``training`` and ``evaluation`` examples.

    The examples are the same whether they are drawn here or come from the cache. Drawn here, the test part
    is drawn when somebody first looks at it.
    """
    try:
        dataset, origin = store.read(paths.datasets() / "digits")
        if origin.source != _source():
            raise Damaged("drawn by another version of the pen")
    except (FileNotFoundError, Damaged):
        if training is not None and evaluation is not None and training + evaluation <= FEW:
            return _draw_few(training, evaluation, classes, report)
        dataset = _draw_all(report)
    return dataset if classes is None else dataset.only(classes)


def counts(classes: Sequence[int | str] | None) -> tuple[int, int]:
    """How many training and validation digits there are, of ``classes`` only if given; draws nothing."""
    selected = _digits_of(classes)
    training, validation = (len(_indices(part, selected)) for part in ("training", "validation"))
    return training, validation


def digits_are_kept() -> bool:
    """Return whether all digits have been drawn and are kept, so that many of them are there at once."""
    try:
        return store.read(paths.datasets() / "digits")[1].source == _source()
    except (FileNotFoundError, Damaged):
        return False


def _source() -> str:
    return f"drawn by tunelab's pen, version {digits.VERSION}"


def _draw_few(training: int, evaluation: int, classes: Sequence[int | str] | None, report: Report) -> Dataset:
    selected = _digits_of(classes)
    return Dataset(
        "digits",
        TITLE,
        _draw_part("training", training, selected, report),
        _draw_part("validation", evaluation, selected, report),
        LazyExamples(partial(_draw_part, "test", len(_PARTS["test"]), selected), _SCALE),
        tuple(_CLASSES[c] for c in selected),
        (28, 28),
    )


def _digits_of(classes: Sequence[int | str] | None) -> tuple[int, ...]:
    if classes is None:
        return tuple(range(10))
    nothing = Examples(np.empty((0, 784), np.uint8), np.empty(0, np.uint8), _SCALE)
    return tuple(Dataset("digits", TITLE, nothing, nothing, nothing, _CLASSES).positions(classes))


def _indices(part: str, selected: tuple[int, ...]) -> Array:
    """Which drawings of ``part`` show one of the ``selected`` digits."""
    indices = np.arange(_PARTS[part].start, _PARTS[part].stop)
    return indices[np.isin(digits.labels(indices), selected)]


def _draw_part(part: str, count: int, selected: tuple[int, ...], report: Report | None = None) -> Examples:
    """The first ``count`` of ``part`` whose label is among ``selected`` (fewer where the part runs out).

    What this process has drawn before isn't drawn again: a run is checked, trained and judged on the same digits.
    """
    position = np.full(10, -1)
    position[list(selected)] = np.arange(len(selected))
    indices = _indices(part, selected)[:count]
    images, labels = _drawn.get((part, selected), (np.empty((0, 784), np.uint8), np.empty(0, np.uint8)))
    if len(labels) < len(indices):
        more = _draw(indices[len(labels) :], f"Drawing {part} digits", report)
        images, labels = np.concatenate([images, more[0]]), np.concatenate([labels, more[1]])
        images.flags.writeable = False
        if len(_drawn) == _KEPT_DRAWINGS:
            _drawn.pop(next(iter(_drawn)), None)
        _drawn[part, selected] = images, labels
    images, labels = images[: len(indices)], labels[: len(indices)]
    return Examples(images, position[labels].astype(smallest_integer(len(selected))), _SCALE)


def _draw(indices: Array, what: str, report: Report | None) -> tuple[Array, Array]:
    blocks = []
    for start in range(0, len(indices), _BLOCK):
        blocks.append(digits.draw(indices[start : start + _BLOCK]))
        if report is not None:
            report(what, min(start + _BLOCK, len(indices)), len(indices))
    return np.concatenate([x for x, _ in blocks]), np.concatenate([y for _, y in blocks])


def _draw_all(report: Report) -> Dataset:
    indices = [np.arange(span.start, span.stop) for span in _PARTS.values()]
    images, labels = _draw(np.concatenate(indices), "Drawing all digits, once", report)
    cuts = np.cumsum([len(part) for part in indices])[:-1]
    training, validation, test = (
        Examples(x, y, _SCALE) for x, y in zip(np.split(images, cuts), np.split(labels, cuts), strict=True)
    )
    dataset = Dataset("digits", TITLE, training, validation, test, _CLASSES, (28, 28))
    place = paths.datasets() / "digits"
    try:
        store.write(place, dataset, Origin(_source()))
        return store.read(place)[0]
    except (OSError, Damaged) as problem:
        reason = printable(getattr(problem, "strerror", None) or problem)
        report(f"The drawn digits can't be kept in '{printable(place.parent)}' ({reason})", 0, 0)
        return dataset
