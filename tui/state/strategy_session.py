"""A strategy as the screen follows it: worked on in another process, read from its journal, decided here."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from tunelab.errors import BadInput
from tunelab.experiment import Experiment
from tunelab.experiment.fields import described, value_of, value_text
from tunelab.records import ArmRecord, Follower, Run
from tunelab.records.history import History
from tunelab.strategy import journal
from tunelab.strategy.runner import advance, decide
from tunelab.strategy.single_search import answer
from tunelab.strategy.stages import declaration
from tunelab.strategy.state import StageState, State, folded
from tunelab.strategy.trial_curves import curves_of
from tunelab.tui.charts import ChartSpec
from tunelab.tui.charts.from_history import common_metric
from tunelab.tui.charts.ordered_arms import response_chart
from tunelab.tui.state.assignments import Assignment

__all__ = ["Guide", "unfinished"]


class Guide:
    """Follows one strategy. It knows no widget; ``submit`` has things done in a worker process."""

    def __init__(self, directory: Path, executor: Executor) -> None:
        self.directory = directory
        self.state = State()
        self.alone = False
        """Whether every recommendation is accepted as it comes, without asking."""
        self._executor = executor
        self._follower = Follower(directory / "journal.jsonl")
        self._future: Future[Any] | None = None
        self._arms: list[History] = []
        self._stage = ""
        self.poll()

    @property
    def single(self) -> bool:
        """Whether this is one question alone, not the whole way."""
        return len(self.state.stages) == 1

    @property
    def finished(self) -> bool:
        """Whether nothing is left to decide: the way has come to its end, or the one question is answered."""
        return self.state.done is not None or (self.single and self.state.now is None)

    @property
    def working(self) -> bool:
        """Whether a process is at it."""
        return self._future is not None and not self._future.done()

    @property
    def problem(self) -> str:
        """What went wrong in the process that worked on it, in a sentence; empty where nothing did."""
        if self._future is None or not self._future.done() or self._future.cancelled():
            return ""
        error = self._future.exception()
        if error is None:
            return ""
        return str(error) if isinstance(error, BadInput) else f"the process that worked on it ended: {error!r}"

    def poll(self) -> bool:
        """Read what is new in the journal; whether anything was."""
        events = self._follower.new()
        for event in events:
            self.state = folded(self.state, event)
            if event["event"] == "stage":
                self._stage = event["stage"]
        if events and self._stage:
            self._arms = curves_of(self.state.stages[self._stage])
        return bool(events)

    @property
    def stage(self) -> StageState:
        """The stage to be shown: the one at work or asking, else the last."""
        return self.state.now or list(self.state.stages.values())[-1]

    @property
    def arms(self) -> list[History]:
        """What the stage that was begun last has tried."""
        return self._arms

    def go_on(self) -> None:
        """Have the next stage worked out, unless a decision is wanted first or a process is at it."""
        self.poll()
        if self.working or self.finished or self.state.asks:
            return
        self._future = self._executor.submit(answer if self.single else advance, str(self.directory))

    def decide(self, action: str, chosen: Mapping[str, Any] | None = None, stage: str | None = None) -> None:
        """Decide as the person says; :class:`BadInput` where that can't be."""
        if self.working:
            raise BadInput("it is at work: wait for its recommendation, or leave with escape")
        decide(self.directory, action, chosen, stage=stage, by="person")
        self.poll()

    def stop(self) -> None:
        """Ask the process to leave off; what was measured stays, and the stage is begun again later."""
        if self.working:
            journal.send(self.directory, "stop")

    def recommended_rows(self) -> list[Assignment]:
        """Return the recommended values as they would be typed; of a stage without, the value it is about as it is."""
        stage = self.stage
        chosen = dict((stage.recommendation or {}).get("chosen") or {})
        known = described()
        about = {key: value for key, value in chosen.items() if key in known}
        declared = declaration(stage.name)
        if not about and declared is not None and declared.subject is not None:
            about = {declared.subject: value_of(self.experiment().to_dict(), declared.subject)}
        return [(known[key].symbol or key.rsplit(".", 1)[-1], value_text(value)) for key, value in about.items()]

    def response(self, *, cost: bool) -> ChartSpec | None:
        """Return what the values that were tried end at, the chosen one marked; None where they have no order."""
        declared = declaration(self._stage)
        stage = self.state.stages.get(self._stage)
        chosen = ((stage.recommendation if stage is not None else None) or {}).get("chosen") or {}
        value = chosen.get(declared.subject or "") if declared is not None else None
        metric, _ = common_metric(self._arms)
        at = float(value) if isinstance(value, int | float) else None
        return response_chart(self._arms, metric, cost=cost, chosen=at)

    def winner_arm(self) -> ArmRecord | None:
        """Return the record of one of the winner's networks; None where the full problem wasn't trained."""
        full = self.state.stages.get("full")
        evidence = ((full.recommendation or {}) if full is not None else {}).get("evidence") or {}
        if "run" not in evidence or not evidence.get("arms"):
            return None
        return Run(self.directory / evidence["run"])[evidence["arms"][0]]

    def experiment(self) -> Experiment:
        """Return the experiment by everything decided so far; at the end the winner."""
        return self.state.winner


def unfinished(most: int) -> list[str]:
    """Names of strategies that can be gone on with, the latest first, and no more than ``most``: each is read."""
    found: list[str] = []
    for name in reversed(journal.studies()):
        if len(found) == most:
            break
        events = journal.read(journal.find(name))
        if events and events[0]["event"] == "begin" and len(events[0]["stages"]) > 1 and events[-1]["event"] != "done":
            found.append(name)
    return found
