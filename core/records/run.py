"""A run's directory: what it holds, how one is made, found and listed.

    runs/RUN/run.json           format, name, preset, when it began, the arms' names
             preset.toml        the experiment in full, as it was asked for
             environment.json   versions, platform, git commit if any
             control            a word from any terminal: pause, stop (absent: go on)
             lock               held by the job that works on the run
             arms/00/           events.jsonl, checkpoint.npz, parameters.npz, and a lock held by who writes them

Presets are data: nothing in a record is executed, and arrays are read without pickle.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.experiment.preset import Preset, parse
from tunelab.records import checkpoint, locks
from tunelab.records.checkpoint import Checkpoint
from tunelab.records.environment import environment
from tunelab.records.follow import Merged, read_events
from tunelab.records.history import History
from tunelab.records.locks import Hold
from tunelab.records.writer import ArmWriter
from tunelab.suggestions import did_you_mean

__all__ = ["FORMAT", "ArmRecord", "Run", "all_runs", "create", "directories", "find", "last_end"]

FORMAT = 1
_PATIENCE = 1.0  # seconds: another look at the lock takes it for a moment
_WORK = frozenset({"start", "resume", "initial", "measure", "done"})
_LARGEST = 4_000_000  # bytes of a file that describes a run
_LATEST = 253_402_300_800  # seconds: the year 10000, beyond which there are no dates


def last_end(events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The `done` that an arm's events end with, or None where it goes on, or has gone on, after it."""
    work = [event for event in events if event["event"] in _WORK]
    return work[-1] if work and work[-1]["event"] == "done" else None


