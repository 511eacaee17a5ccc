"""A run's record: what its directory holds, how it is opened and read, and how other terminals reach its training.

    runs/RUN/run.json           format, name, preset, when it began, the arms' names
             preset.toml        the experiment in full, as it was asked for
             environment.json   versions, platform, git commit if any
             control            a word from any terminal: pause, stop (absent: go on)
             lock               held by the job that works on the run
             arms/00/           events.jsonl, encoder.json (how rows become inputs), checkpoint.npz, parameters.npz,
                                and a lock held by who writes them

Presets are data: nothing in a record is executed, and arrays are read without pickle.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.experiment import Experiment
from tunelab.experiment.preset import Preset, parse
from tunelab.files import MaxBytes, own_part, read_regular
from tunelab.kernel import engine_for
from tunelab.network import Network
from tunelab.records import checkpoint, locks, parameters
from tunelab.records.checkpoint import Checkpoint
from tunelab.records.damage import report_damage
from tunelab.records.events import Event
from tunelab.records.follow import MergedFollower, iterate_events, last_event, outline_events, sample_events
from tunelab.records.history import History
from tunelab.records.locks import Hold
from tunelab.records.writer import ENCODER, ArmWriter
from tunelab.wording import did_you_mean

__all__ = ["FORMAT", "ArmRecord", "Run", "all_runs", "last_end", "run_directories", "split_arm_name"]

FORMAT = 1
_PATIENCE = 1.0  # seconds: another look at the lock takes it for a moment
_WORK = frozenset({"start", "resume", "initial", "measure", "done"})
_YEARS = (-62_135_596_800, 253_402_300_800)  # 1 to 9999, in seconds since 1970; a clock may be before that


def last_end(events: Sequence[Event]) -> Event | None:
    """Return the ``done`` that an arm's events end with; None where it goes on, or has gone on, after it."""
    work = [event for event in events if event["event"] in _WORK]
    return work[-1] if work and work[-1]["event"] == "done" else None


