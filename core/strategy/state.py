"""Where a strategy stands: a fold over its journal, so that anything can go on from it, replay it or show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tunelab.experiment import Experiment
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.validation_errors import checked
from tunelab.strategy.journal import Event

__all__ = ["StageState", "State", "fold", "folded"]


@dataclass(frozen=True)
class StageState:
    """One stage as far as it has come.

    ``status``: 'ahead' (not begun), 'working' (begun, no recommendation yet), 'asking' (a recommendation waits for a
    decision), 'decided', 'skipped' (a person's wish), 'left-out' (no time for it), 'stale' (decided once, before
    something it rests on was changed).
    ``experiment`` is what the stage begins from; ``arms`` are the measure events by label, in the order tried;
    ``rows`` its evidence; ``tries`` what a person wants tried still, dotted keys each; ``attempts`` how often it was
    begun.
    """

    name: str
    status: str = "ahead"
    title: str = ""
    question: str = ""
    teaching: str = ""
    plan: tuple[str, ...] = ()
    seconds: float = 0.0
    experiment: dict[str, Any] = field(default_factory=dict)
    arms: dict[str, list[Event]] = field(default_factory=dict)
    rows: tuple[Event, ...] = ()
    recommendation: Event | None = None
    decision: Event | None = None
    tries: tuple[dict[str, Any], ...] = ()
    attempts: int = 0


@dataclass(frozen=True)
class State:
    """A strategy: what it began from, its stages in order, what has been used of the budget.

    ``spent`` and ``budget`` are seconds of work; ``test_uses`` counts how often the test set was looked at;
    ``done`` is the last event of a strategy that has ended, until it is taken up again.
    """

    name: str = ""
    base: dict[str, Any] = field(default_factory=dict)
    about: Event = field(default_factory=dict)
    stages: dict[str, StageState] = field(default_factory=dict)
    spent: float = 0.0
    budget: float | None = None
    stop_after: str | None = None
    skip: tuple[str, ...] = ()
    test_uses: int = 0
    done: Event | None = None

    @property
    def now(self) -> StageState | None:
        """The stage that works or asks, or the next to begin; None where all have been decided."""
        for stage in self.stages.values():
            if stage.status in ("ahead", "working", "asking", "stale"):
                return stage
        return None

    @property
    def asks(self) -> bool:
        """Whether a decision is wanted before anything can go on."""
        now = self.now
        return self.done is None and now is not None and now.status == "asking" and not now.tries

    @property
    def left(self) -> float | None:
        """Seconds of the budget that are left; None without one."""
        return None if self.budget is None else max(0.0, self.budget - self.spent)

    def experiment(self, before: str | None = None) -> Experiment:
        """The experiment as it is by the decisions so far; only by those of the stages before ``before`` if given."""
        tables = self.base
        for stage in self.stages.values():
            if stage.name == before:
                break
            if stage.decision is not None and stage.status == "decided":
                tables = placed(tables, stage.decision["chosen"])
        return checked(Experiment, self._of_asked_problem(tables), self.name)

    @property
    def winner(self) -> Experiment:
        """The settings that the strategy came to: those of its end, or of the decisions so far."""
        if self.done is not None and self.done.get("experiment"):
            return checked(Experiment, self._of_asked_problem(self.done["experiment"]), self.name)
        return self.experiment()

    def _of_asked_problem(self, tables: dict[str, Any]) -> dict[str, Any]:
        """The tables with the data that were asked about: an earlier version kept the shrunken ones. λ/n stays put."""
        asked, now = self.base.get("data", {}), tables.get("data", {})
        if now == asked:
            return tables
        there = int(self.about["data"]["training"])
        n, small = min(asked.get("train") or there, there), min(now.get("train") or there, there)
        training = dict(tables.get("training", {}))
        if training.get("lambda"):
            training["lambda"] = float(f"{training['lambda'] * n / small:.3g}")
        network = dict(tables.get("network", {}))
        if self.stages.get("widen", StageState("")).status != "decided" and "hidden" in self.base.get("network", {}):
            network["hidden"] = self.base["network"]["hidden"]
        return tables | {"data": asked, "training": training, "network": network}

    def validation(self) -> list[tuple[str, float]]:
        """The validation accuracy that each stage came to, so far: (stage, accuracy)."""
        return [
            (stage.name, float(seen.get("value", seen.get("accuracy"))))
            for stage in self.stages.values()
            if stage.recommendation is not None
            and stage.status in ("asking", "decided")
            and (seen := stage.recommendation.get("validation")) is not None
        ]


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """Return the state after all of a journal's events; after those that follow ``state`` where it is given."""
    state = state or State()
    for event in events:
        state = folded(state, event)
    return state


