"""`tunelab runs`: what has been recorded, listed, shown, compared, exported and removed."""

from __future__ import annotations

import heapq
import math
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from tunelab import paths, records
from tunelab.errors import BadInput
from tunelab.records import run_export
from tunelab.records.damage import report_damage
from tunelab.tui.cli.options.records import (
    CompareRunsOptions,
    ExportFormat,
    ExportRunOptions,
    ListOptions,
    RemoveRunsOptions,
    ShowRunOptions,
)
from tunelab.tui.cli.output import print_json, print_text, say

if TYPE_CHECKING:
    from tunelab.run_comparison import Comparison, Side

__all__ = ["compare_runs", "export_run", "list_runs", "remove_runs", "show_run"]


def list_runs(options: ListOptions) -> None:
    """List every run, newest first: its name, its state, when it began, its title."""
    rows = []
    for run in records.all_runs():
        try:
            state = run.state()
        except BadInput as problem:  # one damaged run doesn't hide the others
            report_damage(run.directory, str(problem))
            state = "damaged"
        title = run.about.get("title", "")
        if options.as_json:
            about = {"run": run.name, "state": state, "preset": run.about["preset"], "title": title}
            print_json(about | {"began": run.about["began"], "arms": run.about["arms"]})
        else:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.about["began"]))
            rows.append((run.name, state, when, str(title)))
    if not rows and not options.as_json:
        say("There is no run yet; `tunelab run first-look` makes one.")
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        print_text("  ".join(f"{text:<{width}}" for text, width in zip(row, [*widths, 0], strict=True)).rstrip())


def show_run(options: ShowRunOptions) -> None:
    """Print how a run ended, or its events."""
    run = records.Run(options.name)
    if options.as_json:
        for event in heapq.merge(*(arm.iterate_events() for arm in run.arms), key=lambda event: event["time"]):
            print_json(event)
        return
    from tunelab.tui.text.tables import results_table, terminal_width  # a list needn't wait for tables and charts

    print_text(f"{run.name}  {run.state()}  {run.preset.title}")
    print_text(results_table(run, terminal_width()))
    if options.plot:
        from tunelab.tui.cli.following import print_curves

        print_curves(run)
    say(f"Its files are in {run.directory}.")


def compare_runs(options: CompareRunsOptions) -> None:
    """Print in what runs differ, and whether their results differ by more than noise."""
    from tunelab.run_comparison import compare, find_sides
    from tunelab.tui.text.comparison_text import comparison_text
    from tunelab.tui.text.tables import terminal_width

    sides = find_sides(options.names)
    comparison = compare(sides)
    if options.as_json:
        _print_comparison_json(sides, comparison)
        return
    print_text(comparison_text(comparison, terminal_width()))
    if options.plot:
        from tunelab.tui.charts.from_history import arms_charts_text

        histories = [side.history.renamed(side.name) for side in sides]
        print_text(f"\n{arms_charts_text(histories, colour=sys.stdout.isatty())}")


def _print_comparison_json(sides: list[Side], comparison: Comparison) -> None:
    from tunelab.tui.text.comparison_text import difference_sentence

    for position, side in enumerate(sides):
        measures = {}
        for (when, measure), row in zip(comparison.measures, comparison.means, strict=True):
            m = row[position]
            half = m.half_width if m and math.isfinite(m.half_width) else None
            over = "" if half is None else "seeds" if m and m.n > 1 else "examples"
            measures[f"{when}_{measure}"] = m and {"mean": m.mean, "half_width": half, "over": over}
        about = {"event": "side", "name": side.name, "run": side.run, "arm": side.arm, "seeds": side.experiment.seeds}
        print_json(about | measures)
    for key, values in comparison.settings:
        print_json({"event": "setting", "key": key, "values": values})
    for pair in comparison.differences:
        d = pair.difference
        about = {"event": "difference", "measure": f"final_{comparison.metric.field()}"}
        numbers = {"first": pair.first, "second": pair.second, "mean": d.difference, "half": d.half_width}
        evidence = {"p": d.pvalue, "how": d.method, "seeds": d.n, "comparisons": d.comparisons}
        verdict = {"beyond_noise": d.beyond_noise, "text": difference_sentence(pair, comparison.metric)}
        print_json(about | numbers | evidence | verdict)
    for note in comparison.notes:
        print_json({"event": "note", "text": note})


def export_run(options: ExportRunOptions) -> None:
    """Write a run's measurements or parameters to a file or stdout."""
    run = records.Run(options.name)
    if options.form in (ExportFormat.npz, ExportFormat.png) and options.to is None:
        what = "arrays" if options.form is ExportFormat.npz else "pixels"
        raise BadInput(f"--format {options.form} writes {what}, which need a file: add --to FILE.{options.form}")
    content: bytes | Iterator[bytes]
    if options.form is ExportFormat.npz:
        content = run_export.npz_bytes(run)
    elif options.form in (ExportFormat.svg, ExportFormat.png):
        from tunelab.tui.charts import figures
        from tunelab.tui.charts.from_history import arms_charts

        draw = figures.svg_bytes if options.form is ExportFormat.svg else figures.png_bytes
        content = draw(arms_charts(run.histories()))
    else:
        write = {
            ExportFormat.csv: run_export.csv_lines,
            ExportFormat.json: run_export.json_lines,
            ExportFormat.md: run_export.markdown_lines,
        }[options.form]
        content = (block.encode() for block in _blocks(write(run)))
    if options.to is None:
        for block in [content] if isinstance(content, bytes) else content:
            print_text(block.decode(), end="")
    else:
        paths.write_whole(options.to, content)
        say(f"Written to {options.to}.")


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    """Join lines to blocks: each is written at once."""
    while block := "".join(islice(lines, 1000)):
        yield block


def remove_runs(options: RemoveRunsOptions) -> None:
    """Delete runs, none unless all names are right."""
    for run in [records.Run(name) for name in options.names]:
        run.remove()
        print_text(run.name)
