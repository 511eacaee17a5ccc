"""TOML from a person, and the few things that TOML allows and a preset doesn't."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator
from typing import Any

from tunelab.errors import printable

__all__ = ["read_toml", "unshowable"]

_DEEPEST = 16  # tables in tables: a preset needs five


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises ``tomllib.TOMLDecodeError`` for whatever can't be used as one."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("It is nested too deeply") from None
    except ValueError:  # Python reads no decimal number of more than some thousand digits
        raise tomllib.TOMLDecodeError("It has a number that is too long") from None
    for place, value in _walked(tables):
        if len(place) > _DEEPEST:
            raise tomllib.TOMLDecodeError("It is nested too deeply")
        if isinstance(value, int) and value.bit_length() > 63:  # what TOML promises; str() may refuse longer ones
            raise tomllib.TOMLDecodeError(f"{printable('.'.join(place), 60)} is a number of more than 64 bits")
    return tables


def unshowable(tables: dict[str, Any]) -> str | None:
    """What in ``tables`` can't be shown in a terminal or written to a file, in words; None if all can.

    Control characters could speak to the terminal, and characters without a shape make two names look the same.
    """
    for place, value in _walked(tables):
        for text, allowed in ((place[-1], ""), (value if isinstance(value, str) else "", "\n\t")):
            for c in text:
                if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in allowed:
                    where = ".".join(printable(part, 60) for part in place)
                    return f"{where} has a control character (U+{ord(c):04X}) in it"
    return None


def _walked(tables: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value at any depth with its place, a list's items at the list's. Without recursion: depth is not ours."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((str(key),), value) for key, value in tables.items()]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        if len(place) > _DEEPEST:
            continue
        if isinstance(value, dict):
            waiting += [((*place, str(key)), inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(place, inner) for inner in value]
