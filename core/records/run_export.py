"""A run in the forms that other programs read: CSV, JSON, Markdown, npz. Texts are made a line at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from tunelab.records import npz_arrays
from tunelab.records.notebook import measure_rows
from tunelab.records.parameters import parameter_arrays
from tunelab.records.run import Run
from tunelab.training.metrics import Metric

__all__ = ["csv_lines", "json_lines", "markdown_lines", "npz_bytes"]

_FIRST = ["arm", "epoch", "examples"]
_TITLES = {"r2": "R²", "rmse": "RMSE"}


def csv_lines(run: Run) -> Iterator[str]:
    """Yield one line a measurement, arms one after the other; what isn't finite is empty."""
    names = dict.fromkeys(key for row in measure_rows(run) for key in row if key not in {*_FIRST, "event", "run"})
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_FIRST, *names], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in measure_rows(run):
        writer.writerow(row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def json_lines(run: Run) -> Iterator[str]:
    """Yield the run as one JSON object, an event a line: what it is, its environment, and every arm's events."""
    about = {"run": run.about, "preset": run.preset.tables, "environment": run.environment or None}
    yield json.dumps(about, indent=1, ensure_ascii=False, default=str).removesuffix("\n}") + ',\n "arms": ['
    for position, arm in enumerate(run.arms):
        head = json.dumps({"name": arm.name, "state": arm.state()}, ensure_ascii=False)
        yield ("," if position else "") + "\n  " + head.removesuffix("}") + ', "events": ['
        for number, event in enumerate(arm.iterate_events()):
            yield ("," if number else "") + "\n   " + json.dumps(event, ensure_ascii=False, default=str)
        yield "\n  ]}"
    yield "\n ]\n}\n"


def markdown_lines(run: Run) -> Iterator[str]:
    """Yield a report: title, description, and each arm's measurements as a table."""
    yield f"# {run.preset.title}\n\nRun `{run.name}`.\n\n"
    if run.preset.description:
        yield f"{run.preset.description}\n\n"
    for arm in run.arms:
        outline = arm.outline()
        names = _report_columns(outline.metric)
        yield f"## {arm.name}\n\nEnded: {arm.state()}.\n\n"
        yield "| " + " | ".join(_title(name) for name in names) + " |\n"
        yield "|" + " ---: |" * len(names) + "\n"
        for event in arm.iterate_events("measure"):
            yield "| " + " | ".join(_cell(event.get(name)) for name in names) + " |\n"
        if outline.metric.name == "balanced_accuracy" and (recalls := outline.per_class()):
            yield "\n| class | recall | examples |\n| --- | ---: | ---: |\n"
            for name, about in recalls.items():
                yield f"| {name} | {_cell(about['recall'])} | {about['count']} |\n"
        yield "\n"


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
