"""Options of the lab, in the terminal and in a browser, and of the lecture."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tunelab.tui.cli.options.shared import DataName, LowBandwidth, OutputOptions

LabPreset = Annotated[
    str | None, typer.Argument(metavar="[PRESET]", help="The preset to load; default: the last session.")
]


class Until(StrEnum):
    """What a headless lab waits for before it takes its screenshot and ends."""

    run_done = "run-done"
    wizard_done = "wizard-done"
    idle = "idle"


@dataclass(frozen=True, kw_only=True)
class LabOptions:
    """Open the lab: build a network, see what its first weights do, train it, and watch."""

    preset: LabPreset = None
    low_bandwidth: LowBandwidth = False
    headless: Annotated[bool, typer.Option("--headless", help="Drive the same screens without a terminal.")] = False
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Headless: the size of the screen.")] = "120x40"
    press: Annotated[
        str, typer.Option("--press", metavar="KEYS", help="Headless: keys to press, in order: r or a,text,enter.")
    ] = ""
    until: Annotated[Until, typer.Option("--until", help="Headless: what to wait for.")] = Until.idle
    screenshot: Annotated[
        Path | None, typer.Option("--screenshot", metavar="FILE", help="Headless: write the screen, .svg or .txt.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Show the lab in a browser, by the URL that is printed, which holds a secret.

    Only this machine can reach it unless --host says otherwise.
    """

    preset: LabPreset = None
    host: Annotated[
        str,
        typer.Option("--host", metavar="HOST", help="The address to listen on; only localhost is private."),
    ] = "localhost"
    port: Annotated[int, typer.Option("--port", min=1, max=65535, metavar="N", help="The port.")] = 8000


@dataclass(frozen=True, kw_only=True)
class LearnOptions(OutputOptions):
    """Take the lecture: predict what an experiment will show, run it, and see the answer in its curves.

    In a terminal this opens the lab at the lecture; with N, --plain, or without a terminal it prints plain text.
    --data is remembered: --data digits returns to the drawn digits.
    """

    part: Annotated[str | None, typer.Argument(metavar="[N]", help="A section (3) or a step (3.2), as plain text.")] = (
        None
    )
    list_steps: Annotated[bool, typer.Option("--list", help="List the steps, and how each went.")] = False
    plain: Annotated[bool, typer.Option("--plain", help="Plain text on stdout; the whole lecture without N.")] = False
    predict: Annotated[
        int | None, typer.Option("--predict", metavar="K", min=0, help="Predict choice K of a step; 0: don't know.")
    ] = None
    run: Annotated[bool, typer.Option("--run", help="Run the experiments too, and print their answers.")] = False
    start_over: Annotated[bool, typer.Option("--start-over", help="Forget every prediction first; runs are kept.")] = (
        False
    )
    plot: Annotated[bool, typer.Option("--plot", help="With --run: draw the curves.")] = False
    data: DataName = None
    low_bandwidth: LowBandwidth = False
