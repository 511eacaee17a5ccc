"""`tunelab watch`, `pause`, `go` and `stop`: a training followed and steered from any terminal."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.tui.cli.following import exit_code
from tunelab.tui.cli.options import Json, say

if TYPE_CHECKING:
    from tunelab.records import Run

__all__ = ["go_command", "pause_command", "stop_command", "watch_command"]

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name or directory; 'last' is the newest.")]

_LOOK_EVERY = 0.1  # seconds


def watch_command(name: RunName, as_json: Json = False) -> None:
    """Follow a run, whoever trains it, until it ends: a line a measurement, or with --json its events."""
    from tunelab.records import Run
    from tunelab.tui.cli.progress_bar import Lines

    run = Run(name)
    follower, lines = run.follower(), Lines(several=len(run.arms) > 1, stream=sys.stdout)
    paused = False
    while True:
        # Looked at before reading: what was written until then is read
        running = run.is_running()
        for event in follower.new():
            if as_json:
                print(json.dumps(event, ensure_ascii=False), flush=True)
            else:
                lines.see(event)
        if not running:
            break
        if paused != (run.request() == "pause"):
            paused = not paused
            say(f"Paused; `tunelab go {run.argument}` lets it go on." if paused else "It goes on.")
        time.sleep(_LOOK_EVERY)
    say(_standing(run))
    raise typer.Exit(exit_code(run))


def pause_command(
    name: RunName,
    off: Annotated[bool, typer.Option("--off", help="Let a paused run go on, as `tunelab go` does.")] = False,
) -> None:
    """Hold a run where it stands, until `tunelab go`."""
    run = _running(name)
    if off:
        _let_go(run)
    else:
        run.send("pause")
        say(f"{run.name} is held; `tunelab go {run.argument}` lets it go on.")


def go_command(name: RunName) -> None:
    """Let a paused run go on."""
    _let_go(_running(name))


def stop_command(name: RunName) -> None:
    """Stop a run, and wait until it has stopped; everything measured is kept, and it can be resumed."""
    from tunelab.records import Run

    run = Run(name)
    if not run.is_running():
        say(f"Nothing to stop. {_standing(run)}")
        return
    run.send("stop")
    while run.is_running():
        time.sleep(_LOOK_EVERY)
    say(_standing(run))


def _running(name: str) -> Run:
    from tunelab.errors import BadInput
    from tunelab.records import Run

    run = Run(name)
    if not run.is_running():
        raise BadInput(_standing(run))
    return run


def _let_go(run: Run) -> None:
    run.send("go")
    say(f"{run.name} goes on.")


def _standing(run: Run) -> str:
    """How a run stands on which nobody works, in a sentence that says what can be done."""
    state = run.state()
    if state in ("cut off", "stopped"):
        word = "was stopped" if state == "stopped" else "isn't running: it was cut off"
        return f"{run.name} {word}; resume it with: tunelab resume {run.argument}"
    return f"{run.name} has ended: {state}."
