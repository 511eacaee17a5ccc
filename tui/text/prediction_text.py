"""Predictions as a table in CSV, the same for the command and the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunelab.prediction import Prediction

__all__ = ["csv_lines"]

_ROWS_AT_ONCE = 2000


def csv_lines(prediction: Prediction) -> Iterator[str]:
    """Yield the table as text, its heads first, then some thousand rows at once."""
    classes, outputs = prediction.classes, prediction.outputs.shape[1]
    if classes is not None:
        heads = ["prediction", *classes]
    else:
        heads = ["prediction"] if outputs == 1 else [f"prediction_{i + 1}" for i in range(outputs)]
    yield ",".join(["row", *map(_csv_cell, heads)]) + "\n"
    template = ",".join(["%.6g"] * outputs)
    labels = None if classes is None else [_csv_cell(label) for label in prediction.most_probable()]
    for start in range(0, len(prediction), _ROWS_AT_ONCE):
        rows = enumerate(prediction.outputs[start : start + _ROWS_AT_ONCE].tolist(), start)
        if labels is None:
            yield "".join(f"{row},{template % tuple(values)}\n" for row, values in rows)
        else:
            yield "".join(f"{row},{labels[row]},{template % tuple(values)}\n" for row, values in rows)


def _csv_cell(text: str) -> str:
    """A text as a cell, quoted where it needs to be."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(c in text for c in ',"\r\n') else text
