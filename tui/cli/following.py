"""A training followed from the command line to its end: progress on stderr, results on stdout, the exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tunelab.engine import Job
from tunelab.errors import BadInput, ExitCode, os_error_sentence
from tunelab.records import Run
from tunelab.tui.charts.from_history import run_charts_text
from tunelab.tui.cli.failures import Interrupted
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.tui.cli.progress_bar import Progress
from tunelab.tui.text.run_text import verdict_text
from tunelab.tui.text.tables import results_table, terminal_width

__all__ = [
    "exit_code_of_run",
    "follow",
    "follow_and_report",
    "interruptible",
    "print_curves",
    "print_results",
    "resume_hint",
]


def follow_and_report(job: Job, *, as_json: bool, plot: bool, quiet: bool) -> int:
    """Show what a job does until it has ended, and print its results; return the exit code."""
    follow(job, as_json=as_json, quiet=quiet)
    if not as_json:
        print_results(job.run, plot)
    code = exit_code_of_run(job.run)
    if not quiet:
        if code == ExitCode.INTERRUPTED:
            say(f"Stopped; all measurements are kept. {resume_hint(job.run)}")
        else:
            say(f"Recorded as {job.run.name}.")
    return code


def follow(job: Job, *, as_json: bool, quiet: bool) -> None:
    """Show what a job does until it has ended; with ``as_json`` its events on stdout.

    Raises :class:`Interrupted` where the reader of stdout went away, and :class:`BadInput` where stdout can't be
    written, once the training has stopped and its record is complete.
    """
    with interruptible(job.stop), Progress.of(job.run.preset, quiet=quiet) as progress:
        try:
            for events in job.follow():
                for event in events:
                    progress.see(event)
                    if as_json:
                        print_json(event)
        except OSError as error:
            job.stop()
            job.wait()
            ended = exit_code_of_run(job.run) != ExitCode.INTERRUPTED
            kept = f"recorded as {job.run.name}" if ended else f"all measurements are kept. {resume_hint(job.run)}"
            if isinstance(error, BrokenPipeError):
                raise Interrupted(f"the reader of stdout went away; {kept}") from None
            raise BadInput(f"{os_error_sentence(error)}; {kept}") from None
        finally:
            if not job.ended:
                job.stop()  # nobody follows it any more


def resume_hint(run: Run) -> str:
    """Return the sentence that names the command to continue with."""
    return f"Resume it with: tunelab resume {run.argument}"


def exit_code_of_run(run: Run) -> ExitCode:
    """Return what a run that has ended, one way or the other, means as an exit code."""
    codes = {
        "diverged": ExitCode.DIVERGED,
        "stopped": ExitCode.INTERRUPTED,
        "cut off": ExitCode.INTERRUPTED,
    }
    return codes.get(run.state(), ExitCode.DONE)


def print_results(run: Run, plot: bool) -> None:
    """Print how every arm ended, what the curves show, and with ``plot`` the curves."""
    print_text(results_table(run, terminal_width()))
    if sentences := verdict_text(run.histories()):
        print_text(f"\n{sentences}")
    if plot:
        print_curves(run)


def print_curves(run: Run) -> None:
    """Draw the curves of cost and accuracy."""
    print_text(f"\n{run_charts_text(run, colour=sys.stdout.isatty())}")


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Make ctrl+c, a closed terminal and a plain kill call ``stop``; a second ctrl+c leaves at once.

    Gives a function that says whether that has happened.
    """
    interrupted = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted and number == signal.SIGINT:
            raise KeyboardInterrupt
        interrupted = True
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield lambda: interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
