"""What was decided about a table, in sentences: they are told whenever it is loaded, and each can be overruled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tunelab.data.dataset import Array
from tunelab.data.tables.columns import ColumnPlan
from tunelab.errors import printable
from tunelab.wording import quantity

if TYPE_CHECKING:
    from tunelab.data.tables.preparing import Understood

__all__ = ["decisions", "fitted_decisions"]


def decisions(known: Understood, positions: Sequence[Array]) -> list[str]:
    """The decisions, a sentence each."""
    table = known.table
    notes = list(table.notes)
    notes.append(f"{_capital(known.label_why)}; {known.label.why}")
    dropped = table.rows - len(known.rows)
    if dropped:
        notes.append(f"{quantity(dropped, 'row')} without a label {'are' if dropped > 1 else 'is'} left out")
    if known.pixels:
        notes.append(known.pixels.why)
    for kind, what in (("number", "numbers"), ("category", "categories, one input for each value")):
        plans = [plan for plan in known.plans if plan.kind == kind]
        if plans:
            notes.append(f"{quantity(len(plans), 'column')} used as {what}: {_listed(plans)}")
    for why in dict.fromkeys(plan.why for plan in known.plans if plan.kind == "left-out"):
        plans = [plan for plan in known.plans if plan.kind == "left-out" and plan.why == why]
        notes.append(f"Left out: {_listed(plans)} ({why})")
    for plan in known.plans:
        if plan.warning and plan.kind == "number":
            notes.append(f"{_capital(table.called(plan.column))}: {plan.warning}")
        if plan.kind == "number" and plan.why != "numbers":
            notes.append(f"{_capital(table.called(plan.column))}: {plan.why}")
    counts = [len(part) for part in positions]
    stratified = (
        "classes in proportion" if known.label.classes is not None else "each part over the label's whole range"
    )
    notes.append(
        f"Split into {counts[0]:,} training, {counts[1]:,} validation and "
        f"{quantity(counts[2], 'test row')}, shuffled by "
        f"data.split_seed = {known.options.split_seed}, {stratified}"
    )
    return notes


def fitted_decisions(entries: Sequence[dict[str, Any]]) -> list[str]:
    """What was done about missing cells and values far out."""
    notes = []
    holes = [entry for entry in entries if entry["kind"] != "left-out" and entry["missing"]]
    if holes:
        listed = ", ".join(f"{printable(e['name'], 30) or 'the unnamed column'} {e['missing']:,}" for e in holes[:12])
        more = f", … ({quantity(len(holes), 'column')})" if len(holes) > 12 else ""
        notes.append(
            f"Missing cells: {listed}{more}; numbers get the training part's median (and an input that says so where "
            "5 % or more are missing), text a category of its own"
        )
    for entry in entries:
        if entry.get("beyond"):
            count = entry["beyond"]
            values = "value" if count == 1 else "values"
            notes.append(
                f"Column '{printable(entry['name'], 40)}' has {count:,} {values} far outside the others (beyond "
                f"{entry['low']:.4g} … {entry['high']:.4g}): held to that range, so that the rest isn't flattened"
            )
    return notes


def _listed(plans: Sequence[ColumnPlan]) -> str:
    names = [printable(plan.column.name, 30) or "the unnamed column" for plan in plans]
    if len(names) > 12 and all(name.isdigit() for name in names):
        names = _ranges([int(name) for name in names])
    return ", ".join(names[:12]) + (f", … ({len(names):,} in all)" if len(names) > 12 else "")


def _ranges(numbers: Sequence[int]) -> list[str]:
    """Numbers with those that follow each other drawn together: 0, 2 to 9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
