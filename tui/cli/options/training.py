"""Options of the commands that train, follow and steer trainings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from tunelab.tui.cli.options.shared import (
    Arms,
    DataName,
    Json,
    OutputOptions,
    Plot,
    RunName,
    Seed,
    Seeds,
    Settings,
    Workers,
)


@dataclass(frozen=True, kw_only=True)
class RunOptions(OutputOptions):
    """Train presets: progress on stderr, at the end a table, and with --plot the charts."""

    presets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PRESET", help="Names of presets, or TOML files. With --data it may be left out: one network on it."
        ),
    ] = None
    settings: Settings = None
    arms: Arms = None
    data: DataName = None
    seeds: Seeds = None
    seed: Seed = None
    plot: Plot = False
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the record into DIR, new or empty.")
    ] = None
    workers: Workers = None


@dataclass(frozen=True, kw_only=True)
class ResumeOptions(OutputOptions):
    """Continue a run that was stopped or cut off, to the very numbers that an unbroken run would have reached."""

    name: RunName
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Continue with another training.eta, lambda, mini_batch or epochs, as a run of its own. Repeatable.",
        ),
    ] = None
    plot: Plot = False
    workers: Workers = None


@dataclass(frozen=True, kw_only=True)
class ReplayOptions(OutputOptions):
    """Train again, and compare with the record to the last bit, or with what the preset expects."""

    name: Annotated[
        str, typer.Argument(metavar="RUN|PRESET", help="A run to train again, or a preset whose [expect] to check.")
    ]
    data: DataName = None
    seeds: Seeds = None
    seed: Seed = None
    workers: Workers = None


@dataclass(frozen=True, kw_only=True)
class BookOptions(OutputOptions):
    """Train the figures of Nielsen's book again, as his program does, and compare the numbers."""

    figures: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIGURE]…", help="Presets of figures, such as book/learning-rates; default: all."),
    ] = None
    data: DataName = None
    published: Annotated[
        Path | None,
        typer.Option(
            "--published",
            metavar="DIR",
            help="The directory fig of the book's programs: compare with every number published there.",
        ),
    ] = None
    workers: Workers = None


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """Follow a run, whoever trains it, until it ends: a line per measurement, or with --json its events."""

    name: RunName
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class PauseOptions:
    """Pause a run until `tunelab go`."""

    name: RunName
    off: Annotated[bool, typer.Option("--off", help="Let a paused run continue, as `tunelab go` does.")] = False


@dataclass(frozen=True, kw_only=True)
class SteerOptions:
    """A run to steer."""

    name: RunName
