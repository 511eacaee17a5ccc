"""What the doctor finds, what it leaves alone, and what becomes of what it mends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import run_cli
from small_runs import ARMS, cut_off, in_small_steps, little_data, preset_on, resumed, substance, trained
from tunelab.engine import checkpointing
from tunelab.experiment import Preset
from tunelab.records import Run


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)


@pytest.fixture
def preset(tmp_path: Path) -> Preset:
    """Five arms of all kinds."""
    return preset_on(little_data(tmp_path), ARMS)


def found(*options: str) -> list[tuple[str, str | None, bool]]:
    """Code, remedy and whether it was repaired, a finding each."""
    outcome = run_cli("doctor", "--json", *options)
    assert outcome.code == 0
    return [(e["code"], e["remedy"], e["repaired"]) for e in outcome.events if e["event"] == "finding"]


def codes(*options: str) -> list[str]:
    return [code for code, _, _ in found(*options)]


def gone_process() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def age(path: Path) -> Path:
    """Make a file two hours old."""
    os.utime(path, (path.stat().st_mtime - 7200,) * 2)
    return path


def test_a_home_in_order_is_told_to_be(preset: Preset) -> None:
    trained(preset)
    outcome = run_cli("doctor")
    assert outcome.code == 0
    assert outcome.err == "Nothing is wrong with what is kept.\n"
    lines = outcome.out.splitlines()
    names = {line.split("  ")[0] for line in lines}
    assert names >= {"python", "numpy", "blas", "processors", "terminal", "colours", "characters", "home", "free space"}
    assert names >= {"data digits", "data mnist", "runs"}
    assert found() == []


def test_every_fact_is_there_for_programs() -> None:
    facts = {e["name"]: e for e in run_cli("doctor", "--json").events}
    assert facts["home"]["value"].startswith(os.environ["TUNELAB_HOME"])
    assert facts["home"]["good"] is True
    assert facts["runs"]["value"] == "0"


def test_a_run_that_was_cut_off_is_offered_for_resuming(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(preset, 60, monkeypatch)
    assert found("--repair") == [("cut-off", None, False)]
    assert f"{run.name} was cut off; resume it with: tunelab resume {run.name}" in run_cli("doctor").out
    hold = run.hold()  # while it is trained there is nothing to offer
    assert found() == []
    hold.release()


def test_a_torn_line_is_cut_off(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(preset, 60, monkeypatch)
    path = run.arms[0].events_path
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "meas')
    assert codes() == ["torn-line"]
    assert path.read_bytes() != whole  # looking changes nothing
    assert found("--repair")[0][2] is True
    assert path.read_bytes() == whole
    assert codes() == ["cut-off"]


def test_damage_in_the_middle_is_kept_aside_and_trained_again(preset: Preset) -> None:
    run = trained(preset)
    whole = substance(run)
    path = run.arms[4].events_path
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] = 0
    path.write_bytes(damaged)
    assert codes() == ["damaged-lines"]
    assert run_cli("doctor", "--repair").err == "1 of 1 repaired.\n"
    assert path.with_name("events.jsonl.damaged").read_bytes() == damaged
    assert codes() == ["cut-off"]
    assert substance(resumed(run)) == whole
    assert codes() == []


def test_a_damaged_checkpoint_is_set_aside_and_its_arm_trained_again(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = substance(trained(preset))
    run = cut_off(preset, 60, monkeypatch)
    path = run.arms[1].directory / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:-100])
    assert codes() == ["checkpoint"]
    assert found("--repair")[0][2] is True
    assert path.with_name("checkpoint.npz.damaged").exists()
    assert substance(resumed(run)) == whole


def test_what_dead_processes_left_is_moved_aside_and_what_living_ones_write_is_not(preset: Preset) -> None:
    run = trained(preset)
    home = Path(os.environ["TUNELAB_HOME"])
    gone = gone_process()
    dead = [run.directory / f".control.{gone}.part", run.arms[0].directory / f".checkpoint.npz.{gone}.part"]
    dead.append(home / f".last-error.txt.{gone}.part")
    alive = [run.directory / f".control.{os.getpid()}.part"]
    for path in dead + alive:
        path.write_bytes(b"half")
    (home / "scratch" / "replay-old").mkdir(parents=True)
    dead.append(age(home / "scratch" / "replay-old"))
    alive.append(home / "scratch" / "replay-new")
    alive[-1].mkdir()
    assert codes("--repair") == ["leftover"] * 4
    assert not any(path.exists() for path in dead)
    assert all((home / "set-aside" / path.name).exists() for path in dead)
    assert all(path.exists() for path in alive)


def test_a_run_that_was_never_begun_is_moved_aside_unless_it_holds_what_is_not_ours() -> None:
    runs = Path(os.environ["TUNELAB_HOME"]) / "runs"
    for name in ("unfinished", "someones", "fresh"):
        (runs / name).mkdir(parents=True)
        (runs / name / "preset.toml").write_text("")
    (runs / "someones" / "thesis.tex").write_text("")
    age(runs / "unfinished")
    age(runs / "someones")
    remedy = f"move it to {runs.parent / 'set-aside'}"
    assert sorted(found("--repair")) == [("leftover", remedy, True), ("no-run", None, False)]
    assert (runs.parent / "set-aside" / "unfinished").is_dir()
    assert sorted(path.name for path in runs.iterdir()) == ["fresh", "someones"]


def test_what_cannot_be_read_is_told_and_left_alone(preset: Preset) -> None:
    run = trained(preset)
    (run.arms[0].directory / "parameters.npz").write_bytes(b"PK nothing")
    (run.directory.parent / "other").mkdir()
    (run.directory.parent / "other" / "run.json").write_text('{"format": 99}')
    assert sorted(found("--repair")) == [("parameters", None, False), ("unreadable", None, False)]


def test_a_repair_that_is_refused_says_why(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(preset, 60, monkeypatch)
    with run.arms[0].events_path.open("ab") as file:
        file.write(b"torn")

    def refuse(*_: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "ftruncate", refuse)
    outcome = run_cli("doctor", "--repair")
    assert outcome.code == 0
    assert "cut the torn line off, as resuming does too: " in outcome.out
    assert "can't be repaired: read-only file system" in outcome.out


def test_a_home_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    facts = {e["name"]: e for e in run_cli("doctor", "--json").events}
    assert facts["home"]["good"] is False
    assert facts["home"]["value"].endswith(": it can't be written: permission denied")


def test_a_run_is_not_looked_into_while_it_is_trained(preset: Preset) -> None:
    run: Run = trained(preset)
    hold = run.hold()
    run.arms[0].events_path.write_bytes(b"half a line")
    assert codes("--repair") == []
    assert run.arms[0].events_path.read_bytes() == b"half a line"
    hold.release()
