"""`tunelab resume`: continue a run that was stopped or cut off."""

from __future__ import annotations

from tunelab import engine, records
from tunelab.experiment import load_data
from tunelab.experiment.dotted_keys import parse_settings
from tunelab.records.environment import differences
from tunelab.tui.cli.following import exit_code_of_run, follow_and_report, print_results
from tunelab.tui.cli.options.training import ResumeOptions
from tunelab.tui.cli.output import progress_report, say

__all__ = ["resume_command"]


def resume_command(options: ResumeOptions) -> int:
    """Continue a run from its last checkpoint; return the exit code."""
    run = records.Run(options.name)
    if options.settings:
        run = engine.branch(run, parse_settings(options.settings))
    if run.state() not in ("running", "cut off", "stopped", "waiting"):
        if not options.quiet:
            say(f"{run.name} has ended, nothing is left to train; `tunelab replay {run.argument}` trains it again.")
        if not options.as_json:
            print_results(run, options.plot)
        return exit_code_of_run(run)
    load_data(run.preset.arms[0].experiment, progress_report(options.quiet))
    changes = {} if options.quiet else differences(run.environment)
    with engine.process_pool(options.workers) as pool:
        job = engine.resume(run, pool, workers=options.workers)
        if not options.quiet:
            _say_where_it_stands(job, changes)
        return follow_and_report(job, as_json=options.as_json, plot=options.plot, quiet=options.quiet)


def _say_where_it_stands(job: engine.Job, changes: dict[str, tuple[str, str]]) -> None:
    epochs = {arm.name: 0.0 for arm in job.run.arms} | {e["arm"]: e["epoch"] for e in job.before if "epoch" in e}
    several = len(epochs) > 1
    reached = ", ".join(f"{epoch:.4g}{f' ({arm})' if several else ''}" for arm, epoch in epochs.items())
    say(f"Resuming {job.run.name}; measured up to epoch {reached}.")
    for key, (then, now) in changes.items():
        if key != "commit":
            say(f"{key} was {then} at the start and is {now} now: the last digits may differ from here on.")
