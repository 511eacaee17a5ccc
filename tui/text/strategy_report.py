"""The report of a strategy as Markdown: how it began and ended, a table of stages, the evidence, the commands."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tunelab.strategy.state import StageState, State
from tunelab.strategy.trial_curves import by_cost, curves_of
from tunelab.tui.charts.from_history import stage_chart_text
from tunelab.tui.text import strategy_outcome as outcome
from tunelab.tui.text.journal_text import beginning, plain_values

__all__ = ["report_text"]

_DRAWN = 10  # arms on a chart at most; the last that were tried


def report_text(state: State, *, charts: bool = True, preset: Path | None = None) -> str:
    """Return everything as Markdown that a terminal can show as it is; ``preset`` is where the winner lies."""
    about = state.about["data"]
    judged = f"{about['folds']} folds of all examples" if about.get("folds") else "validation examples"
    parts = [
        f"# The broad strategy on {about['title']}",
        _wrapped(_ending(state)),
        _wrapped(
            f"Began from: {beginning(state.base)}. Settings are compared on the same {judged} with the same seeds. "
            f"{outcome.error_note(state)}"
        ),
        _table(state),
    ]
    parts += [_stage(number, stage, charts) for number, stage in enumerate(state.stages.values(), 1) if _reached(stage)]
    parts += ["## The end", _wrapped(_end(state)), _commands(state, preset)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ending(state: State) -> str:
    """How it began and ended, on the problem that was asked about, and by which changes."""
    if state.done is None:
        return outcome.headline(state)
    changed = outcome.changes_text(state)
    return " ".join([outcome.headline(state), f"Changed: {changed}." * bool(changed), outcome.test_text(state)])


def _end(state: State) -> str:
    because = str((state.done or {}).get("because", ""))
    return " ".join(part for part in (outcome.reason_text(state), because, outcome.left_out_text(state)) if part)


def _reached(stage: StageState) -> bool:
    return stage.status not in ("ahead", "working")


def _table(state: State) -> str:
    """All stages: what was decided, and the score there; those of a smaller problem in a column of their own."""
    rows = ["| stage | decided | your problem | a smaller one |", "| --- | --- | --- | --- |"]
    for stage in outcome.stage_scores(state):
        cells = (stage.text, "") if stage.whole else ("", stage.text)
        rows.append(f"| {stage.number} · {stage.title} | {stage.decided} | {cells[0]} | {cells[1]} |")
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


def _commands(state: State, preset: Path | None) -> str:
    lines = [f"    {command}          # {does}" for command, does in outcome.commands(state, preset)]
    return "## Commands\n\n" + "\n".join(lines)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 100))
