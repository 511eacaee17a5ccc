"""A run in the forms that other programs read: CSV, JSON, Markdown, npz."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
from tunelab.records import npz_arrays
from tunelab.records.notebook import measure_rows
from tunelab.records.parameters import parameter_arrays
from tunelab.records.run import Run
from tunelab.training.metrics import Metric

__all__ = ["csv_text", "json_text", "markdown_text", "npz_bytes"]

_FIRST = ["arm", "epoch", "examples"]
_TITLES = {"r2": "R²", "rmse": "RMSE"}


def csv_text(run: Run) -> str:
    """One line a measurement, arms one after the other; what isn't finite is empty."""
    rows = measure_rows(run)
    names = dict.fromkeys(key for row in rows for key in row if key not in {*_FIRST, "event", "run"})
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_FIRST, *names], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def json_text(run: Run) -> str:
    """The run as one JSON object: what it is, its environment, and every arm's events."""
    whole = {
        "run": run.about,
        "preset": run.preset.tables,
        "environment": run.environment or None,
        "arms": [{"name": arm.name, "state": arm.state(), "events": arm.events()} for arm in run.arms],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, default=str) + "\n"


def markdown_text(run: Run) -> str:
    """A report: title, description, and each arm's measurements as a table."""
    lines = [f"# {run.preset.title}", "", f"Run `{run.name}`.", ""]
    if run.preset.description:
        lines += [run.preset.description, ""]
    for arm in run.arms:
        lines += [f"## {arm.name}", "", f"Ended: {arm.state()}.", ""]
        history = arm.history()
        names = _report_columns(history.metric)
        lines += ["| " + " | ".join(_title(name) for name in names) + " |"]
        lines += ["|" + " ---: |" * len(names)]
        lines += ["| " + " | ".join(_cell(event.get(name)) for name in names) + " |" for event in arm.events("measure")]
        if history.metric.name == "balanced_accuracy" and (recalls := history.per_class()):
            lines += ["", "| class | recall | examples |", "| --- | ---: | ---: |"]
            lines += [f"| {name} | {_cell(about['recall'])} | {about['count']} |" for name, about in recalls.items()]
        lines.append("")
    return "\n".join(lines)


def _report_columns(metric: Metric) -> list[str]:
    names = {"accuracy": ["accuracy"], "balanced_accuracy": ["balanced_accuracy", "accuracy"], "r2": ["r2", "rmse"]}
    parts = (("training", names[metric.name][:1]), ("evaluation", names[metric.name]))
    return ["epoch", "eta", *(f"{part}_{name}" for part, own in parts for name in ("cost", *own))]


def _title(name: str) -> str:
    part, _, measure = name.partition("_")
    return f"{part} {_TITLES[measure]}" if measure in _TITLES else name.replace("_", " ")


def _cell(value: Any) -> str:
    return "not finite" if value is None else f"{value:.6g}"


def npz_bytes(run: Run) -> bytes:
    """The parameters of every arm as one npz: ``weights_0`` (R, fan_in, fan_out), ``biases_0``, …

    With several arms each name is led by the arm's number: ``arm0_weights_0``. ``encoder`` is a JSON text, () of str:
    how rows of a table become inputs (scales, categories) and outputs become answers, where it learnt from one.
    """
    whole: dict[str, Any] = {}
    for position, arm in enumerate(run.arms):
        prefix = f"arm{position}_" if len(run.arms) > 1 else ""
        whole |= {prefix + name: values for name, values in parameter_arrays(arm.network()).items()}
        if (encoder := arm.encoder()) is not None and encoder.get("kind") == "table":
            whole[f"{prefix}encoder"] = np.array(json.dumps(encoder, ensure_ascii=False))
    return npz_arrays.packed(whole)
