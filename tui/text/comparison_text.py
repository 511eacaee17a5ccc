"""Comparisons in words: of runs (the leader, numbers, settings that differ), and of arms while they train."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tunelab.experiment.fields import value_text
from tunelab.run_comparison import Comparison, SideDifference
from tunelab.statistics import Accuracy, Mean, accuracy_difference
from tunelab.training.metrics import METRICS, Metric
from tunelab.tui.text.tables import aligned
from tunelab.wording import quantity

__all__ = ["comparison_text", "difference_sentence", "leader_sentence", "settings_table"]


def leader_sentence(arms: Mapping[str, Accuracy], epoch: float, metric: Metric = METRICS["accuracy"]) -> str:
    """Whether the best of several arms is ahead of the next by more than noise; nothing to say of fewer than two."""
    ranking = sorted(arms.items(), key=lambda item: -item[1].accuracy)
    if len(ranking) < 2:
        return ""
    (first, best), (second, next_best) = ranking[:2]
    difference = accuracy_difference(best, next_best)
    points = metric.difference_text(difference.difference, difference.half_width)
    after = f"after {epoch:.3g} epoch{'' if epoch == 1 else 's'}"
    one_seed = difference.method == "examples"
    if difference.beyond_noise:
        caution = " One seed each: luck of the first weights isn't in that ±." if one_seed else ""
        return f"“{first}” is ahead of “{second}” by {points} {after}.{caution}"
    advice = " Three seeds or more would show how much luck there is." if one_seed else ""
    return f"“{first}” and “{second}” differ by {points} {after}: no more than noise.{advice}"


def comparison_text(comparison: Comparison, width: int | None = None) -> str:
    """The whole comparison: verdict first, then numbers, then settings that differ, then cautions."""
    nothing = (
        "" if comparison.best is not None else f"None of them has a value of {comparison.metric.title} to compare by."
    )
    parts = [
        "\n".join(difference_sentence(d, comparison.metric) for d in comparison.differences) or nothing,
        _fit(_results(comparison), width),
        settings_table(comparison, width),
        *comparison.notes,
    ]
    return "\n\n".join(part for part in parts if part)


def difference_sentence(sides: SideDifference, metric: Metric) -> str:
    """One difference in plain words, its number and its uncertainty."""
    d = sides.difference
    points = metric.difference_text(d.difference, d.half_width, digits=2)
    method = {
        "paired": f"paired over {quantity(d.n, 'seed')}",
        "unpaired": f"{quantity(d.n, 'seed')} or more on each side",
        "examples": "one seed each",
    }[d.method]
    evidence = f"({method}, p = {d.pvalue:.2g})" if d.pvalue >= 1e-4 else f"({method}, p < 0.0001)"
    if d.beyond_noise:
        return f"“{sides.first}” is ahead of “{sides.second}” by {points}: beyond noise {evidence}."
    return f"“{sides.first}” and “{sides.second}” differ by {points}: no more than noise {evidence}."


def settings_table(comparison: Comparison, width: int | None = None) -> str:
    """The parameters that are not the same, a column a side."""
    if not comparison.settings:
        return "The experiments are the same in every parameter."
    rows = [["parameter", *comparison.names]]
    rows += [[key, *(_setting(value) for value in values)] for key, values in comparison.settings]
    return _fit(rows, width)


def _setting(value: Any) -> str:
    return value_text(value) or "(left out)"


def _results(comparison: Comparison) -> list[list[str]]:
    rows = [["", *comparison.names]]
    for (when, measure), means in zip(comparison.measures, comparison.means, strict=True):
        rows.append(
            [
                f"{when} {measure.replace('_', ' ').replace(' r2', ' R²').replace('rmse', 'RMSE')}",
                *(_number(m, measure) for m in means),
            ]
        )
    return rows


def _number(m: Mean | None, measure: str) -> str:
    if m is None:
        return "not finite"
    known = not math.isnan(m.half_width)
    if measure.endswith("accuracy"):
        return f"{100 * m.mean:.2f} ± {100 * m.half_width:.2f} %" if known else f"{100 * m.mean:.2f} %"
    return f"{m.mean:.4g} ± {m.half_width:.2g}" if known else f"{m.mean:.4g}"


def _fit(rows: list[list[str]], width: int | None) -> str:
    """A table; where it is too wide, a paragraph a row."""
    table = aligned(rows)
    if width is None or max(map(len, table.splitlines())) <= width:
        return table
    heads = rows[0][1:]
    return "\n".join(
        "\n".join([row[0], *(f"  {text}  {head}" for head, text in zip(heads, row[1:], strict=True))])
        for row in rows[1:]
    )
