"""`tunelab predict`: what a trained network predicts for each row of a file, as CSV or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tunelab import paths
from tunelab.prediction import Prediction, find_arm, predict
from tunelab.tui.cli.options.records import PredictOptions
from tunelab.tui.cli.output import print_text, say

__all__ = ["predict_command"]

_ROWS_AT_ONCE = 2000


def predict_command(options: PredictOptions) -> None:
    """Print a prediction for every row, and for classes their probabilities."""
    arm, choice = find_arm(options.name)
    prediction = predict(arm, options.file)
    if not options.quiet:
        for note in (choice, *prediction.notes):
            if note:
                say(note)
    texts = _json_lines(prediction) if options.as_json else _csv_lines(prediction)
    if options.out is None:
        for text in texts:
            print_text(text, end="")
    else:
        paths.write_whole(options.out, "".join(texts).encode())
        say(f"Written to {options.out}.")


def _csv_lines(prediction: Prediction) -> Iterator[str]:
    """The table as text, some thousand rows at once."""
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


def _json_lines(prediction: Prediction) -> Iterator[str]:
    """An object a row, some thousand rows at once."""
    classes = prediction.classes
    labels = None if classes is None else prediction.most_probable()
    for start in range(0, len(prediction), _ROWS_AT_ONCE):
        lines = []
        for row, values in enumerate(prediction.outputs[start : start + _ROWS_AT_ONCE].tolist(), start):
            rounded = [float(f"{value:.6g}") for value in values]
            if classes is None or labels is None:
                answer: dict[str, object] = {"row": row, "prediction": rounded[0] if len(rounded) == 1 else rounded}
            else:
                probabilities = dict(zip(classes, rounded, strict=True))
                answer = {"row": row, "prediction": labels[row], "probabilities": probabilities}
            lines.append(json.dumps(answer, ensure_ascii=False) + "\n")
        yield "".join(lines)
