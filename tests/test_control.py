"""A training followed and steered from another terminal, and runs whose process is gone."""

from __future__ import annotations

import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commandline import Inline, command, environment, run_cli
from small_runs import cut_off, in_small_steps, little_data, preset_on, trained
from tunelab import engine
from tunelab.engine import training_worker
from tunelab.experiment import Preset
from tunelab.records import Run

LONG = "[training]\neta = 0.3\nepochs = 1000000\n"
SHORT = "[training]\nepochs = 3\n[[arm]]\nname = 'a'\n[[arm]]\nname = 'b'\n"


@pytest.fixture
def short(tmp_path: Path) -> Preset:
    """Two arms of three epochs."""
    return preset_on(little_data(tmp_path), SHORT)


def said_to(run: Run, *words: str) -> list[str]:
    """The exit code and what was said, a command each."""
    return [f"{outcome.code} {outcome.err.strip()}" for outcome in (run_cli(word, run.name) for word in words)]


def test_watch_tells_of_an_old_run_what_run_told_of_it(short: Preset) -> None:
    run = trained(short)
    outcome = run_cli("watch", run.name)
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 8
    assert outcome.out.splitlines()[0].startswith("[a] Epoch 0 training complete; cost on training data: ")
    assert outcome.err == f"{run.name} has ended: epochs.\n"
    shown = run_cli("watch", run.name, "--json").events
    assert shown == sorted((e for arm in run.arms for e in arm.events()), key=lambda event: event["time"])


def test_watch_follows_another_process_to_its_end_through_a_pause_and_a_stop(tmp_path: Path) -> None:
    preset = preset_on(little_data(tmp_path), LONG)
    with ThreadPoolExecutor(1) as elsewhere:
        job = engine.start(preset, elsewhere)
        run = job.run
        watcher = subprocess.Popen(
            command("watch", run.name, "--json"),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert watcher.stdout is not None
        assert watcher.stderr is not None
        events = [json.loads(watcher.stdout.readline()) for _ in range(4)]
        assert [event["event"] for event in events] == ["start", "initial", "measure", "measure"]
        assert said_to(run, "pause") == [f"0 {run.name} is paused; `tunelab go {run.name}` continues it."]
        # Its watcher reads on (a full pipe would hold it up) and says so
        reading = threading.Thread(target=lambda: events.extend(map(json.loads, watcher.stdout)))
        reading.start()
        assert watcher.stderr.readline() == f"Paused; `tunelab go {run.name}` continues it.\n"
        assert run.state() == "running"
        assert said_to(run, "go") == [f"0 {run.name} continues."]
        assert watcher.stderr.readline() == "It continues.\n"
        [stopped] = said_to(run, "stop")
        assert stopped == f"0 {run.name} was stopped. Resume it with: tunelab resume {run.name}"
        reading.join()
        assert watcher.wait() == 130
        watcher.stdout.close()
        assert watcher.stderr.read().startswith(f"{run.name} was stopped. ")
        watcher.stderr.close()
    assert events[-1]["event"] == "done"
    assert events == run.arms[0].events()
    assert run.state() == "stopped"


def test_a_paused_training_stands_still_and_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = preset_on(little_data(tmp_path), "[training]\nepochs = 4\n")
    in_small_steps(monkeypatch)
    looks, saved = 0, []

    def request(run: Run) -> str:
        nonlocal looks
        looks += 1
        saved.append((run.arms[0].directory / "checkpoint.npz").exists())
        return "pause" if 10 < looks < 20 else ""

    monkeypatch.setattr(Run, "request", request)
    run = trained(preset)
    assert saved[:12] == [False] * 11 + [True]  # it was saved on hearing the word, before anything else
    assert run.state() == "epochs"
    assert len(run.arms[0].events("measure")) == 4


def test_nothing_is_said_to_a_run_that_nobody_trains(short: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(short)
    for word in ("pause", "go"):
        outcome = run_cli(word, run.name)
        assert (outcome.code, outcome.err) == (2, f"tunelab: {run.name} has ended: epochs.\n")
    assert said_to(run, "stop") == [f"0 Nothing to stop. {run.name} has ended: epochs."]
    assert not run.control_path.exists()
    stale = cut_off(short, 1, monkeypatch)
    hint = f"{stale.name} isn't running: it was cut off. Resume it with: tunelab resume {stale.name}"
    assert said_to(stale, "stop", "pause") == [f"0 Nothing to stop. {hint}", f"2 tunelab: {hint}"]
    assert run_cli("watch", stale.name).code == 130


def test_a_word_left_for_an_earlier_job_is_not_taken_for_this_one(
    short: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cut_off(short, 1, monkeypatch)
    run.send("stop")
    list(engine.resume(run, Inline()).follow())
    assert Run(run.name).state() == "epochs"


def test_resume_on_the_command_line_goes_on_and_says_where(short: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(training_worker, "_LOOK_EVERY", 0.0)
        patch.setattr(Run, "request", lambda _: "stop")
        run = trained(short)
    outcome = run_cli("resume", run.name)
    assert outcome.code == 0
    assert f"Resuming {run.name}; measured up to epoch 0 (a), 0 (b).\n" in outcome.err
    assert "epochs" in outcome.out
    assert run_cli("resume", run.name).err.startswith(f"{run.name} has ended, nothing is left to train; ")
    assert run_cli("resume", run.name, "--json").out == ""


def test_resume_gives_as_json_what_is_new(short: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(short, 1, monkeypatch)
    before = sum(len(arm.events()) for arm in run.arms)
    events = run_cli("resume", run.name, "--json", "--quiet").events
    assert len(events) == sum(len(arm.events()) for arm in run.arms) - before
    assert [event["event"] for event in events].count("resume") == 2


def test_resume_says_what_is_otherwise_than_when_it_began(short: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(short, 1, monkeypatch)
    path = run.directory / "environment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"numpy": "1.0\x1b[2J"}))
    err = run_cli("resume", run.name).err
    assert "numpy was 1.0�[2J at the start and is " in err


def test_a_run_of_a_diverged_arm_gives_3(tmp_path: Path) -> None:
    tables = "[training]\nepochs = 3\neta = 1000000.0\nlambda = 1000000.0\n"
    run = trained(preset_on(little_data(tmp_path), tables))
    assert run.state() == "diverged"
    assert run_cli("resume", run.name).code == run_cli("watch", run.name).code == 3
