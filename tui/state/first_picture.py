"""What the first picture shows before anything heavy is imported: the preset's file as it is written, the theme."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from tunelab import files, paths
from tunelab.errors import BadInput

__all__ = ["Sketch", "sketch"]

_MAX_BYTES = 4_000_000
_PANELS = (("1 Data", "data"), ("2 Network", "network"), ("3 First weights", "initialization"))
_LAST = ("4 Hyper-parameters", "training")


@dataclass(frozen=True)
class Sketch:
    """A preset's name, its description, and what its tables say, a panel each; the theme to draw it in."""

    name: str
    description: str = ""
    panels: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    theme: str = ""


def sketch(name: str | None) -> Sketch | None:
    """Return what a preset's file says, or the last session's without a name; None where that isn't a file to read.

    Nothing is checked here: the lab does that a moment later.
    """
    session = _session()
    try:
        if name is not None:
            tables = tomllib.loads(_read(_file(name)))
        else:
            name = str(session.get("name", "first-look"))
            text = session.get("toml")
            tables = tomllib.loads(text if isinstance(text, str) else _read(_file("first-look")))
    except (OSError, ValueError, BadInput):
        return None
    panels = {title: _rows(tables.get(table)) for title, table in (*_PANELS, _LAST)}
    theme = session.get("theme") or _theme_of_config()
    return Sketch(Path(name).stem if name.endswith(".toml") else name, _text(tables.get("description")), panels, theme)


def _session() -> dict[str, Any]:
    try:
        session = json.loads(_read(paths.home() / "session.json"))
    except (OSError, ValueError):
        return {}
    return session if isinstance(session, dict) else {}


def _theme_of_config() -> str:
    try:
        return str(tomllib.loads(_read(paths.home() / "config.toml")).get("theme", ""))
    except (OSError, ValueError):
        return ""


def _file(name: str) -> Any:
    """Where a preset lies: a path, or a name of those that come with tunelab or are a person's own."""
    if name.endswith(".toml") or name.startswith((".", "~")):
        return paths.expanded(name)
    shipped = resources.files("tunelab.presets") / f"{name}.toml"
    return shipped if shipped.is_file() else paths.presets() / f"{name}.toml"


def _read(path: Any) -> str:
    """A file that comes with tunelab may lie in an archive; any other must be a regular one."""
    return (files.read_regular(path, _MAX_BYTES, follow=True) if isinstance(path, Path) else path.read_bytes()).decode()


def _rows(table: object) -> list[tuple[str, str]]:
    if not isinstance(table, dict):
        return []
    return [(str(key).replace("_", " "), _text(value)) for key, value in table.items() if not isinstance(value, dict)]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return (
        "\n\n".join(" ".join(part.split()) for part in value.split("\n\n"))
        if isinstance(value, str)
        else ("" if value is None else str(value))
    )
