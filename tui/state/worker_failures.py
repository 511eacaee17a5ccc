"""When a background worker of the screen fails: a sentence for the person, the details in a file."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerState
from tunelab import paths
from tunelab.errors import BadInput

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["notify_failure", "write_traceback"]


def write_traceback(error: BaseException) -> str:
    """Write an error's traceback where whoever mends it can find it; a sentence that says so."""
    what = f"Something went wrong inside tunelab ({type(error).__name__})"
    path = paths.home() / "last-error.txt"
    try:
        paths.write_whole(path, "".join(traceback.format_exception(error)).encode())
    except BadInput:
        return f"{what}, and the details couldn't be written to {path}."
    return f"{what}; the details are in {path}."


def notify_failure(app: App[int], event: Worker.StateChanged) -> None:
    """Say that a worker failed; those that end well, or were cancelled, need no word."""
    error = event.worker.error
    if event.state is WorkerState.ERROR and error is not None:
        app.notify(write_traceback(error), severity="error", markup=False, timeout=20)
