"""Troubles of other kinds than those that the diagnosis was made with, written as strangers would report them.

Published tables with faults put in, deep networks, other optimizers and initializers, regression by R², few examples,
one epoch. Its first look is what is reported; what it missed was mended afterwards.
"""

from __future__ import annotations

from typing import Any

from trouble_cases import REGRESSION, RELU, SIGMOID, SMALL, SOFTMAX, TANH, Case, rows_into

__all__ = ["UNSEEN"]

UNSEEN: list[Case] = []
_rows = rows_into(UNSEEN)


def _add(name: str, causes: str | tuple[str, ...], good: Any, fault: Any, *data: tuple[Any, ...]) -> None:
    _rows(name, causes, {"initialization.seed": 5} | good, fault, *data, halves="u")


PENGUINS, TITANIC = ("table", "penguins.csv", "species"), ("table", "titanic.csv", "Survived")
PIMA, SONAR = ("table", "pima-indians-diabetes.csv"), ("table", "sonar.csv")
ADULT, HORSE = ("table", "adult-5000.csv"), ("table", "horse-colic.csv", 23)
RARE = ("table", "mammography-3000.csv")
TIPS, ABALONE = ("table", "tips.csv", "tip"), ("table", "abalone.csv")
WINE, CARS = ("table", "winequality-red.csv", None, "regression"), ("table", "auto-mpg.data", 0, "regression")
CLAIMS = ("table", "auto-insurance.csv")


def _raw(table: tuple[Any, ...]) -> tuple[Any, ...]:
    """A table whose numbers stay as they are."""
    label, task = (*table[2:], *(None, "auto")[max(len(table) - 2, 0) :])
    return (*table[:2], label, task, False)


RINGS, RINGS3, MOONS = ("rings", 500, 2, 7), ("rings", 900, 3, 8), ("moons", 400, 9)
CHECKERS, WORDS = ("checkers", 1500, 4, 6), ("words", 1200, 200, 4, 3)
FRIEDMAN, BUMP = ("friedman", 700, 0.2, 4), ("bump", 600, 5)
D2, M4 = ("digits", 2000), ("mnist", 4000)
TABLE = {"network.hidden": [16], "training.eta": 0.1, "training.epochs": 30, "training.mini_batch": 5}
TABLE_RELU = RELU | {"network.hidden": [16], "training.eta": 0.02, "training.epochs": 30, "training.mini_batch": 5}
NUMBERS = {"network.hidden": [16], "training.eta": 0.02, "training.epochs": 40, "training.mini_batch": 5}
DEEP_TANH = TANH | {"network.hidden": [30, 30, 30], "training.eta": 0.05, "training.epochs": 20}
DEEP_RELU = RELU | {"network.hidden": [40, 40, 40, 40], "training.eta": 0.03, "training.epochs": 20}
LONG_TANH = TANH | {"training.epochs": 150}

