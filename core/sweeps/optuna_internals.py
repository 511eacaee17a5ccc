"""All that tunelab needs of Optuna beyond its public interface; written for Optuna 5."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunelab.files import open_regular
from tunelab.records.writer import cut_torn_line

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

__all__ = ["cached_storage", "journal_backend", "put_back", "stored_trial"]


def stored_trial(study: Study, trial: Trial) -> FrozenTrial:
    """Return a trial as the storage has it now; ``trial`` itself remembers what it was when it was asked for."""
    return study._storage.get_trial(trial._trial_id)


def cached_storage() -> type[Any]:
    """Return the class in which Optuna itself wraps a database's storage: it asks for what has changed only."""
    from optuna.storages._cached_storage import _CachedStorage

    return _CachedStorage


def put_back(study: Study, trial: Trial | FrozenTrial) -> None:
    """Let a running trial wait again, under its number and with its values; one that has ended stays as it is."""
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    try:
        study._storage.set_trial_state_values(trial._trial_id, state=TrialState.WAITING)
    except UpdateFinishedTrialError:
        return


def journal_backend(path: Path) -> Any:
    """Return Optuna's journal file, appended to under a lock that the system releases when its holder is killed.

    Optuna's own locks are files, which a killed process leaves behind for others to wait half a minute for. What is
    written is in the system's hands at once; it is synced to the disk whenever a trial ends.
    """
    from optuna.storages.journal import JournalFileBackend
    from optuna.storages.journal._storage import JournalOperation

    class Journal(JournalFileBackend):
        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
            descriptor = open_regular(path, os.O_RDWR | os.O_APPEND)
            try:
                import fcntl

                fcntl.flock(descriptor, fcntl.LOCK_EX)
                cut_torn_line(descriptor)
                rest = memoryview(lines)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if any(log["op_code"] == JournalOperation.SET_TRIAL_STATE_VALUES for log in logs):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    return Journal(str(path))
