"""Options that several commands share, declared once, and what they do to a preset."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from core.experiment import Preset

__all__ = ["Arms", "DataName", "Json", "Quiet", "Seed", "Seeds", "Settings", "chosen", "progress_report", "say"]

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
    from core.experiment.keys import parse_settings
    from core.experiment.preset import find

    preset = find(name)
    values: dict[str, Any] = parse_settings(settings or [])
    options = {"data.name": data, "initialization.seeds": seeds, "initialization.seed": seed}
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


def _fitted(preset: Preset, asked: set[str], quiet: bool) -> Preset:
    """A preset moved to other data: where those are fewer than it asks for, all there are are used, and it is said."""
    from core.data import load

    lowered: dict[str, Any] = {}
    data = preset.arms[0].experiment.data
    whole = load(data.name, classes=data.classes, report=progress_report(quiet))
    for key, wanted, there in (
        ("data.train", data.train, len(whole.training)),
        ("data.evaluation", data.evaluation, len(whole.validation)),
    ):
        if wanted is not None and wanted > there and key not in asked:
            lowered[key] = there
            if not quiet:
                say(f"{key} is {wanted:,} in {preset.name}; {whole.title} has {there:,}, all of them are used.")
    return preset.with_settings(lowered) if lowered else preset


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
