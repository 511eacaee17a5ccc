"""Studies on disk: Optuna's storage under ``studies/``, or one that several machines share.

    studies/NAME/journal.log    Optuna's journal: `optuna-dashboard studies/NAME/journal.log` opens it as it is
                 drivers/ID     a lock, held by each process that works on the study
                 lock           held for the moment in which trials are taken
                 trials/N.jsonl the curves of the trials that were trained from here

A process that is killed leaves nothing behind that another would wait for: the system lets its locks go.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tunelab import paths
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.files import MaxBytes, check_regular, own_part, read_regular
from tunelab.records import locks
from tunelab.records.locks import Hold
from tunelab.sweeps.optuna_internals import journal_backend
from tunelab.sweeps.results import StudyTable, TrialRow, trial_row
from tunelab.sweeps.sampling import make_pruner, make_sampler
from tunelab.sweeps.storage import open_storage, storage_url
from tunelab.sweeps.sweep_plan import SweepPlan
from tunelab.wording import did_you_mean, masked_url

if TYPE_CHECKING:
    import optuna

__all__ = ["PLAN", "StudyRecord", "all_studies", "create", "find", "fresh_name", "open_study"]

PLAN = "tunelab"  # the study's attribute that holds its plan
_STORAGE = "storage.txt"
_PATIENCE = 60.0  # seconds for another process to take its trials


class StudyRecord:
    """A study: its plan, its trials as Optuna keeps them, and its directory."""

    def __init__(self, name: str, storage: str | None = None) -> None:
        self.name = name
        self.directory = paths.studies() / name
        self.storage = storage_url(storage) if storage else _stored_address(self.directory)

    @property
    def journal(self) -> Path:
        """Optuna's journal, where no other storage is used."""
        return self.directory / "journal.log"

    @property
    def touched(self) -> float:
        """When it was last written to, in seconds since 1970."""
        return _touched(self.directory)

    @property
    def address(self) -> str:
        """What optuna-dashboard opens, a password in it hidden: for showing."""
        return masked_url(self.storage) if self.storage else str(self.journal)

    @property
    def exists(self) -> bool:
        """Whether there is such a study."""
        if self.storage is None and not self.journal.is_file():
            return False
        try:
            return PLAN in self.study.user_attrs
        except KeyError:
            return False

    @cached_property
    def study(self) -> optuna.Study:
        """The study in Optuna, with its sampler and pruner. Raises KeyError where there is none."""
        import optuna

        storage = self._opened()
        study = optuna.load_study(study_name=self.name, storage=storage)
        if PLAN in study.user_attrs:
            plan = SweepPlan.from_dict(study.user_attrs[PLAN], self.name)
            study.sampler, study.pruner = make_sampler(plan), make_pruner(plan)
        return study

    def _opened(self) -> optuna.storages.BaseStorage:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        if self.storage is not None:
            return open_storage(self.storage)
        try:
            check_regular(self.journal, MaxBytes.LINES)
            return optuna.storages.JournalStorage(journal_backend(self.journal))
        except (OSError, ValueError, KeyError) as problem:
            raise BadInput(f"{printable(self.journal)} can't be read: {printable(problem, 200)}") from None

    @property
    def plan(self) -> SweepPlan:
        """What the study trains."""
        return SweepPlan.from_dict(self.study.user_attrs.get(PLAN), self.name)

    def keep(self, plan: SweepPlan) -> None:
        """Write the plan into the study."""
        self.study.set_user_attr(PLAN, plan.to_dict())

    def table(self) -> StudyTable:
        """Every trial as it stands now."""
        return StudyTable(self.plan, tuple(self.rows()))

    def rows(self) -> list[TrialRow]:
        """Every trial, in the order of their numbers."""
        return [trial_row(trial) for trial in self.study.get_trials(deepcopy=False)]

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Held while trials are taken, so that no two processes of this machine take the same."""
        lock = locks.hold(self._made("lock"), _PATIENCE)
        if lock is None:
            raise BadInput(f"another process holds {printable(self.directory / 'lock')} and doesn't let go")
        try:
            yield
        finally:
            lock.release()

    def join(self, driver: str) -> Hold:
        """Say that ``driver`` works on the study, until the hold is released or the process ends."""
        lock = locks.hold(self._made("drivers", driver), 1.0)
        if lock is None:
            raise BadInput(f"another process calls itself {driver} already")
        return lock

    def leave(self, driver: str) -> None:
        """Take away what :meth:`join` made."""
        (self.directory / "drivers" / driver).unlink(missing_ok=True)

    def works_here(self, driver: str) -> bool | None:
        """Whether a driver is alive; None where it works from another home, and so can't be asked."""
        path = self.directory / "drivers" / driver
        return locks.is_held(path) if path.exists() else None

    def is_running(self) -> bool:
        """Whether a living process of this machine works on the study."""
        folder = self.directory / "drivers"
        return folder.is_dir() and any(locks.is_held(path) for path in folder.iterdir())

    def remember_storage(self) -> None:
        """Keep the URL of a storage that this home hasn't used for the study before: later its name is enough."""
        if self.storage is not None and _stored_address(self.directory) is None:
            paths.write_whole(self._made(_STORAGE), self.storage.encode())

    def _made(self, *parts: str) -> Path:
        try:
            path = own_part(self.directory, *parts)
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(os_error_sentence(error)) from None
        return path


