"""`tunelab run`: train presets without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.errors import ExitCode
from tunelab.tui.cli.following import followed
from tunelab.tui.cli.options import Arms, DataName, Json, Quiet, Seed, Seeds, Settings, chosen, default_preset, suited

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tunelab.experiment import Preset

__all__ = ["run_command"]


def run_command(
    presets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PRESET", help="Names of presets, or TOML files. With --data it may be left out: one network on it."
        ),
    ] = None,
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
    from tunelab.engine import process_pool
    from tunelab.errors import BadInput

    if not presets and data is None:
        raise BadInput(
            "PRESET is missing; `tunelab run --help` says what there is, and --data FILE trains on a file alone"
        )
    presets = presets or [default_preset(data or "")]
    if out is not None and len(presets) > 1:
        raise BadInput("--out names the directory of one run; give one preset")
    # All are read before the first is trained: a slip in the last name shouldn't cost an hour.
    asked = [chosen(name, settings, arms, data, seeds, seed, quiet) for name in presets]
    code = 0
    with process_pool(workers) as pool:
        for preset in asked:
            code = max(code, _train(preset, pool, as_json=as_json, plot=plot, out=out, workers=workers, quiet=quiet))
            if code == ExitCode.INTERRUPTED:
                break
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
    from tunelab import engine

    # Drawing or unpacking data may take a while the first time; here it is seen, and the workers find it done.
    job = engine.start(suited(preset, quiet), pool, out=out, workers=workers)
    return followed(job, as_json=as_json, plot=plot, quiet=quiet)
