"""A run's directory: what it holds, how one is made, found and listed.

    runs/RUN/run.json           format, name, preset, when it began, the arms' names
             preset.toml        the experiment in full, as it was asked for
             environment.json   versions, platform, git commit if any
             control            a word from any terminal: pause, stop (absent: go on)
             arms/00/           events.jsonl, parameters.npz, lock

Presets are data: nothing in a record is executed, and arrays are read without pickle.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from core import home
from core.errors import BadInput, nearest, printable
from core.experiment.preset import Preset, parse
from core.records.environment import environment
from core.records.follow import read_events
from core.records.writer import ArmWriter, is_being_written

__all__ = ["FORMAT", "ArmRecord", "Run", "all_runs", "create", "find"]

FORMAT = 1


@dataclass(frozen=True)
class ArmRecord:
    """One arm of a run on disk."""

    run: str
    name: str
    directory: Path
    began: float

    @property
    def events_path(self) -> Path:
        """The file of events, one JSON object a line."""
        return self.directory / "events.jsonl"

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Everything recorded so far, or only the events of one kind."""
        return [e for e in read_events(self.events_path) if kind is None or e["event"] == kind]

    def state(self) -> str:
        """'running', 'cut off', 'waiting' (nothing recorded yet), or the reason it ended with."""
        events = self.events()
        ends = [event for event in events if event["event"] == "done"]
        if ends:
            return str(ends[-1].get("reason", "done"))
        if is_being_written(self.directory):
            return "running"
        return "cut off" if events else "waiting"

    def writer(self) -> ArmWriter:
        """Open the arm for writing; only one process can."""
        return ArmWriter(self.directory, self.run, self.name, self.began)


@dataclass(frozen=True)
class Run:
    """A run on disk."""

    directory: Path
    about: dict[str, Any]

    @property
    def name(self) -> str:
        """What commands call it."""
        return str(self.about["name"])

    @cached_property
    def preset(self) -> Preset:
        """The experiment as it was asked for."""
        path = self.directory / "preset.toml"
        try:
            return parse(path.read_text("utf-8"), str(self.about.get("preset", self.name)), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"the record {printable(self.name)} has no readable preset.toml: {printable(error)}"
            ) from None

    @property
    def arms(self) -> list[ArmRecord]:
        """Its arms, in the preset's order."""
        return [
            ArmRecord(self.name, name, self.directory / "arms" / f"{position:02}", float(self.about["began"]))
            for position, name in enumerate(self.about["arms"])
        ]

    @property
    def control(self) -> Path:
        """The file through which a word reaches the training, from any terminal."""
        return self.directory / "control"

    def tell(self, word: str) -> None:
        """Leave a word for the training: 'pause' or 'stop'; 'go' takes it back."""
        if word == "go":
            self.control.unlink(missing_ok=True)
        else:
            home.write_whole(self.control, word.encode())

    def state(self) -> str:
        """One word for the whole run: running if an arm is, cut off if one is, else how the arms ended."""
        states = [arm.state() for arm in self.arms]
        for word in ("running", "cut off", "waiting", "diverged", "stopped"):
            if word in states:
                return word
        return states[0]

    def remove(self) -> None:
        """Delete the record. A run being written is left alone."""
        if self.state() == "running":
            raise BadInput(f"{self.name} is running; `tunelab stop {self.name}` first")
        shutil.rmtree(self.directory)


def create(preset: Preset, out: Path | None = None) -> Run:
    """Make a new run's directory for a preset: under the home, or at ``out``, which must be new or empty."""
    began = time.time()
    directory = _fresh(preset, began) if out is None else _given(out)
    name = directory.name
    about = {
        "format": FORMAT,
        "name": name,
        "preset": preset.name,
        "title": preset.title,
        "began": began,
        "arms": [arm.name for arm in preset.arms],
    }
    home.write_whole(directory / "preset.toml", preset.to_toml().encode())
    home.write_whole(directory / "environment.json", json.dumps(environment(), indent=1).encode())
    # Last, since a directory without it isn't a run yet.
    home.write_whole(directory / "run.json", json.dumps(about, indent=1, ensure_ascii=False).encode())
    return Run(directory, about)


def _fresh(preset: Preset, began: float) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(began))
    word = re.sub(r"[^A-Za-z0-9.]+", "-", preset.name).strip("-.")[:50] or "run"
    for attempt in range(1, 1000):
        directory = home.runs() / (f"{stamp}-{word}" + (f"-{attempt}" if attempt > 1 else ""))
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(home.runs(), error) from None
        return directory
    raise BadInput(f"{printable(home.runs())} has a thousand runs of this second; wait a moment")


def _given(out: Path) -> Path:
    out = out.expanduser().absolute()
    home.checked_name(out.name, "a run (the last part of --out)")
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise BadInput(f"--out: {printable(out)} isn't empty; name a new directory")
    except OSError as error:
        raise _unwritable(out, error) from None
    return out


def _unwritable(path: Path, error: OSError) -> BadInput:
    reason = (error.strerror or str(error)).lower()
    return BadInput(f"{printable(path)} can't be written: {reason}; set TUNELAB_HOME to a directory of yours")


def all_runs() -> Iterator[Run]:
    """Every run under the home, newest first. What isn't a readable run is passed over."""
    folder = home.runs()
    if not folder.is_dir():
        return
    for directory in sorted(folder.iterdir(), reverse=True):
        if (directory / "run.json").is_file():
            try:
                yield _open(directory)
            except BadInput:
                continue


def find(name: str) -> Run:
    """The run of this name, or in this directory; ``last`` is the newest."""
    if name == "last":
        for run in all_runs():
            return run
        raise BadInput("there is no run yet; `tunelab run first-look` makes one")
    if "/" in name or name.startswith((".", "~")):
        return _open(Path(name).expanduser())
    directory = home.runs() / home.checked_name(name, "a run")
    if not directory.is_dir():
        names = [run.name for run in all_runs()]
        raise BadInput(f"there is no run '{printable(name)}'{nearest(name, names)}; `tunelab runs` lists them")
    return _open(directory)


def _open(directory: Path) -> Run:
    path = directory / "run.json"
    try:
        about = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{printable(directory)} isn't a run: it has no run.json") from None
    except (OSError, ValueError):
        raise BadInput(f"{printable(path)} can't be read: it is damaged or not JSON") from None
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise BadInput(f"{printable(path)} isn't a run's description: it names no format")
    if about["format"] > FORMAT:
        raise BadInput(
            f"{printable(directory)} was written by a newer tunelab (format {about['format']}, this one reads {FORMAT})"
        )
    arms = about.get("arms")
    if not (isinstance(arms, list) and arms and all(isinstance(a, str) for a in arms)):
        raise BadInput(f"{printable(path)} is damaged: it doesn't name the run's arms")
    if not isinstance(about.get("name"), str) or not isinstance(about.get("began"), int | float):
        raise BadInput(f"{printable(path)} is damaged: it lacks the run's name or beginning")
    return Run(directory, about)
