"""Replay: a record comes out again to the bit, elsewhere within tolerances, and a preset holds what it promises."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commandline import command, environment, run_cli
from small_runs import ARMS, cut_off, in_small_steps, little_data, preset_on, trained
from tunelab.experiment import Preset
from tunelab.experiment.preset import available
from tunelab.experiment.preset import find as find_preset
from tunelab.records import Run
from tunelab.records.replay import compare_records

TWO = "[training]\nepochs = 3\neta = 0.4\n[[arm]]\nname = 'a'\n[[arm]]\nname = 'b'\ninitialization.seeds = 2\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Two arms of three epochs."""
    return trained(preset_on(little_data(tmp_path), TWO))


def change(run: Run, arm: int, line: int, **fields: Any) -> None:
    """Change what is recorded."""
    path = run.arms[arm].events_path
    lines = path.read_text().splitlines()
    lines[line] = json.dumps(json.loads(lines[line]) | fields)
    path.write_text("\n".join(lines) + "\n")


def elsewhere(run: Run) -> None:
    """Make the record one of another machine."""
    path = run.directory / "environment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"kernels": "another", "numpy": "1.0"}))


def left_behind() -> list[Path]:
    return list((Path(os.environ["TUNELAB_HOME"]) / "scratch").glob("*"))


@pytest.mark.parametrize("tables", [TWO, ARMS])
def test_a_run_comes_out_again_to_the_last_bit(tables: str, tmp_path: Path) -> None:
    run = trained(preset_on(little_data(tmp_path), tables))
    count = sum(len(arm.events("measure")) + 1 for arm in run.arms)
    outcome = run_cli("replay", run.name)
    assert outcome.code == 0
    assert outcome.out == (
        f"{run.name} was reproduced: {count} measurements and the final parameters of {len(run.arms)} arms "
        "are the same to the last bit.\n"
    )
    [said] = run_cli("replay", run.name, "--json", "--quiet").events
    assert said["held"] is said["identical"] is True
    assert (said["measurements"], said["ends"], said["differences"]) == (count, len(run.arms), 0)
    assert left_behind() == []
    assert len(list(run.directory.parent.iterdir())) == 1


def test_a_difference_in_a_last_digit_is_named(run: Run) -> None:
    then = run.arms[1].events("measure")[1]["evaluation_cost"]
    change(run, 1, 3, evaluation_cost=then + 1e-15)
    outcome = run_cli("replay", run.name, "--quiet")
    assert outcome.code == 4
    first = f"arm 'b', after 2 epochs: evaluation cost was {then + 1e-15} and is {then}"
    assert outcome.err == f"{run.name} wasn't reproduced; the first difference: {first}.\n"
    assert outcome.out.splitlines()[2].split() == ["2", "b", "evaluation", "cost", str(then + 1e-15), str(then)]
    *differences, end = run_cli("replay", run.name, "--quiet", "--json").events
    assert [(d["arm"], d["epoch"], d["measure"], d["recorded"], d["replayed"]) for d in differences] == [
        ("b", 2.0, "evaluation_cost", then + 1e-15, then)
    ]
    assert end["held"] is False


def test_other_final_parameters_are_a_difference(run: Run) -> None:
    change(run, 0, -1, weights_sha256="0" * 64)
    outcome = run_cli("replay", run.name, "--quiet")
    assert outcome.code == 4
    assert "arm 'a', at the end: weights sha256 was 0000" in outcome.err


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"training_cost": 1.0005}, 0),
        ({"training_cost": 1.002}, 4),
        ({"evaluation_accuracy": 1 / 60}, 0),
        ({"evaluation_accuracy": 4 / 60}, 4),
        ({"eta": 0.1}, 4),
        ({"training_cost": None}, 4),
    ],
)
def test_on_another_machine_tolerances_decide_and_both_environments_are_shown(
    run: Run, fields: dict[str, float | None], code: int
) -> None:
    then = run.arms[0].events("measure")[0]
    [(key, value)] = fields.items()
    moved = value if value is None or key == "eta" else then[key] * value if "cost" in key else then[key] - value
    change(run, 0, 2, **{key: moved})
    elsewhere(run)
    outcome = run_cli("replay", run.name, "--quiet")
    assert outcome.code == code
    numpy_line = next(line for line in outcome.out.splitlines() if line.startswith("numpy"))
    assert numpy_line.split()[1] == "1.0"
    word = "within" if code == 0 else "beyond"
    assert f"8 measurements and the final parameters of 2 arms are {word}" in outcome.out
    assert "costs to 0.1%, accuracies to 0.2% or 2 examples" in outcome.out


def test_on_another_machine_the_same_bits_are_the_same_bits(run: Run) -> None:
    elsewhere(run)
    outcome = run_cli("replay", run.name, "--quiet")
    assert outcome.code == 0
    assert "the same to the last bit" in outcome.out
    assert "another" in outcome.out


def test_a_run_that_was_stopped_is_replayed_to_where_it_stood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)
    preset = preset_on(little_data(tmp_path), ARMS.replace("epochs = 6", "epochs = 1000"))
    with monkeypatch.context() as patch:
        looks = 0

        def request(_: Run) -> str:
            nonlocal looks
            looks += 1
            return "stop" if looks % 111 == 0 else ""

        patch.setattr(Run, "request", request)
        run = trained(preset)
    stopped = [arm.events("done")[0]["examples"] for arm in run.arms if arm.state() == "stopped"]
    assert stopped
    assert any(examples % 120 for examples in stopped)  # in the middle of an epoch
    [said] = run_cli("replay", run.name, "--json", "--quiet").events
    assert said["identical"] is True
    assert said["ends"] == len(run.arms)


