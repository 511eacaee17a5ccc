"""How a strategy ended, in words: began and ended on the same examples, stage by stage, what was left out, commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.experiment import Experiment
from tunelab.strategy.evaluation import score_text
from tunelab.strategy.settings import differences
from tunelab.strategy.stages import STAGES
from tunelab.strategy.state import StageState, State
from tunelab.training.metrics import METRICS
from tunelab.tui.text.journal_text import plain_change, plain_values, whole_problem

__all__ = [
    "StageScore",
    "changes",
    "changes_text",
    "commands",
    "error_note",
    "headline",
    "left_out_text",
    "reason_text",
    "stage_scores",
    "test_text",
]

_REASONS = {
    "finished": "All stages were done.",
    "budget": "The time is used up.",
    "stop-after": "Stopped where you wanted.",
    "stopped": "Stopped; the same study goes on from here.",
    "no-better-than-chance": "Nothing that was tried does better than guessing. Before beekeeping: look at the data "
    "themselves, whether labels belong to inputs, and how inputs are scaled.",
}


@dataclass(frozen=True)
class StageScore:
    """One stage that was reached: its number and title, what was decided, and its score where it has one.

    ``whole``: whether the score is about the problem that was asked about. Another score is never listed with those.
    ``test``: whether it is the test set's, which are other examples.
    """

    number: int
    title: str
    decided: str
    score: Mapping[str, Any] | None
    whole: bool
    test: bool

    @property
    def text(self) -> str:
        """The score with its error and what it was judged on; empty without one."""
        if not self.score:
            return ""
        return f"{score_text(self.score)} of {self.score['total']:,}{' test examples' if self.test else ''}"


def headline(state: State) -> str:
    """Return how it began and ended, and whether anything was gained, in a sentence or two."""
    done: Mapping[str, Any] = state.done or {}
    began, ended = done.get("began"), done.get("ended")
    if not began or not ended:
        return str(done.get("because") or "") or "It isn't at its end, so there is no number for the whole problem yet."
    metric = METRICS[ended.get("metric", "accuracy")]
    way = f"began at {score_text(began)}, ended at {score_text(ended)} on the same {ended['total']:,} examples"
    if done.get("reason") == "no-better-than-chance":
        return f"No signal found, nothing that was tried does better than guessing: {way}. Your own settings stay."
    if not changes(state):
        return f"Nothing was gained: {way}. Your own settings stay."
    gain = metric.difference_text(float(ended["value"]) - float(began["value"]), None)
    return f"B{way[1:]}: {gain} gained ({metric.title})."


def error_note(state: State) -> str:
    """Return what a ± is, for wherever scores are listed."""
    metric = METRICS[state.about.get("data", {}).get("metric", "accuracy")]
    luck = "the luck of first weights and of which examples there are"
    return f"Scores are {metric.title}; ± is one standard error: {luck}."


def changes(state: State) -> dict[str, Any]:
    """Return the settings in which the winner differs from what the strategy began with."""
    new = differences(Experiment.model_validate(state.base), state.winner)
    return {key: value for key, value in new.items() if key != "initialization.seeds"}


def changes_text(state: State) -> str:
    """Return the changed settings, each with the value before; empty where nothing was changed."""
    return ", ".join(plain_change(state.base, key, value) for key, value in changes(state).items())


def test_text(state: State) -> str:
    """Return what the winner reaches on the test set, and how often that was looked at; empty without a look."""
    test = (state.done or {}).get("test")
    uses = state.test_uses
    often = "once" if uses == 1 else f"{uses} times"
    if not test:
        return f"The test set was looked at {often}." if uses else "The test set hasn't been touched."
    return f"Test set, used {often}: {score_text(test)} of {test['total']:,} examples that no choice has seen."


def stage_scores(state: State) -> list[StageScore]:
    """Return every stage that was reached, in order."""
    scores = []
    for number, stage in enumerate(state.stages.values(), 1):
        if stage.status not in ("ahead", "working"):
            score = (stage.recommendation or {}).get("validation") or None
            whole = score is not None and whole_problem(state, stage)
            scores.append(StageScore(number, stage.title, _decided(state, stage), score, whole, stage.name == "test"))
    return scores


def _decided(state: State, stage: StageState) -> str:
    no_time = "left out: no time" if state.budget is not None else "left out"
    words = {"skipped": "skipped", "left-out": no_time, "stale": "to be asked again"}
    if stage.status in words:
        return words[stage.status]
    if stage.decision is None:
        return ""
    return plain_values(stage.decision["chosen"]) or "nothing to change"


def reason_text(state: State) -> str:
    """Return why it ended."""
    done: Mapping[str, Any] = state.done or {}
    if done.get("reason") == "budget" and state.budget is None:
        return "All stages were done that could be."
    optional = {stage.name for stage in STAGES if stage.optional}
    if done.get("reason") == "budget" and optional.issuperset(done.get("left_out") or ["all"]):
        return "All stages were done but those that there was no time to spare for."
    return _REASONS.get(str(done.get("reason")), "It isn't at its end; the same study goes on from here.")


def left_out_text(state: State) -> str:
    """Return what was left out, and why: for lack of time only where there was a budget."""
    names = (state.done or {}).get("left_out") or []
    if not names:
        return ""
    titles = ", ".join(state.stages[name].title for name in names if name in state.stages)
    if state.budget is not None:
        return f"Left out for lack of time: {titles}. A larger budget goes on with them."
    return f"Left out: {titles}."


def commands(state: State, preset: Path | None) -> list[tuple[str, str]]:
    """Return what can be typed to do it again, each with what it does; ``preset`` is the winner's file."""
    name = state.name
    if preset is not None and preset.parent.parent != paths.studies():
        name = str(preset.parent)
    listed = [(f"tunelab tune --study {name}", "this report again, or go on with it")]
    return [(f"tunelab run {preset}", "the winner's training")] * (preset is not None) + listed
