"""`tunelab --help` and the help of a group of commands: the registry as text, without typer, which takes 0.1 s."""

from __future__ import annotations

import os
import sys

from tunelab.tui.cli.registry import COMMANDS, GROUPS

__all__ = ["group_help", "overview"]

_INTRODUCTION = """\
Usage: tunelab [PRESET]             open the lab on the screen
       tunelab COMMAND [OPTIONS]    `tunelab COMMAND --help` explains each

See what weight initialization does, and find η, λ, m and width, in a terminal.
"""
_OPTIONS = [("--help, -h", "Show this message"), ("--version", "Print the version")]


def overview() -> str:
    """Return the commands in panels, a line each."""
    panels: dict[str, dict[str, str]] = {}
    for command in COMMANDS.values():
        name = command.name.partition(" ")[0]
        panels.setdefault(command.panel, {})[name] = GROUPS.get(name, command.summary)
    parts = [_panel(title, list(rows.items())) for title, rows in panels.items()]
    return "\n".join([_INTRODUCTION, *parts, _panel("Options", _OPTIONS)])


def group_help(group: str) -> str:
    """Return the commands of a group, a line each."""
    members = [command for name, command in COMMANDS.items() if name.startswith(f"{group} ")]
    rows = [(command.name.partition(" ")[2], command.summary) for command in members]
    usage = f"Usage: tunelab {group} [COMMAND] [OPTIONS]    without COMMAND: {rows[0][0]}\n\n{GROUPS[group]}.\n"
    return "\n".join([usage, _panel("Commands", rows)])


def _panel(title: str, rows: list[tuple[str, str]]) -> str:
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        title = f"\x1b[1m{title}\x1b[0m"
    return "\n".join([title, *(f"  {name:<10}  {summary}" for name, summary in rows), ""])
