"""The data of known troubles: small sets made from a seed, published tables where they lie, and what spoils them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tunelab.data import Dataset, Examples, load
from tunelab.data.dataset import Array
from tunelab.data.options import FileOptions

__all__ = ["data_of", "is_here", "others"]


def _split(x: Array, y: Array, n: int, title: str, classes: tuple[str, ...] | None = None) -> Dataset:
    scale = 1.0
    targets = y.astype(np.uint8) if classes is not None else y.reshape(len(y), -1).astype(np.float32)
    x = x.astype(np.float32)
    parts = [Examples(x[rows], targets[rows], scale) for rows in (slice(0, n), slice(n, None))]
    tolerance = 0.25 * float(np.std(y)) if classes is None else 0.0
    return Dataset(title, title, parts[0], parts[1], parts[1], classes, tolerance=tolerance)


def _names(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


def _digits(n: int, evaluation: int = 1000, classes: tuple[int, ...] | None = None) -> Dataset:
    return load("digits", training=n, evaluation=evaluation, classes=classes)


def mnist_place() -> Path | None:
    """Where MNIST lies, or None."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
    place = Path(os.environ.get("TUNELAB_MNIST") or beside)
    return place if place.is_dir() and list(place.glob("train-images*")) else None


def _mnist(n: int, evaluation: int = 1000) -> Dataset:
    place = mnist_place()
    if place is None:
        raise FileNotFoundError("MNIST")
    return load(str(place), training=n, evaluation=evaluation)


