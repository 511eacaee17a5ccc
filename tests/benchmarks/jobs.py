"""Whole jobs from start to end, by the compiled kernel and by numpy: processes, imports, data and records included."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from .race import Spread, rounds, table

__all__ = ["jobs"]

_PRESET = """
[data]
name = "DATA"
train = {train}
evaluation = {evaluation}
[network]
hidden = [30]
[training]
eta = 0.1
mini_batch = 10
epochs = {epochs}
"""
_JOBS: dict[str, tuple[Sequence[str], tuple[int, int, int]]] = {
    "run: 784-30-10, 30 epochs of 50,000": (("run", "PRESET"), (50_000, 10_000, 30)),
    "run: one epoch of 1,000": (("run", "PRESET"), (1_000, 1_000, 1)),
    "sweep: 64 trials of 5 × 10,000": (
        ("sweep", "PRESET", "--over", "eta=log:0.01..1", "--over", "lambda=log:0.01..10", "--trials", "64"),
        (10_000, 1_000, 5),
    ),
    "find eta: on 10,000": (("find", "eta", "PRESET"), (10_000, 1_000, 5)),
    "tune: on 10,000, to the end of η": (("tune", "PRESET", "--stop-after", "eta"), (10_000, 1_000, 5)),
}


def jobs(data: str, *, rounds_of: int) -> str:
    """A table in Markdown: CPU seconds of each job, all its processes together."""
    rows = []
    for name, (command, (train, evaluation, epochs)) in _JOBS.items():
        with tempfile.TemporaryDirectory(prefix="tunelab-jobs-") as folder:
            preset = Path(folder) / "job.toml"
            text = _PRESET.format(train=train, evaluation=evaluation, epochs=epochs).replace("DATA", data)
            preset.write_text(text, "utf-8")
            words = [str(preset) if word == "PRESET" else word for word in command]
            engines = ("kernel", "numpy")
            each = {engine: partial(_seconds, words, engine, Path(folder)) for engine in engines}
            seconds = rounds(rounds_of, each)
        ratio = str(Spread.of(seconds["numpy"] / seconds["kernel"]))
        rows.append((name, *(f"{np.median(s):.2f}" for s in seconds.values()), ratio))
    return table(("whole job, CPU seconds", "kernel", "numpy", "numpy ÷ kernel"), rows)


def _seconds(command: Sequence[str], engine: str, folder: Path) -> float:
    """CPU seconds of one command with its processes. Its records go to a home of their own; data are shared."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = [sys.executable, "-m", "tunelab.tui.cli.main", *command, "--quiet"]
    if command[0] in ("run", "sweep"):
        arguments += ["--workers", "2"]
    if command[0] in ("run", "tune"):
        arguments += ["--out", tempfile.mkdtemp(dir=folder) + "/out"]
    if command[0] == "sweep":
        arguments += ["--study", f"bench-{os.getpid()}-{os.times().elapsed:.2f}".replace(".", "-")]
    environment = os.environ | {"TUNELAB_ENGINE": engine}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each process would compile every module anew
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
