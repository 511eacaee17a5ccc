"""`tunelab watch`, `pause`, `go` and `stop`: a training followed and steered from any terminal."""

from __future__ import annotations

import time

from tunelab import records
from tunelab.errors import BadInput
from tunelab.tui.cli.following import exit_code_of_run, resume_hint
from tunelab.tui.cli.options.training import PauseOptions, SteerOptions, WatchOptions
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.tui.cli.progress_bar import Lines

__all__ = ["go_command", "pause_command", "stop_command", "watch_command"]

_POLL_INTERVAL = 0.1  # seconds
_STOP_TIMEOUT = 9.0  # seconds


def watch_command(options: WatchOptions) -> int:
    """Print what a run measures until it ends; return what its end means as an exit code."""
    run = records.Run(options.name)
    follower, lines = run.follower(), Lines(several=len(run.arms) > 1, write=print_text)
    paused = False
    while True:
        running = run.is_running()  # asked before reading: everything written until then is read
        for event in follower.new():
            if options.as_json:
                print_json(event)
            else:
                lines.see(event)
        if not running:
            break
        if paused != (run.request() == "pause"):
            paused = not paused
            say(f"Paused; `tunelab go {run.argument}` continues it." if paused else "It continues.")
        time.sleep(_POLL_INTERVAL)
    say(_state_sentence(run))
    return exit_code_of_run(run)


def pause_command(options: PauseOptions) -> None:
    """Pause a run until `tunelab go`, or with --off let it continue."""
    if options.off:
        go_command(SteerOptions(name=options.name))
        return
    run = _running(options.name)
    run.send("pause")
    say(f"{run.name} is paused; `tunelab go {run.argument}` continues it.")


def go_command(options: SteerOptions) -> None:
    """Let a paused run continue."""
    run = _running(options.name)
    run.send("go")
    say(f"{run.name} continues.")


def stop_command(options: SteerOptions) -> None:
    """Stop a run, and wait until it has stopped; everything measured is kept."""
    run = records.Run(options.name)
    if not run.is_running():
        say(f"Nothing to stop. {_state_sentence(run)}")
        return
    run.send("stop")
    deadline = time.monotonic() + _STOP_TIMEOUT
    while run.is_running():
        if time.monotonic() > deadline:
            raise BadInput(
                f"{run.name} hasn't stopped within {_STOP_TIMEOUT:g} s: its process may be suspended, or busy with one "
                "long step; it stops at its next mini-batch"
            )
        time.sleep(_POLL_INTERVAL)
    say(_state_sentence(run))


def _running(name: str) -> records.Run:
    run = records.Run(name)
    if not run.is_running():
        raise BadInput(_state_sentence(run))
    return run


def _state_sentence(run: records.Run) -> str:
    """How a run stands that isn't running, and what can be done."""
    state = run.state()
    if state in ("cut off", "stopped"):
        reason = "was stopped" if state == "stopped" else "isn't running: it was cut off"
        return f"{run.name} {reason}. {resume_hint(run)}"
    return f"{run.name} has ended: {state}."
