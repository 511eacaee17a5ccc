"""A training followed from the command line to its end: progress on stderr, results on stdout, the exit code."""

from __future__ import annotations

import json
import signal
import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from tunelab.errors import ExitCode
from tunelab.tui.cli.options import say

if TYPE_CHECKING:
    from tunelab.engine import Job
    from tunelab.records import Run

__all__ = ["attend", "exit_code", "followed", "report"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def followed(job: Job, *, as_json: bool, plot: bool, quiet: bool) -> int:
    """Show what a job does until it has ended, and print what came of it; the exit code."""
    attend(job, as_json=as_json, quiet=quiet)
    if not as_json:
        report(job.run, plot)
    code, name = exit_code(job.run), job.run.name
    if not quiet:
        if code == ExitCode.INTERRUPTED:
            say(f"Stopped; everything measured is kept, and resume it with: tunelab resume {job.run.argument}")
        else:
            say(f"Recorded as {name}.")
    return code


def attend(job: Job, *, as_json: bool, quiet: bool) -> None:
    """Show what a job does until it has ended; with ``as_json`` its events on stdout."""
    from tunelab.tui.cli.progress_bar import Progress

    with _Interruptible(job), Progress.of(job.run.preset, quiet=quiet) as progress:
        for events in job.follow():
            for event in events:
                progress.see(event)
                if as_json:
                    print(json.dumps(event, ensure_ascii=False), flush=True)


def exit_code(run: Run) -> int:
    """What a run that has ended, one way or the other, means as an exit code."""
    return {"diverged": 3, "stopped": ExitCode.INTERRUPTED, "cut off": ExitCode.INTERRUPTED}.get(run.state(), 0)


def report(run: Run, plot: bool) -> None:
    """Print how every arm ended, what the curves show, and with ``plot`` the curves."""
    from tunelab.tui.charts.from_history import plotted
    from tunelab.tui.text.run_text import verdict_text
    from tunelab.tui.text.tables import results_table, terminal_width

    print(results_table(run, terminal_width()))
    if sentences := verdict_text(run.histories()):
        print(f"\n{sentences}")
    if plot:
        print()
        print(plotted(run, colour=sys.stdout.isatty()))


class _Interruptible:
    """Makes ctrl+c, a closed terminal and a plain kill stop the job in good order; a second ctrl+c leaves at once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._asked = False

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = True
        self._job.stop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if error is not None and not self._job.ended:
            self._job.stop()  # nobody follows it any more (`tunelab run --json | head`)
