"""Every screen as a picture: `make screenshots` writes SVG and text at three sizes in two themes, driven headless.

    python -m gallery FOLDER [--size 120x40] [--theme textual-dark] [--only NAME]

What is shown is written by hand or scripted, so that the pictures of two versions can be compared line by line.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from screens import Lab, opened, written_run
from scripted_trainer import scripted, three_classes
from tunelab import Experiment, paths
from tunelab.records import Run
from tunelab.strategy import runner
from tunelab.tui.screens.wizard import WizardScreen
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.run_view import Playback
from tunelab.tui.state.settings import Config
from tunelab.tui.state.strategy_session import Guide

__all__ = ["SCREENS", "SIZES", "THEMES", "visited"]

SIZES = [(120, 40), (80, 24), (60, 20)]
THEMES = ["textual-dark", "textual-light"]

SWEPT = """
[data]
name = "digits"
train = 200
evaluation = 100
[network]
hidden = []
[training]
epochs = 2
"""


def better(experiment: Experiment) -> float:
    """What the scripted trainer reaches: a larger η and more neurons are better."""
    return 0.6 + 0.2 * (0.1 < experiment.training.eta < 20) + 0.1 * (sum(experiment.network.hidden) >= 30)


def study(name: str, *, whole: bool) -> Path:
    """A strategy at its end, or at its third question."""
    place = paths.studies() / name
    if not place.exists():
        table = three_classes(paths.home() / "flowers.csv", 900)
        asked = Experiment(data={"name": str(table)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
        runner.begin(place, asked, seeds=2)
        with mock.patch("tunelab.search.eta.range_test", return_value=SimpleNamespace(text=""), create=True):
            if whole:
                runner.run_to_the_end(place, trainer=scripted(better))
                return place
            for _ in range(3):
                runner.advance(place, trainer=scripted(better))
                runner.decide(place, "accept")
            runner.advance(place, trainer=scripted(better))
    return place


def sweep() -> None:
    """A study of η and λ, trained here."""
    from test_sweep import Here
    from tunelab.experiment.preset import parse
    from tunelab.sweeps import SweepPlan, open_study
    from tunelab.sweeps.scheduler import sweep as trained

    if not (paths.studies() / "eta-and-lambda").exists():
        plan = SweepPlan.of(parse(SWEPT, "swept", "the gallery"), ["eta=0.01,0.1,0.5,2,20", "lambda=0,0.1,1"])
        for _ in trained(open_study("eta-and-lambda", plan), Here()):
            pass


async def _wizard(lab: Lab, *, whole: bool, keys: tuple[str, ...] = ()) -> None:
    screen = WizardScreen(lab.state, Guide(study("ended" if whole else "begun", whole=whole), ThreadPoolExecutor(1)))
    lab.app.push_screen(screen)
    await lab.pilot.pause()
    screen._tick()
    await _keys(lab, *keys)


async def _keys(lab: Lab, *keys: str) -> None:
    await lab.quiet()
    for key in keys:
        await lab.press(key)
        await lab.quiet()  # what a key has looked up is there for the next one


def _pressed(*keys: str) -> Callable[[Lab], object]:
    return lambda lab: _keys(lab, *keys)


async def _played(lab: Lab, *keys: str) -> None:
    """The lab with a run played back to its end."""
    run = Run("20260101-000000-old-and-new")
    view = Playback(run)
    view.playing = False
    lab.lab.look_at(view)
    view.seek(view.length)
    lab.lab.new_view()
    lab.lab.show_curves()
    await _keys(lab, *keys)


SCREENS: dict[str, Callable[[Lab], object]] = {
    "lab-before": _pressed(),
    "lab-data": _pressed("1"),
    "lab-hyper": _pressed("4"),
    "lab-trained": _played,
    "lab-crosshair": lambda lab: _played(lab, "left", "left", "left", "left", "left", "left"),
    "lab-accuracy": lambda lab: _played(lab, "6"),
    "lab-log": lambda lab: _played(lab, "7"),
    "lab-verdict": lambda lab: _played(lab, "8"),
    "help": _pressed("question_mark"),
    "arms": _pressed("a"),
    "explorer": _pressed("i"),
    "inside": lambda lab: _played(lab, "o"),
    "presets": _pressed("p"),
    "runs": _pressed("b"),
    "compare": lambda lab: _played(lab, "c"),
    "wizard-menu": _pressed("w"),
    "wizard-stage": lambda lab: _wizard(lab, whole=False),
    "wizard-response": lambda lab: _wizard(lab, whole=False, keys=("v", "v")),
    "wizard-end": lambda lab: _wizard(lab, whole=True),
    "sweep": _pressed("g"),
    "sweep-eta": _pressed("g", "v"),
    "sweep-trials": _pressed("g", "3"),
    "lecture": _pressed("t"),
    "contents": _pressed("t", "m"),
    "text-twin": _pressed("quotation_mark"),
}
"""What leads to each screen from a lab that has just been opened."""


@asynccontextmanager
async def visited(name: str, size: tuple[int, int], theme: str = "textual-dark") -> AsyncIterator[Lab]:
    """One screen of the gallery, in a lab of its own."""
    if not (paths.runs() / "20260101-000000-old-and-new").exists():
        written_run()
    if name.startswith("sweep"):
        sweep()
    run = Run("20260101-000000-old-and-new")
    commands = [("tunelab run winner.toml", "the winner's training"), ("tunelab tune --study ended", "this report")]
    with mock.patch("tunelab.tui.text.strategy_outcome.commands", return_value=commands):  # no home's path
        async with _opened(name, run, size, theme) as lab:
            yield lab


@asynccontextmanager
async def _opened(name: str, run: Run, size: tuple[int, int], theme: str) -> AsyncIterator[Lab]:
    async with opened(draft=Draft(run.preset), size=size, config=Config(theme=theme)) as lab:
        lab.app.animation_level = "none"
        await SCREENS[name](lab)  # type: ignore[misc]
        await lab.quiet()
        yield lab


async def _drawn(folder: Path, names: list[str], sizes: list[tuple[int, int]], themes: list[str]) -> None:
    for name in names:
        for size in sizes:
            for theme in themes:
                async with visited(name, size, theme) as lab:
                    lab.app._notifications.clear()
                    lab.app._refresh_notifications()
                    await lab.pilot.pause()
                    stem = folder / f"{name}-{size[0]}x{size[1]}-{theme.removeprefix('textual-')}"
                    lab.app.write_screenshot(stem.with_suffix(".svg"))
                    lab.app.write_screenshot(stem.with_suffix(".txt"))


def main() -> None:
    """Read the options and draw."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="where the pictures go")
    options.add_argument("--size", action="append", help="columns and rows, such as 120x40; default: three sizes")
    options.add_argument("--theme", action="append", help="default: dark and light")
    options.add_argument("--only", action="append", choices=[*SCREENS], help="this screen alone")
    asked = options.parse_args()
    sizes = [(int(w), int(h)) for w, _, h in (text.partition("x") for text in asked.size or [])]
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tunelab-gallery-") as home:
        os.environ["TUNELAB_HOME"] = home
        os.environ["TZ"] = "UTC"
        asyncio.run(_drawn(asked.folder, asked.only or [*SCREENS], sizes or SIZES, asked.theme or THEMES))
    print(f"{len(list(asked.folder.glob('*.svg')))} pictures in {asked.folder}")


if __name__ == "__main__":
    main()
