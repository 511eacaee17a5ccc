"""What tests of records share: a little data, and presets on it that train in milliseconds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Inline
from tunelab import engine
from tunelab.engine import training_worker
from tunelab.experiment import Preset
from tunelab.experiment.preset import parse
from tunelab.records import Run
from tunelab.records.run import last_end
from tunelab.training import kernel_steps, numpy_steps

_HEAD = ("event", "run", "arm", "time", "seconds")

ARMS = """
[training]
eta = 0.5
lambda = 0.1
mini_batch = 7
epochs = 6

[[arm]]
name = "plain"

[[arm]]
name = "three seeds"
initialization.seeds = 3
training.eta = 0.2

[[arm]]
name = "scheduled"
training.eta = 4.0
training.schedule = {rule = "halve-on-plateau", patience = 1, stop_at = 8}

[[arm]]
name = "stopped early"
training.early_stopping = {patience = 1}
training.eta = 3.0

[[arm]]
name = "often"
training.monitor_every = 50
initialization.seeds = 2
"""
"""Everything a resume has to bring back: arms that stack and one that doesn't, seeds, schedules, early stopping,
measurements in mid-epoch."""


def little_data(folder: Path) -> Path:
    """An .npz of 120 examples of three classes, which a network learns but not to perfection."""
    rng = np.random.default_rng(5)
    patterns = rng.normal(size=(3, 8))
    arrays = {}
    for part, count in (("train", 120), ("validation", 60), ("test", 30)):
        y = rng.integers(0, 3, count)
        arrays[f"x_{part}"] = (patterns[y] + rng.normal(0, 1.5, (count, 8))).astype(np.float32)
        arrays[f"y_{part}"] = y
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "little.npz", **arrays)
    return folder / "little.npz"


def preset_on(data: Path, tables: str = ARMS, name: str = "trial") -> Preset:
    """A preset on little data."""
    return parse(f'[data]\nname = "{data}"\n[network]\nhidden = [5]\n{tables}', name, name)


def trained(preset: Preset, out: Path | None = None, workers: int = 1) -> Run:
    """A run trained to its end in this process."""
    return ended(engine.start(preset, Inline(), out=out, workers=workers))


def resumed(run: Run, workers: int = 1) -> Run:
    """A run taken up and trained to its end in this process."""
    return ended(engine.resume(run, Inline(), workers=workers))


def ended(job: engine.Job) -> Run:
    """The run of a job that has been followed to its end."""
    for _ in job.follow():
        pass
    return Run(job.run.directory)


def substance(run: Run) -> list[Any]:
    """What must come out the same to the last bit, arm by arm: every measurement, and how it ended.

    That nothing stands there twice is part of it.
    """
    return [
        (
            arm.name,
            [_bare(e) for e in arm.events() if e["event"] in ("initial", "measure")],
            _bare(last_end(arm.events())),
        )
        for arm in run.arms
    ]


def _bare(event: dict[str, Any] | None) -> str:
    assert event is not None
    return json.dumps({key: value for key, value in event.items() if key not in _HEAD}, sort_keys=True)


class Nobody(Inline):
    """Takes work and never does it: the run is there for another process."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        """Give a future that has been cancelled."""
        future: Future[Any] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


class Broken(Exception):
    """Stands for the end of a process: nothing that follows it in the code is done."""


def cut_off(preset: Preset, pulses: int, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose process ended after so many pulses."""
    with monkeypatch.context() as patch:
        cut_off_after(patch, pulses)
        job = engine.start(preset, Inline(), workers=1)
        with pytest.raises(Broken):
            ended(job)
    return Run(job.run.name)


def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the control file, and for the end, every few mini-batches, so that any of them can be the last."""
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 700)
    monkeypatch.setattr(kernel_steps, "_WORK", 1)
    monkeypatch.setattr(kernel_steps, "FOLD_EVERY", 1)
    monkeypatch.setattr(training_worker, "_LOOK_EVERY", 0.0)
    # What a process has written outlives it without; syncing is for machines that lose power, and takes time
    monkeypatch.setattr(os, "fsync", lambda _: None)


def cut_off_after(monkeypatch: Any, pulses: int) -> None:
    """Make the next training in this process end as a killed one does, after so many pulses."""
    real, left = training_worker._pulse, pulses

    def pulse_of(*args: Any) -> Callable[[], None]:
        look = real(*args)

        def pulse() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Broken
            look()

        return pulse

    monkeypatch.setattr(training_worker, "_pulse", pulse_of)


def stop_at(look: int) -> Any:
    """What is told to a training: nothing at first, then stop."""
    looks: dict[str, int] = {}

    def request(run: Run) -> str:
        looks[run.name] = looks.get(run.name, 0) + 1
        return "stop" if looks[run.name] > look else ""

    return request
