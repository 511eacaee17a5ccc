"""`tunelab [PRESET]`: the lab on the screen, or driven without one."""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tunelab.experiment import Preset
    from tunelab.tui.app import Tunelab

__all__ = ["has_screen", "lab_app", "lab_command"]


class Until(StrEnum):
    """What a headless lab waits for before it takes its screenshot and ends."""

    run_done = "run-done"
    wizard_done = "wizard-done"
    idle = "idle"


def lab_command(
    preset: Annotated[
        str | None, typer.Argument(metavar="[PRESET]", help="What to load; the last session if not given.")
    ] = None,
    low_bandwidth: Annotated[
        bool, typer.Option("--low-bandwidth", help="Draw rarely and without animation: for slow links.")
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Drive the same screens without a terminal.")] = False,
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Headless: the size of the screen.")] = "120x40",
    press: Annotated[
        str, typer.Option("--press", metavar="KEYS", help="Headless: keys to press, in order: r or a,text,enter.")
    ] = "",
    until: Annotated[Until, typer.Option("--until", help="Headless: what to wait for.")] = Until.idle,
    screenshot: Annotated[
        Path | None, typer.Option("--screenshot", metavar="FILE", help="Headless: write the screen, .svg or .txt.")
    ] = None,
) -> None:
    """Open the lab: build a network, see what its first weights do, train it, and watch."""
    from tunelab.errors import BadInput, printable
    from tunelab.experiment.preset import find

    width, height = _size(size)
    # Read before anything else, so that a slip in the name (or of a command) is a sentence about the name.
    loaded = find(preset) if preset is not None else None
    if screenshot is not None and screenshot.suffix not in {".svg", ".txt"}:
        raise BadInput(f"--screenshot takes a file that ends in .svg or .txt, not {printable(screenshot)}")
    if not headless and not has_screen():
        raise BadInput(
            "the lab needs a terminal; `tunelab run PRESET` trains without one, --headless drives the screens"
        )
    app = lab_app(loaded, low_bandwidth=low_bandwidth)
    if not headless:
        raise typer.Exit(app.run() or 0)
    from tunelab.tui.headless import drive

    keys = [key for key in re.split(r"[,\s]+", press) if key]
    drive(app, (width, height), keys, until=until.value, screenshot=screenshot)


def _size(text: str) -> tuple[int, int]:
    from tunelab.errors import BadInput, printable

    match = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", text.strip())
    if match is None:
        raise BadInput(f"--size takes columns and rows such as 120x40, not '{printable(text)}'")
    return int(match[1]), int(match[2])


def has_screen() -> bool:
    """Whether there is a terminal to draw on; for `tunelab serve` it is a browser's."""
    return "TEXTUAL_DRIVER" in os.environ or (sys.stdout.isatty() and sys.stdin.isatty())


def lab_app(loaded: Preset | None, *, low_bandwidth: bool, opens: str = "") -> Tunelab:
    """The application with a preset, or the last session; ``opens`` is the screen to begin with."""
    if low_bandwidth:
        # Textual reads these when it is imported, which is why nothing above imports it.
        os.environ |= {"TEXTUAL_FPS": "20", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
    from tunelab.tui.state.settings import load_config, load_session

    config = load_config()
    from tunelab.tui.app import Tunelab
    from tunelab.tui.charts.terminal import looks
    from tunelab.tui.state.draft import Draft
    from tunelab.tui.state.lab_state import LabState

    draft = load_session(config) if loaded is None else Draft(loaded)
    return Tunelab(LabState(draft, looks(low_bandwidth=low_bandwidth)), config, opens)
