"""The exceptions whose text is a sentence that is shown as it is, and the words and codes that errors share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["INTERRUPTED", "BadInput", "CutOff", "nearest", "printable"]

INTERRUPTED = 130
"""The exit code of work that was interrupted: by ctrl+c, a signal, or a reader of stdout that went away."""


class BadInput(Exception):
    """Something a person gave can't be used.

    The text is one sentence: what is wrong, where (file, key), and what would be right. The command line
    prints it on stderr and exits with 2; the screen shows it beside the field. Never wrap a bug in it.
    """


class CutOff(Exception):
    """Work ended before its time, and nothing that was typed could have prevented it: a process was killed.

    The text is a sentence that says how to go on. The command line prints it on stderr and exits with 1.
    """


def printable(text: object, limit: int = 120) -> str:
    """``text`` on one line without terminal control characters, shortened to ``limit`` characters.

    For every name, key or value from outside that becomes part of a message.
    """
    shown = "".join(c if c.isprintable() else "�" for c in str(text))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str:
    """A tail such as " (did you mean 'eta'?)" for the known word most like ``word``, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""
