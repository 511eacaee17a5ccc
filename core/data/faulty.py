"""Small data sets with one fault each, made when asked for: what the presets ``causes/…`` show faults of data with.

``sound-classes`` is three clouds of points in six dimensions, ``sound-numbers`` a plane with a little noise. Each
``faulty-CAUSE`` is one of them with the fault that the diagnosis calls so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.data.points import normals

__all__ = ["FAULTY", "load"]

_COUNTS = (600, 300, 300)
_FEATURES, _CLASSES = 6, 3
_KEYS = 100  # of Philox: away from those of the points


def load(name: str) -> Dataset | None:
    """The data set of a name, always the same; None where there is none."""
    if name not in FAULTY:
        return None
    title, make = FAULTY[name]
    dataset = make()
    return replace(dataset, name=name, title=title)


def _classes(spread: float = 1.0, counts: tuple[int, int, int] = _COUNTS) -> Dataset:
    centres = normals(_KEYS, _CLASSES * _FEATURES).reshape(_CLASSES, _FEATURES)
    parts = []
    for part, count in enumerate(counts):
        labels = np.arange(count) % _CLASSES
        noise = normals(_KEYS + 1 + part, count * _FEATURES).reshape(count, _FEATURES)
        parts.append(Examples((centres[labels] + spread * noise).astype(np.float32), labels.astype(np.uint8)))
    training, validation, test = parts
    return Dataset("", "", training, validation, test, classes=tuple("ABC"))


def _numbers() -> Dataset:
    slope = normals(_KEYS + 4, _FEATURES) / np.sqrt(_FEATURES)
    parts = []
    for part, count in enumerate(_COUNTS):
        drawn = normals(_KEYS + 5 + part, count * (_FEATURES + 1)).reshape(count, _FEATURES + 1)
        x, noise = drawn[:, :-1], drawn[:, -1]
        parts.append(Examples(x.astype(np.float32), (x @ slope + 0.2 * noise).astype(np.float32)[:, None]))
    training, validation, test = parts
    return Dataset("", "", training, validation, test, tolerance=0.5)


def _with(dataset: Dataset, change: Callable[[Array, Array], tuple[Array, Array]], *parts: str) -> Dataset:
    """The data set with inputs and targets of some parts (of all, if none is named) changed."""
    changed: dict[str, Any] = {}
    for part in parts or ("training", "validation", "test"):
        old: Examples = getattr(dataset, part)
        inputs, targets = change(np.asarray(old.inputs), np.asarray(old.targets))
        changed[part] = Examples(inputs, targets)
    return replace(dataset, **changed)


def _renamed() -> Dataset:
    return _with(_classes(), lambda x, y: (x, ((y + 1) % _CLASSES).astype(np.uint8)), "validation")


def _shuffled() -> Dataset:
    def shuffle(x: Array, y: Array) -> tuple[Array, Array]:
        return x, y[np.argsort(normals(_KEYS + 8, len(y)))]

    return _with(_classes(), shuffle)


def _sorted() -> Dataset:
    """All rows in the order of their class, cut into parts without a shuffle."""
    whole = _classes()
    parts = (whole.training, whole.validation, whole.test)
    x, y = (np.concatenate([getattr(part, name) for part in parts]) for name in ("inputs", "targets"))
    rows = np.split(np.argsort(y, kind="stable"), np.cumsum(_COUNTS)[:2])
    training, validation, test = (Examples(x[part], y[part]) for part in rows)
    return replace(whole, training=training, validation=validation, test=test)


def _one_class() -> Dataset:
    return _with(_classes(), lambda x, y: (x, np.zeros_like(y)), "training")


def _unequal() -> Dataset:
    """Two clouds that overlap; one row in twenty-five is of the second."""

    def make(x: Array, y: Array) -> tuple[Array, Array]:
        rare = (np.arange(len(y)) % 25 == 0).astype(np.uint8)
        noise = normals(_KEYS + 9 + len(y), x.size).reshape(x.shape)
        return (noise + 0.6 * rare[:, None]).astype(np.float32), rare

    return replace(_with(_classes(), make), classes=("frequent", "rare"))


def _unscaled() -> Dataset:
    """One column in grams where the others are in kilograms, so to speak."""
    sizes = np.array([5000, 1, 1, 1, 1, 1], np.float32)
    return _with(_classes(), lambda x, y: ((x * sizes).astype(np.float32), y))


def _money() -> Dataset:
    return replace(_with(_numbers(), lambda x, y: (x, 50_000 + 20_000 * y)), tolerance=10_000.0)


FAULTY: dict[str, tuple[str, Callable[[], Dataset]]] = {
    "sound-classes": ("three clouds of points", _classes),
    "sound-numbers": ("a plane with a little noise", _numbers),
    "faulty-one-class": ("three clouds, one class in training", _one_class),
    "faulty-classes-missing": ("three clouds, sorted by class and cut", _sorted),
    "faulty-labels-disagree": ("three clouds, evaluation labels renamed", _renamed),
    "faulty-no-signal": ("three clouds, labels shuffled", _shuffled),
    "faulty-unequal-classes": ("two clouds, 24 to 1", _unequal),
    "faulty-inputs-unscaled": ("three clouds, one column times 5,000", _unscaled),
    "faulty-targets-unscaled": ("a plane in units of money", _money),
    "faulty-overfitting": ("three clouds that overlap, 90 points", lambda: _classes(1.6, (90, 300, 300))),
}
"""Each by its name: what charts call it, and how it is made."""
