"""The sweep itself: trials are taken from the study, trained in stacks by workers, and their results stored.

Several schedulers can work on one study, from this machine or others. A trial belongs to the one that took it. If that
process is killed, the next to take trials finds the trial, puts it back and trains it again, under its old number and
so with its old seeds. A trial that has ended is never trained again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, load_data, stacks
from tunelab.experiment.declaration import DataSection
from tunelab.experiment.stacked_training import State
from tunelab.records.measure_events import metric_of
from tunelab.sweeps.executors import Workers
from tunelab.sweeps.leases import SURPLUS, Leases
from tunelab.sweeps.optuna_internals import stored_trial
from tunelab.sweeps.results import TrialRow, trial_row
from tunelab.sweeps.sampling import most_epochs
from tunelab.sweeps.studies import StudyRecord
from tunelab.sweeps.trial_events import done_event, write_events
from tunelab.sweeps.worker import StackRequest, TrialOutcome, WorkerMismatch, data_hash, versions

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["STACK", "sweep"]

STACK = 8  # networks side by side: more gain little, and a killed worker has less in hand
_PRUNING_STEPS = 10  # how often a sweep that prunes looks at a trial, at most
_TICK = 0.1  # seconds between looks whether to stop
_ATTEMPTS = 3  # of a stack whose worker is killed each time


@dataclass
class _ActiveTrial:
    """A trial that this scheduler has taken: its experiment, what has been measured, where its training stands."""

    trial: Trial
    experiment: Experiment
    events: list[dict[str, Any]] = field(default_factory=list)
    state: State | None = None
    seconds: float = 0.0
    epochs: int = 0
    attempts: int = 0
    alone: bool = False

    @property
    def number(self) -> int:
        return self.trial.number

    @property
    def measures(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == "measure"]


def sweep(
    record: StudyRecord,
    workers: Workers,
    *,
    stop: threading.Event | None = None,
    stack: int = STACK,
    notice: Callable[[str], None] = lambda _: None,
    report: Any = None,
) -> Iterator[TrialRow | None]:
    """Train what is left of a study, yielding every trial as it ends, and None at least ten times a second.

    ``stop`` ends it: unfinished trials are put back. ``stack`` is how many networks train side by side at most.
    ``notice`` is called with what a person should know about workers. The workers are not closed.
    """
    scheduler = _Scheduler(record, workers, stop or threading.Event(), stack, notice)
    try:
        scheduler.data_of(record.plan.experiment, report)
        yield from scheduler.work()
    finally:
        scheduler.leave()


class _Scheduler:
    def __init__(
        self, record: StudyRecord, workers: Workers, stop: threading.Event, stack: int, notice: Callable[[str], None]
    ) -> None:
        self._record, self._workers, self._stop, self._stack, self._notice = record, workers, stop, stack, notice
        self._study, self._plan = record.study, record.plan
        self._leases = Leases(record)
        self._hashes: dict[str, str] = {}
        self._waiting: list[_ActiveTrial] = []
        self._at_work: dict[Future[list[TrialOutcome]], list[_ActiveTrial]] = {}
        self._prunes = self._plan.pruner != "none"

    # -- the loop -----------------------------------------------------------------------------------------

    def work(self) -> Iterator[TrialRow | None]:
        """Keep every worker busy until nothing is left to train."""
        while not self._stop.is_set():
            self._leases.beat()
            yield from self._assign()
            if not self._at_work and not self._waiting and self._leases.exhausted:
                return
            if not self._at_work:
                time.sleep(_TICK)  # nobody is there to train: a cluster may bring workers
                yield None
                continue
            done, _ = wait(self._at_work, timeout=_TICK, return_when=FIRST_COMPLETED)
            yield None
            ended = [(self._at_work.pop(future), future) for future in done]
            # First new work for the workers that have become free, then their results
            yield from self._assign(prepared=True)
            for trials, future in ended:
                yield from self._collect(trials, future)

    def leave(self) -> None:
        """Put unfinished trials back, and release the study."""
        for one in [*self._waiting, *(one for many in self._at_work.values() for one in many)]:
            self._leases.give_back(one.trial)
        self._leases.leave()

    def _assign(self, *, prepared: bool = False) -> Iterator[TrialRow | None]:
        """Give stacks to the workers that have none; with ``prepared`` only of trials that are taken already."""
        while len(self._at_work) < self._workers.count and not self._stop.is_set():
            if not prepared:
                yield from self._fill()
            if not self._waiting:
                return
            self._submit(self._next_stack())
        if not prepared and not self._prunes and self._plan.sampler != "tpe":
            yield from self._fill()  # so that a worker that becomes free need not wait for trials to be chosen

    def _submit(self, trials: list[_ActiveTrial]) -> None:
        until = None
        if self._prunes:
            step = -(-most_epochs(self._plan) // _PRUNING_STEPS)
            until = trials[0].epochs + step
        states = tuple(one.state for one in trials if one.state is not None)
        request = StackRequest(
            tuple(one.experiment.to_dict() for one in trials),
            self.data_of(trials[0].experiment),
            versions(),
            states,
            until,
        )
        self._at_work[self._workers.submit(request)] = trials

    def _next_stack(self) -> list[_ActiveTrial]:
        """Trials of one shape that stand at the same point, the first that waits among them."""
        first = self._waiting[0]
        alike = [one for one in self._waiting if one.epochs == first.epochs and not one.alone and not first.alone]
        alike = alike or [first]
        shapes = stacks([one.experiment for one in alike])
        chosen = [alike[n] for n in next(s for s in shapes if 0 in s)][: self._stack_size()]
        for one in chosen:
            self._waiting.remove(one)
        return chosen

    def _stack_size(self) -> int:
        """How many trials to stack: as many as fit, but so that all workers have some at the end."""
        room = max(1, self._stack // self._plan.seeds)
        left = len(self._waiting) + self._leases.left()
        return max(1, min(room, -(-left // max(1, self._workers.count))))

    # -- taking trials ------------------------------------------------------------------------------------

    def _fill(self) -> Iterator[TrialRow | None]:
        """Take trials from the study until a stack is full, or there are none."""
        wanted = max(1, self._stack // self._plan.seeds) - len(self._waiting)
        if wanted <= 0 or (self._leases.exhausted and self._at_work):
            return
        for trial in self._leases.take(wanted):
            if self._leases.is_surplus(trial.number):
                trial.set_user_attr(SURPLUS, True)
                yield self._fail(trial, "one more than was asked for: two machines took trials in the same moment")
                continue
            try:
                experiment = self._plan.experiment_of(trial.number, trial.params)
            except BadInput as problem:
                yield self._fail(trial, str(problem))
                continue
            self._waiting.append(_ActiveTrial(trial, experiment))

    # -- data ---------------------------------------------------------------------------------------------

    def data_of(self, experiment: Experiment, report: Any = None) -> str:
        """Return the hash of an experiment's data. The study remembers it: data that have changed since are refused."""
        section = experiment.data.model_dump_json()
        if section not in self._hashes:
            has = data_hash(load_data(Experiment(data=DataSection.model_validate(json.loads(section))), report))
            key = f"data {section}"[:500]
            known = self._study.user_attrs.get(key)
            if known is None:
                self._study.set_user_attr(key, has)
            elif known != has:
                raise BadInput(
                    f"the study {self._record.name} was begun with other data of the name "
                    f"{printable(experiment.data.name, 60)} (SHA-256 {str(known)[:12]}…, and here {has[:12]}…): "
                    "numbers of the two can't be compared; give another --study"
                )
            self._hashes[section] = has
        return self._hashes[section]

    # -- what comes back ----------------------------------------------------------------------------------

    def _collect(self, trials: list[_ActiveTrial], future: Future[list[TrialOutcome]]) -> Iterator[TrialRow]:
        if self._workers.returned(future):
            self._waiting[:0] = trials
            return
        error = future.exception() if not future.cancelled() else None
        if future.cancelled() or (error is not None and self._workers.cut_off(error)):
            yield from self._retry(trials)
            return
        if isinstance(error, WorkerMismatch):
            self._waiting[:0] = trials
            self._leave_out(error)
            return
        if isinstance(error, BadInput):
            if len(trials) == 1:
                yield self._fail(trials[0].trial, str(error))
                return
            for one in trials:
                one.alone = True  # to find out which of them it is
            self._waiting[:0] = trials
            return
        if error is not None:
            self._waiting[:0] = trials
            raise error
        for one, result in zip(trials, future.result(), strict=True):
            row = self._absorb(one, result)
            if row is not None:
                yield row

    def _leave_out(self, error: WorkerMismatch) -> None:
        left_out = getattr(self._workers, "leave_out", None)
        if left_out is None or not left_out(str(error)):
            raise error
        self._notice(str(error))

    def _retry(self, trials: list[_ActiveTrial]) -> Iterator[TrialRow]:
        """Queue the trials of a worker that was killed, from where they stood."""
        again = []
        for one in trials:
            one.attempts += 1
            if one.attempts < _ATTEMPTS:
                again.append(one)
            elif len(trials) > 1:
                one.alone, one.attempts = True, one.attempts - 1  # one of them may be too large for this machine
                again.append(one)
            else:
                why = f"its worker was ended from outside {_ATTEMPTS} times, or had too little memory"
                yield self._fail(one.trial, why)
        if again:
            numbers = ", ".join(str(one.number) for one in again)
            self._notice(f"A worker was ended; its work is trained again: trial {numbers}.")
        self._waiting[:0] = again

    def _absorb(self, one: _ActiveTrial, result: TrialOutcome) -> TrialRow | None:
        """Keep what was measured of a trial; return its row if that is its end."""
        for event in result.events:
            if "seconds" in event:
                event = event | {"seconds": one.seconds + event["seconds"]}
            one.events.append(event)
        one.seconds += result.seconds
        one.state = result.state
        measures = one.measures
        one.epochs = int(measures[-1]["epoch"]) if measures else 0
        done = next((event for event in result.events if event["event"] == "done"), None)
        pruned = self._report_steps(one, judge=self._prunes and done is None)
        if done is None and pruned is None:
            self._waiting.insert(0, one)  # before those that haven't begun: a pruner compares with what has ended
            return None
        return self._finish(one, done["reason"] if done else "pruned", done, pruned)

    def _report_steps(self, one: _ActiveTrial, *, judge: bool) -> int | None:
        """Report the metric after each epoch; return the epoch at which the pruner stops the trial, if it does."""
        from optuna.trial import TrialState

        frozen = stored_trial(self._study, one.trial)
        if frozen.state is not TrialState.RUNNING:
            return None
        known = set(frozen.intermediate_values)
        values = [(int(m["epoch"]), m[metric_of(m).field()]) for m in one.measures if m["epoch"] >= 1]
        steps = {epoch: float(value) for epoch, value in values if value is not None}
        for step, value in sorted(steps.items()):
            if step in known:
                continue
            one.trial.report(value, step)
            if judge and one.trial.should_prune():
                return step
        return None

    def _finish(self, one: _ActiveTrial, reason: str, done: dict[str, Any] | None, pruned: int | None) -> TrialRow:
        from optuna.trial import TrialState

        last = one.measures[-1]
        if pruned is not None:
            last = next(m for m in reversed(one.measures) if int(m["epoch"]) == pruned)
        ending = done_event(one.measures, reason, done, one.seconds)
        write_events(
            self._record.directory, self._record.name, one.number, [*one.events[: -1 if done else None], ending]
        )
        metric = metric_of(last)
        about = {
            "ended": reason,
            "metric": metric.name,
            "std": last.get(f"{metric.field()}_std"),
            "seeds": self._plan.seeds,
            "total": _effective_total(one.events, last),
            "epochs": last["epoch"],
            "seconds": round(one.seconds, 4),
            "seed": one.experiment.initialization.seed,
            "weights_sha256": (done or {}).get("weights_sha256"),
        }
        for key, value in about.items():
            if value is not None:
                one.trial.set_user_attr(key, value)
        given_up = reason == "diverged" or pruned is not None
        # Optuna's word for a trial that diverged is 'pruned' too: a sampler then knows that it was no good, while
        # what has failed is nothing to it
        if given_up:
            self._study.tell(one.trial, state=TrialState.PRUNED, skip_if_finished=True)
        else:
            self._study.tell(one.trial, last[metric.field()], skip_if_finished=True)
        return trial_row(stored_trial(self._study, one.trial))

    def _fail(self, trial: Trial, why: str) -> TrialRow:
        from optuna.trial import TrialState

        trial.set_user_attr("why", why)
        self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        return trial_row(stored_trial(self._study, trial))


def _effective_total(events: Sequence[dict[str, Any]], last: dict[str, Any]) -> int:
    """On how many examples the metric's noise is, by the start event."""
    data: dict[str, Any] = next((event.get("data", {}) for event in events if event["event"] == "start"), {})
    return int(data.get("metric_total", last["evaluation_total"]))
