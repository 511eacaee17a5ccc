"""Options that several commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name or directory; 'last' is the newest.")]
PresetName = Annotated[str, typer.Argument(metavar="PRESET", help="The name of a preset, or a TOML file.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter: --set training.eta=0.25. Repeatable."),
]
Arms = Annotated[
    list[str] | None, typer.Option("--arm", metavar="NAME", help="Only this arm of the preset. Repeatable.")
]
DataName = Annotated[
    str | None, typer.Option("--data", metavar="NAME|PATH", help="Train on this data set instead of the preset's.")
]
Seeds = Annotated[
    int | None, typer.Option("--seeds", metavar="N", help="Train N networks side by side: the spread shows the noise.")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="K", help="The first seed.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=1000, metavar="N", help="Cores to use; default: all.")
]
Plot = Annotated[bool, typer.Option("--plot", help="Draw the curves of cost and accuracy at the end.")]
ToFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The file to write; default: stdout.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notices.")]
LowBandwidth = Annotated[
    bool, typer.Option("--low-bandwidth", help="Draw rarely and without animation, for slow connections.")
]


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What a command that trains prints."""

    as_json: Json = False
    quiet: Quiet = False
