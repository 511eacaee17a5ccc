"""The sweep itself: trials are taken from the study, trained in stacks by workers, and told back.

Whoever runs this is a driver; several can work on one study, from this machine or others. A trial belongs to the
driver that took it. If that one is killed, the next to take trials finds it, puts it back and trains it again, under
its old number and so with its old seeds. What has ended is never trained again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, load_data, stacks
from tunelab.experiment.declaration import DataSection
from tunelab.experiment.stacked_training import State
from tunelab.sweeps.executors import Workers
from tunelab.sweeps.leases import Leases
from tunelab.sweeps.results import TrialRow, trial_row
from tunelab.sweeps.sampling import most_epochs
from tunelab.sweeps.studies import StudyRecord
from tunelab.sweeps.trial_events import done_event, write_events
from tunelab.sweeps.worker import StackRequest, TrialOutcome, WorkerMismatch, data_hash, versions

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["STACK", "sweep"]

STACK = 8  # networks side by side: more gain little, and a killed worker has less in hand
_LOOKS = 10  # how often a sweep that prunes looks at a trial, at most
_TICK = 0.1  # seconds between looks whether to stop
_TRIES = 3  # of a stack whose worker is killed each time


@dataclass
class _Open:
    """A trial in hand: what it trains, what has been measured, where it stands."""

    trial: Trial
    experiment: Experiment
    events: list[dict[str, Any]] = field(default_factory=list)
    state: State | None = None
    seconds: float = 0.0
    looked: int = 0
    tries: int = 0
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

    ``stop`` ends it: trials in hand are given back. ``stack`` is how many networks train side by side at most.
    ``notice`` is told what a person should know of workers. The workers are not closed.
    """
    driver = _Driver(record, workers, stop or threading.Event(), stack, notice)
    try:
        driver.data_of(record.plan.experiment, report)
        yield from driver.work()
    finally:
        driver.leave()


