"""The command `tunelab`: from the words that were typed to the command that was meant.

Nothing heavy is imported here: `tunelab --help` answers at once.
"""

from __future__ import annotations

import sys

from tunelab.errors import BadInput, printable
from tunelab.paths import keep_private
from tunelab.tui.cli.failures import exit_code_of, prepare_streams
from tunelab.tui.cli.output import print_text, report_notices
from tunelab.tui.cli.overview import group_help, overview
from tunelab.tui.cli.registry import COMMANDS, GROUPS, Command
from tunelab.wording import did_you_mean

__all__ = ["main"]

_HELP = ("--help", "-h")


def main() -> None:
    """Run the command line and exit with its code."""
    keep_private()
    sys.exit(exit_code_of(_run))


def _run() -> int:
    prepare_streams()
    words = sys.argv[1:]
    if words[:1] == ["--version"]:
        from importlib import metadata  # 0.03 s that help need not wait for

        print_text(f"tunelab {metadata.version('tunelab')}")
    elif words[:1] and words[0] in _HELP:
        print_text(overview())
    elif words[:1] and words[0] in GROUPS and (words[1:2] and words[1] in _HELP):
        print_text(group_help(words[0]))
    else:
        report_notices()
        command, arguments = _command(words)
        if command.name == "lab" and len(arguments) < 2 and not any(word.startswith("-") for word in arguments):
            from tunelab.tui.cli.lab import open_lab  # its first picture needs no typer either

            return open_lab(arguments[0] if arguments else None)
        from tunelab.tui.cli.parsing import parse_options  # typer: 0.1 s that help and version need not wait for

        options = parse_options(command, arguments)
        return 0 if options is None else command.run(options)
    return 0


def _command(words: list[str]) -> tuple[Command, list[str]]:
    """The command that was meant, and the words that belong to it: `tunelab` and `tunelab PRESET` open the lab."""
    first, second = [*words, "", ""][:2]
    if first in GROUPS:
        members = [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{first} ")]
        if not second or second.startswith("-"):
            return COMMANDS[f"{first} {members[0]}"], words[1:]
        if second not in members:
            raise BadInput(
                f"there is no command '{printable(second)}'{did_you_mean(second, members)}; "
                f"`tunelab {first} --help` lists its commands"
            )
        return COMMANDS[f"{first} {second}"], words[2:]
    return (COMMANDS[first], words[1:]) if first in COMMANDS else (COMMANDS["lab"], words)


if __name__ == "__main__":
    main()
