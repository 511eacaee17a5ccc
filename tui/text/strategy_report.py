"""The report of a strategy: what every stage asked, saw, recommended and what was decided, as Markdown with charts."""

from __future__ import annotations

import textwrap
from typing import Any

from tunelab.strategy.state import StageState, State
from tunelab.strategy.trial_curves import by_cost, curves_of
from tunelab.tui.charts.from_history import stage_plotted
from tunelab.tui.text.journal_text import beginning, plain_values

__all__ = ["report_text"]

_DRAWN = 10  # arms on a chart at most; the last that were tried


def report_text(state: State, *, charts: bool = True) -> str:
    """The whole way as Markdown that a terminal can show as it is."""
    about = state.about["data"]
    parts = [
        f"# The broad strategy on {about['title']}",
        _wrapped(f"Began from: {beginning(state.base)}."),
        _way(state),
    ]
    parts += [_stage(number, stage, charts) for number, stage in enumerate(state.stages.values(), 1) if _reached(stage)]
    parts.append(_end(state))
    return "\n\n".join(parts) + "\n"


def _reached(stage: StageState) -> bool:
    return stage.status not in ("ahead", "working")


def _way(state: State) -> str:
    """A table of all stages: what was decided, and the validation accuracy there."""
    rows = ["| stage | decided | validation |", "| --- | --- | --- |"]
    for number, stage in enumerate(state.stages.values(), 1):
        if not _reached(stage):
            continue
        decided = {"skipped": "skipped", "left-out": "left out: no time", "stale": "stale"}.get(stage.status, "")
        if stage.decision is not None and not decided:
            decided = plain_values(stage.decision["chosen"]) or "nothing to change"
        seen = (stage.recommendation or {}).get("validation")
        accuracy = f"{100 * seen['accuracy']:.1f} % of {seen['total']:,}" if seen else ""
        rows.append(f"| {number} · {stage.title} | {decided} | {accuracy} |")
    return "\n".join(rows)


def _stage(number: int, stage: StageState, charts: bool) -> str:
    lines = [f"## {number} · {stage.title}", stage.question]
    if stage.rows:
        width = max(len(str(row["label"])) for row in stage.rows)
        lines.append("\n".join(f"    {row['label']!s:<{width}}  {row['text']}" for row in stage.rows))
    curves = curves_of(stage)[-_DRAWN:]
    if charts and curves and max(map(len, curves)) > 2:
        drawn = stage_plotted(curves, cost=by_cost(stage.name), colour=False)
        lines.append(textwrap.indent(drawn.rstrip("\n"), "    "))
    advice = stage.recommendation
    if advice is not None:
        lines.append(_wrapped(advice["because"]))
        if advice["sure"]:
            lines.append(_wrapped(advice["sure"]))
    if stage.decision is not None and stage.status == "decided":
        chosen = plain_values(stage.decision["chosen"])
        who = " (by hand)" if stage.decision["by"] == "person" else ""
        lines.append(_wrapped(f"Decided{who}: {chosen}.") if chosen else f"Decided{who}: go on.")
    return "\n\n".join(lines)


def _end(state: State) -> str:
    done: dict[str, Any] = state.done or {}
    words = {
        "finished": "The whole way was gone.",
        "stop-after": "It was to stop here.",
        "stopped": "It was stopped here; the same study goes on from here.",
        "no-better-than-chance": "Nothing that was tried does better than guessing. Before beekeeping: look at the "
        "data themselves, whether labels belong to inputs, and how inputs are scaled.",
    }
    lines = ["## The end", words.get(str(done.get("reason")), "It isn't at its end; the same study goes on from here.")]
    if left_out := done.get("left_out"):
        lines.append(f"Left out for lack of time: {', '.join(left_out)}.")
    uses = state.test_uses
    lines.append(f"The test set was looked at {'once' if uses == 1 else f'{uses} times'}." if uses else "")
    return "\n\n".join(line for line in lines if line)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 100))
