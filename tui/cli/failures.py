"""What becomes of errors: every one ends in a sentence on stderr and an exit code, and never in a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tunelab import paths
from tunelab.errors import BadInput, CutOff, ExitCode, os_error_sentence
from tunelab.tui.cli.output import say

__all__ = ["Interrupted", "exit_code_of", "prepare_streams"]


class Interrupted(Exception):
    """Work was interrupted; the text says what was kept and how to resume it. Exit code 130."""


def prepare_streams() -> None:
    """Make stdout and stderr usable whatever they are: closed, or unable to show every character."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # closed by whoever started us
            # Else the next file that is opened would get the number, and print would write into it.
            opened = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(opened, "r" if name == "stdin" else "w"))
            if name == "stdout":
                raise BadInput("stdout is closed, so there is nowhere to print the results; redirect it to a file")
            assert opened == descriptor or name != "stdin"
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that can't show η should show '?' rather than end the program.
            stream.reconfigure(errors="replace")


def exit_code_of(work: Callable[[], int]) -> int:
    """Run ``work`` and return its exit code; whatever goes wrong is a sentence on stderr."""
    try:
        return work()
    except BadInput as problem:
        return _fail(str(problem), ExitCode.BAD_INPUT)
    except CutOff as problem:
        return _fail(str(problem), ExitCode.INTERNAL_ERROR)
    except Interrupted as problem:
        _discard_stdout()
        return _fail(str(problem), ExitCode.INTERRUPTED)
    except KeyboardInterrupt:
        return _fail("Interrupted.", ExitCode.INTERRUPTED)
    except BrokenPipeError:  # whoever read our output went away: `tunelab runs | head`
        _discard_stdout()
        return ExitCode.INTERRUPTED
    except MemoryError:
        return _fail("there is too little memory for this; ask for less at once", ExitCode.BAD_INPUT)
    except OSError as error:
        _discard_stdout()
        return _fail(os_error_sentence(error), ExitCode.BAD_INPUT)
    except Exception as error:  # a bug of ours, kept in a file for whoever repairs it
        return _fail(_save_traceback(error), ExitCode.INTERNAL_ERROR)


def _fail(sentence: str, code: ExitCode) -> ExitCode:
    say(f"tunelab: {sentence}")
    return code


def _discard_stdout() -> None:
    """Send what stdout still holds nowhere, else Python would complain at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _save_traceback(error: Exception) -> str:
    what = f"something went wrong inside tunelab ({type(error).__name__})"
    path = Path("last-error.txt")
    try:
        path = paths.home() / path
        paths.write_whole(path, "".join(traceback.format_exception(error)).encode())
    except BadInput:
        return f"{what}, and the details couldn't be written to {path}"
    return f"{what}; the details are in {path}"