def tables_place() -> Path | None:
    """Where the published tables lie, or None."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"
    place = Path(os.environ.get("TUNELAB_TABLES") or beside)
    return place if (place / "penguins.csv").is_file() else None


def _table(
    file: str, label: str | int | None = None, task: str = "auto", standardize: bool = True, seed: int = 0
) -> Dataset:
    place = tables_place()
    if place is None:
        raise FileNotFoundError("the published tables")
    options = FileOptions(label=label, task=task, standardize=standardize, split_seed=seed)
    return load(str(place / file), options=options)


def _blobs(n: int, classes: int = 4, features: int = 10, spread: float = 1.0, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, classes, features])
    centres = rng.normal(size=(classes, features))
    y = rng.integers(0, classes, n + 600)
    return _split(centres[y] + rng.normal(0, spread, (n + 600, features)), y, n, "blobs", _names(classes))


def _unequal(n: int, share: float, seed: int = 0, apart: float = 0.55) -> Dataset:
    """Two classes that overlap, ``share`` of them of the first."""
    rng = np.random.default_rng([seed, 7])
    y = (rng.random(n + 1000) > share).astype(int)
    x = rng.normal(size=(n + 1000, 6)) + apart * y[:, None]
    return _split(x, y, n, "unequal classes", _names(2))


def _xor(n: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 3])
    x = rng.choice([-1.0, 1.0], (n + 400, 2)) + rng.normal(0, 0.25, (n + 400, 2))
    return _split(x, (x[:, 0] * x[:, 1] > 0).astype(int), n, "XOR", _names(2))


def _spirals(n: int, arms: int = 2, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 5])
    y = rng.integers(0, arms, n + 400)
    t = rng.uniform(0.3, 2.6, n + 400)
    angle = 1.4 * np.pi * t / 1.3 + 2 * np.pi * y / arms
    x = np.column_stack([t * np.cos(angle), t * np.sin(angle)]) + rng.normal(0, 0.05, (n + 400, 2))
    return _split(x, y, n, "spirals", _names(arms))


def _noise(n: int, features: int = 20, classes: int = 2, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 11])
    return _split(rng.normal(size=(n + 500, features)), rng.integers(0, classes, n + 500), n, "noise", _names(classes))


def _linear(n: int, features: int = 5, noise: float = 0.2, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 13])
    x = rng.normal(size=(n + 300, features))
    y = x @ rng.normal(size=features) / np.sqrt(features) + noise * rng.normal(size=n + 300)
    return _split(x, y, n, "a plane")


def _sine(n: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 17])
    x = rng.uniform(-2, 2, (n + 300, 1))
    return _split(x, np.sin(2 * x[:, 0]) + 0.1 * rng.normal(size=n + 300), n, "a sine")


def _power(n: int, scale: float = 100.0, seed: int = 0) -> Dataset:
    """y = x⁴ with x up to ``scale``, its inputs standardized: targets of up to scale⁴."""
    rng = np.random.default_rng([seed, 19])
    x = rng.uniform(-scale, scale, (n + 300, 1))
    return _split(x / scale, x[:, 0] ** 4, n, "x⁴")


def _rings(n: int, rings: int = 2, seed: int = 0) -> Dataset:
    """Rings around each other, two inputs."""
    rng = np.random.default_rng([seed, 23])
    y = rng.integers(0, rings, n + 400)
    radius, angle = 0.5 + y + rng.normal(0, 0.12, n + 400), rng.uniform(0, 2 * np.pi, n + 400)
    x = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return _split(x, y, n, "rings", _names(rings))


def _moons(n: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 29])
    y, angle = rng.integers(0, 2, n + 400), rng.uniform(0, np.pi, n + 400)
    x = np.column_stack([np.cos(angle) + y - 0.5, np.where(y, 0.25 - np.sin(angle), np.sin(angle) - 0.25)])
    return _split(1.5 * x + rng.normal(0, 0.2, x.shape), y, n, "moons", _names(2))


def _checkers(n: int, fields: int = 4, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, 31])
    x = rng.uniform(0, fields, (n + 400, 2))
    return _split(x - fields / 2, (np.floor(x).sum(axis=1) % 2).astype(int), n, "a board of checkers", _names(2))


def _words(n: int, words: int = 200, topics: int = 4, seed: int = 0) -> Dataset:
    """Which words are in a text: hardly any of many, each 0 or 1, a topic has some that it likes."""
    rng = np.random.default_rng([seed, 37])
    liked = rng.random((topics, words)) < 0.08
    y = rng.integers(0, topics, n + 500)
    x = rng.random((n + 500, words)) < np.where(liked[y], 0.16, 0.03)
    return _split(x.astype(float), y, n, "words", _names(topics))


def _friedman(n: int, noise: float = 0.2, seed: int = 0) -> Dataset:
    """Friedman's first function of five inputs out of eight, in units of its spread."""
    rng = np.random.default_rng([seed, 41])
    x = rng.uniform(0, 1, (n + 400, 8))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = (y - 14.4) / 4.9 + noise * rng.normal(size=n + 400)
    return _split((x - 0.5) * np.sqrt(12), y, n, "Friedman's function", None)


def _bump(n: int, seed: int = 0) -> Dataset:
    """A bump of two inputs: no plane explains anything of it."""
    rng = np.random.default_rng([seed, 43])
    x = rng.normal(size=(n + 400, 2))
    y = np.exp(-np.square(x).sum(axis=1)) * 3 - 1 + 0.05 * rng.normal(size=n + 400)
    return _split(x, y, n, "a bump", None)


def _points() -> Dataset:
    return load("points", training=1000, evaluation=500)


def _relabelled(dataset: Dataset, part: str, change: Callable[[Array], Array]) -> Dataset:
    old: Examples = getattr(dataset, part)
    new = np.asarray(change(np.asarray(old.targets).astype(int)))
    return replace(dataset, **{part: Examples(old.inputs, new.astype(np.uint8), old.scale)})


def _inverted(base: Dataset) -> Dataset:
    last = len(base.classes or ()) - 1
    return _relabelled(base, "validation", lambda y: last - y)


def _renamed(base: Dataset) -> Dataset:
    count = len(base.classes or ())
    return _relabelled(base, "validation", lambda y: (y + 1) % count)


def _validation_rolled(base: Dataset) -> Dataset:
    return _relabelled(base, "validation", lambda y: np.roll(y, 1))