def folded(state: State, event: Event) -> State:
    """The state after one more event. What it doesn't know changes nothing."""
    state = replace(state, spent=max(state.spent, float(event["time"])))
    kind = event["event"]
    if kind == "begin":
        stages = {name: StageState(name, title=event["titles"].get(name, name)) for name in event["stages"]}
        return replace(
            state,
            name=event["run"],
            base=event["experiment"],
            about=event,
            stages=stages,
            budget=event["budget"],
            stop_after=event.get("stop_after"),
            skip=tuple(event.get("skip", ())),
        )
    if kind == "reopen":
        state = replace(state, budget=event["budget"], stop_after=event.get("stop_after"), done=None)
        state = replace(state, skip=tuple(event.get("skip", state.skip)))
        return _asked_again(state) if event.get("left_out_again") else state
    if kind == "done":
        return replace(state, done=event)
    if kind == "stale":
        return _stale(state, event["stages"])
    if kind == "test":
        state = replace(state, test_uses=state.test_uses + 1)
    name = event.get("stage", "")
    if name not in state.stages:
        return state
    return _with(state, _stage_after(state.stages[name], event))


def _stage_after(stage: StageState, event: Event) -> StageState:
    kind = event["event"]
    if kind == "stage":
        return StageState(
            stage.name,
            status="working",
            title=event["title"],
            question=event["question"],
            teaching=event["teaching"],
            plan=tuple(event["plan"]),
            seconds=float(event["seconds"]),
            experiment=event["experiment"],
            tries=stage.tries,
            attempts=stage.attempts + 1,
        )
    if kind == "measure":
        return replace(stage, arms=stage.arms | {event["arm"]: [*stage.arms.get(event["arm"], []), event]})
    if kind == "row":
        return replace(stage, rows=(*stage.rows, event))
    if kind == "recommendation":
        status = "left-out" if event.get("left_out") else "asking"
        return replace(stage, status=status, recommendation=event, tries=stage.tries[1:])
    if kind == "decision":
        return _decided(stage, event)
    return stage


def _decided(stage: StageState, event: Event) -> StageState:
    action = event["action"]
    if action == "try":
        return replace(stage, tries=(*stage.tries, event["chosen"]))
    if action in ("accept", "change"):
        return replace(stage, status="decided", decision=event, tries=())
    if action == "skip":
        return replace(stage, status="skipped", decision=event, tries=())
    if action == "back":  # to this stage: what it recommended stands, and what was decided is open again
        asking = stage.recommendation is not None and stage.status != "left-out"
        return replace(stage, status="asking" if asking else "ahead", decision=None, tries=())
    return stage


def _asked_again(state: State) -> State:
    """What was left out for lack of time is ahead again, and what rests on it is stale."""
    names = list(state.stages)
    first = next((i for i, name in enumerate(names) if state.stages[name].status == "left-out"), len(names))
    for name in names[first:]:
        stage = state.stages[name]
        if stage.status == "left-out":
            state = _with(state, replace(stage, status="ahead", recommendation=None))
    return _stale(state, [name for name in names[first:] if state.stages[name].status in ("decided", "asking")])


def _stale(state: State, names: Iterable[str]) -> State:
    for name in names:
        stage = state.stages.get(name)
        if stage is not None and stage.status != "ahead":
            state = _with(state, replace(stage, status="stale", tries=()))
    return state


def _with(state: State, stage: StageState) -> State:
    return replace(state, stages=state.stages | {stage.name: stage})