# Data
_add(
    "two classes inverted", "labels-disagree", TABLE, {}, ("inverted", PIMA), ("inverted", SONAR), ("inverted", TITANIC)
)
_add("species renamed", "labels-disagree", TABLE_RELU, {}, ("renamed", PENGUINS))
_add("rings renamed", "labels-disagree", LONG_TANH, {}, ("renamed", RINGS3))
_add("topics renamed, ReLU", "labels-disagree", RELU, {}, ("renamed", WORDS))
_add(
    "rows shifted in a table", "no-signal", TABLE, {}, ("rolled", TITANIC), ("shuffled", PENGUINS), ("shuffled", SONAR)
)
_add("rows shifted, deep", "no-signal", DEEP_RELU, {}, ("rolled", M4), ("shuffled", WORDS))
_add(
    "numbers sorted by themselves", "no-signal", NUMBERS, {}, ("sorted targets", ABALONE), ("sorted targets", FRIEDMAN)
)
_add("a sorted table", "classes-missing", TABLE, {}, ("sorted", PENGUINS), ("sorted", WORDS))
_add("5 % of a rare class", "unequal-classes", TABLE, {}, ("unequal", 900, 0.95, 8), ("unequal", 2000, 0.93, 9))
RAW = {"data.standardize": False}
SIZES = ("inputs-unscaled", "targets-unscaled")
_add("numbers as they are", "inputs-unscaled", TABLE, RAW, _raw(PIMA), _raw(ADULT), _raw(TITANIC))
_add("numbers as they are, ReLU", "inputs-unscaled", TABLE_RELU, RAW, _raw(PIMA), _raw(HORSE))
_add("regression as it is", SIZES, NUMBERS, RAW, _raw(CARS), _raw(WINE), _raw(CLAIMS))
_add("salaries", "targets-unscaled", NUMBERS, {}, ("money", FRIEDMAN, 3e4, 8e4), ("money", BUMP, 800.0, 5e3))
_add("inputs of 255", "inputs-unscaled", LONG_TANH, {}, ("times", MOONS, 255.0), ("times", RINGS, 255.0))
# Output and cost
ODD = {"network.output": "sigmoid", "network.cost": "log-likelihood"}
_add("sigmoid with log-likelihood, table", "output-cost-mismatch", TABLE, ODD, PENGUINS, PIMA)
_add("sigmoid with log-likelihood, ReLU", "output-cost-mismatch", RELU, ODD, WORDS, RINGS3)
_add("sigmoid for a table's numbers", "output-cost-mismatch", NUMBERS, {"network.output": "sigmoid"}, CARS, TIPS)
_add("sigmoid for a bump", "output-cost-mismatch", REGRESSION, {"network.output": "sigmoid"}, BUMP, FRIEDMAN)
# First weights
ZEROS = {"initialization.weights": "zeros"}
SAME = {"initialization.weights": "constant", "initialization.gain": 0.5, "initialization.biases": "zeros"}
_add("zero weights, tanh", "identical-neurons", LONG_TANH, ZEROS | {"initialization.biases": "zeros"}, MOONS, RINGS)
_add("zero weights, softmax", "identical-neurons", SOFTMAX, ZEROS, D2, WORDS)
_add(
    "zero weights for numbers", "identical-neurons", NUMBERS, ZEROS | {"initialization.biases": "zeros"}, FRIEDMAN, CARS
)
_add("the same weights everywhere", "identical-neurons", SMALL | {"training.epochs": 80}, SAME, RINGS, ("mnist", 1500))
LARGE = {"initialization.weights": "standard"}
BAD = "saturated-start"
_add("N(0, 1), 100 hidden", BAD, SIGMOID | {"network.hidden": [100], "training.eta": 0.2}, LARGE, D2, M4)
_add("N(0, 1), words", BAD, TANH | {"training.eta": 0.05}, LARGE | {"initialization.gain": 4.0}, WORDS)
_add("weights × 30", BAD, SIGMOID, {"initialization.gain": 30.0}, D2, WORDS)
_add("weights × 30, tanh", BAD, DEEP_TANH, {"initialization.gain": 30.0}, M4, CHECKERS)
_add("weights × 30, ReLU", "weights-too-large", RELU, {"initialization.gain": 30.0}, D2, WORDS)
_add("N(0, 1), four layers of ReLU", "weights-too-large", DEEP_RELU, LARGE, D2, WORDS)
DEEP_SIGMOID = {"network.hidden": [20] * 6}
_add("six layers of sigmoids, a table", "vanishing-gradient", TABLE, DEEP_SIGMOID, PENGUINS, ADULT)
_add("seven layers of sigmoids", "vanishing-gradient", SOFTMAX, {"network.hidden": [40] * 7}, D2, WORDS)
_add("five layers for numbers", "vanishing-gradient", NUMBERS, {"network.hidden": [20] * 5}, FRIEDMAN, CARS)
# η
BIG = ("eta-too-large", "dead-relu")
_add("η = 30", "eta-too-large", SIGMOID, {"training.eta": 30.0}, ("mnist", 1200), WORDS)
_add("η = 20, a table", "eta-too-large", TABLE, {"training.eta": 20.0}, HORSE, ADULT)
_add("η = 2, ReLU", BIG, TABLE_RELU, {"training.eta": 2.0}, SONAR, HORSE)
_add("η = 1, deep ReLU", BIG, DEEP_RELU, {"training.eta": 1.0}, D2, WORDS)
_add("η = 3, deep tanh", "eta-too-large", DEEP_TANH, {"training.eta": 3.0}, M4, CHECKERS)
_add("η = 3, numbers", "eta-too-large", NUMBERS, {"training.eta": 3.0}, FRIEDMAN, WINE)
_add("η = 300, quadratic", "eta-too-large", SIGMOID | {"network.cost": "quadratic", "training.eta": 3.0},
     {"training.eta": 300.0}, D2, M4)  # fmt: skip
LITTLE = ("eta-too-small", "too-few-epochs")
_add("η = 0.001, a table", "eta-too-small", TABLE, {"training.eta": 1e-4}, PENGUINS, ADULT)
_add("η = 10⁻⁴, deep tanh", "eta-too-small", DEEP_TANH, {"training.eta": 1e-4}, M4, WORDS)
_add("η = 10⁻⁴, numbers", "eta-too-small", NUMBERS, {"training.eta": 1e-5}, FRIEDMAN, CARS)
_add("η = 0.002, quadratic", "eta-too-small", SIGMOID | {"network.cost": "quadratic", "training.eta": 3.0},
     {"training.eta": 0.002}, D2, M4)  # fmt: skip
