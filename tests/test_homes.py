"""Homes and terminals that aren't as usual: nobody's home, a deleted record, a clock before 1970, stderr in a file."""

from __future__ import annotations

import os
import pwd
import shutil
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest
from commandline import run_cli
from small_runs import Inline, little_data, preset_on
from tunelab import engine
from tunelab.engine import training_worker
from tunelab.errors import BadInput
from tunelab.records import Run, create_run
from tunelab.strategy.journal import Journal

_COMMANDS = [
    "runs list",
    "run first-look",
    "tune --data digits",
    "doctor",
    "presets",
    "data list",
    "find eta first-look",
]
_COMMANDS += ["--headless", "sweep first-look --over training.eta=0.1,0.2", "runs show last", "learn 1.1"]


@pytest.mark.parametrize("words", _COMMANDS)
def test_a_user_without_a_home_gets_a_sentence(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any) -> NoReturn:
        raise KeyError("uid not found")

    for variable in ("TUNELAB_HOME", "HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    outcome = run_cli(*words.split())
    assert outcome.code == 2, outcome
    assert "this user has no home directory: set TUNELAB_HOME" in outcome.err


def test_a_run_notices_that_it_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = preset_on(little_data(tmp_path), "[training]\nepochs = 10000\n")
    looks = 0
    real = training_worker._pulse

    def pulse_of(run: Run, *rest: Any) -> Any:
        look = real(run, *rest)

        def pulse() -> None:
            nonlocal looks
            looks += 1
            if looks == 20:
                shutil.rmtree(run.directory)
            look()

        return pulse

    monkeypatch.setattr(training_worker, "_pulse", pulse_of)
    job = engine.start(preset, Inline(), workers=1)
    with pytest.raises(BadInput, match="was deleted while it was written"):
        list(job.follow())
    assert not job.run.directory.exists()


def test_a_strategy_notices_that_it_was_deleted(tmp_path: Path) -> None:
    with Journal(tmp_path / "study") as journal:
        journal.write("begin", {})
        shutil.rmtree(tmp_path / "study")
        with pytest.raises(BadInput, match="was deleted while it was worked on"):
            journal.write("stage", {})
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("now", [-1e9, -1.0, 0.0, 4e9])
def test_a_clock_may_stand_anywhere(now: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = preset_on(little_data(tmp_path), "[training]\nepochs = 2\n")
    monkeypatch.setattr(time, "time", lambda: now)
    run = create_run(preset)
    assert run.about["began"] == now
    assert run.name in run_cli("runs", "list").out
    assert run_cli("runs", "show", run.name).code == 0


def test_a_headless_lab_that_waits_for_what_never_comes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunelab.tui.headless._FAILED", 0.3)
    runs = Path(os.environ["TUNELAB_HOME"]) / "runs"
    runs.parent.mkdir(parents=True)
    runs.write_text("no directory")
    outcome = run_cli("--headless", "--size", "80x24", "--press", "r", "--until", "run-done")
    assert outcome.code == 2, outcome
    assert "--until run-done would wait for ever" in outcome.err
    assert str(runs) in outcome.err


@pytest.mark.process
def test_a_screen_is_drawn_on_the_terminal_where_stderr_is_a_file(tmp_path: Path) -> None:
    from terminal import Terminal

    file = tmp_path / "stderr"

    def redirect() -> None:
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), 2)

    with Terminal(before=redirect) as terminal:
        terminal.until("first-look")
        terminal.send("q")
        assert terminal.ended() == 0
    assert file.read_text() == ""