class ArmRecord:
    """One arm of a run on disk: its ``name``, its ``directory``, and what was recorded of it."""

    def __init__(self, run: Run, position: int) -> None:
        self.run = run
        self.position = position
        self.name = str(run.about["arms"][position])
        try:
            self.directory = own_part(run.directory, "arms", f"{position:02}")
        except OSError as error:
            raise BadInput(os_error_sentence(error, action="used")) from None

    def __repr__(self) -> str:
        return f"<arm {self.name!r} of {self.run.name}: {self.state()}>"

    @property
    def experiment(self) -> Experiment:
        """What it trains."""
        return self.run.preset.arms[self.position].experiment

    @property
    def events_path(self) -> Path:
        """The file of events, one JSON object a line."""
        return self.directory / "events.jsonl"

    @property
    def checkpoint_path(self) -> Path:
        """The file that says where its training stands; gone once it has ended by itself."""
        return self.directory / checkpoint.FILE

    def events(self, kind: str | None = None) -> list[Event]:
        """Return everything recorded so far, or only the events of one kind."""
        return list(self.iterate_events(kind))

    def iterate_events(self, kind: str | None = None) -> Iterator[Event]:
        """Yield what :meth:`events` returns, one at a time: a record may be larger than memory."""
        for event in self._with_lost_end(iterate_events(self.events_path)):
            if kind is None or event["event"] == kind:
                yield event

    def _with_lost_end(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events of this arm's file, and report it where an end is missing that there was."""
        ended = False
        for event in events:
            ended = ended or event["event"] == "done"
            yield event
        if not ended:
            report_damage(self.events_path, self.lost_end())

    def lost_end(self) -> str | None:
        """Return a sentence where a record without any end was one of a training that had come to its end.

        None where that is known: the doctor has set the damaged record aside.
        """
        aside = self.events_path.with_name(f"{self.events_path.name}.damaged")
        if aside.exists() or not (self.directory / parameters.FILE).exists() or self.is_being_written():
            return None
        return f"{printable(self.events_path, 300)} isn't whole: the training came to its end, which is missing"

    def end(self) -> Event | None:
        """Return the ``done`` that it ended with; None where it goes on, or has gone on, after it."""
        last = last_event(self.events_path, _WORK)
        return last if last is not None and last["event"] == "done" else None

    def history(self, most: int | None = None) -> History:
        """Return what has been measured so far, and how it began and ended.

        ``most`` measurements at most, evenly over the training: a long record is read in a fraction of the time.
        """
        if most is None:
            return History(self.name, self.iterate_events())
        return History(self.name, self._with_lost_end(sample_events(self.events_path, most)))

    def outline(self) -> History:
        """Return how it began, its last measurements and its end: a history that any record gives at once.

        A record that looks damaged is read whole, and what is missing reported.
        """
        events = outline_events(self.events_path)
        if events is None or not any(event["event"] == "done" for event in events):
            return self.history()
        return History(self.name, events)

    def network(self) -> Network:
        """Return the R networks as training left them, a replicate for each seed.

        Raises :class:`tunelab.BadInput` while there are none yet, or where the file is damaged.
        """
        try:
            return parameters.read_parameters(self.directory / parameters.FILE, self.experiment)
        except FileNotFoundError:
            raise BadInput(
                f"the arm '{printable(self.name, 60)}' of {self.run.name} has no parameters yet: it is "
                f"{self.state()}, and they are written when its training ends"
            ) from None

    def encoder(self) -> dict[str, Any] | None:
        """Return how rows become inputs (:mod:`tunelab.data.encoding`); None in a record that is older than that."""
        try:
            encoder = json.loads(_text(self.directory / ENCODER, MaxBytes.ENCODER))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            encoder = None
        if not isinstance(encoder, dict):
            raise BadInput(
                f"the record {printable(self.run.name)} is damaged: {ENCODER} of '{printable(self.name)}' isn't JSON"
            )
        return encoder

    def is_being_written(self) -> bool:
        """Return whether a living process writes this arm."""
        return locks.is_held(self.directory / "lock")

    def state(self) -> str:
        """Return 'running', 'cut off', 'waiting' (nothing recorded yet), or the reason it ended with."""
        # Looked at before reading: what is written until the lock goes is then seen
        running = self.is_being_written()
        last = last_event(self.events_path, _WORK)
        if last is not None and last["event"] == "done":
            return str(last["reason"])
        if running:
            return "running"
        return "cut off" if last is not None else "waiting"

    def checkpoint(self, events: Sequence[Event] | None = None) -> Checkpoint | None:
        """Return where a training of this arm can go on: its checkpoint, or None where it has to begin.

        ``events`` are the arm's where they have been read already. A checkpoint is of no use when the record has
        lost measurements that it has passed: training again from the beginning brings them back. Raises
        :class:`tunelab.BadInput` for a checkpoint that belongs elsewhere or is damaged.
        """
        saved = checkpoint.read(self.checkpoint_path, self.experiment)
        measures = [e for e in (self.events() if events is None else events) if e["event"] == "measure"]
        return saved if saved is not None and saved.measures <= len(measures) else None

    def writer(self) -> ArmWriter:
        """Open the arm for writing; only one process can."""
        began = float(self.run.about["began"])
        return ArmWriter(self.directory, self.run.name, self.name, began, self.run.argument)


class Run:
    """A run's record, read while it trains or long after.

    Args:
        name: the run's name, ``last`` for the newest, or the path of its directory.

    Raises:
        BadInput: where there is no such run, or its record is damaged or of a newer tunelab.

    ``directory`` is where it lies, and ``about`` what its ``run.json`` says.

        >>> run = Run("last")
        >>> run.state(), [arm.name for arm in run.arms]
        ('epochs', ['η = 0.1', 'η = 0.5'])
        >>> history = run["η = 0.5"].history()
        >>> history.epochs
        array([1., 2.])
        >>> history.values("evaluation_accuracy").shape
        (2,)

    Costs are means over examples, accuracies shares from 0 to 1; with several seeds :meth:`History.values` are means
    over them, and :meth:`History.seed_values` each seed's own.
    """

    def __init__(self, name: str | os.PathLike[str]) -> None:
        self.directory = _directory_of(name)
        self.about: dict[str, Any] = _description(self.directory)

    def __repr__(self) -> str:
        return f"<Run {self.name}: {self.state()}; arms {', '.join(arm.name for arm in self.arms)}>"

    def __getitem__(self, arm: str) -> ArmRecord:
        """Return the arm of this name; :class:`tunelab.BadInput` where there is none."""
        names = self.about["arms"]
        if arm not in names:
            raise BadInput(
                f"{self.name} has no arm '{printable(arm, 60)}'{did_you_mean(arm, names)}; it has {', '.join(names)}"
            )
        return ArmRecord(self, names.index(arm))

    @property
    def name(self) -> str:
        """What commands call it."""
        return str(self.about["name"])

    @property
    def argument(self) -> str:
        """What to type for it in a command: its name, or its path where it lies elsewhere than other runs."""
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
        path = self.directory / "environment.json"
        try:
            environment = json.loads(_text(path))
        except OSError as error:
            report_damage(path, os_error_sentence(error, path, "read"))
            return {}
        except (ValueError, RecursionError):
            environment = None
        if not isinstance(environment, dict):
            report_damage(path, f"{printable(path, 300)} is damaged: where the run trained isn't known")
            return {}
        return {printable(key): printable(value) for key, value in environment.items()}

    @property
    def engine(self) -> str:
        """What is to train it from here on: what trained it so far, where that is here."""
        return engine_for(self.environment.get("engine"))

    @property
    def arms(self) -> list[ArmRecord]:
        """Its arms, in the preset's order."""
        return [ArmRecord(self, position) for position in range(len(self.about["arms"]))]

    def histories(self) -> list[History]:
        """Return the history of every arm."""
        return [arm.history() for arm in self.arms]

    def to_frame(self) -> Any:
        """Return every measurement as a polars DataFrame, or a pandas one where only that is installed.

        A row a measurement, arms one after the other; ``arm``, ``epoch`` and ``examples`` come first. Costs are means
        over examples, accuracies shares from 0 to 1, what isn't finite is null. Raises :class:`tunelab.BadInput`
        where neither library is there.

            >>> Run("last").to_frame().select("arm", "epoch").rows()
            [('η = 0.1', 1.0), ('η = 0.1', 2.0), ('η = 0.5', 1.0), ('η = 0.5', 2.0)]
        """
        from tunelab.records.notebook import frame_of

        return frame_of(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the arms' last numbers and their curves."""
        from tunelab.records.notebook import html_of

        return html_of(self)

    def follower(self) -> MergedFollower:
        """Return what reads the events of all arms as they come."""
        return MergedFollower((arm.name, arm.events_path) for arm in self.arms)

    @property
    def control_path(self) -> Path:
        """The file through which a request reaches the training, from any terminal."""
        return self.directory / "control"

    def send(self, request: str) -> None:
        """Leave a request for the training: 'pause' or 'stop'; 'go' takes it back."""
        if request == "go":
            try:
                self.control_path.unlink(missing_ok=True)
            except OSError as error:
                raise BadInput(os_error_sentence(error, self.control_path)) from None
        else:
            paths.write_whole(self.control_path, request.encode())

    def request(self) -> str:
        """Return the request that was left for the training, or nothing."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return _text(self.control_path, MaxBytes.WORD).strip()[:20]
        return ""

    def hold(self) -> Hold:
        """Claim the run for one job, until it is released or the process ends; :class:`BadInput` where it is taken."""
        path = self.directory / "lock"
        try:
            lock = locks.hold(path, _PATIENCE)
        except OSError as error:
            raise BadInput(os_error_sentence(error, path)) from None
        if lock is None:
            raise BadInput(f"{self.name} is running; `tunelab watch {self.argument}` follows it")
        return lock

    def is_running(self) -> bool:
        """Return whether a living process works on it, or still writes one of its arms."""
        return locks.is_held(self.directory / "lock") or any(arm.is_being_written() for arm in self.arms)

    def state(self) -> str:
        """Return one word for the whole run: running, cut off where an arm lacks its end, else how the arms ended."""
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
            raise BadInput(f"{self.name} is running; `tunelab stop {self.argument}` first")
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
            raise BadInput(os_error_sentence(error, self.directory, "removed")) from None


def split_arm_name(name: str) -> tuple[Run, str | None]:
    """Return the run and the arm's name meant by RUN or RUN:ARM; either may have a colon in it.

    The longest RUN that exists is taken. Raises :class:`BadInput` where there is no such run or arm.
    """
    try:
        return Run(name), None
    except BadInput as problem:
        refusal = problem
    for position in [i for i, letter in enumerate(name) if letter == ":"][::-1]:
        try:
            run = Run(name[:position])
        except BadInput as problem:
            refusal = problem
            continue
        arm, arms = name[position + 1 :], [record.name for record in run.arms]
        beginning = [known for known in arms if known.startswith(arm)]
        if arm in arms or len(beginning) == 1:
            return run, arm if arm in arms else beginning[0]
        listed = ", ".join(f"'{printable(known, 60)}'" for known in arms)
        raise BadInput(f"{run.name} has no arm '{printable(arm, 60)}'{did_you_mean(arm, arms)}; it has {listed}")
    raise refusal


def all_runs() -> Iterator[Run]:
    """Yield every run under the home, newest first. One that can't be read is passed over and reported."""
    for directory in run_directories():
        path = directory / "run.json"
        if path.exists() or path.is_symlink():
            try:
                yield Run(directory)
            except BadInput as problem:
                report_damage(path, str(problem))


def run_directories() -> list[Path]:
    """Return what lies under the home where runs are, newest first, whether a readable run or not."""
    try:
        return sorted(paths.runs().iterdir(), reverse=True)
    except OSError:
        return []


def _directory_of(name: str | os.PathLike[str]) -> Path:
    """Return where the run of this name, or at this path, lies."""
    if not isinstance(name, str):
        return Path(name)
    if name == "last":
        for run in all_runs():
            return run.directory
        raise BadInput("there is no run yet; `tunelab run first-look` makes one")
    if "/" in name or name.startswith((".", "~")):
        return paths.expanded(name)
    directory = paths.runs() / paths.checked_name(name, "a run")
    if not directory.is_dir():
        names = [path.name for path in run_directories()]
        raise BadInput(f"there is no run '{printable(name)}'{did_you_mean(name, names)}; `tunelab runs` lists them")
    return directory


def _description(directory: Path) -> dict[str, Any]:
    """Return what ``run.json`` says, its texts fit for a terminal; :class:`BadInput` where it can't be used."""
    path = directory / "run.json"
    try:
        about = json.loads(_text(path))
    except FileNotFoundError:
        raise BadInput(f"{printable(directory)} isn't a run: it has no run.json") from None
    except OSError as error:
        raise BadInput(os_error_sentence(error, path, "read")) from None
    except (ValueError, RecursionError):
        raise BadInput(f"{printable(path)} can't be read: it is damaged or not JSON") from None
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise BadInput(f"{printable(path)} isn't a run's description: it names no format")
    if about["format"] > FORMAT:
        raise BadInput(
            f"{printable(directory)} was written by a newer tunelab (format {about['format']}, this one reads {FORMAT})"
        )
    arms, began = about.get("arms"), about.get("began")
    if not (isinstance(arms, list) and 0 < len(arms) <= 10_000 and all(_is_label(arm) for arm in arms)):
        raise BadInput(f"{printable(path)} is damaged: it doesn't name the run's arms")
    if not _is_label(about.get("name")) or not isinstance(began, int | float) or not _YEARS[0] <= began < _YEARS[1]:
        raise BadInput(f"{printable(path)} is damaged: it lacks the run's name or beginning")
    # Its own directory's name is what finds it, also where it was copied or renamed
    name = paths.checked_name(directory.resolve().name, "a run")
    return about | {
        "name": name,
        "preset": printable(about.get("preset", name), 200),
        "title": printable(about.get("title", ""), 200),
    }


def _is_label(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 200 and text.isprintable()


def _text(path: Path, max_bytes: int = MaxBytes.DESCRIPTION) -> str:
    return read_regular(path, max_bytes).decode("utf-8")
