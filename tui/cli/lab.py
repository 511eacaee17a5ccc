"""`tunelab [PRESET]`: the lab on the screen, or driven without one."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from tunelab.errors import BadInput, printable
from tunelab.experiment import Preset
from tunelab.experiment import preset as presets
from tunelab.tui.cli.options.lab import LabOptions
from tunelab.tui.cli.registry import COMMANDS
from tunelab.wording import did_you_mean

if TYPE_CHECKING:
    from tunelab.tui.app import Tunelab

__all__ = ["has_screen", "lab_app", "lab_command", "run_on_terminal"]


def lab_command(options: LabOptions) -> int | None:
    """Open the lab, or drive it headless."""
    width, height = _size(options.size)
    # Read before anything else, so that a slip in the name (or of a command) is a sentence about the name.
    preset = _find(options.preset) if options.preset is not None else None
    if options.screenshot is not None and options.screenshot.suffix not in {".svg", ".txt"}:
        raise BadInput(f"--screenshot takes a file that ends in .svg or .txt, not {printable(options.screenshot)}")
    if not options.headless and not has_screen():
        raise BadInput(
            "the lab needs a terminal; `tunelab run PRESET` trains without one, --headless drives the screens"
        )
    if not options.headless and os.environ.get("TERM", "") in {"", "dumb"} and "TEXTUAL_DRIVER" not in os.environ:
        raise BadInput(
            "this terminal can't move its cursor (TERM is 'dumb' or not set); `tunelab run PRESET --plot`, "
            "`tunelab tune` and `tunelab find eta PRESET` work without a screen"
        )
    app = lab_app(preset, low_bandwidth=options.low_bandwidth)
    if not options.headless:
        return run_on_terminal(app)
    from tunelab.tui.headless import drive  # Textual, see lab_app

    keys = [key for key in re.split(r"[,\s]+", options.press) if key]
    drive(app, (width, height), keys, until=options.until.value, screenshot=options.screenshot)
    return None


def _find(name: str) -> Preset:
    """The preset of this name; where there is none, a command may have been meant."""
    try:
        return presets.find(name)
    except BadInput:
        if name.endswith(".toml") or "/" in name or not (hint := did_you_mean(name, COMMANDS)):
            raise
        raise BadInput(
            f"there is no command or preset '{printable(name)}'{hint}; `tunelab --help` lists them"
        ) from None


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", text.strip())
    if match is None:
        raise BadInput(f"--size takes columns and rows such as 120x40, not '{printable(text)}'")
    return int(match[1]), int(match[2])


def has_screen() -> bool:
    """Whether there is a terminal to draw on; for `tunelab serve` it is a browser's."""
    return "TEXTUAL_DRIVER" in os.environ or (sys.stdout.isatty() and sys.stdin.isatty())


def run_on_terminal(app: Tunelab) -> int | None:
    """Run the application on the terminal that stdout is, also where stderr goes to a file: Textual draws on stderr."""
    if "TEXTUAL_DRIVER" in os.environ or sys.stderr.isatty():
        return app.run()
    with open(os.ttyname(sys.stdout.fileno()), "w", encoding="utf-8") as terminal:  # noqa: PTH123 (no path of ours)
        sys.__stderr__ = terminal  # type: ignore[misc]
        return app.run()


def lab_app(preset: Preset | None, *, low_bandwidth: bool, opens: str = "") -> Tunelab:
    """Return the application with a preset, or the last session; ``opens`` is the screen to begin with."""
    if low_bandwidth:
        # Textual reads these when it is imported, which is why it is imported below and not above.
        os.environ |= {"TEXTUAL_FPS": "20", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
    from tunelab.tui.state.settings import load_config, load_session

    config = load_config()
    from tunelab.tui.app import Tunelab
    from tunelab.tui.charts.terminal import looks
    from tunelab.tui.state.draft import Draft
    from tunelab.tui.state.lab_state import LabState

    draft = load_session(config) if preset is None else Draft(preset)
    return Tunelab(LabState(draft, looks(low_bandwidth=low_bandwidth)), config, opens)
