"""Options of the commands about what is kept: runs, presets, data sets, scripts, the installation."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tunelab.tui.cli.options.shared import (
    DataName,
    Json,
    OutputOptions,
    Plot,
    PresetName,
    RunName,
    Seed,
    Seeds,
    Settings,
    ToFile,
)

DataSetName = Annotated[str, typer.Argument(metavar="NAME", help="A data set's name, or a path.")]


class ExportFormat(StrEnum):
    """What a run can be exported as."""

    csv = "csv"
    json = "json"
    npz = "npz"
    md = "md"
    svg = "svg"
    png = "png"


class Library(StrEnum):
    """What a script can be written for."""

    pytorch = "pytorch"
    sklearn = "sklearn"
    keras = "keras"


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """List what there is, a line each, its name first."""

    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class ShowRunOptions:
    """Show what a run was and how it ended; with --json its events, as `run --json` printed them."""

    name: RunName
    plot: Plot = False
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class CompareRunsOptions:
    """Compare settings and results of runs, and whether the results differ by more than noise. ± is a 95 % interval."""

    names: Annotated[
        list[str], typer.Argument(metavar="RUN[:ARM]", help="Runs, all their arms; or RUN:ARM for one arm.")
    ]
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves in one chart too.")] = False
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class ExportRunOptions:
    """Write a run's measurements (csv, json, md), its parameters (npz) or its charts (svg, png) to a file."""

    name: RunName
    form: Annotated[ExportFormat, typer.Option("--format", help="What to write.")] = ExportFormat.csv
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="The file to write; default: stdout (npz and png need a file)."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Write a run or a study as one page of HTML that needs nothing else: charts, verdict, tables, settings."""

    name: Annotated[str, typer.Argument(metavar="RUN|STUDY", help="A run ('last' is the newest), or a study.")]
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE.html", help="The file to write; default: stdout.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class RemoveRunsOptions:
    """Delete runs. One that is being trained is left alone."""

    names: Annotated[list[str], typer.Argument(metavar="RUN", help="Names of runs.")]


@dataclass(frozen=True, kw_only=True)
class ShowPresetOptions:
    """Print a preset as the file it is; with --json also every arm's experiment in full."""

    name: PresetName
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class CheckPresetsOptions:
    """Check presets without training: every key, every value, every arm."""

    names: Annotated[list[str], typer.Argument(metavar="PRESET", help="Names of presets, or TOML files.")]


@dataclass(frozen=True, kw_only=True)
class SavePresetOptions:
    """Save a preset, with changes, as one of your own."""

    name: Annotated[str, typer.Argument(metavar="PRESET", help="The preset to begin with.")]
    new: Annotated[str, typer.Argument(metavar="NAME", help="The name of the new preset.")]
    settings: Settings = None
    data: DataName = None
    seeds: Seeds = None
    seed: Seed = None
    force: Annotated[bool, typer.Option("--force", help="Replace a preset of yours that has this name.")] = False


@dataclass(frozen=True, kw_only=True)
class ListDataOptions:
    """List the data sets, and whether they are here."""

    as_json: Json = False
    check: Annotated[bool, typer.Option("--check", help="Verify every checksum of what is here.")] = False


DataSettings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Read a file otherwise: --set data.label=NAME. Repeatable."),
]


@dataclass(frozen=True, kw_only=True)
class ShowDataOptions:
    """Show what is in a data set: of a table its columns, classes and warnings; of images examples and counts."""

    name: DataSetName
    settings: DataSettings = None
    label: Annotated[str | None, typer.Option("--class", metavar="CLASS", help="Only examples of this class.")] = None
    count: Annotated[int | None, typer.Option("--count", min=1, help="How many examples.")] = None
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class FetchDataOptions:
    """Download MNIST or Fashion-MNIST, verified; an interrupted download continues."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist or fashion-mnist.")]
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="URL|DIR", help="Another address, or a directory with the four IDX files."),
    ] = None
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Permit an address that is plain http; checksums are verified anyway.")
    ] = False
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class ExportDataOptions:
    """Write a data set as x_train, y_train, x_validation, y_validation, x_test, y_test."""

    name: DataSetName
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="The file to write.")]
    settings: DataSettings = None
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.npz if it exists.")] = False
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class PredictOptions(OutputOptions):
    """Predict each row of a file with a trained network: CSV on stdout, a probability for each class.

    Columns are found by name where the file has a header; several seeds are averaged.
    """

    name: Annotated[str, typer.Argument(metavar="RUN[:ARM]", help="A run ('last' is the newest), or one arm of it.")]
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table, an .npz with x, or IDX images.")]
    out: ToFile = None


@dataclass(frozen=True, kw_only=True)
class SnippetOptions:
    """Write a script that trains the same network in another library, its hyper-parameters converted."""

    name: Annotated[str, typer.Argument(metavar="RUN|PRESET", help="A run ('last' is the newest), or a preset.")]
    library: Annotated[Library, typer.Option("--for", help="The library.")]
    arm: Annotated[str | None, typer.Option("--arm", metavar="NAME", help="Which arm; default: the first.")] = None
    out: ToFile = None


@dataclass(frozen=True, kw_only=True)
class DoctorOptions:
    """Report what this terminal, machine and installation can do, and what should be repaired."""

    repair: Annotated[bool, typer.Option("--repair", help="Repair what can be repaired without losing anything.")] = (
        False
    )
    as_json: Json = False


@dataclass(frozen=True)
class SchemaOptions:
    """Print the JSON schema of a preset: every parameter, its type, range and meaning."""
