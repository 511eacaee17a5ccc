"""Which process a trial belongs to: trials are taken from the study, given back, and found when their taker is gone.

A process that takes trials is a driver. It holds a lock while it lives, which another process of this machine sees at
once; drivers that see the study from another home, in a shared database, see a sign of life twice a minute.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import time
from typing import TYPE_CHECKING

from tunelab.errors import printable
from tunelab.sweeps.optuna_internals import put_back
from tunelab.sweeps.sampling import distributions
from tunelab.sweeps.studies import StudyRecord
from tunelab.wording import quantity

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial

__all__ = ["SURPLUS", "Leases", "held_elsewhere"]

SURPLUS = "surplus"  # the attribute of a trial that was one more than was asked for

_BEAT = 30.0  # seconds between signs of life
_SILENT = 10 * _BEAT  # seconds without one, after which a driver elsewhere is taken to be gone


class Leases:
    """What one driver has to do with the trials of a study. ``exhausted``: whether none was left at the last look."""

    def __init__(self, record: StudyRecord) -> None:
        self._record, self._study, self._plan = record, record.study, record.plan
        self._space = distributions(self._plan)
        host = printable(socket.gethostname(), 40).replace("/", "-")
        self.name = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
        self._hold = record.join(self.name)
        self._beaten = -math.inf
        self.exhausted = False

    def take(self, wanted: int) -> list[Trial]:
        """At most ``wanted`` trials that nobody else has: those put back first, then new ones."""
        with self._record.taking():
            self._find_lost()
            trials = self._study.get_trials(deepcopy=False)
            counted = sum(SURPLUS not in trial.user_attrs for trial in trials)
            left = max(0, self._plan.trials - counted) + sum(t.state.name == "WAITING" for t in trials)
            self.exhausted = left <= wanted
            taken = []
            for _ in range(min(left, wanted)):
                trial = self._study.ask(self._space)
                trial.set_user_attr("owner", self.name)
                taken.append(trial)
        return taken

    def left(self) -> int:
        """How many trials nobody has taken yet."""
        trials = self._study.get_trials(deepcopy=False)
        return max(0, self._plan.trials - sum(SURPLUS not in trial.user_attrs for trial in trials))

    def is_surplus(self, number: int) -> bool:
        """Whether so many trials as were asked for have lower numbers, of those that count."""
        before = [trial for trial in self._study.get_trials(deepcopy=False) if trial.number < number]
        return sum(SURPLUS not in trial.user_attrs for trial in before) >= self._plan.trials

    def give_back(self, trial: Trial) -> None:
        """Let another driver have a trial."""
        put_back(self._study, trial)

    def beat(self) -> None:
        """Give a sign of life, where others need one."""
        if self._record.storage is not None and time.monotonic() - self._beaten > _BEAT:
            self._beaten = time.monotonic()
            self._study.set_user_attr(f"driver {self.name}", time.time())

    def leave(self) -> None:
        """Say that this driver has gone."""
        if self._record.storage is not None:
            self._study.set_user_attr(f"driver {self.name}", 0.0)
        self._hold.release()
        self._record.leave(self.name)

    def _find_lost(self) -> None:
        """Put back the trials of drivers that have gone: under their old numbers, with what was chosen for them."""
        from optuna.trial import TrialState

        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.user_attrs.get("owner") != self.name and self._is_lost(trial):
                put_back(self._study, trial)

    def _is_lost(self, trial: FrozenTrial) -> bool:
        owner = trial.user_attrs.get("owner")
        here = self._record.works_here(owner) if owner else None
        if here is not None or self._record.storage is None:
            return not here  # whoever takes trials on this machine says at once whose they are, under the lock
        if owner is None:
            return trial.datetime_start is None or time.time() - trial.datetime_start.timestamp() > _SILENT
        beat = self._study.user_attrs.get(f"driver {owner}")
        return beat is None or time.time() - float(beat) > _SILENT


def held_elsewhere(record: StudyRecord) -> list[str]:
    """Sentences about trials that other drivers have: whose, since when silent, and when they are taken over."""
    from optuna.trial import TrialState

    owned: dict[str, list[int]] = {}
    for trial in record.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        owned.setdefault(str(trial.user_attrs.get("owner", "a driver without a name")), []).append(trial.number)
    sentences = []
    for owner, numbers in owned.items():
        trials = f"{quantity(len(numbers), 'trial')} ({', '.join(map(str, sorted(numbers)[:10]))})"
        if record.works_here(owner):
            sentences.append(f"{printable(owner)} is training {trials} on this machine.")
            continue
        beat = record.study.user_attrs.get(f"driver {owner}")
        silent = time.time() - float(beat) if beat else None
        if record.storage is None or beat == 0.0:
            when = "they are taken over when the sweep is continued"
        elif silent is None:
            when = f"they are taken over {_SILENT:.0f} s after they began, when the sweep is continued"
        elif silent > _SILENT:
            when = f"silent for {silent:.0f} s; they are taken over when the sweep is continued"
        else:
            left = _SILENT - silent
            when = f"last heard of {silent:.0f} s ago; without another sign they can be taken over in {left:.0f} s"
        sentences.append(f"{printable(owner)} holds {trials}: {when}.")
    return sentences
