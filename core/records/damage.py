"""Where what is damaged in a record is reported: once for each file, by the logger ``tunelab.records``.

The command line prints it on stderr; a program that uses the library hears of it there too, or sets a handler.
"""

from __future__ import annotations

import logging
from pathlib import Path

__all__ = ["LOGGER", "report_damage"]

LOGGER = logging.getLogger("tunelab.records")

_reported: set[tuple[Path, str]] = set()


def report_damage(path: Path, sentence: str | None) -> None:
    """Report what is wrong with a file, unless it was reported before; None is nothing."""
    if sentence is not None and (path, sentence) not in _reported:
        _reported.add((path, sentence))
        LOGGER.warning("%s", sentence)
