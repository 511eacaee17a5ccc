"""What the command line prints: results on stdout, notices and progress on stderr, JSON lines."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["print_json", "print_text", "progress_report", "report_notices", "say"]

_LOGGER = logging.getLogger("tunelab.records")  # by name: the records needn't be loaded for it


def say(text: str) -> None:
    """Print a notice on stderr; a stderr that can't take it is no reason to fail."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def report_notices() -> None:
    """Print what the library reports of damaged records as notices."""
    if not _LOGGER.handlers:
        _LOGGER.addHandler(_Notices())


class _Notices(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def print_json(fields: Mapping[str, Any], indent: int | None = None) -> None:
    """Print one object on stdout at once, on one line unless ``indent`` is given; what isn't finite is null."""
    try:
        text = json.dumps(fields, ensure_ascii=False, allow_nan=False, indent=indent, default=str)
    except ValueError:
        text = json.dumps(_finite(fields), ensure_ascii=False, indent=indent, default=str)
    print_text(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def print_text(text: str, end: str = "\n") -> None:
    """Print a result on stdout at once; an error of the system names stdout as the file."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        error.filename = "stdout"
        raise


def progress_report(quiet: bool) -> Callable[[str, int, int], None]:
    """Return what shows work on data (drawing, unpacking, fetching) on stderr: a line that moves in a terminal."""

    def report(what: str, done: int, total: int) -> None:
        if quiet:
            return
        if total <= 0:
            say(what)
        elif sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r\x1b[K{what} {100 * done // total} %", end=end, file=sys.stderr, flush=True)

    return report