class _Driver:
    def __init__(
        self, record: StudyRecord, workers: Workers, stop: threading.Event, stack: int, notice: Callable[[str], None]
    ) -> None:
        self._record, self._workers, self._stop, self._stack, self._notice = record, workers, stop, stack, notice
        self._study, self._plan = record.study, record.plan
        self._claims = Leases(record)
        self._hashes: dict[str, str] = {}
        self._waiting: list[_Open] = []
        self._at_work: dict[Future[list[TrialOutcome]], list[_Open]] = {}
        self._prunes = self._plan.pruner != "none"

    # -- the loop -----------------------------------------------------------------------------------------

    def work(self) -> Iterator[TrialRow | None]:
        """Keep every worker busy until nothing is left to train."""
        while not self._stop.is_set():
            self._claims.beat()
            yield from self._hand_out()
            if not self._at_work and not self._waiting and self._claims.exhausted:
                return
            if not self._at_work:
                time.sleep(_TICK)  # nobody is there to train: a cluster may bring workers
                yield None
                continue
            done, _ = wait(self._at_work, timeout=_TICK, return_when=FIRST_COMPLETED)
            yield None
            ended = [(self._at_work.pop(future), future) for future in done]
            # First something to do for the workers that have become free, then what they have found
            yield from self._hand_out(prepared=True)
            for opened, future in ended:
                yield from self._take_in(opened, future)

    def leave(self) -> None:
        """Give back what is in hand, and say that this driver has gone."""
        for opened in [*self._waiting, *(one for many in self._at_work.values() for one in many)]:
            self._claims.give_back(opened.trial)
        self._claims.leave()

    def _hand_out(self, *, prepared: bool = False) -> Iterator[TrialRow | None]:
        """Give stacks to the workers that have none; with ``prepared`` only of trials that are taken already."""
        while len(self._at_work) < self._workers.count and not self._stop.is_set():
            if not prepared:
                yield from self._fill()
            if not self._waiting:
                return
            self._submit(self._next_stack())
        if not prepared and not self._prunes and self._plan.sampler != "tpe":
            yield from self._fill()  # so that a worker that becomes free need not wait for trials to be chosen

    def _submit(self, opened: list[_Open]) -> None:
        until = None
        if self._prunes:
            step = -(-most_epochs(self._plan) // _LOOKS)
            until = opened[0].looked + step
        states = tuple(one.state for one in opened if one.state is not None)
        job = StackRequest(
            tuple(one.experiment.to_dict() for one in opened),
            self.data_of(opened[0].experiment),
            versions(),
            states,
            until,
        )
        self._at_work[self._workers.submit(job)] = opened

    def _next_stack(self) -> list[_Open]:
        """Trials of one shape that stand at the same point, the first that waits among them."""
        first = self._waiting[0]
        alike = [one for one in self._waiting if one.looked == first.looked and not one.alone and not first.alone]
        alike = alike or [first]
        shapes = stacks([one.experiment for one in alike])
        chosen = [alike[n] for n in next(s for s in shapes if 0 in s)][: self._most()]
        for one in chosen:
            self._waiting.remove(one)
        return chosen

    def _most(self) -> int:
        """How many trials to stack: as many as fit, but so that all workers have some at the end."""
        room = max(1, self._stack // self._plan.seeds)
        left = len(self._waiting) + self._claims.left()
        return max(1, min(room, -(-left // max(1, self._workers.count))))

    # -- taking trials ------------------------------------------------------------------------------------

    def _fill(self) -> Iterator[TrialRow | None]:
        """Take trials from the study until a stack is full, or there are none."""
        wanted = max(1, self._stack // self._plan.seeds) - len(self._waiting)
        if wanted <= 0 or (self._claims.exhausted and self._at_work):
            return
        for trial in self._claims.take(wanted):
            if trial.number >= self._plan.trials:
                yield self._fail(trial, "one more than was asked for: two machines took trials in the same moment")
                continue
            try:
                experiment = self._plan.experiment_of(trial.number, trial.params)
            except BadInput as problem:
                yield self._fail(trial, str(problem))
                continue
            self._waiting.append(_Open(trial, experiment))

    # -- data ---------------------------------------------------------------------------------------------

    def data_of(self, experiment: Experiment, report: Any = None) -> str:
        """The hash of an experiment's data, which the study remembers: data that have changed are no longer its."""
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

    def _take_in(self, opened: list[_Open], future: Future[list[TrialOutcome]]) -> Iterator[TrialRow]:
        error = future.exception() if not future.cancelled() else None
        if future.cancelled() or (error is not None and self._workers.cut_off(error)):
            yield from self._again(opened)
            return
        if isinstance(error, WorkerMismatch):
            self._waiting[:0] = opened
            self._unfit(error)
            return
        if isinstance(error, BadInput):
            if len(opened) == 1:
                yield self._fail(opened[0].trial, str(error))
                return
            for one in opened:
                one.alone = True  # to find out which of them it is
            self._waiting[:0] = opened
            return
        if error is not None:
            self._waiting[:0] = opened
            raise error
        for one, result in zip(opened, future.result(), strict=True):
            row = self._absorb(one, result)
            if row is not None:
                yield row

    def _unfit(self, error: WorkerMismatch) -> None:
        left_out = getattr(self._workers, "leave_out", None)
        if left_out is None or not left_out(str(error)):
            raise error
        self._notice(str(error))

    def _again(self, opened: list[_Open]) -> Iterator[TrialRow]:
        """A worker was killed with these in hand: they are trained again, from where they stood."""
        again = []
        for one in opened:
            one.tries += 1
            if one.tries < _TRIES:
                again.append(one)
            elif len(opened) > 1:
                one.alone, one.tries = True, one.tries - 1  # one of them may be too large for this machine
                again.append(one)
            else:
                why = f"its worker was ended from outside {_TRIES} times, or had too little memory"
                yield self._fail(one.trial, why)
        if again:
            numbers = ", ".join(str(one.number) for one in again)
            self._notice(f"A worker was ended; what it had in hand is trained again: trial {numbers}.")
        self._waiting[:0] = again

    def _absorb(self, one: _Open, result: TrialOutcome) -> TrialRow | None:
        """Take in what was measured of a trial; its row if that is its end."""
        for event in result.events:
            if "seconds" in event:
                event = event | {"seconds": one.seconds + event["seconds"]}
            one.events.append(event)
        one.seconds += result.seconds
        one.state = result.state
        measures = one.measures
        one.looked = int(measures[-1]["epoch"]) if measures else 0
        done = next((event for event in result.events if event["event"] == "done"), None)
        pruned = self._tell_steps(one, judge=self._prunes and done is None)
        if done is None and pruned is None:
            self._waiting.insert(0, one)  # before those that haven't begun: a pruner compares with what has ended
            return None
        return self._finish(one, done["reason"] if done else "pruned", done, pruned)

    def _tell_steps(self, one: _Open, *, judge: bool) -> int | None:
        """Report the accuracy after each epoch; the epoch at which the pruner gives the trial up, if it does."""
        from optuna.trial import TrialState

        frozen = self._study._storage.get_trial(one.trial._trial_id)
        if frozen.state is not TrialState.RUNNING:
            return None
        known = set(frozen.intermediate_values)
        steps = {int(m["epoch"]): float(m["evaluation_accuracy"]) for m in one.measures if m["epoch"] >= 1}
        for step, value in sorted(steps.items()):
            if step in known:
                continue
            one.trial.report(value, step)
            if judge and one.trial.should_prune():
                return step
        return None

    def _finish(self, one: _Open, reason: str, done: dict[str, Any] | None, pruned: int | None) -> TrialRow:
        from optuna.trial import TrialState

        last = one.measures[-1]
        if pruned is not None:
            last = next(m for m in reversed(one.measures) if int(m["epoch"]) == pruned)
        ending = done_event(one.measures, reason, done, one.seconds)
        write_events(
            self._record.directory, self._record.name, one.number, [*one.events[: -1 if done else None], ending]
        )
        about = {
            "ended": reason,
            "std": last.get("evaluation_accuracy_std"),
            "seeds": self._plan.seeds,
            "total": last["evaluation_total"],
            "epochs": last["epoch"],
            "seconds": round(one.seconds, 4),
            "seed": one.experiment.initialization.seed,
            "weights_sha256": (done or {}).get("weights_sha256"),
        }
        for key, value in about.items():
            if value is not None:
                one.trial.set_user_attr(key, value)
        unfinished_trials = reason == "diverged" or pruned is not None
        # Optuna's word for a trial that diverged is 'pruned' too: a sampler then knows that it was no good, while
        # what has failed is nothing to it
        if unfinished_trials:
            self._study.tell(one.trial, state=TrialState.PRUNED, skip_if_finished=True)
        else:
            self._study.tell(one.trial, last["evaluation_accuracy"], skip_if_finished=True)
        return trial_row(self._study._storage.get_trial(one.trial._trial_id))

    def _fail(self, trial: Trial, why: str) -> TrialRow:
        from optuna.trial import TrialState

        trial.set_user_attr("why", why)
        self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        return trial_row(self._study._storage.get_trial(trial._trial_id))