def _stored_address(directory: Path) -> str | None:
    try:
        return read_regular(directory / _STORAGE, MaxBytes.WORD).decode("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def fresh_name(plan: SweepPlan) -> str:
    """A name for a new study: when, and which preset."""
    import re

    stamp = time.strftime("%Y%m%d-%H%M%S")
    word = re.sub(r"[^A-Za-z0-9.]+", "-", plan.preset.name).strip("-.")[:50] or "sweep"
    for attempt in range(1, 1000):
        name = f"{stamp}-{word}" + (f"-{attempt}" if attempt > 1 else "")
        if not (paths.studies() / name).exists():
            return name
    raise BadInput(f"{printable(paths.studies())} has a thousand studies of this second; wait a moment")


def create(name: str, plan: SweepPlan, storage: str | None = None) -> StudyRecord:
    """A new study; where another process has made it a moment ago, that one."""
    import optuna

    record = StudyRecord(paths.checked_name(name, "a study"), storage)
    if not record.journal.exists() and _holds_other_things(record.directory):
        raise BadInput(f"{printable(record.directory)} holds something else than a sweep; choose another --study")
    with record.taking():
        record.remember_storage()
        study = optuna.create_study(
            study_name=name, storage=record._opened(), direction="maximize", load_if_exists=True
        )
        if PLAN not in study.user_attrs:
            if study.get_trials(deepcopy=False):
                raise BadInput(f"the study {printable(name)} wasn't made by `tunelab sweep`; choose another name")
            study.set_user_attr(PLAN, plan.to_dict())
    return record


def _holds_other_things(directory: Path) -> bool:
    ours = {"journal.log", "lock", "drivers", "trials", "runs", "driver.txt", _STORAGE}
    return directory.is_dir() and any(entry.name not in ours for entry in directory.iterdir())


def find(name: str, storage: str | None = None) -> StudyRecord:
    """The study of this name; ``last`` is the newest."""
    if name == "last":
        for record in all_studies():
            return record
        raise BadInput("there is no study yet; `tunelab sweep PRESET --over KEY=SPEC` makes one")
    record = StudyRecord(paths.checked_name(name, "a study"), storage)
    if not record.exists:
        if record.storage is not None and record.directory.is_dir():
            raise BadInput(
                f"the study {printable(name)} is no longer in the storage {printable(record.address, 80)}: it was "
                f"deleted there; what this home holds of it is in {printable(record.directory, 300)}"
            )
        names = [study.name for study in all_studies() if study.name != name]
        raise BadInput(
            f"there is no study '{printable(name)}'{did_you_mean(name, names)}; a new one needs PRESET and --over"
        )
    record.remember_storage()
    return record


def open_study(name: str, plan: SweepPlan, storage: str | None = None) -> StudyRecord:
    """The study of this name, made where there is none; its number of trials becomes the plan's.

    Raises :class:`BadInput` where it has another plan.
    """
    record = StudyRecord(paths.checked_name(name, "a study"), storage)
    if not record.exists:
        record = create(name, plan, storage)
    record.remember_storage()
    theirs = record.plan
    if (differs := theirs.difference(plan)) is not None:
        raise BadInput(
            f"the study {printable(name)} exists and is another: {differs}; "
            f"`tunelab sweep --study {printable(name)}` continues it, another --study makes a new one"
        )
    if theirs.trials != plan.trials:
        record.keep(replace(theirs, trials=plan.trials))
    return record


def all_studies() -> Iterator[StudyRecord]:
    """Every study under the home, newest first."""
    try:
        found = sorted(paths.studies().iterdir(), key=_touched, reverse=True)
    except OSError:
        return
    for directory in found:
        if (directory / "journal.log").is_file() or (directory / _STORAGE).is_file():
            yield StudyRecord(directory.name)


def _touched(directory: Path) -> float:
    for name in ("journal.log", _STORAGE):
        try:
            return (directory / name).stat().st_mtime
        except OSError:
            continue
    return 0.0