@dataclass(frozen=True)
class ArmRecord:
    """One arm of a run on disk."""

    run: str
    name: str
    directory: Path
    began: float
    typed: str

    @property
    def events_path(self) -> Path:
        """The file of events, one JSON object a line."""
        return self.directory / "events.jsonl"

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Everything recorded so far, or only the events of one kind."""
        return [e for e in read_events(self.events_path) if kind is None or e["event"] == kind]

    def history(self) -> History:
        """What has been measured so far, and how it began and ended."""
        return History(self.name, self.events())

    def is_being_written(self) -> bool:
        """Whether a living process writes this arm."""
        return locks.is_held(self.directory / "lock")

    def state(self) -> str:
        """'running', 'cut off', 'waiting' (nothing recorded yet), or the reason it ended with."""
        # Looked at before reading: what is written until the lock goes is then seen
        running = self.is_being_written()
        events = self.events()
        ended = last_end(events)
        if ended is not None:
            return str(ended["reason"])
        if running:
            return "running"
        return "cut off" if events else "waiting"

    def checkpoint(self, experiment: Experiment, events: Sequence[dict[str, Any]] | None = None) -> Checkpoint | None:
        """Where a training of this arm can go on: its checkpoint, or None where it has to begin.

        ``events`` are the arm's where they have been read already. A checkpoint is of no use when the record has
        lost measurements that it has passed: training again from the beginning brings them back. Raises
        :class:`BadInput` for a checkpoint that belongs elsewhere or is damaged.
        """
        found = checkpoint.read(self.directory / "checkpoint.npz", experiment)
        measures = [e for e in (self.events() if events is None else events) if e["event"] == "measure"]
        return found if found is not None and found.measures <= len(measures) else None

    def writer(self) -> ArmWriter:
        """Open the arm for writing; only one process can."""
        return ArmWriter(self.directory, self.run, self.name, self.began, self.typed)


@dataclass(frozen=True, repr=False)
class Run:
    """A run on disk: its ``directory``, and what its ``run.json`` says (``about``). It can be read while it trains.

        >>> run = Run.load("last")
        >>> run.state(), [arm.name for arm in run.arms]
        ('epochs', ['η = 0.1', 'η = 0.5'])
        >>> measures = run.arms[0].events("measure")
        >>> measures[-1]["epoch"], sorted(measures[-1])[:3]
        (2.0, ['arm', 'epoch', 'eta'])

    What an event holds is what ``tunelab run --json`` prints: costs are means over examples, accuracies shares from 0
    to 1; with several seeds the means over them, each seed's own numbers under ``replicates``.
    """

    directory: Path
    about: dict[str, Any]

    @classmethod
    def load(cls, name: str | os.PathLike[str]) -> Run:
        """Return the run of this name, or in this directory; 'last' is the newest.

        Raises :class:`tunelab.BadInput` where there is none, or its record is damaged.
        """
        return find(os.fspath(name))

    def __repr__(self) -> str:
        """Its name, its state and its arms in a line."""
        return f"<Run {self.name}: {self.state()}; arms {', '.join(arm.name for arm in self.arms)}>"

    @property
    def name(self) -> str:
        """What commands call it."""
        return str(self.about["name"])

    @property
    def typed(self) -> str:
        """What to type for it in a command: its name, or where it lies if that isn't where runs are."""
        return self.name if self.directory.parent == paths.runs() else shlex.quote(str(self.directory.absolute()))

    @cached_property
    def preset(self) -> Preset:
        """The experiment as it was asked for."""
        path = self.directory / "preset.toml"
        try:
            preset = parse(_text(path), str(self.about["preset"]), str(path))
        except (OSError, UnicodeDecodeError, RecursionError) as error:
            raise BadInput(
                f"the record {printable(self.name)} has no readable preset.toml: {printable(error)}"
            ) from None
        if [arm.name for arm in preset.arms] != self.about["arms"]:
            raise BadInput(f"the record {printable(self.name)} is damaged: preset.toml and run.json name other arms")
        return preset

    @property
    def environment(self) -> dict[str, str]:
        """Where the run took place, as far as its record says so."""
        try:
            said = json.loads(_text(self.directory / "environment.json"))
        except (OSError, ValueError, RecursionError):
            return {}
        return {printable(key): printable(value) for key, value in said.items()} if isinstance(said, dict) else {}

    @property
    def arms(self) -> list[ArmRecord]:
        """Its arms, in the preset's order."""
        return [
            ArmRecord(
                self.name, name, self.directory / "arms" / f"{position:02}", float(self.about["began"]), self.typed
            )
            for position, name in enumerate(self.about["arms"])
        ]

    def histories(self) -> list[History]:
        """The history of every arm."""
        return [arm.history() for arm in self.arms]

    def follower(self) -> Merged:
        """What reads the events of all arms as they come."""
        return Merged((arm.name, arm.events_path) for arm in self.arms)

    @property
    def control(self) -> Path:
        """The file through which a word reaches the training, from any terminal."""
        return self.directory / "control"

    def tell(self, word: str) -> None:
        """Leave a word for the training: 'pause' or 'stop'; 'go' takes it back."""
        if word == "go":
            try:
                self.control.unlink(missing_ok=True)
            except OSError as error:
                raise _unwritable(self.control, error) from None
        else:
            paths.write_whole(self.control, word.encode())

    def told(self) -> str:
        """The word that was left for the training, or nothing."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return self.control.read_text("utf-8").strip()[:20]
        return ""

    def hold(self) -> Hold:
        """Claim the run for one job, until it is released or the process ends; :class:`BadInput` where it is taken."""
        path = self.directory / "lock"
        try:
            lock = locks.hold(path, _PATIENCE)
        except OSError as error:
            raise _unwritable(path, error) from None
        if lock is None:
            raise BadInput(f"{self.name} is running; `tunelab watch {self.typed}` follows it")
        return lock

    def is_running(self) -> bool:
        """Whether a living process works on it, or has an arm of it in hand still."""
        return locks.is_held(self.directory / "lock") or any(arm.is_being_written() for arm in self.arms)

    def state(self) -> str:
        """One word for the whole run: running, cut off where an arm lacks its end, else how the arms ended."""
        if self.is_running():
            return "running"
        states = [arm.state() for arm in self.arms]
        if "waiting" in states or "running" in states:  # nobody is left who would begin, or go on with, that arm
            return "cut off"
        for word in ("cut off", "diverged", "stopped"):
            if word in states:
                return word
        return states[0]

    def remove(self) -> None:
        """Delete the record, and only what belongs to one. A run being written is left alone."""
        if self.state() == "running":
            raise BadInput(f"{self.name} is running; `tunelab stop {self.typed}` first")
        try:
            # First what makes it a run, so that half a record is never taken for one
            for name in ("run.json", "preset.toml", "environment.json", "control", "lock"):
                (self.directory / name).unlink(missing_ok=True)
            if (self.directory / "arms").is_dir():
                shutil.rmtree(self.directory / "arms")
            for left in self.directory.glob(".*.part"):
                left.unlink(missing_ok=True)
            if not any(self.directory.iterdir()):
                self.directory.rmdir()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput(f"{printable(self.directory)} can't be removed: {reason}") from None


def create(preset: Preset, out: Path | None = None, origin: dict[str, Any] | None = None) -> Run:
    """Make a new run's directory for a preset: under the home, or at ``out``, which must be new or empty.

    ``origin`` says of a run that goes on from another which, from where, and what is changed.
    """
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
    } | ({"origin": origin} if origin else {})
    try:
        paths.write_whole(directory / "preset.toml", preset.to_toml().encode())
        paths.write_whole(directory / "environment.json", json.dumps(environment(), indent=1).encode())
        # Last, since a directory without it isn't a run yet.
        paths.write_whole(directory / "run.json", json.dumps(about, indent=1, ensure_ascii=False).encode())
    except BadInput:
        shutil.rmtree(directory, ignore_errors=True)  # it was empty
        raise
    return Run(directory, about)


def _fresh(preset: Preset, began: float) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(began))
    word = re.sub(r"[^A-Za-z0-9.]+", "-", preset.name).strip("-.")[:50] or "run"
    for attempt in range(1, 1000):
        directory = paths.runs() / (f"{stamp}-{word}" + (f"-{attempt}" if attempt > 1 else ""))
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(paths.runs(), error) from None
        return directory
    raise BadInput(f"{printable(paths.runs())} has a thousand runs of this second; wait a moment")


def _given(out: Path) -> Path:
    out = paths.expanded(str(out)).absolute()
    paths.checked_name(out.name, "a run (the last part of --out)")
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise BadInput(f"--out: {printable(out)} isn't empty; name a new directory")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput(f"--out: {printable(out)} can't be written: {reason}") from None
    return out


def _unwritable(path: Path, error: OSError) -> BadInput:
    reason = (error.strerror or str(error)).lower()
    return BadInput(f"{printable(path)} can't be written: {reason}; set TUNELAB_HOME to a directory of yours")


def all_runs() -> Iterator[Run]:
    """Every run under the home, newest first. What isn't a readable run is passed over."""
    for directory in directories():
        if (directory / "run.json").is_file():
            try:
                yield _open(directory)
            except BadInput:
                continue


