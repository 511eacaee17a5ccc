"""`tunelab runs`: what has been recorded, listed, shown, exported and removed."""

from __future__ import annotations

import json
import math
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tunelab.tui.cli.options import Json, say

__all__ = ["runs_app"]

runs_app = typer.Typer(help="Recorded runs: list, show, compare, export and remove them.", no_args_is_help=False)
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name or directory; 'last' is the newest.")]


class Format(StrEnum):
    """What a run can be exported as."""

    csv = "csv"
    json = "json"
    npz = "npz"
    md = "md"


@runs_app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    """List the runs where no command is given."""
    if context.invoked_subcommand is None:
        list_runs()


@runs_app.command("list")
def list_runs(as_json: Json = False) -> None:
    """List every run, newest first: its name, how it stands, what it was."""
    from tunelab.records import all_runs

    rows = []
    for run in all_runs():
        state = run.state()
        if as_json:
            about = {
                "run": run.name,
                "state": state,
                "preset": run.about["preset"],
                "title": run.about.get("title", ""),
            }
            print(json.dumps(about | {"began": run.about["began"], "arms": run.about["arms"]}, ensure_ascii=False))
        else:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.about["began"]))
            rows.append((run.name, state, when, str(run.about.get("title", ""))))
    if as_json:
        return
    if not rows:
        say("There is no run yet; `tunelab run first-look` makes one.")
        return
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(f"{text:<{width}}" for text, width in zip(row, [*widths, 0], strict=True)).rstrip())


@runs_app.command("show")
def show_run(
    name: RunName,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves too.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a run was and how it ended; with --json its events, as `run --json` printed them."""
    from tunelab.records import Run
    from tunelab.tui.text.tables import results_table, terminal_width

    run = Run(name)
    if as_json:
        events = sorted((event for arm in run.arms for event in arm.events()), key=lambda event: event["time"])
        for event in events:
            print(json.dumps(event, ensure_ascii=False))
        return
    print(f"{run.name}  {run.state()}  {run.preset.title}")
    print(results_table(run, terminal_width()))
    if plot:
        from tunelab.tui.charts.from_history import plotted

        print()
        print(plotted(run, colour=sys.stdout.isatty()))
    say(f"Its files are in {run.directory}.")


@runs_app.command("compare")
def compare_runs(
    names: Annotated[
        list[str], typer.Argument(metavar="RUN[:ARM]", help="Runs, all their arms; or RUN:ARM for one arm.")
    ],
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves over each other too.")] = False,
    as_json: Json = False,
) -> None:
    """Say in what runs differ, and whether their results differ by more than noise. ± is a 95 % interval."""
    from tunelab.run_comparison import METRICS, compare, find_sides
    from tunelab.tui.text.comparison_text import comparison_text, difference_sentence
    from tunelab.tui.text.tables import terminal_width

    found = find_sides(names)
    comparison = compare(found)
    if as_json:
        for position, side in enumerate(found):
            about = {"event": "side", "name": side.name, "run": side.run, "arm": side.arm}
            measures = {}
            for (when, measure), row in zip(METRICS, comparison.means, strict=True):
                m = row[position]
                half = m.half_width if m and math.isfinite(m.half_width) else None
                over = "" if half is None else "seeds" if m and m.n > 1 else "examples"
                measures[f"{when}_{measure}"] = m and {"mean": m.mean, "half_width": half, "over": over}
            print(json.dumps(about | {"seeds": side.experiment.seeds} | measures, ensure_ascii=False))
        for key, values in comparison.settings:
            print(json.dumps({"event": "setting", "key": key, "values": values}, ensure_ascii=False))
        for one in comparison.differences:
            d = one.difference
            event: dict[str, object] = {"event": "difference", "measure": "final_evaluation_accuracy"}
            event |= {"first": one.first, "second": one.second, "mean": d.difference, "half": d.half_width}
            event |= {"p": d.pvalue, "how": d.method, "seeds": d.n, "comparisons": d.comparisons}
            event |= {"beyond_noise": d.beyond_noise, "text": difference_sentence(one)}
            print(json.dumps(event, ensure_ascii=False))
        for note in comparison.notes:
            print(json.dumps({"event": "note", "text": note}, ensure_ascii=False))
        return
    print(comparison_text(comparison, terminal_width()))
    if plot:
        from tunelab.tui.charts.from_history import plotted_arms

        print()
        print(plotted_arms([side.history.renamed(side.name) for side in found], colour=sys.stdout.isatty()))


@runs_app.command("export")
def export_run(
    name: RunName,
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.csv,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Where to; stdout if not given (npz needs a file).")
    ] = None,
) -> None:
    """Take a run's measurements (csv, json, md) or its parameters (npz) home."""
    from tunelab import paths
    from tunelab.errors import BadInput
    from tunelab.records import Run, run_export

    run = Run(name)
    if form is Format.npz:
        if to is None:
            raise BadInput("--format npz writes arrays, which need a file: add --to FILE.npz")
        content = run_export.npz_bytes(run)
    else:
        write = {
            Format.csv: run_export.csv_text,
            Format.json: run_export.json_text,
            Format.md: run_export.markdown_text,
        }[form]
        content = write(run).encode()
    if to is None:
        sys.stdout.write(content.decode())
    else:
        paths.write_whole(to, content)
        say(f"Written to {to}.")


@runs_app.command("remove")
def remove_runs(names: Annotated[list[str], typer.Argument(metavar="RUN", help="Names of runs.")]) -> None:
    """Delete runs. One that is being trained is left alone."""
    from tunelab.records import Run

    for run in [Run(name) for name in names]:
        run.remove()
        print(run.name)
