"""A preset's tables as a file that a person would have written: sections, then arms, then expectations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tomli_w

__all__ = ["toml_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LAST = ("arm", "expect")


def toml_text(tables: dict[str, Any]) -> str:
    """The tables as TOML that reads as they are. They are a preset's: lists hold values, and only ``arm`` tables."""
    blocks = [_lines(tables.items())]
    for name, table in tables.items():
        if isinstance(table, dict) and name not in _LAST:
            blocks += _section(name, table)
    blocks += [["[[arm]]", *_dotted(arm)] for arm in tables.get("arm", ())]
    if expected := tables.get("expect"):
        blocks.append(["[expect]", *_dotted(expected)])
    return "\n".join("\n".join(block) + "\n" for block in blocks if block)


def _section(path: str, table: dict[str, Any]) -> Iterator[list[str]]:
    yield [f"[{path}]", *_lines(table.items())]
    for name, inner in table.items():
        if isinstance(inner, dict):
            yield from _section(f"{path}.{_key(name)}", inner)


def _lines(items: Any) -> list[str]:
    return [f"{_key(name)} = {_value(v)}" for name, v in items if not isinstance(v, dict) and name not in _LAST]


def _dotted(table: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _dotted(value, f"{path}{_key(name)}.")
        else:
            yield f"{path}{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"  # only an empty one comes here
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return tomli_w.dumps({"x": value}, multiline_strings=True).removeprefix("x = ").removesuffix("\n")
