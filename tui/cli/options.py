"""Options that several commands share, declared once, and what they do to a preset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tunelab.experiment import Preset

__all__ = [
    "Arms",
    "DataName",
    "Json",
    "Quiet",
    "Seed",
    "Seeds",
    "Settings",
    "chosen",
    "default_preset",
    "from_anywhere",
    "progress_report",
    "say",
    "suited",
]

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter: --set training.eta=0.25. May be repeated."),
]
Arms = Annotated[
    list[str] | None, typer.Option("--arm", metavar="NAME", help="Only this arm of the preset. May be repeated.")
]
DataName = Annotated[
    str | None, typer.Option("--data", metavar="NAME|PATH", help="Learn from this data set instead of the preset's.")
]
Seeds = Annotated[
    int | None, typer.Option("--seeds", metavar="N", help="Train N networks side by side, to see what is luck.")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="K", help="The first seed.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notices.")]


def say(text: str) -> None:
    """Talk goes to stderr; stdout is for results."""
    print(text, file=sys.stderr, flush=True)


def default_preset(data: str) -> str:
    """The preset where none is named: one network for data of a person's own, else the first look."""
    from tunelab.data.catalogue import NAMED

    return "first-look" if data in NAMED else "table"


def chosen(
    name: str,
    settings: list[str] | None,
    arms: list[str] | None,
    data: str | None,
    seeds: int | None,
    seed: int | None,
    quiet: bool = False,
) -> Preset:
    """The preset with everything that was asked for on the command line."""
    from tunelab.experiment.dotted_keys import parse_settings
    from tunelab.experiment.preset import find

    preset = find(name)
    if data is not None and preset.expect:
        from tunelab.data.fetch import recognised

        preset = preset.expecting_on(recognised(data))
    values: dict[str, Any] = parse_settings(settings or [])
    options = {"data.name": data and from_anywhere(data), "initialization.seeds": seeds, "initialization.seed": seed}
    values |= {key: value for key, value in options.items() if value is not None}
    preset = preset.with_settings(values)
    if arms:
        preset = preset.only(arms)
    if data is not None:
        preset = _fitted(preset, set(values), quiet)
    for key in values:
        if not quiet and (kept := preset.overridden(key)):
            say(f"{key} is the arms' own in {preset.name} ({', '.join(kept)}): what you set changes nothing there.")
    return preset


def from_anywhere(data: str) -> str:
    """A path as it reads from every directory, since a record or a preset is used again from another one."""
    from tunelab import paths
    from tunelab.data.catalogue import NAMED

    path = paths.expanded(data)
    try:
        return str(path.absolute()) if data not in NAMED and path.exists() else data
    except OSError:  # a name too long for the file system: whoever loads it will say so
        return data


def _fitted(preset: Preset, asked: set[str], quiet: bool) -> Preset:
    """A preset moved to other data: where those are fewer than it asks for, all there are are used, and it is said."""
    from tunelab.data import counts
    from tunelab.errors import printable

    lowered: dict[str, Any] = {}
    data = preset.arms[0].experiment.data
    training, evaluation = counts(data.name, data.classes, data.file_options)
    for key, wanted, there in (("data.train", data.train, training), ("data.evaluation", data.evaluation, evaluation)):
        if wanted is not None and wanted > there and key not in asked:
            lowered[key] = there
            if not quiet:
                name = printable(Path(data.name).name, 60)
                say(f"{key} is {wanted:,} in {preset.name}; {name} has {there:,}, and all of them are used.")
    if "data.train" in lowered and data.train and "training.lambda" not in asked:
        scaled = preset.with_lambda_scaled(lowered["data.train"] / data.train)
        if scaled.tables != preset.tables and not quiet:
            say(f"λ is scaled along, by {lowered['data.train'] / data.train:.3g}: what counts is λ/n.")
        preset = scaled
    return preset.with_settings(lowered) if lowered else preset


def suited(preset: Preset, quiet: bool) -> Preset:
    """The preset with what it leaves open chosen for its data, which are prepared here, where progress is seen."""
    from tunelab.experiment import load_data
    from tunelab.experiment.fitting import fitted_preset

    preset, sentences = fitted_preset(preset, load_data(preset.arms[0].experiment, progress_report(quiet)))
    for sentence in sentences if not quiet else ():
        say(sentence)
    return preset


def progress_report(quiet: bool) -> Any:
    """How long work on data (drawing, unpacking, fetching) is shown on stderr: a line where it is a terminal."""

    def report(what: str, done: int, total: int) -> None:
        if quiet:
            return
        if total <= 0:
            say(what)
        elif sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r\x1b[K{what} {100 * done // total} %", end=end, file=sys.stderr, flush=True)

    return report
