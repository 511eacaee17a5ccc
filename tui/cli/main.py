"""The command `tunelab`: which commands there are, and what becomes of errors.

Exit codes: 0 done; 1 an internal error; 2 bad input; 3 the training diverged; 4 a replay or an expectation did
not hold; 130 interrupted. Nothing heavy is imported here: `tunelab --help` answers at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated, Any

import typer
from tunelab.errors import BadInput, CutOff
from tunelab.tui.cli.book import book_command
from tunelab.tui.cli.control import go_command, pause_command, stop_command, watch_command
from tunelab.tui.cli.data import data_app
from tunelab.tui.cli.diagnose import diagnose_command
from tunelab.tui.cli.doctor import doctor_command
from tunelab.tui.cli.find import find_command
from tunelab.tui.cli.init import init_command
from tunelab.tui.cli.lab import lab_command
from tunelab.tui.cli.learn import learn_command
from tunelab.tui.cli.presets import presets_app
from tunelab.tui.cli.replay import replay_command
from tunelab.tui.cli.resume import resume_command
from tunelab.tui.cli.run import run_command
from tunelab.tui.cli.runs import runs_app
from tunelab.tui.cli.schema import schema_command
from tunelab.tui.cli.serve import serve_command
from tunelab.tui.cli.snippet import snippet_command
from tunelab.tui.cli.sweep import sweep_command
from tunelab.tui.cli.tune import tune_command
from tunelab.tui.cli.usage_errors import usage_sentence

__all__ = ["app", "main"]

app = typer.Typer(
    name="tunelab",
    help="See what weight initialization does, and find η, λ, m and width, in a terminal. "
    "`tunelab`, or `tunelab PRESET`, opens the lab on the screen.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command("lab", hidden=True)(lab_command)  # `tunelab` alone, or with a preset: see routed()
app.command("run")(run_command)
app.command("resume")(resume_command)
app.command("replay")(replay_command)
app.command("book")(book_command)
app.command("watch")(watch_command)
app.command("pause")(pause_command)
app.command("go")(go_command)
app.command("stop")(stop_command)
app.command("find")(find_command)
app.command("tune")(tune_command)
app.command("init")(init_command)
app.command("diagnose")(diagnose_command)
app.command("learn")(learn_command)
app.command("sweep")(sweep_command)
app.add_typer(presets_app, name="presets")
app.add_typer(runs_app, name="runs")
app.add_typer(data_app, name="data")
app.command("serve")(serve_command)
app.command("snippet")(snippet_command)
app.command("schema")(schema_command)
app.command("doctor")(doctor_command)


def _version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        print(f"tunelab {metadata.version('tunelab')}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (its callback does the work)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options that belong to no command."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def routed(arguments: list[str]) -> list[str]:
    """The arguments with the command that was meant: `tunelab` and `tunelab PRESET` open the lab."""
    first = arguments[0] if arguments else ""
    commands = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    return arguments if first in {"--help", "-h", "--version"} or first in commands else ["lab", *arguments]


def main() -> None:
    """Run the command line. Whatever goes wrong, a person sees a sentence and never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show η should show '?' rather than end the program.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        # Not "standalone", in which typer would print a box of its own for a mistake, and go on in its own way.
        try:
            code = app(routed(sys.argv[1:]), prog_name="tunelab", standalone_mode=False)
        except SystemExit:  # what typer makes of a reader that has gone, even when not standalone
            raise BrokenPipeError from None
        sys.stdout.flush()  # here, where a reader that has gone is no error
        sys.exit(code if isinstance(code, int) else 0)
    except BadInput as problem:
        _say(str(problem))
        sys.exit(2)
    except CutOff as problem:
        _say(str(problem))
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted.")
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone (`tunelab runs | head`): that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if sentence := usage_sentence(error):
            _say(sentence)
            sys.exit(2)
        _say(_kept(error))  # the last resort: a bug of ours, kept in a file for whoever mends it
        sys.exit(1)


def _say(sentence: str) -> None:
    print(f"tunelab: {sentence}", file=sys.stderr)


def _kept(error: Exception) -> str:
    import traceback

    from tunelab import paths

    what = f"something went wrong inside tunelab ({type(error).__name__})"
    path = paths.home() / "last-error.txt"
    details: Any = "".join(traceback.format_exception(error))
    try:
        paths.write_whole(path, details.encode())
    except BadInput:
        return f"{what}, and the details couldn't be written to {path}"
    return f"{what}; the details are in {path}"


if __name__ == "__main__":
    main()
