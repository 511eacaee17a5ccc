"""`tunelab resume`: go on with a run that was stopped or cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.tui.cli.following import exit_code, followed, report
from tunelab.tui.cli.options import Json, Quiet, progress_report, say

if TYPE_CHECKING:
    from tunelab.engine import Job

__all__ = ["resume_command"]


def resume_command(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run's name or directory; 'last' is the newest.")],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Go on with another training.eta, lambda, mini_batch or epochs, as a run of its own. May be repeated.",
        ),
    ] = None,
    as_json: Json = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves of cost and accuracy at the end.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Worker processes; one a core if not given.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Go on with a run that was stopped or cut off, to the very numbers that it would have come to."""
    from tunelab import engine
    from tunelab.experiment import load_data
    from tunelab.experiment.dotted_keys import parse_settings
    from tunelab.records import Run
    from tunelab.records.environment import differences

    run = Run(name)
    if settings:
        run = engine.branch(run, parse_settings(settings))
    if run.state() not in ("running", "cut off", "stopped", "waiting"):
        if not quiet:
            say(f"{run.name} has ended, nothing is left to train; `tunelab replay {run.argument}` trains it again.")
        if not as_json:
            report(run, plot)
        raise typer.Exit(exit_code(run))
    load_data(run.preset.arms[0].experiment, progress_report(quiet))
    surroundings = {} if quiet else differences(run.environment)
    with engine.process_pool(workers) as pool:
        job = engine.resume(run, pool, workers=workers)
        if not quiet:
            _notices(job, surroundings)
        code = followed(job, as_json=as_json, plot=plot, quiet=quiet)
    raise typer.Exit(code)


def _notices(job: Job, surroundings: dict[str, tuple[str, str]]) -> None:
    epochs = {arm.name: 0.0 for arm in job.run.arms} | {e["arm"]: e["epoch"] for e in job.before if "epoch" in e}
    several = len(epochs) > 1
    told = ", ".join(f"{epoch:.4g}{f' ({arm})' if several else ''}" for arm, epoch in epochs.items())
    say(f"Going on with {job.run.name}; measured up to epoch {told}.")
    for key, (then, now) in surroundings.items():
        if key != "commit":
            say(f"{key} was {then} when it began and is {now}: the last digits from here on may differ for that.")
