"""A collection of known troubles: trainings that fail for one known cause, and healthy ones, generated from one table.

A template is a fault; each is set up twice or more, over other data, sizes, activations, costs and seeds. The first
half of the table (``tune``) is what the diagnosis was made with; the other half (``report``) is what is reported.
``unseen`` are other kinds of networks and data, with published tables among them (:mod:`troubles_unseen`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from trouble_cases import REGRESSION, RELU, SIGMOID, SMALL, SOFTMAX, TANH, Case, dataset_of, rows_into
from trouble_data import is_here, others
from troubles_unseen import UNSEEN

__all__ = ["CASES", "Case", "cases", "dataset_of"]

FEW = ("too-few-examples", "overfitting")

_TABLE: list[Case] = []
_add = rows_into(_TABLE)

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

CASES = [*_TABLE, *UNSEEN]


def _again(case: Case) -> Case:
    """The same fault on other data, with other seeds and widths."""

    def keys(old: dict[str, Any]) -> dict[str, Any]:
        hidden = old.get("network.hidden")
        wider = {"network.hidden": [h if h < 5 else int(1.4 * h) for h in hidden]} if hidden else {}
        count = next((part for part in case.data if isinstance(part, int)), 0)
        whole = 0 < count <= case.keys.get("training.mini_batch", 0)
        batch = {"training.mini_batch": others(case.data)[1]} if whole and "training.mini_batch" in old else {}
        return old | {"initialization.seed": 17} | wider | batch

    good = None if case.good is None else keys(case.good)
    return replace(
        case, name=f"{case.name} · again", half="again", data=others(case.data), keys=keys(case.keys), good=good
    )


def cases(half: str) -> Iterator[Case]:
    """The cases of a half that this machine has the data for; "fresh" and "unseen again" are made from them."""
    table = {"fresh": map(_again, _TABLE), "unseen again": map(_again, UNSEEN)}.get(half, CASES)
    for case in table:
        if case.half in {half, "again"} and is_here(case.data):
            yield case
