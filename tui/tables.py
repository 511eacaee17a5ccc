"""Results as plain tables: aligned columns that a person, a pager and a screen reader can all follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from tui.numbers import accuracy_text, cost_text, seconds_text

if TYPE_CHECKING:
    from core.records import Run

__all__ = ["aligned", "results_table"]


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows, the first of them headings, as columns two spaces apart; those in ``right`` are set to the right."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def cell(text: str, column: int) -> str:
        space = " " * (widths[column] - cell_len(text))
        return space + text if column in right else text + space

    lines = ["  ".join(cell(text, column) for column, text in enumerate(row)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def results_table(run: Run) -> str:
    """How every arm of a run ended: one line an arm, mean ± spread where there are several seeds."""
    rows = [["arm", "evaluation accuracy", "best", "training accuracy", "training cost", "epochs", "ended", "time"]]
    total = seeds = 0
    for arm in run.arms:
        events = arm.events()
        measures = [event for event in events if event["event"] == "measure"]
        ends = [event for event in events if event["event"] == "done"]
        starts = [event for event in events if event["event"] == "start"]
        seeds = max([seeds, *(len(start["seeds"]) for start in starts)])
        if not measures:
            rows.append([arm.name, "nothing measured", "", "", "", "", arm.state(), ""])
            continue
        final = measures[-1]
        total = final["evaluation_total"]
        best: dict[str, Any] = (ends[-1].get("best") if ends else None) or final
        seconds = ends[-1]["seconds"] if ends else final["time"]
        rows.append(
            [
                arm.name,
                accuracy_text(final),
                f"{accuracy_text(best)} (epoch {best['epoch']:g})",
                accuracy_text(final, "training_accuracy"),
                cost_text(final),
                f"{final['epoch']:g}",
                str(ends[-1]["reason"]) if ends else arm.state(),
                seconds_text(seconds),
            ]
        )
    table = aligned(rows, right=frozenset({5, 7}))
    notes = [f"{total:,} evaluation examples"] if total else []
    if seeds > 1:
        notes.append(f"± is the standard deviation over {seeds} seeds")
    return table + (f"\n{'; '.join(notes)}" if notes else "")
