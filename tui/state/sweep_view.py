"""A study as the screen sees it: read again and again while it is worked on, here or in another terminal."""

from __future__ import annotations

from collections.abc import Sequence

from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.sweeps import StudyRecord, StudyTable, SweepPlan, fresh_name, importances, open_study
from tunelab.sweeps.background_sweep import BackgroundSweep
from tunelab.sweeps.sweep_plan import PRUNERS, SAMPLERS, Pruner, Sampler, without_arms
from tunelab.tui.state.assignments import Assignment, dimension

__all__ = ["OPTIONS", "SweepRequest", "SweepView", "begin", "sweep_request"]


class SweepView:
    """One study: its trials as last read, what matters most in it, and the process that works on it, if any.

    ``read`` may take a moment; everything else is at once.
    """

    def __init__(self, record: StudyRecord, process: BackgroundSweep | None = None) -> None:
        self.record = record
        self.process = process
        self.table: StudyTable | None = None
        self.importance: dict[str, float] = {}
        self.elsewhere = False
        self._importance_of = -1

    @property
    def name(self) -> str:
        """The study's name."""
        return self.record.name

    def read(self) -> bool:
        """Read the study again; whether anything has changed."""
        before = self.table
        elsewhere = not self.running and self.record.is_running()
        table = self.record.table()
        if len(table.complete) != self._importance_of:
            self._importance_of = len(table.complete)
            self.importance = importances(self.record.study, table)
        changed = before is None or before.rows != table.rows or elsewhere != self.elsewhere
        self.table, self.elsewhere = table, elsewhere
        return changed

    @property
    def running(self) -> bool:
        """Whether a process begun here works on it."""
        return self.process is not None and self.process.running

    def go_on(self) -> None:
        """Have what is left trained."""
        if not self.running:
            self.process = BackgroundSweep(self.record)

    def stop(self) -> None:
        """Give back what is in hand, and stop."""
        if self.process is not None:
            self.process.stop()

    def state(self) -> str:
        """A sign and a word for how it stands."""
        if self.running:
            return "● running"
        if self.elsewhere:
            return "○ running elsewhere"
        if self.table is not None and self.table.ended >= self.table.plan.trials:
            return "✓ done"
        return "■ stopped"


class SweepRequest:
    """What a person typed for a sweep: the parameters and their values, and the options."""

    def __init__(self, over: list[str], how: dict[str, str]) -> None:
        self.over = over
        self.trials = _count(how, "trials")
        self.seeds = _count(how, "seeds")
        self.sampler: Sampler | None = next((s for s in SAMPLERS if s == how.get("sampler")), None)
        self.pruner: Pruner = next((p for p in PRUNERS if p == how.get("pruner")), "none")
        for word, known in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
            if word in how and how[word] not in known:
                raise BadInput(f"{word} is one of {', '.join(known)}")


OPTIONS = ("trials", "seeds", "sampler", "pruner")
"""What a row of a sweep's question may say beside a parameter."""


def sweep_request(rows: Sequence[Assignment]) -> SweepRequest:
    """Return what rows of parameters and options ask for; :class:`BadInput` where that can't be."""
    how = {name: typed for name, typed in rows if name in OPTIONS}
    over = [dimension(name, typed) for name, typed in rows if name not in OPTIONS]
    if not over:
        raise BadInput("name a parameter to sweep over, such as eta, and its values")
    keys = [each.key for each in over]
    if (twice := next((key for key in keys if keys.count(key) > 1), None)) is not None:
        raise BadInput(f"{twice} is there twice; put all its values in one row")
    return SweepRequest([each.text() for each in over], how)


def _count(how: dict[str, str], key: str) -> int | None:
    if key not in how:
        return None
    if not how[key].isdigit() or not 1 <= int(how[key]) <= 100_000:
        raise BadInput(f"{key} is a number of at least 1")
    return int(how[key])


def begin(preset: Preset, request: SweepRequest) -> SweepView:
    """Make the study and set a process to work on it. Takes a moment: not for the screen's own thread."""
    base = without_arms(preset)
    if request.seeds is not None:
        base = base.with_settings({"initialization.seeds": request.seeds})
    plan = SweepPlan.of(base, request.over, sampler=request.sampler, pruner=request.pruner, trials=request.trials)
    record = open_study(fresh_name(plan), plan)
    return SweepView(record, BackgroundSweep(record))
