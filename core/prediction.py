"""What a trained network predicts for new rows: a table, an .npz or IDX images, encoded as the run's data were.

Several seeds are averaged: the mean of their probabilities, or of their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.catalogue import NAMED
from tunelab.data.encoding import encode_rows, encoder_of
from tunelab.errors import BadInput, printable
from tunelab.experiment import load_data
from tunelab.network import Network
from tunelab.records import ArmRecord
from tunelab.records.run import split_arm_name
from tunelab.wording import quantity

__all__ = ["Prediction", "find_arm", "predict"]

Array = NDArray[Any]

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answers for n rows.

    ``outputs``: where ``classes`` are given their probabilities, (n, classes), each row's sum 1; else numbers in the
    label's own unit, (n, outputs), float64. ``notes``: sentences on columns left aside, unknown categories and so on.
    """

    outputs: Array
    classes: tuple[str, ...] | None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.outputs)

    def most_probable(self) -> list[str]:
        """Return the name of the most probable class of each row."""
        assert self.classes is not None
        return [self.classes[position] for position in self.outputs.argmax(axis=1)]


def find_arm(name: str) -> tuple[ArmRecord, str]:
    """Return the arm meant by RUN or RUN:ARM, and a sentence where one of several was chosen, else an empty one.

    Of several arms it is the one that ended best on evaluation data. Raises :class:`BadInput`.
    """
    run, arm = split_arm_name(name)
    if arm is not None:
        return run[arm], ""
    if len(run.arms) == 1:
        return run.arms[0], ""
    best = max(run.arms, key=_final_result)
    others = ", ".join(f"'{printable(other.name, 60)}'" for other in run.arms if other.name != best.name)
    return best, f"This is the arm '{printable(best.name, 60)}', which ended best; RUN:ARM takes {others}."


def _final_result(arm: ArmRecord) -> float:
    history = arm.history()
    value = history.latest.get(history.metric.field())
    return -np.inf if value is None else float(value)


def predict(arm: ArmRecord, path: Path) -> Prediction:
    """Return what the arm's trained networks predict for every row of a file.

    Columns of a table are found by name where it has a header. Raises :class:`BadInput` where the arm has no
    parameters yet or diverged, and for a file without a column that the networks need.

        >>> from tunelab import Run, prediction
        >>> prediction.predict(Run("last").arms[0], Path("new.csv")).outputs  # doctest: +SKIP
    """
    network = arm.network()
    encoder = _encoder(arm)
    classes = None if encoder["classes"] is None else tuple(encoder["classes"])
    rows = encode_rows(encoder, path)
    outputs = np.empty((len(rows), network.sizes[-1]))
    notes = list(rows.notes)
    sound = _finite_replicates(network)
    if not len(sound):
        raise BadInput(
            f"the arm '{printable(arm.name, 60)}' of {arm.run.name} diverged: its weights aren't finite and predict "
            "nothing; train it with a smaller training.eta"
        )
    if len(sound) < network.replicates:
        notes.append(
            f"{network.replicates - len(sound)} of {quantity(network.replicates, 'network')} diverged and are left out"
        )
        network = network.select(sound)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        answers = network.answer(rows.scaled(part, network.dtype)).astype(np.float64)
        outputs[part] = (answers if classes is None else _probabilities(answers, network.output.other)).mean(axis=0)
    if encoder["target_std"]:
        outputs = outputs * np.array(encoder["target_std"]) + np.array(encoder["target_mean"])
    return Prediction(outputs, classes, tuple(notes))


def _encoder(arm: ArmRecord) -> dict[str, Any]:
    """How rows become inputs: as recorded, or for a record made before that was kept, from its data."""
    if (encoder := arm.encoder()) is not None:
        return encoder
    data = arm.experiment.data
    encoder = encoder_of(load_data(arm.experiment))
    if data.name not in NAMED and encoder["kind"] == "table":
        raise BadInput(
            f"{arm.run.name} was recorded before tunelab kept how a table's rows become inputs; train it again"
        )
    return encoder


def _finite_replicates(network: Network) -> Array:
    finite = np.ones(network.replicates, bool)
    for array in (*network.weights, *network.biases):
        finite &= np.isfinite(array).reshape(network.replicates, -1).all(axis=1)
    return np.flatnonzero(finite)


def _probabilities(answers: Array, other: float) -> Array:
    """Outputs (R, n, classes) as probabilities: softmax as it is, others from ``other`` on, divided by their sum.

    ``other`` is what an output is wanted to be for a class that isn't its own.
    """
    positive = np.clip(answers - other, 0.0, None)
    total = positive.sum(axis=-1, keepdims=True)
    return np.where(total > 0, positive / np.where(total > 0, total, 1.0), 1.0 / answers.shape[-1])
