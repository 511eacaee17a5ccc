"""A collection of known troubles: trainings that fail for one known cause, and healthy ones, generated from one table.

A template is a fault; each is set up twice or more, over other data, sizes, activations, costs and seeds. The first
half of the table (``tune``) is what the diagnosis was made with; the other half (``report``) is what is reported.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tunelab.data import Dataset, Examples, load
from tunelab.data.dataset import Array
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed

__all__ = ["CASES", "Case", "cases", "dataset_of"]


@dataclass(frozen=True)
class Case:
    """One training. ``causes`` are the slugs that name its fault, () where it is healthy.

    ``data`` is a maker of :data:`DATA` with its arguments; ``keys`` change the experiment; ``good`` are the dotted keys
    of a setting that is known to do well on the same data (None: the fault is in the data, no setting helps).
    """

    name: str
    half: str
    causes: tuple[str, ...]
    data: tuple[Any, ...]
    keys: dict[str, Any]
    good: dict[str, Any] | None

    def experiment(self) -> Experiment:
        """What is trained."""
        dataset = dataset_of(self)
        base = Experiment(data={"name": dataset.name, "train": len(dataset.training)})
        if dataset.classes is None:
            base = changed(base, {"network.output": "linear", "network.cost": "quadratic"})
        return changed(base, self.keys)

    @property
    def available(self) -> int:
        """How many training examples the data have, of which the case may use few."""
        whole = self.data[0] in {"digits", "mnist"} and self.data[3:] in {(), (None,)}
        return 50_000 if whole else len(dataset_of(self).training)

    @property
    def healing(self) -> dict[str, Any]:
        """What turns the setting into the good one."""
        before = self.experiment()
        after = replace(self, keys=self.good or {}).experiment()
        tables = before.to_dict(), after.to_dict()
        keys = {f"{section}.{key}" for table in tables for section in table for key in table[section]}
        values = [{key: table[key.split(".")[0]].get(key.split(".", 1)[1]) for key in keys} for table in tables]
        heal = {key: values[1][key] for key in keys if values[0][key] != values[1][key]}
        if not heal and self.data[0] in {"digits", "mnist"}:
            heal["data.train"] = min(10 * self.data[1], 5000)
        return heal

    def with_examples(self, count: int) -> Case:
        """The same with another number of training examples."""
        return replace(self, data=(self.data[0], count, *self.data[2:]))


# Data


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


def _blobs(n: int, classes: int = 4, features: int = 10, spread: float = 1.0, seed: int = 0) -> Dataset:
    rng = np.random.default_rng([seed, classes, features])
    centres = rng.normal(size=(classes, features))
    y = rng.integers(0, classes, n + 600)
    return _split(centres[y] + rng.normal(0, spread, (n + 600, features)), y, n, "blobs", _names(classes))


def _unequal(n: int, share: float, seed: int = 0) -> Dataset:
    """Two classes that overlap, ``share`` of them of the first."""
    rng = np.random.default_rng([seed, 7])
    y = (rng.random(n + 1000) > share).astype(int)
    x = rng.normal(size=(n + 1000, 6)) + 0.55 * y[:, None]
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


def _points() -> Dataset:
    return load("points", training=1000, evaluation=500)


def _train(dataset: Dataset, **parts: Examples) -> Dataset:
    from dataclasses import replace

    return replace(dataset, **parts)


def _relabelled(dataset: Dataset, part: str, change: Callable[[Array], Array]) -> Dataset:
    old: Examples = getattr(dataset, part)
    new = np.asarray(change(np.asarray(old.targets).astype(int)))
    return _train(dataset, **{part: Examples(old.inputs, new.astype(np.uint8), old.scale)})


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
    return _train(base, training=parts[0], validation=parts[1])


def _times(base: Dataset, factor: float, first: int = 0, last: int | None = None) -> Dataset:
    parts = {}
    for part in ("training", "validation"):
        old: Examples = getattr(base, part)
        x = np.array(old.inputs, np.float32)
        x[:, first:last] *= factor
        parts[part] = Examples(x, old.targets, old.scale)
    return _train(base, **parts)


def _money(base: Dataset, factor: float, shift: float) -> Dataset:
    parts = {}
    for part in ("training", "validation"):
        old: Examples = getattr(base, part)
        parts[part] = Examples(old.inputs, (shift + factor * old.targets).astype(np.float32), old.scale)
    return _train(base, **parts)


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
}
_CHANGES: dict[str, Callable[..., Dataset]] = {
    "inverted": _inverted,
    "renamed": _renamed,
    "validation rolled": _validation_rolled,
    "rolled": _rolled,
    "shuffled": _shuffled,
    "sorted": _sorted_file,
    "times": _times,
    "money": _money,
}


@cache
def _made(data: tuple[Any, ...]) -> Dataset:
    name, *arguments = data
    if name in _CHANGES:
        return _CHANGES[name](_made(arguments[0]), *arguments[1:])
    return _BASES[name](*arguments)


def dataset_of(case: Case) -> Dataset:
    """The data of a case, made once."""
    return _made(case.data)


# The table

SIGMOID = {"network.hidden": [30], "training.eta": 0.5, "training.epochs": 12}
SOFTMAX = SIGMOID | {"network.output": "softmax", "network.cost": "log-likelihood", "training.eta": 0.3}
RELU = {
    "network.hidden": [30],
    "network.activation": "relu",
    "network.output": "softmax",
    "network.cost": "log-likelihood",
    "initialization.weights": "he-normal",
    "initialization.biases": "zeros",
    "training.eta": 0.05,
    "training.epochs": 12,
}
TANH = {"network.hidden": [30], "network.activation": "tanh", "training.eta": 0.1, "training.epochs": 12}
REGRESSION = {"network.hidden": [20], "network.activation": "tanh", "training.eta": 0.05, "training.epochs": 30}
SMALL = {"network.hidden": [10], "training.eta": 0.5, "training.epochs": 60}
FEW = ("too-few-examples", "overfitting")

_TABLE: list[tuple[str, str, tuple[str, ...], tuple[Any, ...], dict[str, Any], dict[str, Any] | None]] = []


def _add(
    name: str,
    causes: str | tuple[str, ...],
    good: dict[str, Any],
    fault: dict[str, Any],
    *data: tuple[Any, ...],
    halves: str = "tr",
) -> None:
    """A fault on several data sets; ``halves`` says for each whether it is tuned with (t) or reported (r)."""
    slugs = (causes,) if isinstance(causes, str) else causes
    of_data = slugs and slugs[0] in {
        "labels-disagree",
        "no-signal",
        "classes-missing",
        "one-class",
        "unequal-classes",
        "targets-unscaled",
        "inputs-unscaled",
    }
    for place, one in enumerate(data):
        half = "tune" if halves[place % len(halves)] == "t" else "report"
        _TABLE.append((f"{name} · {_title(one)}", half, slugs, one, good | fault, None if of_data else good))


def _title(data: tuple[Any, ...]) -> str:
    return " ".join(_title(part) if isinstance(part, tuple) else str(part) for part in data)


D1, D3 = ("digits", 1000), ("digits", 3000)
M2, M5 = ("mnist", 2000), ("mnist", 5000)
B4, B3 = ("blobs", 800), ("blobs", 500, 3, 6, 1.0, 1)

# Data
_add("validation labels inverted", "labels-disagree", SIGMOID, {}, ("inverted", D1), ("inverted", M2))
_add("validation labels inverted, ReLU", "labels-disagree", RELU, {}, ("inverted", ("spirals", 600)), ("inverted", B3))
_add("validation classes renamed", "labels-disagree", SIGMOID, {}, ("renamed", B4), ("renamed", D1))
_add("validation rows shifted", "labels-disagree", SIGMOID, {}, ("validation rolled", D1), ("validation rolled", M2))
_add("rows shifted", "no-signal", SIGMOID, {}, ("rolled", D1), ("rolled", B4))
_add("labels shuffled", "no-signal", RELU, {}, ("shuffled", B4), ("shuffled", D1))
_add("noise", "no-signal", SIGMOID, {"training.epochs": 40}, ("noise", 500), ("noise", 400, 100, 3))
_add("noise, tanh", "no-signal", TANH, {"training.epochs": 30}, ("noise", 300, 8, 4, 1), ("noise", 800, 30, 2, 2))
_add("a sorted file", "classes-missing", SIGMOID, {}, ("sorted", D1), ("sorted", B4))
_add("88/12", "unequal-classes", SMALL, {"training.epochs": 15}, ("unequal", 600, 0.88), ("unequal", 900, 0.9, 3))
_add("97/3", "unequal-classes", RELU, {}, ("unequal", 1000, 0.97), ("unequal", 800, 0.96, 2))
_add("huge targets", "targets-unscaled", REGRESSION, {}, ("power", 500), ("power", 400, 30.0, 2))
_add(
    "money",
    "targets-unscaled",
    REGRESSION,
    {},
    ("money", ("linear", 400), 2e4, 1e5),
    ("money", ("sine", 400), 500, 3e3),
)
_add("inputs × 1000", "inputs-unscaled", SIGMOID, {}, ("times", B4, 1000.0), ("times", ("xor", 400), 500.0))
_add("one column × 10⁴", "inputs-unscaled", RELU, {}, ("times", B3, 1e4, 0, 1), ("times", B4, 3e3, 2, 4))
# Output and cost
_add(
    "sigmoid with log-likelihood",
    "output-cost-mismatch",
    SIGMOID,
    {"network.output": "sigmoid", "network.cost": "log-likelihood"},
    D1, B4, ("spirals", 600), M2,
)  # fmt: skip
_add(
    "sigmoid for numbers",
    "output-cost-mismatch",
    REGRESSION,
    {"network.output": "sigmoid"},
    ("points",),
    ("linear", 400),
)
# Initialization
_add("zero weights", "identical-neurons", SIGMOID, {"initialization.weights": "zeros"}, D1, B4)
_add("zero weights, ReLU", "identical-neurons", RELU, {"initialization.weights": "zeros"}, B3, M2)
_add(
    "constant weights",
    "identical-neurons",
    SIGMOID,
    {"initialization.weights": "constant", "initialization.gain": 0.1, "initialization.biases": "zeros"},
    D1, ("xor", 400),
)  # fmt: skip
_add(
    "N(0, 1), quadratic",
    "saturated-start",
    SIGMOID | {"network.cost": "quadratic", "training.eta": 1.0},
    {"initialization.weights": "standard"},
    D1, M2,
)  # fmt: skip
_add("N(0, 1)", "saturated-start", SIGMOID, {"initialization.weights": "standard", "training.epochs": 5}, M2, D1)
_add("N(0, 1), tanh", "saturated-start", TANH, {"initialization.weights": "standard"}, D1, M2)
_add("gain 8", "saturated-start", TANH, {"initialization.gain": 8.0, "network.hidden": [20, 20]}, D1, ("digits", 1500))
_add("N(0, 1), ReLU", "weights-too-large", RELU, {"initialization.weights": "standard"}, D1, M2)
_add(
    "N(0, 1), two layers of ReLU",
    "weights-too-large",
    RELU | {"network.hidden": [40, 40]},
    {"initialization.weights": "standard"},
    M2, D1,
)  # fmt: skip
_add("six layers of sigmoids", "vanishing-gradient", SIGMOID, {"network.hidden": [30] * 6}, D1, M2)
_add("five layers of sigmoids", "vanishing-gradient", SIGMOID, {"network.hidden": [20] * 5}, B4, D1)
_add("eight layers of sigmoids", "vanishing-gradient", SOFTMAX, {"network.hidden": [25] * 8}, M2, B4)
# η, λ, m
_add("η = 100", "eta-too-large", SIGMOID, {"training.eta": 100.0}, D1, M2)
_add("η = 10, softmax", "eta-too-large", SOFTMAX, {"training.eta": 10.0}, M2, D1)
_add("η = 5, softmax", "eta-too-large", SOFTMAX, {"training.eta": 5.0}, D1, M2)
_add("η = 3, ReLU", ("eta-too-large", "dead-relu"), RELU, {"training.eta": 3.0}, D1, B4)
_add("η = 1, ReLU", ("eta-too-large", "dead-relu"), RELU, {"training.eta": 1.0}, M2, D1)
_add("η = 5, tanh", "eta-too-large", TANH, {"training.eta": 5.0}, B4, D1)
_add("η = 2, regression", "eta-too-large", REGRESSION, {"training.eta": 2.0}, ("linear", 400), ("sine", 400))
_add("η = 10⁻⁴", "eta-too-small", SIGMOID, {"training.eta": 1e-4}, D1, B4)
_add("η = 10⁻³, softmax", "eta-too-small", SOFTMAX, {"training.eta": 1e-3}, M2, D1)
_add("η = 10⁻⁵, ReLU", "eta-too-small", RELU, {"training.eta": 1e-5}, B3, M2)
_add("η = 10⁻⁴, regression", "eta-too-small", REGRESSION, {"training.eta": 1e-4}, ("sine", 400), ("linear", 400))
_add("shrink factor", "shrink-factor", SIGMOID, {"training.eta": 10.0, "training.lambda": 1000.0}, D1, M2)
_add("shrink factor −1", "shrink-factor", SIGMOID, {"training.eta": 100.0, "training.lambda": 20.0}, D1, B4)
_add("λ = 100", "lambda-too-large", SIGMOID, {"training.lambda": 100.0}, D1, M2)
_add("λ = 30, softmax", "lambda-too-large", SOFTMAX, {"training.lambda": 30.0}, B4, D1)
_add("λ = 20, ReLU", "lambda-too-large", RELU | {"training.eta": 0.1}, {"training.lambda": 50.0}, D1, B4)
_add(
    "m = n", "mini-batch-too-large", SIGMOID, {"training.mini_batch": 3000, "training.epochs": 30}, D3, ("mnist", 3000)
)
_add(
    "m = n, ReLU",
    "mini-batch-too-large",
    RELU,
    {"training.mini_batch": 800, "training.epochs": 20},
    B4,
    ("digits", 800),
)
_add("m = 1,000", "mini-batch-too-large", SOFTMAX, {"training.mini_batch": 1000}, M2, D3)
# Capacity
_add("two hidden neurons", "too-little-capacity", SIGMOID, {"network.hidden": [2], "training.epochs": 30}, D1, M2)
_add("two hidden, ReLU", "too-little-capacity", RELU, {"network.hidden": [2], "training.epochs": 30}, M2, D1)
_add(
    "no hidden layer",
    "too-little-capacity",
    TANH | {"network.hidden": [20], "training.epochs": 80},
    {"network.hidden": []},
    ("xor", 300), ("spirals", 600),
)  # fmt: skip
_add(
    "two hidden for spirals",
    "too-little-capacity",
    TANH | {"network.hidden": [30], "training.epochs": 150},
    {"network.hidden": [2]},
    ("spirals", 500), ("spirals", 500, 3, 1),
)  # fmt: skip
_add("one hidden for XOR", "too-little-capacity", TANH | SMALL, {"network.hidden": [1]}, ("xor", 300), ("xor", 400, 2))
# Regularization
_add("few examples", FEW, SIGMOID, {"network.hidden": [200], "training.epochs": 25}, ("digits", 150), ("digits", 250))
_add("few examples, softmax", FEW, SOFTMAX, {"training.epochs": 40}, ("mnist", 300), ("digits", 200))
_add(
    "overfitting",
    ("overfitting", "too-few-examples"),
    RELU,
    {"network.hidden": [200], "training.epochs": 150, "training.eta": 0.1},
    ("blobs", 150, 4, 10, 1.6), ("blobs", 120, 3, 8, 1.5, 4),
)  # fmt: skip
# Patience
_add("two epochs", "too-few-epochs", SIGMOID, {"training.epochs": 4, "training.eta": 0.1}, D1, M2)
_add("three epochs, ReLU", "too-few-epochs", RELU, {"training.epochs": 4, "training.eta": 0.01}, M2, D1)
_add("spirals cut off", "too-few-epochs", TANH | {"training.eta": 0.1}, {"training.epochs": 15}, ("spirals", 600))

# Healthy
_add("healthy", (), SIGMOID, {}, D3, M5)
_add("healthy, η = 0.3, m = 32", (), SIGMOID, {"training.eta": 0.3, "training.mini_batch": 32}, M5, D3)
_add("healthy, no hidden layer", (), SIGMOID, {"network.hidden": [], "training.eta": 0.1}, D3, M5)
_add("healthy, softmax", (), SOFTMAX, {}, M5, D3)
_add("healthy, ReLU", (), RELU, {"training.epochs": 15}, D3, M5)
_add("healthy, two layers of ReLU", (), RELU, {"network.hidden": [40, 40]}, M5, D3)
_add("healthy, tanh", (), TANH, {}, M5, D3)
_add("healthy, 100 hidden", (), SIGMOID, {"network.hidden": [100]}, ("digits", 5000), M5)
_add("healthy, λ", (), SIGMOID, {"training.lambda": 0.5}, M5, D3)
_add("healthy, three seeds", (), SIGMOID, {"initialization.seeds": 3}, D3, M5)
_add("healthy, quadratic", (), SIGMOID, {"network.cost": "quadratic", "training.eta": 3.0}, D3, M5)
_add("healthy, early stopping", (), SIGMOID, {"training.epochs": 60, "training.early_stopping.patience": 5}, D3, M5)
_add(
    "healthy, two classes",
    (),
    SIGMOID,
    {"training.eta": 0.1},
    ("digits", 800, 500, (0, 1)),
    ("digits", 800, 500, (3, 7)),
)
_add("healthy blobs", (), SMALL, {}, B4, B3)
_add("healthy blobs, ReLU", (), RELU, {"training.epochs": 30}, B3, B4)
_add("healthy XOR", (), SMALL, {"training.epochs": 150}, ("xor", 400), ("xor", 300, 3))
_add("healthy XOR, tanh", (), TANH, {"training.epochs": 60}, ("xor", 300, 2), ("xor", 500, 1))
_add("healthy spirals", (), TANH, {"training.epochs": 200}, ("spirals", 600), ("spirals", 900, 3))
_add("healthy plane", (), REGRESSION, {}, ("linear", 400), ("linear", 600, 8, 0.3, 2))
_add("healthy sine", (), REGRESSION, {"training.epochs": 150}, ("sine", 400), ("sine", 600, 2))
_add("healthy points", (), REGRESSION, {"network.hidden": [], "training.eta": 0.1}, ("points",), halves="t")
_add("healthy unequal, apart", (), SMALL, {}, ("digits", 1000, 600, (1, 8)), halves="r")

CASES = [Case(*row) for row in _TABLE]


def _other(data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Data like these that the table doesn't have: a third more examples, and another seed."""
    name, *arguments = data
    if name in _CHANGES:
        return (name, _other(arguments[0]), *arguments[1:])
    if not arguments:
        return data
    defaults = inspect.signature(_BASES[name]).parameters
    full = [*arguments, *(p.default for p in list(defaults.values())[len(arguments) :])]
    full[0] = int(1.3 * full[0])
    return (name, *(value + 50 if key == "seed" else value for key, value in zip(defaults, full, strict=True)))


def _again(case: Case) -> Case:
    """The same fault on other data, with other seeds and widths: what neither half has seen."""

    def keys(old: dict[str, Any]) -> dict[str, Any]:
        hidden = old.get("network.hidden")
        wider = {"network.hidden": [h if h < 5 else int(1.4 * h) for h in hidden]} if hidden else {}
        whole = "training.mini_batch" in case.keys and case.keys["training.mini_batch"] >= case.data[1]
        batch = {"training.mini_batch": _other(case.data)[1]} if whole and "training.mini_batch" in old else {}
        return old | {"initialization.seed": 17} | wider | batch

    good = None if case.good is None else keys(case.good)
    return replace(
        case, name=f"{case.name} · again", half="fresh", data=_other(case.data), keys=keys(case.keys), good=good
    )


def cases(half: str) -> Iterator[Case]:
    """The cases of a half that this machine has the data for; those of 'fresh' are made from all of them."""
    for case in map(_again, CASES) if half == "fresh" else CASES:
        if case.half == half and not ("mnist" in _title(case.data) and mnist_place() is None):
            yield case