def test_a_run_that_was_cut_off_is_replayed_as_far_as_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)
    run = cut_off(preset_on(little_data(tmp_path), ARMS), 60, monkeypatch)
    [said] = run_cli("replay", run.name, "--json", "--quiet").events
    assert said["identical"] is True
    assert said["ends"] == 0
    assert said["measurements"] == sum(len(arm.events("measure")) + len(arm.events("initial")) for arm in run.arms)


def test_a_run_that_has_measured_nothing_has_nothing_to_compare(run: Run) -> None:
    for arm in run.arms:
        arm.events_path.unlink()
    outcome = run_cli("replay", run.name)
    assert outcome.code == 2
    assert "has measured nothing yet" in outcome.err


def test_a_run_that_went_on_from_another_is_not_trained_from_its_beginning(run: Run) -> None:
    path = run.directory / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"origin": {"run": "another"}}))
    outcome = run_cli("replay", run.name)
    assert outcome.code == 2
    assert "branched from another with other values" in outcome.err


def test_a_measurement_that_is_missing_is_a_difference(run: Run, tmp_path: Path) -> None:
    other = trained(preset_on(tmp_path / "little.npz", TWO))
    lines = other.arms[0].events_path.read_text().splitlines()
    other.arms[0].events_path.write_text("\n".join(lines[:3] + lines[4:]) + "\n")
    comparison = compare_records(run, other)
    assert not comparison.close
    assert comparison.differences[0].sentence() == "arm 'a', after 2 epochs: measurement was there and is missing"


def test_an_interrupted_replay_compares_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    run = trained(preset_on(little_data(tmp_path), "[training]\nepochs = 2000\n"))
    process = subprocess.Popen(
        command("replay", run.name), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith(b"Epoch"):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert out == b""
    assert err.endswith(b"Interrupted; nothing was compared.\n")
    assert left_behind() == []


# -- what a preset promises -----------------------------------------------------------------------------------


def promising(tmp_path: Path, expect: str) -> str:
    (tmp_path / "promise.toml").write_text(f"{preset_on(little_data(tmp_path), TWO).to_toml()}\n[expect]\n{expect}\n")
    return str(tmp_path / "promise.toml")


def test_a_promise_that_holds(tmp_path: Path) -> None:
    path = promising(tmp_path, "a.final.evaluation_accuracy = [0, 1]\nb.best.epoch = [1, 3]")
    outcome = run_cli("replay", path, "--quiet")
    assert outcome.code == 0
    assert [line.split()[-1] for line in outcome.out.splitlines()[2:]] == ["holds", "holds"]
    *each, end = run_cli("replay", path, "--quiet", "--json").events
    assert [(e["arm"], e["at"], e["measure"], e["held"]) for e in each] == [
        ("a", "final", "evaluation_accuracy", True),
        ("b", "best", "epoch", True),
    ]
    assert (end["held"], end["expectations"], end["failed"]) == (True, 2, 0)


def test_a_promise_that_does_not_hold_is_named(tmp_path: Path) -> None:
    path = promising(tmp_path, "a.final.evaluation_accuracy = [0, 1]\nb.final.training_cost = [0, 0.001]")
    outcome = run_cli("replay", path, "--quiet")
    assert outcome.code == 4
    assert outcome.err.startswith("promise isn't as expected: arm 'b', final training cost is ")
    assert "and 0 to 0.001 is expected. Recorded as " in outcome.err


def test_a_promise_of_a_training_that_diverges_does_not_hold(tmp_path: Path) -> None:
    path = promising(tmp_path, "a.final.training_cost = [0, 1e300]")
    text = Path(path).read_text().replace("eta = 0.4", "eta = 1000000.0\nlambda = 1000000.0")
    Path(path).write_text(text)
    outcome = run_cli("replay", path, "--quiet")
    assert outcome.code == 4
    assert "isn't a finite number, and 0 to 1e+300 is expected" in outcome.err


@pytest.mark.parametrize("expect", ["", "c.final.epoch = [1, 2]", "a.final.accuracy = [0, 1]"])
def test_a_promise_that_cannot_be_checked_is_bad_input(tmp_path: Path, expect: str) -> None:
    outcome = run_cli("replay", promising(tmp_path, expect))
    assert outcome.code == 2
    assert "expect" in outcome.err


def test_a_name_that_is_neither_run_nor_preset_is_a_sentence() -> None:
    for name in ("no-such-thing", "20200101-000000-gone"):
        outcome = run_cli("replay", name)
        assert outcome.code == 2
        assert f"'{name}'" in outcome.err


def affordable(preset: Preset) -> bool:
    """Whether a preset needs nothing fetched and takes a second or so."""
    work = [
        (arm.experiment.data.train or 10**6) * arm.experiment.training.epochs * len(arm.experiment.seeds)
        for arm in preset.arms
    ]
    return sum(work) <= 200_000 and all(arm.experiment.data.name == "digits" for arm in preset.arms)


SMALL = [name for name in available() if affordable(find_preset(name))]


@pytest.mark.parametrize("name", SMALL)
def test_every_preset_that_is_small_enough_comes_out_twice(name: str) -> None:
    first, second = trained(find_preset(name)), trained(find_preset(name))
    comparison = compare_records(first, second)
    assert comparison.identical
    assert comparison.ends == len(first.arms)


def test_there_are_presets_small_enough() -> None:
    assert "first-look" in SMALL
