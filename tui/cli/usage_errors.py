"""What typer finds wrong with a command line, as the one sentence that every other mistake gets too."""

from __future__ import annotations

from typing import Any

from tunelab.errors import printable
from tunelab.suggestions import did_you_mean

__all__ = ["usage_sentence"]


def usage_sentence(problem: Any) -> str | None:
    """The sentence for a usage error of typer's; None if ``problem`` is something else.

    Told by its methods and not by its class: typer has moved that class from click into itself.
    """
    if not hasattr(problem, "format_message"):
        return None
    context = getattr(problem, "ctx", None)
    command = context.command_path if context else "tunelab"
    return f"{printable(_what(problem, context), 300)}; `{command} --help` says what there is"


def _what(problem: Any, context: Any) -> str:
    message = problem.message.strip().removesuffix(".")
    if hasattr(problem, "possibilities"):
        options = [option for parameter in context.command.params for option in parameter.opts] if context else []
        return f"there is no option '{problem.option_name}'{did_you_mean(problem.option_name, options)}"
    if getattr(problem, "param", None) is not None:
        return _about(problem.param, message)
    if message.startswith("No such command"):
        # The words that follow differ from version to version; what was typed stands in quotes.
        word = message.split("'")[1] if message.count("'") > 1 else ""
        return f"there is no command '{word}'{did_you_mean(word, context.command.commands if context else [])}"
    return message[:1].lower() + message[1:]


def _about(parameter: Any, message: str) -> str:
    name = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar or parameter.name
    if not message:
        return f"{name} is missing"
    message = message.removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return f"{name}{' ' if message.startswith('must') else ': '}{message}"
