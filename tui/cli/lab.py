"""`tunelab [PRESET]`: the lab on the screen, or driven without one."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from tunelab.errors import BadInput, printable
from tunelab.tui.cli.registry import COMMANDS
from tunelab.wording import did_you_mean

if TYPE_CHECKING:  # the first picture doesn't wait for these
    from tunelab.experiment import Preset
    from tunelab.tui.app import Tunelab
    from tunelab.tui.cli.options.lab import LabOptions
    from tunelab.tui.state.lab_state import LabState
    from tunelab.tui.state.settings import Config

__all__ = ["has_screen", "lab_app", "lab_command", "open_lab"]


def lab_command(options: LabOptions) -> int | None:
    """Open the lab, or drive it headless."""
    width, height = _size(options.size)
    # Read before anything else, so that a slip in the name (or of a command) is a sentence about the name.
    preset = _find(options.preset) if options.preset is not None and options.headless else None
    if options.screenshot is not None and options.screenshot.suffix not in {".svg", ".txt"}:
        raise BadInput(f"--screenshot takes a file that ends in .svg or .txt, not {printable(options.screenshot)}")
    if not options.headless:
        return open_lab(options.preset, low_bandwidth=options.low_bandwidth)
    app = lab_app(preset, low_bandwidth=options.low_bandwidth)
    from tunelab.tui.headless import drive  # Textual, see lab_app

    keys = [key for key in re.split(r"[,\s]+", options.press) if key]
    drive(app, (width, height), keys, until=options.until.value, screenshot=options.screenshot)
    return None


def open_lab(name: str | None, *, low_bandwidth: bool = False, opens: str = "") -> int:
    """Open the lab in this terminal with a preset, or the last session; return the exit code.

    Its first picture is drawn before anything heavy is imported. ``opens`` is the screen to begin with.
    """
    from tunelab.tui.state.first_picture import Sketch, sketch

    drawn = sketch(name)
    if name is not None and drawn is None:
        _find(name)  # a slip in the name, or a file that isn't one: the sentence about it
    if not has_screen():
        raise BadInput(
            "the lab needs a terminal; `tunelab run PRESET` trains without one, --headless drives the screens"
        )
    if os.environ.get("TERM", "") in {"", "dumb"} and "TEXTUAL_DRIVER" not in os.environ:
        raise BadInput(
            "this terminal can't move its cursor (TERM is 'dumb' or not set); `tunelab run PRESET --plot`, "
            "`tunelab tune` and `tunelab find eta PRESET` work without a screen"
        )
    if low_bandwidth:
        _save_bytes()
    from tunelab.tui.app import Tunelab

    def prepare() -> tuple[LabState, Config]:
        return _state(_find(name) if name is not None else None, low_bandwidth=low_bandwidth)

    app = Tunelab(opens=opens, sketch=drawn or Sketch(name or ""), prepare=prepare)
    code = _run_on_terminal(app) or 0
    if app.problem is not None:
        raise app.problem
    return code


def _find(name: str) -> Preset:
    """The preset of this name; where there is none, a command may have been meant."""
    from tunelab.experiment import preset as presets

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


def _run_on_terminal(app: Tunelab) -> int | None:
    """Run the application on the terminal that stdout is, also where stderr goes to a file: Textual draws on stderr."""
    if "TEXTUAL_DRIVER" in os.environ or sys.stderr.isatty():
        return app.run()
    with open(os.ttyname(sys.stdout.fileno()), "w", encoding="utf-8") as terminal:  # noqa: PTH123 (no path of ours)
        sys.__stderr__ = terminal  # type: ignore[misc]
        return app.run()


def lab_app(preset: Preset | None, *, low_bandwidth: bool) -> Tunelab:
    """Return the application with a preset, or the last session, to be driven without a terminal."""
    if low_bandwidth:
        _save_bytes()
    state, config = _state(preset, low_bandwidth=low_bandwidth)
    from tunelab.tui.app import Tunelab

    return Tunelab(state, config)


def _save_bytes() -> None:
    """Have Textual draw rarely: it reads these when it is imported, so it isn't imported above."""
    os.environ |= {"TEXTUAL_FPS": "20", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}


def _state(preset: Preset | None, *, low_bandwidth: bool) -> tuple[LabState, Config]:
    """Return what the lab works with, and a person's settings."""
    from tunelab.tui.charts.terminal import looks
    from tunelab.tui.state.draft import Draft
    from tunelab.tui.state.lab_state import LabState
    from tunelab.tui.state.settings import load_config, load_session

    config = load_config()
    draft = load_session(config) if preset is None else Draft(preset)
    return LabState(draft, looks(low_bandwidth=low_bandwidth)), config
