"""What a trained network predicts for the rows of a file: written as CSV, and its beginning as a page to read."""

from __future__ import annotations

from pathlib import Path

from tunelab import paths
from tunelab.prediction import predict
from tunelab.records import ArmRecord
from tunelab.tui.text.prediction_text import csv_lines

__all__ = ["prediction_page"]

_LINES_SHOWN = 200  # the file has all of them


def prediction_page(arm: ArmRecord, path: Path, choice: str = "") -> str:
    """Write what an arm predicts for each row of a file; return a page that shows the beginning, after ``choice``.

    Raises :class:`tunelab.BadInput` where the file isn't what the networks were trained on.
    """
    prediction = predict(arm, path)
    text = "".join(csv_lines(prediction))
    target = paths.home() / "predictions" / f"{arm.run.name}.csv"
    paths.write_whole(target, text.encode())
    lines = text.splitlines()
    more = f"\n… {len(lines) - _LINES_SHOWN:,} more lines" if len(lines) > _LINES_SHOWN else ""
    notes = [choice, *prediction.notes, f"Written to {target}"]
    return "\n".join(note for note in notes if note) + "\n\n" + "\n".join(lines[:_LINES_SHOWN]) + more
