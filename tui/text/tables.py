"""Results as plain tables: aligned columns that a person, a pager and a screen reader can all follow."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from tunelab.records.history import History
from tunelab.records.measure_events import metric_of
from tunelab.training.metrics import METRICS
from tunelab.tui.charts.from_history import common_metric
from tunelab.tui.text.numbers import cost_text, metric_text, number_text, seconds_text
from tunelab.wording import quantity

if TYPE_CHECKING:
    from tunelab.records import Run

__all__ = ["aligned", "results_rows", "results_table", "terminal_width"]


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


def results_rows(run: Run) -> tuple[list[list[str]], list[str]]:
    """Return how every arm of a run ended, a row an arm below the headings, and notes on the numbers.

    A value is a mean ± its spread where there are several seeds.
    """
    histories = [arm.outline() for arm in run.arms]
    metric, _ = common_metric(histories)
    beside = {"balanced_accuracy": ["accuracy"], "r2": ["RMSE"]}.get(metric.name, [])
    heads = [f"evaluation {metric.title}", *beside, "best", f"training {metric.title}", "training cost"]
    rows = [["arm", *heads, "epochs", "ended", "time"]]
    total = seeds = 0
    for arm, history in zip(run.arms, histories, strict=True):
        seeds = max(seeds, history.seeds)
        final = history.latest
        ended = str(history.done.get("reason") or arm.state())
        if not final:
            rows.append([arm.name, "nothing measured", *[""] * len(heads), ended, ""])
            continue
        total = final["evaluation_total"]
        best: dict[str, Any] = history.done.get("best") or final
        rows.append(
            [
                arm.name,
                metric_text(final),
                *([_beside(final)] if beside else []),
                f"{metric_text(best)} (epoch {best['epoch']:g})",
                metric_text(final, "training"),
                cost_text(final),
                f"{final['epoch']:g}",
                ended,
                seconds_text(float(history.done["seconds"] if history.done else final["time"])),
            ]
        )
    notes = [quantity(total, "evaluation example")] if total else []
    if seeds > 1:
        notes.append(f"± is the standard deviation over {quantity(seeds, 'seed')}")
    return rows, notes


def results_table(run: Run, width: int | None = None) -> str:
    """How every arm of a run ended: one line an arm, mean ± spread where there are several seeds.

    Where that is wider than ``width``, a short paragraph an arm.
    """
    rows, notes = results_rows(run)
    heads = rows[0]
    table = aligned(rows, right=frozenset({len(heads) - 3, len(heads) - 1}))
    if width is not None and max(map(cell_len, table.splitlines())) > width:
        table = "\n".join(
            "\n".join(
                [row[0], *(f"  {head:<19}  {text}" for head, text in zip(heads[1:], row[1:], strict=True) if text)]
            )
            for row in rows[1:]
        )
    parts = [table + (f"\n{'; '.join(notes)}" if notes else "")]
    histories = run.histories()
    if common_metric(histories)[0].name == "balanced_accuracy":
        parts += [text for history in histories if (text := recalls_table(history, titled=len(histories) > 1))]
    return "\n\n".join(parts)


def _beside(fields: dict[str, Any]) -> str:
    """What stands beside the metric: the accuracy beside a balanced one, the error in the label's unit beside R²."""
    if metric_of(fields).name == "r2":
        return number_text(fields, "evaluation_rmse")
    return METRICS["accuracy"].text(fields.get("evaluation_accuracy"), fields.get("evaluation_accuracy_std"))


def recalls_table(history: History, *, titled: bool = False) -> str:
    """How each class fared at the end: the share of its evaluation examples answered right; nothing for numbers."""
    recalls = history.per_class()
    if not recalls:
        return ""
    rows = [[f"class ({history.name})" if titled else "class", "recall", "examples"]]
    for name, about in recalls.items():
        rows.append([name, METRICS["accuracy"].text(about["recall"]), f"{about['count']:,}"])
    return aligned(rows, right=frozenset({1, 2}))