def directories() -> list[Path]:
    """What lies under the home where runs are, newest first, whether a readable run or not."""
    try:
        return sorted(paths.runs().iterdir(), reverse=True)
    except OSError:
        return []


def find(name: str) -> Run:
    """The run of this name, or in this directory; ``last`` is the newest."""
    if name == "last":
        for run in all_runs():
            return run
        raise BadInput("there is no run yet; `tunelab run first-look` makes one")
    if "/" in name or name.startswith((".", "~")):
        return _open(paths.expanded(name))
    directory = paths.runs() / paths.checked_name(name, "a run")
    if not directory.is_dir():
        names = [run.name for run in all_runs()]
        raise BadInput(f"there is no run '{printable(name)}'{did_you_mean(name, names)}; `tunelab runs` lists them")
    return _open(directory)


def _open(directory: Path) -> Run:
    path = directory / "run.json"
    try:
        about = json.loads(_text(path))
    except FileNotFoundError:
        raise BadInput(f"{printable(directory)} isn't a run: it has no run.json") from None
    except OSError as error:
        raise BadInput(f"{printable(path)} can't be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{printable(path)} can't be read: it is damaged or not JSON") from None
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise BadInput(f"{printable(path)} isn't a run's description: it names no format")
    if about["format"] > FORMAT:
        raise BadInput(
            f"{printable(directory)} was written by a newer tunelab (format {about['format']}, this one reads {FORMAT})"
        )
    arms, began = about.get("arms"), about.get("began")
    if not (isinstance(arms, list) and 0 < len(arms) <= 10_000 and all(_shown(arm) for arm in arms)):
        raise BadInput(f"{printable(path)} is damaged: it doesn't name the run's arms")
    if not _shown(about.get("name")) or not isinstance(began, int | float) or not 0 <= began < _LATEST:
        raise BadInput(f"{printable(path)} is damaged: it lacks the run's name or beginning")
    # Its own directory's name is what finds it, also where it was copied or renamed
    name = paths.checked_name(directory.resolve().name, "a run")
    return Run(
        directory,
        about
        | {
            "name": name,
            "preset": printable(about.get("preset", name), 200),
            "title": printable(about.get("title", ""), 200),
        },
    )


def _shown(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 200 and text.isprintable()


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(errno.EFBIG, "it is larger than any of ours")
    return content.decode("utf-8")