_add("η = 0.01, five epochs", LITTLE, SIGMOID, {"training.eta": 0.01, "training.epochs": 5}, ("mnist", 1500), WORDS)
# λ and m
_add("λ = 200, a table", ("lambda-too-large", "shrink-factor"), TABLE, {"training.lambda": 200.0}, PENGUINS, PIMA)
_add("λ = 1,000", ("lambda-too-large", "shrink-factor"), SIGMOID, {"training.lambda": 1000.0}, ("mnist", 1500), WORDS)
_add("λ = 100, tanh", "lambda-too-large", LONG_TANH, {"training.lambda": 100.0}, MOONS, CHECKERS)
_add("λ = 100, numbers", "lambda-too-large", NUMBERS, {"training.lambda": 300.0}, FRIEDMAN, WINE)
_add("λ = 4,000, η = 1", "shrink-factor", SIGMOID, {"training.lambda": 4000.0, "training.eta": 1.0}, D2, WORDS)
FEW_STEPS = "mini-batch-too-large"
_add("m = n, a table", FEW_STEPS, TABLE, {"training.mini_batch": 3500}, ADULT)
_add("m = n, penguins", FEW_STEPS, TABLE, {"training.mini_batch": 240}, PENGUINS)
_add("m = n, deep tanh", FEW_STEPS, DEEP_TANH, {"training.mini_batch": 1200}, ("digits", 1200), WORDS)
_add("m = n, numbers", FEW_STEPS, NUMBERS, {"training.mini_batch": 600}, FRIEDMAN, BUMP)
# Capacity
SMALLER = "too-little-capacity"
_add("two hidden for a board", SMALLER, LONG_TANH | {"training.epochs": 300}, {"network.hidden": [2]}, CHECKERS, RINGS3)
_add("no hidden layer for rings", SMALLER, LONG_TANH, {"network.hidden": []}, RINGS, MOONS)
_add("one hidden neuron", SMALLER, SOFTMAX | {"training.epochs": 25}, {"network.hidden": [1]}, D2, M4)
_add("two hidden, deep", SMALLER, DEEP_TANH, {"network.hidden": [30, 2, 30]}, D2, M4)
_add(
    "no hidden layer for numbers",
    SMALLER,
    REGRESSION | {"training.epochs": 100},
    {"network.hidden": []},
    BUMP,
    ("sine", 500, 7),
)
_add(
    "one hidden neuron for numbers",
    SMALLER,
    REGRESSION | {"training.epochs": 100},
    {"network.hidden": [1]},
    BUMP,
    FRIEDMAN,
)
# Regularization and patience
HEART = ("overfitting", "too-few-examples")
_add("100 hidden ReLUs", HEART, TABLE_RELU, {"network.hidden": [100], "training.epochs": 300, "training.eta": 0.05},
     ("table", "breast-cancer.csv"), PIMA)  # fmt: skip
_add("few texts", HEART, RELU, {"training.epochs": 60, "network.hidden": [100]}, ("words", 120, 200, 4, 3))
_add("a hundred digits", HEART, RELU, {"training.epochs": 60, "network.hidden": [100]}, ("digits", 100), ("mnist", 150))
LATE = "too-few-epochs"
_add("a board cut off", LATE, LONG_TANH | {"training.epochs": 300}, {"training.epochs": 12}, CHECKERS)
_add(
    "rings cut off", LITTLE, LONG_TANH | {"training.epochs": 300}, {"training.epochs": 10, "training.eta": 0.02}, RINGS
)
_add("numbers cut off", LITTLE, NUMBERS, {"training.epochs": 5, "training.eta": 0.001}, FRIEDMAN)

# Healthy
_add("table", (), TABLE, {}, PENGUINS, TITANIC, PIMA)
_add("table, ten epochs", (), TABLE, {"training.epochs": 10}, ADULT, PENGUINS)
_add("table, ReLU", (), TABLE_RELU, {"training.epochs": 15}, PENGUINS, PIMA)
_add("rare class, weighted", (), TABLE, {"data.class_weights": "balanced"}, RARE)
_add("rare class, well apart", (), TABLE, {}, ("unequal", 1500, 0.93, 8, 1.6))
_add("table's numbers", (), NUMBERS, {}, TIPS, ABALONE, WINE, CARS, CLAIMS)
_add("table's numbers, linear", (), NUMBERS, {"network.hidden": []}, CLAIMS, CARS)
_add("one epoch", (), SIGMOID, {"training.epochs": 1}, ("mnist", 5000), ("digits", 5000))
_add("two epochs", (), RELU, {"training.epochs": 2}, ("mnist", 5000), WORDS)
_add("three epochs", (), SOFTMAX, {"training.epochs": 3}, ("digits", 5000), ("mnist", 5000))
_add("deep ReLU", (), DEEP_RELU, {}, M4, D2)
_add("deep tanh", (), DEEP_TANH, {}, D2, M4)
_add("two layers of sigmoids", (), SIGMOID, {"network.hidden": [30, 30], "training.epochs": 25}, D2, M4)
_add("m = 1", (), SIGMOID, {"training.mini_batch": 1, "training.eta": 0.05}, D2, M4)
_add("m = 100, η = 3", (), SIGMOID, {"training.mini_batch": 100, "training.eta": 2.0, "training.epochs": 25}, M4, D2)
_add("halve on plateau", (), SIGMOID, {"training.epochs": 60, "training.schedule.rule": "halve-on-plateau",
     "training.schedule.patience": 4, "training.schedule.stop_at": 32}, D2, M4)  # fmt: skip
