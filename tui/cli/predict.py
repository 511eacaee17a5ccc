"""`tunelab predict`: what a trained network predicts for each row of a file, as CSV or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tunelab import paths
from tunelab.prediction import Prediction, find_arm, predict
from tunelab.tui.cli.options.records import PredictOptions
from tunelab.tui.cli.output import print_text, say
from tunelab.tui.text.prediction_text import csv_lines

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
    texts = _json_lines(prediction) if options.as_json else csv_lines(prediction)
    if options.out is None:
        for text in texts:
            print_text(text, end="")
    else:
        paths.write_whole(options.out, "".join(texts).encode())
        say(f"Written to {options.out}.")


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