def _rolled(base: Dataset) -> Dataset:
    for part in ("training", "validation"):
        base = _relabelled(base, part, lambda y: np.roll(y, 1))
    return base


def _shuffled(base: Dataset) -> Dataset:
    for part in ("training", "validation"):
        base = _relabelled(base, part, lambda y: np.random.default_rng(1).permutation(y))
    return base


def _sorted_file(base: Dataset) -> Dataset:
    """All rows in the order of their class, and then the first part for training."""
    n = len(base.training)
    x = np.concatenate([base.training.inputs, base.validation.inputs])
    y = np.concatenate([base.training.targets, base.validation.targets])
    rows = np.argsort(y, kind="stable")
    parts = [Examples(x[part], y[part], base.training.scale) for part in (rows[:n], rows[n:])]
    return replace(base, training=parts[0], validation=parts[1])


def _times(base: Dataset, factor: float, first: int = 0, last: int | None = None) -> Dataset:
    parts = {}
    for part in ("training", "validation"):
        old: Examples = getattr(base, part)
        x = np.array(old.inputs, np.float32)
        x[:, first:last] *= factor
        parts[part] = Examples(x, old.targets, old.scale)
    return replace(base, **parts)


def _money(base: Dataset, factor: float, shift: float) -> Dataset:
    parts = {}
    for part in ("training", "validation"):
        old: Examples = getattr(base, part)
        parts[part] = Examples(old.inputs, (shift + factor * old.targets).astype(np.float32), old.scale)
    return replace(base, **parts)


_BASES: dict[str, Callable[..., Dataset]] = {
    "digits": _digits,
    "mnist": _mnist,
    "blobs": _blobs,
    "unequal": _unequal,
    "xor": _xor,
    "spirals": _spirals,
    "noise": _noise,
    "linear": _linear,
    "sine": _sine,
    "power": _power,
    "points": _points,
    "table": _table,
    "rings": _rings,
    "moons": _moons,
    "checkers": _checkers,
    "words": _words,
    "friedman": _friedman,
    "bump": _bump,
}


def _unrelated_targets(base: Dataset) -> Dataset:
    """Numbers to predict that were sorted by themselves, against their rows."""
    parts = {}
    for part in ("training", "validation"):
        old: Examples = getattr(base, part)
        parts[part] = Examples(old.inputs, np.sort(np.asarray(old.targets), axis=0), old.scale)
    return replace(base, **parts)


_CHANGES: dict[str, Callable[..., Dataset]] = {
    "inverted": _inverted,
    "renamed": _renamed,
    "validation rolled": _validation_rolled,
    "rolled": _rolled,
    "shuffled": _shuffled,
    "sorted": _sorted_file,
    "times": _times,
    "money": _money,
    "sorted targets": _unrelated_targets,
}


@cache
def data_of(data: tuple[Any, ...]) -> Dataset:
    """What a tuple of a maker's name and its arguments stands for, made once."""
    name, *arguments = data
    if name in _CHANGES:
        return _CHANGES[name](data_of(arguments[0]), *arguments[1:])
    return _BASES[name](*arguments)


def is_here(data: tuple[Any, ...]) -> bool:
    """Whether this machine has the files that data come from."""
    name, *arguments = data
    if name in _CHANGES:
        return is_here(arguments[0])
    return {"mnist": mnist_place, "table": tables_place}.get(name, Path)() is not None


def others(data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Data like these that the table doesn't have: a third more examples, and another seed."""
    name, *arguments = data
    if name in _CHANGES:
        return (name, others(arguments[0]), *arguments[1:])
    if not arguments:
        return data
    defaults = inspect.signature(_BASES[name]).parameters
    full = [*arguments, *(p.default for p in list(defaults.values())[len(arguments) :])]
    full[0] = int(1.3 * full[0]) if isinstance(full[0], int) else full[0]
    return (name, *(value + 50 if key == "seed" else value for key, value in zip(defaults, full, strict=True)))
