"""Options of the commands that search for hyper-parameters, and of those that explain a network."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tunelab.tui.cli.options.shared import (
    Arms,
    DataName,
    Json,
    OutputOptions,
    PresetName,
    Seed,
    Seeds,
    Settings,
    Workers,
)

StudyName = Annotated[
    str | None, typer.Option("--study", metavar="NAME", help="The study's name; an existing one is continued.")
]


class LambdaRule(StrEnum):
    """The two schools of choosing λ."""

    book = "book"
    low = "low"


class SearchTarget(StrEnum):
    """What can be searched for."""

    eta = "eta"
    lmbda = "lambda"
    batch = "batch"
    momentum = "momentum"
    dropout = "dropout"


class SamplerName(StrEnum):
    """How trials are chosen."""

    grid = "grid"
    random = "random"
    tpe = "tpe"


class PrunerName(StrEnum):
    """What stops trials before their end."""

    none = "none"
    median = "median"
    hyperband = "hyperband"


@dataclass(frozen=True, kw_only=True)
class FindOptions(OutputOptions):
    """Search for η, λ, m, momentum or dropout by one rule each: a table of what was tried, the choice, and why."""

    what: Annotated[
        SearchTarget,
        typer.Argument(help="The learning rate, the regularization, the mini-batch size, the momentum, or dropout."),
    ]
    preset: PresetName
    settings: Settings = None
    arms: Arms = None
    data: DataName = None
    seeds: Seeds = None
    seed: Seed = None
    rule: Annotated[
        LambdaRule,
        typer.Option(
            "--rule",
            help="For λ: the book's, from 1.0 by tens; or low, upwards, cross-validated, by how smooth the output is.",
        ),
    ] = LambdaRule.book
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves of what was tried.")] = False


@dataclass(frozen=True, kw_only=True)
class TuneOptions(OutputOptions):
    """Follow the broad strategy unattended: shrink, chance, η, λ, width, m, the full problem, the test set."""

    preset: Annotated[
        str | None,
        typer.Argument(metavar="[PRESET]", help="Where to begin; default: a network of 30 hidden neurons."),
    ] = None
    settings: Settings = None
    data: DataName = None
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="SECONDS", help="How long it may work in all; default: about 300, nothing left out."
        ),
    ] = None
    stop_after: Annotated[
        str | None, typer.Option("--stop-after", metavar="STAGE", help="End after this stage: eta, widen, full …")
    ] = None
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="STAGE", help="Leave this stage out; may be repeated.")
    ] = None
    study: StudyName = None
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, max=20, metavar="N", help="Networks tried side by side; default: 3."),
    ] = None
    seed: Seed = None
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write journal, report and winner into DIR, new or empty."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class SweepOptions(OutputOptions):
    """Try many values: on a grid, at random, or guided by earlier trials. Ends with a table of the best trials."""

    preset: Annotated[
        str | None, typer.Argument(metavar="PRESET", help="What to vary; not needed to continue a --study.")
    ] = None
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=SPEC",
            help="What to sweep over: eta=0.01,0.1,1 · eta=log:1e-3..10 · lambda=lin:0..1 · hidden=int:10..100 · "
            "weights=standard,scaled. LOW..HIGH:N gives a grid N points. Repeatable.",
        ),
    ] = None
    sampler: Annotated[SamplerName | None, typer.Option("--sampler", help="Default: grid for lists, else random.")] = (
        None
    )
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, metavar="N", help="How many trials the study has in all.")
    ] = None
    pruner: Annotated[PrunerName | None, typer.Option("--pruner", help="Stop trials that fall behind.")] = None
    study: StudyName = None
    workers: Workers = None
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Train on a Dask cluster; local:N starts one here."),
    ] = None
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            envvar="TUNELAB_STORAGE",
            help="Keep the study in a database that several machines share. Give a password by the variable, "
            "PGPASSWORD or ~/.pgpass, never on the command line.",
        ),
    ] = None
    settings: Settings = None
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="NAME", help="Vary this arm of the preset, not its base.")
    ] = None
    data: DataName = None
    seeds: Seeds = None
    seed: Seed = None
    plot: Annotated[bool, typer.Option("--plot", help="Draw the best value so far, and a map of two parameters.")] = (
        False
    )


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """Show what an initialization does: per layer σ_z predicted and sampled, and the share of saturated neurons."""

    sizes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SIZES",
            help="Neurons per layer, inputs first: 784,30,10. One number alone is the inputs of a single neuron. "
            "Default: 784,30,10, or with --data that data's inputs.",
        ),
    ] = None
    weights: Annotated[
        list[str] | None,
        typer.Option("--weights", metavar="SCHEME", help="standard, scaled, truncated, he-normal, … Repeatable."),
    ] = None
    biases: Annotated[str, typer.Option("--biases", metavar="SCHEME", help="standard or zeros.")] = "standard"
    activation: Annotated[
        str, typer.Option("--activation", metavar="NAME", help="sigmoid, tanh, relu, leaky-relu or linear.")
    ] = "sigmoid"
    active: Annotated[
        int | None,
        typer.Option("--active", metavar="N", help="How many inputs are 1, the others 0; default: half."),
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", metavar="NAME|PATH", help="Take real inputs, from this data set.")
    ] = None
    seed: Annotated[int, typer.Option("--seed", metavar="K", min=0, help="Seed of the sampled networks.")] = 0
    plot: Annotated[bool, typer.Option("--plot", help="Draw the distribution of z for every layer.")] = False
    as_json: Json = False


@dataclass(frozen=True, kw_only=True)
class DiagnoseOptions(OutputOptions):
    """Name the cause of a trouble, its evidence and one cure: from a run's record, or by training a preset briefly."""

    name: Annotated[
        str, typer.Argument(metavar="RUN|PRESET", help="A recorded run ('last' is the newest), or a preset.")
    ] = ""
    settings: Settings = None
    arms: Arms = None
    data: DataName = None
    seed: Seed = None
    try_cures: Annotated[
        bool, typer.Option("--try", help="Train the cures and other changes briefly: before → after, and what helps.")
    ] = False
    list_causes: Annotated[
        bool, typer.Option("--causes", help="List every cause that can be named, or explain the one given as NAME.")
    ] = False
