"""Parameters and their values as a person types them: one home for arms, sweeps, decisions and resumed runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from tunelab.errors import BadInput
from tunelab.experiment.dotted_keys import full_key
from tunelab.experiment.fields import described
from tunelab.sweeps.search_space import Dimension, parse_over

__all__ = ["Assignment", "assignments", "dimension", "one_value", "values"]

Assignment = tuple[str, str]
"""What a person typed for a parameter and for its values; either may be empty."""

_NEXT = re.compile(r"[;\n]|,(?=\s*[^\W\d][\w.]*\s*=)")


def assignments(text: str) -> list[Assignment]:
    """Split ``eta = 0.1, 1; lambda = 0`` into a parameter and its values each.

    A semicolon, a new line, or a comma before the next ``NAME =`` ends the values of one.
    """
    pairs = []
    for part in _NEXT.split(text):
        name, _, typed = part.partition("=")
        if part.strip():
            pairs.append((name.strip(), typed.strip()))
    return pairs


def dimension(name: str, typed: str) -> Dimension:
    """Return several values of a parameter: a list, or a range such as ``log:0.01..10``.

    Raises :class:`tunelab.BadInput` where the parameter or a value can't be.
    """
    if not typed.strip():
        raise BadInput(f"{name or 'the parameter'} has no value yet: write one or several, with commas between them")
    try:
        return parse_over(f"{_key(name)}={typed}")
    except BadInput as problem:
        raise BadInput(str(problem).replace("--over ", "")) from None


def one_value(name: str, typed: str) -> tuple[str, Any]:
    """Return a parameter's dotted key and the one value that was typed for it."""
    key = _key(name)
    return key, described()[key].read(typed)


def values(rows: Iterable[Assignment]) -> dict[str, Any]:
    """Return one value each of several parameters, by dotted key; rows without a name are left aside."""
    read = dict(one_value(name, typed) for name, typed in rows if name.strip())
    if not read:
        raise BadInput("write a parameter and its value, such as η and 0.25")
    return read


def _key(name: str) -> str:
    if not name.strip():
        raise BadInput("name the parameter, such as eta or hidden")
    return _symbols().get(name.strip()) or full_key(name.strip())


@cache
def _symbols() -> dict[str, str]:
    return {about.symbol: key for key, about in described().items() if about.symbol}
