"""The first picture: drawn from the preset's file before anything heavy is imported; keys wait for the lab."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from screens import TINY, Shared, driven
from test_core_without_screen import imported_by
from tunelab import BadInput, paths
from tunelab.experiment.preset import parse
from tunelab.tui.app import Tunelab
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.opening import OpeningScreen
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.first_picture import Sketch, sketch
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.settings import Config


def test_nothing_heavy_is_imported_before_the_first_picture() -> None:
    modules = imported_by("import tunelab.tui.cli.main, tunelab.tui.cli.lab, tunelab.tui.app")
    assert not modules & {"numpy", "pydantic", "typer", "plotext", "optuna", "polars", "multiprocessing"}
    assert "textual" in modules


def test_the_sketch_is_what_the_presets_file_says() -> None:
    drawn = sketch("first-look")
    assert drawn is not None
    assert drawn.name == "first-look"
    assert ("eta", "0.1") in drawn.panels["4 Hyper-parameters"]
    assert drawn.description.startswith("Both networks")
    assert sketch("no-such-preset") is None
    assert sketch("lecture/failing-run") is not None


def test_without_a_name_it_is_the_last_session_and_its_theme() -> None:
    text = parse(TINY, "tiny", "a test").to_toml()
    session = {"name": "tiny", "changed": False, "toml": text, "theme": "high-contrast"}
    paths.write_whole(paths.home() / "session.json", json.dumps(session).encode())
    drawn = sketch(None)
    assert drawn is not None
    assert (drawn.name, drawn.theme) == ("tiny", "high-contrast")


@pytest.mark.parametrize("written", [b"", b"[1]", b"{", b'{"toml": 3, "name": null}', b"\xff\xfe"])
def test_a_session_that_cant_be_read_is_the_first_look(written: bytes) -> None:
    paths.write_whole(paths.home() / "session.json", written)
    drawn = sketch(None)
    assert drawn is not None
    assert ("hidden", "30") in drawn.panels["2 Network"]


def test_a_file_that_isnt_toml_has_no_sketch(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("= 3")
    assert sketch(str(tmp_path / "bad.toml")) is None


@driven
async def test_keys_pressed_before_the_lab_is_there_are_pressed_in_it() -> None:
    go_on = threading.Event()

    def prepare() -> tuple[LabState, Config]:
        go_on.wait(20)
        state = LabState.__new__(LabState)
        LabState.__init__(state, Draft(parse(TINY, "tiny", "a test")), Looks())
        state._pool.shutdown()
        state._pool = Shared()
        return state, Config()

    app = Tunelab(sketch=Sketch("tiny", "What to look at", {"1 Data": [("train", "200")]}), prepare=prepare)
    async with app.run_test(size=(120, 40)) as pilot:
        assert isinstance(app.screen, OpeningScreen)
        picture = app.text_screenshot()
        assert "train       200" in picture
        assert "What to look at" in picture
        await pilot.press("question_mark")
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(120, 40)
        go_on.set()
        while app.screen.id != "help" and "Keys here" not in app.text_screenshot():
            await asyncio.sleep(0.01)
        assert any(isinstance(screen, LabScreen) for screen in app.screen_stack)
        assert not any(isinstance(screen, OpeningScreen) for screen in app.screen_stack)


@driven
async def test_a_preset_that_cant_be_used_ends_the_program_with_its_sentence() -> None:
    def prepare() -> tuple[LabState, Config]:
        raise BadInput("training.eta must be above 0")

    app = Tunelab(sketch=Sketch("bad"), prepare=prepare)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
    assert str(app.problem) == "training.eta must be above 0"
    assert app.return_value == 2
