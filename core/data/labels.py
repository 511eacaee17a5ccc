"""What is to be predicted: classes under the names that a person means, or numbers; and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from tunelab.data.dataset import Array, smallest_integer
from tunelab.errors import BadInput, printable
from tunelab.wording import quantity

__all__ = ["MAX_CLASSES", "MAX_LABEL_LENGTH", "Label", "classes_of", "decide", "plain_number"]

MAX_CLASSES = 1000
MAX_LABEL_LENGTH = 100
_FEW_CLASSES = 10  # so many different whole numbers are classes without a further look
_MIN_ROWS_PER_CLASS = 10  # with fewer on average, many values are numbers to be predicted rather than classes
_MIN_RAREST, _MAX_IMBALANCE = 5, 10.0  # what many whole numbers must have to be classes: about as many rows each


@dataclass(frozen=True, eq=False)
class Label:
    """The label of n rows: ``targets`` are positions in ``classes``, (n,) integers; or numbers, (n,) float64.

    ``why`` is a sentence on how the task was chosen; ``guessed`` says that nobody had said it.
    """

    task: str
    targets: Array
    classes: tuple[str, ...] | None
    why: str
    guessed: bool


_CURE = "; choose the column to predict with data.label"


def decide(values: Array, *, task: str, called: str, where: str, cure: str = _CURE) -> Label:
    """The label of rows that all have one. ``values`` (n,) are floats, integers, booleans or texts.

    ``task`` is auto, classification or regression; ``called`` names the label, and ``where`` the file, in a sentence,
    and ``cure`` ends it where another label is wanted.
    Raises :class:`BadInput` for one class only, more classes than can be, or a task that the values don't allow.
    """
    if values.dtype.kind == "b":
        values = np.where(values, "True", "False")
    distinct, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) < 2:
        only = printable(_class_name(distinct[0]), 40)
        raise BadInput(f"{where}: {called} has only the value '{only}'; at least two are needed to learn from")
    if values.dtype.kind in "OUT":
        return _of_texts(distinct, positions.reshape(-1), counts, task, called, where, cure)
    numbers = values.astype(np.float64)
    chosen, why = _numeric_task(distinct.astype(np.float64), counts, task, called)
    if chosen == "regression":
        return Label("regression", numbers, None, why, task == "auto")
    if len(distinct) > MAX_CLASSES or _too_many(len(distinct), len(values)):
        raise BadInput(
            f"{where}: {called} has {quantity(len(distinct), 'different value')} in "
            f"{quantity(len(values), 'row')}, too many to be "
            'classes; predict the number itself with data.task = "regression"'
        )
    names = tuple(map(_class_name, distinct))
    return Label(
        "classification", positions.reshape(-1).astype(smallest_integer(len(names))), names, why, task == "auto"
    )


def classes_of(labels: Array, where: str) -> tuple[Array, tuple[str, ...]]:
    """Whole-number labels (n,) that are known to be classes, as positions among them; the classes in order."""
    distinct, positions = np.unique(labels, return_inverse=True)
    if len(distinct) < 2:
        raise BadInput(f"{where} has only the label '{distinct[0]}'; at least two are needed")
    return positions.reshape(-1).astype(smallest_integer(len(distinct))), tuple(str(label) for label in distinct)


def _of_texts(distinct: Array, positions: Array, counts: Array, task: str, called: str, where: str, cure: str) -> Label:
    n, words = int(counts.sum()), [str(text) for text in distinct]
    if task == "regression":
        raise BadInput(
            f"{where}: {called} holds text such as '{printable(words[0], 40)}', and regression predicts numbers; "
            f'use data.task = "classification"{cure}'
        )
    if len(words) > MAX_CLASSES or _too_many(len(words), n):
        raise BadInput(
            f"{where}: {called} has {len(words):,} different texts in {quantity(n, 'row')}, too many to be "
            f"classes{cure}"
        )
    for word in words:
        if len(word) > MAX_LABEL_LENGTH or not word.isprintable():
            raise BadInput(
                f"{where}: {called} has the class '{printable(word, 40)}'; a class's name is at most "
                f"{MAX_LABEL_LENGTH} characters that can be printed"
            )
    if all(_is_whole_number(word) for word in words):  # codes: in order of value
        order = np.argsort([int(word) for word in words], kind="stable")
        positions, words = np.argsort(order)[positions], [words[i] for i in order]
    why = f"{called} has {len(words)} different texts: classification"
    lowered = {word.lower() for word in words}
    if len(lowered) < len(words):
        why += "; some differ only in capitals, and count as different classes"
    return Label("classification", positions.astype(smallest_integer(len(words))), tuple(words), why, task == "auto")


def _numeric_task(distinct: Array, counts: Array, task: str, called: str) -> tuple[str, str]:
    """Which task numbers are for, and why."""
    k, n = len(distinct), int(counts.sum())
    if task != "auto":
        return task, f"{called}: {task}, as data.task says"
    whole = bool((distinct == np.floor(distinct)).all())
    overrule = 'data.task = "{}" overrules'
    kind = "whole-number values" if whole else "values"
    classes = k == 2 or (whole and not _too_many(k, n) and (k <= _FEW_CLASSES or _balanced(distinct, counts)))
    if classes:
        return "classification", f"{called} has {k} {kind}: classification; {overrule.format('regression')}"
    if whole:
        return "regression", f"{called} has {k:,} {kind}: regression; {overrule.format('classification')}"
    return "regression", f"{called} has numbers with decimals: regression"


def _balanced(distinct: Array, counts: Array) -> bool:
    """Whether many whole numbers look like names of classes: each of them about as often, without gaps."""
    dense = distinct[-1] - distinct[0] < 2 * len(distinct)
    return bool(dense and counts.min() >= _MIN_RAREST and counts.max() <= _MAX_IMBALANCE * counts.min())


def _too_many(classes: int, rows: int) -> bool:
    """Whether there are more classes than a tenth of the rows, or, of a few, hardly two rows each."""
    return classes > (rows / _MIN_ROWS_PER_CLASS if classes > _FEW_CLASSES else rows / 2)


def _class_name(value: Any) -> str:
    return str(value) if isinstance(value, str) else plain_number(float(value))


def plain_number(value: float) -> str:
    """A number as a person writes it: 1 for 1.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _is_whole_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 19
