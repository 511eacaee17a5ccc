"""A trial's curves on disk, and as a run that the lab, `runs show` and `compare` understand."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput
from tunelab.files import MaxBytes, open_regular, own_part, read_regular
from tunelab.records import Run, create_run
from tunelab.records.measure_events import better
from tunelab.sweeps.results import TrialRow
from tunelab.sweeps.studies import StudyRecord

__all__ = ["as_run", "done_event", "write_events"]


def done_event(
    measures: list[dict[str, Any]], reason: str, done: dict[str, Any] | None, seconds: float
) -> dict[str, Any]:
    """How a trial ended, as a record says it."""
    plain = [{k: v for k, v in m.items() if k not in ("event", "seconds")} for m in measures]
    best: dict[str, Any] | None = None
    for measure in plain:
        if better(measure, best):
            best = measure
    return {
        "event": "done",
        "reason": reason,
        "examples": plain[-1]["examples"],
        "final": plain[-1],
        "best": best,
        "weights_sha256": (done or {}).get("weights_sha256", ""),
        "seconds": round(seconds, 6),
    }


def write_events(directory: Path, study: str, number: int, events: list[dict[str, Any]]) -> None:
    """Keep a trial's events. A disk that refuses costs the curves, not the trial: its value is in the study."""
    run = _run_name(study, number)
    lines = []
    for event in events:
        time = float(event.get("seconds", 0.0))
        fields = {key: value for key, value in event.items() if key != "seconds" or event["event"] == "done"}
        head = {"event": event["event"], "run": run, "arm": "run", "time": round(time, 6)}
        lines.append(json.dumps(head | fields, ensure_ascii=False, allow_nan=False) + "\n")
    path = _path(directory, number)
    beside = path.with_suffix(".part")
    with contextlib.suppress(OSError):
        own_part(directory, "trials").mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        # Not synced: only the table must survive a power cut
        with os.fdopen(open_regular(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as file:
            file.write("".join(lines))
        beside.replace(path)


def as_run(record: StudyRecord, row: TrialRow) -> Run:
    """The trial as a run: its experiment and its curves, under the study's directory.

    Raises :class:`BadInput` where its curves aren't here: it was trained from another home, or hasn't ended.
    """
    name = _run_name(record.name, row.number)
    directory = record.directory / "runs" / name
    if (directory / "run.json").is_file():
        return Run(directory)
    try:
        lines = read_regular(_path(record.directory, row.number), MaxBytes.ARRAYS)
    except OSError:
        raise BadInput(f"the curves of trial {row.number} aren't here: it was trained from another home") from None
    run = create_run(record.plan.preset_of(row.number, row.params, name), directory)
    paths.write_whole(run.arms[0].events_path, lines)
    return run


def _path(directory: Path, number: int) -> Path:
    return directory / "trials" / f"{number:05}.jsonl"


def _run_name(study: str, number: int) -> str:
    return f"{study[:80]}-trial-{number}"
