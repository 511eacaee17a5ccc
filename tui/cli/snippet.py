"""`tunelab snippet`: a run or a preset as a script for another library."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.tui.cli.options import progress_report, say

if TYPE_CHECKING:
    from tunelab.experiment import Preset

__all__ = ["snippet_command"]


class Library(StrEnum):
    """What a script can be written for."""

    pytorch = "pytorch"
    sklearn = "sklearn"
    keras = "keras"


def snippet_command(
    name: Annotated[str, typer.Argument(metavar="RUN|PRESET", help="A run ('last' is the newest), or a preset.")],
    library: Annotated[Library, typer.Option("--for", help="The library.")],
    arm: Annotated[str | None, typer.Option("--arm", metavar="NAME", help="Which arm; the first if not given.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to; stdout if not given.")] = None,
) -> None:
    """Write a script that trains the same network in another library, its hyper-parameters converted."""
    from tunelab import paths
    from tunelab.errors import BadInput, printable
    from tunelab.experiment import load_data
    from tunelab.snippets import recipe, script

    if out is not None and out.name in {"sklearn.py", "keras.py", "torch.py"}:
        raise BadInput(f"--out: Python would take {printable(out.name)} for the library itself; give it another name")
    preset = _meant(name)
    chosen = (preset.only([arm]) if arm is not None else preset).arms[0]
    experiment = chosen.experiment
    title = preset.title if len(preset.arms) == 1 else f"{preset.title}: {chosen.name}"
    text = script(
        library.value, recipe(title, experiment, load_data(experiment, progress_report(quiet=not sys.stderr.isatty())))
    )
    if out is None:
        sys.stdout.write(text)
    else:
        paths.write_whole(out, text.encode())
        say(f"Written to {out}; what it needs is said at its top.")
    if arm is None and len(preset.arms) > 1:
        others = ", ".join(f"'{printable(other.name, 60)}'" for other in preset.arms[1:])
        say(f"This is the arm '{printable(chosen.name, 60)}'; --arm takes {others}.")


def _meant(name: str) -> Preset:
    """The preset of this name, or that of the run of this name."""
    from tunelab.errors import BadInput, printable
    from tunelab.experiment import preset as presets
    from tunelab.records import Run, all_runs
    from tunelab.suggestions import did_you_mean

    try:
        return Run(name).preset
    except BadInput as problem:
        no_run = problem
    try:
        return presets.find(name)
    except BadInput as problem:
        if name == "last":
            raise no_run from None
        if name.endswith(".toml") or name in presets.available():
            raise problem from None
    names = [*presets.available(), *(run.name for run in all_runs())]
    raise BadInput(
        f"there is no run or preset '{printable(name)}'{did_you_mean(name, names)}; `tunelab runs` and "
        "`tunelab presets` list them"
    )
