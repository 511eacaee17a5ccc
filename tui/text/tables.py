"""Results as plain tables: aligned columns that a person, a pager and a screen reader can all follow."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from tunelab.tui.text.numbers import accuracy_text, cost_text, seconds_text

if TYPE_CHECKING:
    from tunelab.records import Run

__all__ = ["aligned", "results_table", "terminal_width"]


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows, the first of them headings, as columns two spaces apart; those in ``right`` are set to the right."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def cell(text: str, column: int) -> str:
        space = " " * (widths[column] - cell_len(text))
        return space + text if column in right else text + space

    lines = ["  ".join(cell(text, column) for column, text in enumerate(row)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def terminal_width() -> int | None:
    """How wide stdout's terminal is; None where it is none, and so has no end."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None


def results_table(run: Run, width: int | None = None) -> str:
    """How every arm of a run ended: one line an arm, mean ± spread where there are several seeds.

    Where that is wider than ``width``, a short paragraph an arm.
    """
    rows = [["arm", "evaluation accuracy", "best", "training accuracy", "training cost", "epochs", "ended", "time"]]
    total = seeds = 0
    for arm in run.arms:
        history = arm.history()
        seeds = max(seeds, history.seeds)
        final = history.latest
        ended = str(history.done.get("reason") or arm.state())
        if not final:
            rows.append([arm.name, "nothing measured", "", "", "", "", ended, ""])
            continue
        total = final["evaluation_total"]
        best: dict[str, Any] = history.done.get("best") or final
        rows.append(
            [
                arm.name,
                accuracy_text(final),
                f"{accuracy_text(best)} (epoch {best['epoch']:g})",
                accuracy_text(final, "training_accuracy"),
                cost_text(final),
                f"{final['epoch']:g}",
                ended,
                seconds_text(float(history.done["seconds"] if history.done else final["time"])),
            ]
        )
    table = aligned(rows, right=frozenset({5, 7}))
    if width is not None and max(map(cell_len, table.splitlines())) > width:
        heads = rows[0]
        table = "\n".join(
            "\n".join(
                [row[0], *(f"  {head:<19}  {text}" for head, text in zip(heads[1:], row[1:], strict=True) if text)]
            )
            for row in rows[1:]
        )
    notes = [f"{total:,} evaluation examples"] if total else []
    if seeds > 1:
        notes.append(f"± is the standard deviation over {seeds} seeds")
    return table + (f"\n{'; '.join(notes)}" if notes else "")
