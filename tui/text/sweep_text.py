"""What a study came to, in plain text: the best trials, which of them differ beyond noise, what to doubt."""

from __future__ import annotations

from tunelab.sweeps.results import StudyTable, TrialRow
from tunelab.sweeps.sweep_plan import params_text, short_value
from tunelab.wording import quantity

__all__ = ["best_trials", "best_trials_rows", "pictures", "remarks", "summary", "unfinished_trials", "value_text"]

_SHOWN = 10


def value_text(row: TrialRow) -> str:
    """A trial's value for people, ± its spread over seeds: 97.61 ± 0.20 %."""
    return row.metric.text(row.value, row.std)


def summary(table: StudyTable, importance: dict[str, float]) -> str:
    """Everything a person should know of a study, the table first."""
    if not table.complete:
        counts = ", ".join(f"{count} {state}" for state, count in table.counts.items()) or "nothing yet"
        return f"No trial has finished ({counts})." + "".join(f"\n{line}" for line in unfinished_trials(table))
    return best_trials(table) + "\n\n" + "\n".join(remarks(table, importance))


def best_trials(table: StudyTable, most: int = _SHOWN) -> str:
    """The best trials, one a line; = marks those within noise of the best."""
    from tunelab.tui.text.tables import aligned

    count = len(table.plan.over)
    right = frozenset({1, *range(2, 2 + count), 3 + count, 4 + count})
    return aligned([[row[1], row[0], *row[2:]] for row in best_trials_rows(table, most)], right=right)


def best_trials_rows(table: StudyTable, most: int = _SHOWN) -> list[list[str]]:
    """Return the best trials below their headings: number, sign (★ best, = within noise), values, result, cost."""
    near = {row.number for row in table.within_noise}
    rows = [["trial", "", *(d.name for d in table.plan.over), f"evaluation {table.metric.title}", "epochs", "time"]]
    for place, row in enumerate(table.complete[:most]):
        sign = "★" if place == 0 else "=" if row.number in near else ""
        values = [short_value(row.params.get(d.key, "")) for d in table.plan.over]
        rows.append([str(row.number), sign, *values, value_text(row), f"{row.epochs:g}", f"{row.seconds:.1f} s"])
    return rows


def remarks(table: StudyTable, importance: dict[str, float]) -> list[str]:
    """What the numbers mean, a sentence or two a line."""
    best = table.best
    if best is None:
        return unfinished_trials(table)
    lines = []
    counts = table.counts
    others = ", ".join(
        f"{counts[s]} {s}" for s in ("pruned", "diverged", "failed", "running", "waiting") if s in counts
    )
    count = len(table.complete)
    ended = "1 trial trained to its end" if count == 1 else f"{quantity(count, 'trial')} trained to their end"
    lines.append(ended + (f"; {others}." if others else "."))
    lines.append(f"Best: trial {best.number}, {params_text(table.plan.over, best.params)}, at {value_text(best)}.")
    lines.append(_noise(table, best))
    lines += [
        f"Suspect: the best {edge.dimension.name} is the {edge.end} that was tried "
        f"({short_value(edge.value)}); a better one may lie beyond. Try a wider range."
        for edge in table.edges
    ]
    if importance:
        names = {d.key: d.name for d in table.plan.over}
        shares = ", ".join(f"{names.get(key, key)} {100 * share:.0f} %" for key, share in importance.items())
        lines.append(
            f"What decides who comes near the top: {shares} (PED-ANOVA, "
            f"{quantity(len(table.complete), 'trial')}: rough)."
        )
    lines += unfinished_trials(table)
    gains = table.best_so_far()
    if gains and gains[-1][0] >= 10:
        last = next(count for count, value in gains if value == gains[-1][1])
        late = last > 0.8 * gains[-1][0] and len(table.within_noise) == 1 and table.ended < table.plan.size
        more = " It may get better still: try more trials." if late else ""
        lines.append(f"The best came as trial {last} of {gains[-1][0]} to end.{more}")
    return lines


def _noise(table: StudyTable, best: TrialRow) -> str:
    near = [row for row in table.within_noise if row is not best]
    kind = (
        f"spread over {quantity(best.seeds, 'seed')}"
        if best.std is not None
        else f"{quantity(best.total, 'evaluation example')} alone"
    )
    if not near:
        return f"No other trial is within noise of it ({kind})."
    ranges = []
    for d in table.plan.over:
        values = [row.params[d.key] for row in table.within_noise if d.key in row.params]
        if d.numeric:
            low, high = min(values), max(values)
            ranges.append(f"{d.name} {short_value(low)}" + (f" to {short_value(high)}" if high != low else ""))
        else:
            ranges.append(f"{d.name} {', '.join(dict.fromkeys(map(str, values)))}")
    many = quantity(len(near), "other trial")
    return f"No difference beyond noise ({kind}) to {many}: {'; '.join(ranges)}."


def unfinished_trials(table: StudyTable) -> list[str]:
    """What was pruned, and when; what diverged; what couldn't be trained."""
    lines = []
    pruned = [row for row in table.rows if row.state == "pruned"]
    if pruned:
        epochs = sorted(row.epochs for row in pruned)
        when = f"epoch {epochs[0]:g}" if epochs[0] == epochs[-1] else f"epochs {epochs[0]:g} to {epochs[-1]:g}"
        lines.append(f"Pruned at {when}: {_numbers(pruned)}.")
    diverged = [row for row in table.rows if row.state == "diverged"]
    if diverged:
        lines.append(f"Diverged: {_numbers(diverged)}.")
    lines += [f"Trial {row.number} couldn't be trained: {row.why}." for row in table.rows if row.state == "failed"][:5]
    return lines


def _numbers(rows: list[TrialRow], most: int = 12) -> str:
    listed = ", ".join(str(row.number) for row in rows[:most])
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return f"trial{'s' if len(rows) > 1 else ''} {listed}{more}"


def pictures(table: StudyTable, *, colour: bool) -> str:
    """The best so far, and a map of two parameters, for a page of text."""
    from tunelab.tui.charts import sheet
    from tunelab.tui.charts.sweep_charts import best_chart, map_axes, sweep_map
    from tunelab.tui.charts.terminal import page_style

    width, style = page_style(colour=colour)
    drawn = []
    axes = map_axes(table)
    if axes is not None and table.complete:
        drawn.append(sweep_map(table, *axes, width, 24, style))
    drawn.append(sheet(best_chart(table), width, 16, style))
    return "\n\n".join(picture.ansi() if style.colour else picture.plain() for picture in drawn)
