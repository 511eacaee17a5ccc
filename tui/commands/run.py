"""`tunelab run`: train presets without a screen."""

from __future__ import annotations

import json
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.commands.options import Arms, DataName, Json, Quiet, Seed, Seeds, Settings, chosen, progress_report, say

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from core.experiment import Preset
    from core.records import Run

__all__ = ["run_command"]


def run_command(
    presets: Annotated[list[str], typer.Argument(metavar="PRESET", help="Names of presets, or TOML files.")],
    settings: Settings = None,
    arms: Arms = None,
    data: DataName = None,
    seeds: Seeds = None,
    seed: Seed = None,
    as_json: Json = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves of cost and accuracy at the end.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the record into DIR, new or empty.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Worker processes; one a core if not given.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train presets: progress on stderr, at the end a table, and with --plot the charts."""
    from core.engine import process_pool
    from core.errors import BadInput

    if out is not None and len(presets) > 1:
        raise BadInput("--out names the directory of one run; give one preset")
    # All are read before the first is trained: a slip in the last name shouldn't cost an hour.
    asked = [chosen(name, settings, arms, data, seeds, seed, quiet) for name in presets]
    code = 0
    with process_pool(workers) as pool:
        for preset in asked:
            code = max(code, _train(preset, pool, as_json=as_json, plot=plot, out=out, workers=workers, quiet=quiet))
    raise typer.Exit(code)


def _train(
    preset: Preset,
    pool: Executor,
    *,
    as_json: bool,
    plot: bool,
    out: Path | None,
    workers: int | None,
    quiet: bool,
) -> int:
    """Train one preset and print what came of it; the exit code."""
    from core import engine
    from core.experiment import load_data
    from tui.progress import Progress

    # Drawing or unpacking data may take a while the first time; here it is seen, and the workers find it done.
    load_data(preset.arms[0].experiment, progress_report(quiet))
    job = engine.start(preset, pool, out=out, workers=workers)
    interrupted = False
    with Progress.of(preset, quiet=quiet) as progress:
        ended = False
        while not ended:
            try:
                for event in chain.from_iterable(job.follow()):
                    progress.see(event)
                    if as_json:
                        print(json.dumps(event, ensure_ascii=False), flush=True)
                ended = True
            except KeyboardInterrupt:  # asked to stop, the workers write what they have and end; follow them to it
                if interrupted:
                    raise
                interrupted = True
                job.stop()
    if not as_json:
        _report(job.run, plot)
    if interrupted:
        if not quiet:
            say(f"Interrupted; everything measured is in {job.run.name}.")
        return 130
    if not quiet:
        say(f"Recorded as {job.run.name}.")
    return 3 if job.run.state() == "diverged" else 0


def _report(run: Run, plot: bool) -> None:
    from tui.tables import results_table

    print(results_table(run))
    if plot:
        from tui.curves import plotted

        print()
        print(plotted(run, colour=sys.stdout.isatty()))
