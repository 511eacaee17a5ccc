"""A command line into a command and its options; what is wrong with it becomes one sentence."""

from __future__ import annotations

from typing import Any

import typer
from tunelab.errors import BadInput, printable
from tunelab.tui.cli.registry import Command
from tunelab.wording import did_you_mean

__all__ = ["parse_options"]


def parse_options(command: Command, arguments: list[str]) -> Any:
    """Return the command's options, or None where its help was asked for and has been printed."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: Rich takes 0.25 s to load
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    options = command.options_class()
    app.command()(options)
    program = "tunelab" if command.name == "lab" else f"tunelab {command.name}"
    try:
        # Not "standalone", in which typer would print a box of its own for a mistake, and exit.
        parsed = app(arguments, prog_name=program, standalone_mode=False)
    except SystemExit:  # what typer makes of a reader that went away, even when not standalone
        raise BrokenPipeError from None
    except Exception as problem:
        # Recognized by its methods and not by its class: typer has moved that class from click into itself.
        if not hasattr(problem, "format_message"):
            raise
        sentence = printable(_usage_problem(problem), 300)
        raise BadInput(f"{sentence}; `{program} --help` lists its options") from None
    return parsed if isinstance(parsed, options) else None


def _usage_problem(problem: Any) -> str:
    context = getattr(problem, "ctx", None)
    message = problem.message.strip().removesuffix(".")
    if hasattr(problem, "possibilities"):
        options = [option for parameter in context.command.params for option in parameter.opts] if context else []
        hint = _parameter_hint(problem.option_name, options) or did_you_mean(problem.option_name, options)
        return f"there is no option '{problem.option_name}'{hint}"
    if getattr(problem, "param", None) is not None:
        return _parameter_problem(problem.param, message)
    return message[:1].lower() + message[1:]


def _parameter_hint(option: str, options: list[str]) -> str:
    """How to set the parameter that somebody took for an option: --epochs, --lr."""
    if "--set" not in options:
        return ""
    from tunelab.experiment.dotted_keys import full_key  # pydantic, which a right command line need not wait for

    word = option.lstrip("-").replace("-", "_")
    try:
        return f"; it is a parameter: --set {full_key(word)}=VALUE"
    except BadInput as problem:
        meant = str(problem).partition("tunelab calls it ")[2].partition(";")[0]
        return f"; it is a parameter: --set {meant.partition(' ')[0]}=VALUE" if meant else ""


def _parameter_problem(parameter: Any, message: str) -> str:
    name = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar or parameter.name
    if not message:
        return f"{name} is missing"
    message = message.removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return f"{name}{' ' if message.startswith('must') else ': '}{message}"