_add("λ = 3", (), SIGMOID, {"training.lambda": 3.0, "training.epochs": 20}, M4, ("digits", 4000))
_add("rings", (), LONG_TANH, {}, RINGS, RINGS3)
_add("moons", (), SMALL, {"training.epochs": 120}, MOONS, ("moons", 300, 12))
_add("board", (), LONG_TANH | {"training.epochs": 400}, {}, CHECKERS)
_add("Friedman", (), REGRESSION, {"training.epochs": 80}, FRIEDMAN, ("friedman", 1200, 0.4, 9))
_add("bump", (), REGRESSION, {"training.epochs": 120}, BUMP)
LEAKY = {"network.activation": "leaky-relu", "initialization.weights": "glorot-normal"}
_add("leaky ReLU, Glorot", (), RELU, LEAKY, D2, M4)
_add("orthogonal", (), TANH, {"initialization.weights": "orthogonal"}, D2)
_add("quadratic, η = 2", (), SIGMOID, {"network.cost": "quadratic", "training.eta": 2.0, "training.epochs": 25}, D2, M4)
_add("five classes", (), SIGMOID, {}, ("digits", 1500, 600, (0, 2, 4, 6, 8)))
_add("three seeds, table", (), TABLE, {"initialization.seeds": 3}, PENGUINS, PIMA)

# Optimizers and what stands beside η, λ and m
ADAM = RELU | {"training.optimizer": "adam", "training.eta": 0.002}
MOMENTUM = SOFTMAX | {"training.eta": 0.03, "training.momentum": 0.9}
SELU = RELU | {"network.activation": "selu", "initialization.weights": "scaled", "training.eta": 0.02}
LONG_STEPS = ("momentum-too-high", "eta-too-large", "dead-relu")
_add("momentum 0.99", LONG_STEPS, MOMENTUM, {"training.momentum": 0.99, "training.eta": 0.3}, D2, WORDS)
_add("momentum 0.995, ReLU", LONG_STEPS, RELU | {"training.momentum": 0.9, "training.eta": 0.005},
     {"training.momentum": 0.995, "training.eta": 0.05}, M4, D2)  # fmt: skip
_add("Adam with η = 0.5", BIG, ADAM, {"training.eta": 0.5}, D2, WORDS)
_add("Adam with η = 10⁻⁶", "eta-too-small", ADAM, {"training.eta": 1e-6}, D2, WORDS)
_add("zero weights, Adam", "identical-neurons", ADAM, ZEROS, D2, M4)
_add("all clipped", "always-clipped", SIGMOID, {"training.clip_norm": 1e-3}, D2, WORDS)
_add("dropout 0.9", "dropout-too-large", RELU, {"training.dropout": 0.9}, D2, M4)
_add("a warm-up to the end", "warm-up-too-long", SIGMOID, {"training.schedule.warm_up": 12}, D2, ("mnist", 1500))
_add("SELUs from N(0, 1)", "selu-weights", SELU, {"initialization.weights": "standard"}, D2, M4)
_add(
    "few examples, Adam", HEART, ADAM, {"training.epochs": 60, "network.hidden": [100]}, ("digits", 120), ("mnist", 200)
)
_add("labels renamed, Adam", "labels-disagree", ADAM, {}, ("renamed", WORDS))
_add("Adam", (), ADAM, {}, M4, D2)
_add("momentum", (), MOMENTUM, {}, D2, M4)
_add("Nesterov", (), MOMENTUM, {"training.nesterov": True}, D2)
_add("dropout 0.3", (), RELU, {"training.dropout": 0.3, "network.hidden": [100], "training.epochs": 20}, D2, M4)
_add("clipped at 5", (), SIGMOID, {"training.clip_norm": 5.0}, D2)
_add("a warm-up of one epoch", (), SIGMOID, {"training.schedule.warm_up": 1}, M4)
_add("cosine", (), SIGMOID, {"training.schedule.rule": "cosine", "training.epochs": 20}, D2, M4)
_add("SELUs", (), SELU, {"network.hidden": [40, 40]}, D2, M4)
_add("Adam, table", (), TABLE_RELU | {"training.optimizer": "adam", "training.eta": 0.002}, {}, PENGUINS, PIMA)
