"""Nested tables, as a preset file holds them: values placed at dotted keys, and one table laid over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tunelab.errors import BadInput, printable

__all__ = ["COLUMNS", "flattened", "key_path", "merged", "placed"]

COLUMNS = "data.columns."
"""What the keys of a table's columns begin with."""


def key_path(key: str) -> list[str]:
    """The parts of a dotted key. What follows ``data.columns.`` is one part: a column's name may have dots in it."""
    if key.startswith(COLUMNS):
        return [*COLUMNS.rstrip(".").split("."), key.removeprefix(COLUMNS)]
    return key.split(".")


def _copied(value: Any) -> Any:
    """A copy of nested tables and lists; what they hold stays. Much faster than a deep copy of anything."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def placed(tree: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of nested tables with dotted keys set; None takes a key out."""
    result: dict[str, Any] = _copied(tree)
    for key, value in values.items():
        *path, last = key_path(key)
        table = result
        for part in path:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                raise BadInput(f"{printable(key)}: {printable(part)} must be a table, is {printable(inner, 40)}")
            table = inner
        if value is not None:
            table[last] = value
            continue
        table.pop(last, None)
        if not table and len(path) > 1:
            # [training.early_stopping] with nothing in it would mean early stopping as it is by default
            result = placed(result, {".".join(path): None})
    return result


def merged(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """A copy of nested tables with another's entries laid over it, table by table."""
    result: dict[str, Any] = _copied(base)
    for key, value in override.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def flattened(tables: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested tables as one, by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in tables.items():
        flat |= flattened(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat
