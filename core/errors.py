"""Exceptions whose text is a sentence for people, the exit codes, and how a message quotes what came from outside."""

from __future__ import annotations

import errno
from enum import IntEnum
from pathlib import PurePath

__all__ = ["BadInput", "CutOff", "ExitCode", "os_error_sentence", "printable"]


class ExitCode(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    DIVERGED = 3
    DIFFERS = 4
    """A replay or an expectation did not hold."""
    INTERRUPTED = 130
    """By ctrl+c, a signal, or a reader of stdout that went away."""


class BadInput(Exception):
    """Something a person gave can't be used.

    The text is one sentence: what is wrong, where (file, key), and what would be right. The command line
    prints it on stderr and exits with 2; the screen shows it beside the field. Never wrap a bug in it.

        >>> from tunelab import Experiment, load_data
        >>> try:
        ...     load_data(Experiment(data={"name": "mnits"}))
        ... except BadInput as problem:
        ...     print(problem)  # doctest: +ELLIPSIS
        There is no data set 'mnits' (did you mean 'mnist'?)...
    """


class CutOff(Exception):
    """Work ended before its time, and nothing that was typed could have prevented it: a process was killed.

    The text is a sentence that says how to go on. The command line prints it on stderr and exits with 1.
    """


def printable(text: object, limit: int = 120) -> str:
    """``text`` on one line without terminal control characters, shortened to ``limit`` characters.

    For every name, key or value from outside that becomes part of a message. A path is shortened in its middle, since
    its end says which file it is.
    """
    shown = "".join(c if c.isprintable() else "�" for c in str(text))
    if len(shown) <= limit:
        return shown
    head = limit // 4 if isinstance(text, PurePath) else limit - 1
    return shown[:head] + "…" + shown[len(shown) - (limit - 1 - head) :]


_NO_SPACE = "free some space there, or set TUNELAB_HOME to a directory on another disk"
_CURES = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
    errno.EROFS: "set TUNELAB_HOME to a directory that can be written",
    errno.EMFILE: "allow more open files, for example with `ulimit -n 1024`",
    errno.ENFILE: "close other programs, or allow the system more open files",
    errno.ENOMEM: "ask for fewer --workers, or a smaller experiment",
    errno.EAGAIN: "ask for fewer --workers, or allow more processes with `ulimit -u`",
}


def os_error_sentence(error: OSError, path: object = None, action: str = "written") -> str:
    """Return what the system refused, why, and what helps, as one sentence.

    ``path`` is the file concerned, by default the one that ``error`` names; ``action`` is what couldn't be done to it.
    """
    path = error.filename if path is None else path
    subject = "the system refused" if path is None else f"{printable(path, 300)} can't be {action}"
    reason = printable(error.strerror or error, 200)
    cure = _CURES.get(error.errno or 0)
    return f"{subject}: {reason[:1].lower()}{reason[1:]}" + (f"; {cure}" if cure else "")
