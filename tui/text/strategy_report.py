"""The report of a strategy as Markdown: how it began and ended, a table of stages, the evidence, the commands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.experiment import Experiment
from tunelab.strategy.evaluation import score_text
from tunelab.strategy.settings import differences
from tunelab.strategy.state import StageState, State
from tunelab.strategy.trial_curves import by_cost, curves_of
from tunelab.training.metrics import METRICS
from tunelab.tui.charts.from_history import stage_chart_text
from tunelab.tui.text.journal_text import beginning, plain_values, whole_problem

__all__ = ["ending_text", "report_text"]

_DRAWN = 10  # arms on a chart at most; the last that were tried

_REASONS = {
    "finished": "All stages were done.",
    "budget": "The time is used up.",
    "stop-after": "Stopped where you wanted.",
    "stopped": "Stopped; the same study goes on from here.",
    "no-better-than-chance": "Nothing that was tried does better than guessing. Before beekeeping: look at the data "
    "themselves, whether labels belong to inputs, and how inputs are scaled.",
}


def report_text(state: State, *, charts: bool = True, preset: Path | None = None) -> str:
    """Return everything as Markdown that a terminal can show as it is; ``preset`` is where the winner lies."""
    about = state.about["data"]
    judged = f"{about['folds']} folds of all examples" if about.get("folds") else "validation examples"
    metric = METRICS[about.get("metric", "accuracy")].title
    parts = [
        f"# The broad strategy on {about['title']}",
        _outcome(state),
        _wrapped(
            f"Began from: {beginning(state.base)}. Settings are compared on the same {judged} with the same seeds, by "
            f"{metric}. A ± is one standard error: the luck of first weights and "
            "that of which examples there are."
        ),
        _table(state),
    ]
    parts += [_stage(number, stage, charts) for number, stage in enumerate(state.stages.values(), 1) if _reached(stage)]
    parts += [_ending(state), _commands(state, preset)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _outcome(state: State) -> str:
    """How it began and ended, on the problem that was asked about."""
    done = state.done
    if done is None:
        return "It isn't at its end, so there is no number for the whole problem yet."
    lines = [str(done.get("because", ""))]
    if test := done.get("test"):
        lines.append(f"On {test['total']:,} test examples that no choice has seen: {score_text(test)}.")
    if changes := _changes(state):
        lines.append(f"What changed: {plain_values(changes)}.")
    return _wrapped(" ".join(line for line in lines if line))


def _changes(state: State) -> dict[str, Any]:
    return differences(Experiment.model_validate(state.base), state.winner)


def _reached(stage: StageState) -> bool:
    return stage.status not in ("ahead", "working")


def _table(state: State) -> str:
    """All stages: what was decided, and the score there; those of a smaller problem in a column of their own."""
    rows = ["| stage | decided | your problem | a smaller one |", "| --- | --- | --- | --- |"]
    for number, stage in enumerate(state.stages.values(), 1):
        if not _reached(stage):
            continue
        decided = {"skipped": "skipped", "left-out": "left out: no time", "stale": "stale"}.get(stage.status, "")
        if stage.decision is not None and not decided:
            decided = plain_values(stage.decision["chosen"]) or "nothing to change"
        score = (stage.recommendation or {}).get("validation")
        text = f"{score_text(score)} of {score['total']:,}" if score else ""
        cells = (text, "") if score and whole_problem(state, stage) else ("", text)
        rows.append(f"| {number} · {stage.title} | {decided} | {cells[0]} | {cells[1]} |")
    return "\n".join(rows)


def _stage(number: int, stage: StageState, charts: bool) -> str:
    lines = [f"## {number} · {stage.title}", stage.question]
    if stage.rows:
        width = max(len(str(row["label"])) for row in stage.rows)
        lines.append("\n".join(f"    {row['label']!s:<{width}}  {row['text']}" for row in stage.rows))
    curves = curves_of(stage)[-_DRAWN:]
    if charts and curves and max(map(len, curves)) > 2:
        drawn = stage_chart_text(curves, cost=by_cost(stage.name), colour=False)
        lines.append(textwrap.indent(drawn.rstrip("\n"), "    "))
    advice = stage.recommendation
    if advice is not None:
        lines.append(_wrapped(advice["because"]))
        if advice["sure"]:
            lines.append(_wrapped(advice["sure"]))
    if stage.decision is not None and stage.status == "decided":
        chosen = plain_values(stage.decision["chosen"])
        who = " (by hand)" if stage.decision["by"] == "person" else ""
        lines.append(_wrapped(f"Decided{who}: {chosen}.") if chosen else f"Decided{who}: nothing changes.")
    return "\n\n".join(lines)


def ending_text(state: State) -> str:
    """Return why it ended, what came of it and what was left out."""
    done: Mapping[str, Any] = state.done or {}
    lines = [_REASONS.get(str(done.get("reason")), "It isn't at its end; the same study goes on from here.")]
    if done.get("because"):
        lines.append(str(done["because"]))
    if left_out := done.get("left_out"):
        lines.append(f"Left out for lack of time: {', '.join(left_out)}. A larger budget goes on with them.")
    return " ".join(lines)


def _ending(state: State) -> str:
    uses = state.test_uses
    touched = f"The test set was looked at {'once' if uses == 1 else f'{uses} times'}." if uses else ""
    return "\n\n".join(["## The end", _wrapped(f"{ending_text(state)} {touched}")])


def _commands(state: State, preset: Path | None) -> str:
    study = str(preset.parent) if preset is not None and preset.parent.parent != paths.studies() else state.name
    lines = [f"tunelab tune --study {study}          # this report again, or go on with it"]
    if preset is not None:
        lines.insert(0, f"tunelab run {preset}          # train the winner")
    return "## Commands\n\n" + "\n".join(f"    {line}" for line in lines)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 100))
