"""Nothing is lost: a training that was ended anyhow, anywhere, goes on to the bits of an unbroken one."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
from commandline import Inline
from small_runs import (
    Broken,
    cut_off,
    cut_off_after,
    in_small_steps,
    little_data,
    preset_on,
    resumed,
    stop_at,
    substance,
    trained,
)
from tunelab import engine
from tunelab.engine import checkpointing, training_worker
from tunelab.engine.checkpointing import Checkpointer
from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.records import Run, checkpoint, npz_arrays


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)


@pytest.fixture(params=["at every measurement", "never"])
def saving(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How often checkpoints are made: always, or so rarely that every resume begins again."""
    monkeypatch.setattr(checkpointing, "SHARE", np.inf if request.param == "at every measurement" else 0.0)
    return str(request.param)


@pytest.fixture
def preset(tmp_path: Path) -> Preset:
    """Five arms: plain, replicates, a schedule, early stopping, measured in mid-epoch."""
    return preset_on(little_data(tmp_path))


# -- the bits ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("saving")
@pytest.mark.parametrize("pulses", [0, 1, 16, 17, 18, 40, 71, 107, 120, 150])
def test_a_run_cut_off_anywhere_goes_on_to_the_same_bits(
    preset: Preset, pulses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = substance(trained(preset))
    run = cut_off(preset, pulses, monkeypatch)
    assert run.state() == "cut off"
    assert substance(resumed(run)) == whole


@pytest.mark.usefixtures("saving")
def test_a_run_cut_off_again_and_again_goes_on_to_the_same_bits(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = substance(trained(preset))
    run = cut_off(preset, 3, monkeypatch)
    for pulses in (0, 20, 50):
        with monkeypatch.context() as patch:
            cut_off_after(patch, pulses)
            with pytest.raises(Broken):
                resumed(run)
    assert substance(resumed(run)) == whole


def test_a_stop_saves_even_where_nothing_was_measured_and_loses_nothing(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", 0.0)
    whole = substance(trained(preset))
    with monkeypatch.context() as patch:
        patch.setattr(Run, "request", stop_at(2))
        run = trained(preset)
    assert run.state() == "stopped"
    assert not any(arm.events("measure") for arm in run.arms[:4])
    assert all((arm.directory / "checkpoint.npz").exists() for arm in run.arms)
    trained_before = [checkpoint_of(run, position).point[0] for position in range(5)]
    assert all(0 < examples < 120 for examples in trained_before)
    run = resumed(run)
    assert [arm.events("resume")[0]["examples"] for arm in run.arms] == trained_before
    assert substance(run) == whole
    assert not list(run.directory.glob("arms/*/checkpoint.npz"))


def checkpoint_of(run: Run, position: int) -> checkpoint.Checkpoint:
    found = run.arms[position].checkpoint()
    assert found is not None
    return found


def test_arms_can_be_taken_up_apart_from_those_they_were_stacked_with(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    whole = substance(trained(preset, workers=1))
    run = cut_off(preset, 60, monkeypatch)
    # One arm falls back to its beginning, so it can no longer stand beside the others; the others are split up
    (run.arms[1].directory / "checkpoint.npz").unlink()
    assert substance(resumed(run, workers=4)) == whole


def test_arms_that_began_apart_can_go_on_together(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", 0.0)
    whole = substance(trained(preset))
    with monkeypatch.context() as patch:
        patch.setattr(Run, "request", lambda _: "stop")
        run = trained(preset, workers=4)
    stacked: list[list[int]] = []
    real = training_worker.train_stack
    monkeypatch.setattr(
        engine.job, "train_stack", lambda d, stack, *more: (stacked.append(stack), real(d, stack, *more))
    )
    for arm in run.arms:  # all at the same point: the beginning
        (arm.directory / "checkpoint.npz").unlink()
    assert substance(resumed(run)) == whole
    assert stacked == [[0, 1, 2, 3], [4]]


def test_an_arm_ends_when_it_has_ended_and_not_with_the_last_of_its_stack(preset: Preset) -> None:
    run = trained(preset)
    ends = {arm.name: arm.events("done")[0] for arm in run.arms}
    assert ends["stopped early"]["reason"] == "early-stop"
    assert ends["stopped early"]["examples"] < ends["plain"]["examples"] == 720
    assert ends["stopped early"]["time"] < ends["plain"]["time"]


# -- what the record has, and what the training says -------------------------------------------------------


def test_measurements_the_checkpoint_has_not_passed_are_not_written_twice(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", 0.0)
    run = cut_off(preset, 60, monkeypatch)
    before = [arm.events("measure") for arm in run.arms]
    assert sum(map(len, before)) > 5
    run = resumed(run)
    for arm, measures in zip(run.arms, before, strict=True):
        assert arm.events("measure")[: len(measures)] == measures


def test_measurements_that_come_out_otherwise_are_told_and_end_the_resume(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", 0.0)
    run = cut_off(preset, 60, monkeypatch)
    path = run.arms[0].events_path
    lines = path.read_text().splitlines()
    event = json.loads(lines[2])
    event["training_cost"] += 1e-12
    lines[2] = json.dumps(event)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match=r"arm 'plain' .* record says training_cost .* after 1 epochs, and now it is"):
        resumed(run)


def test_data_that_have_changed_are_told(preset: Preset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(preset, 1, monkeypatch)
    with np.load(tmp_path / "little.npz") as old:
        fewer = {name: old[name][:110] for name in old.files}
    np.savez(tmp_path / "little.npz", **fewer)
    with pytest.raises(BadInput, match=r"record says data.training 120, and now it is 110"):
        resumed(run)


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_events_lost_after_a_checkpoint_are_written_again(
    preset: Preset, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    whole = substance(trained(preset))
    run = cut_off(preset, 60, monkeypatch)
    for arm in run.arms:
        lines = arm.events_path.read_bytes().splitlines(keepends=True)
        arm.events_path.write_bytes(b"".join(lines[:kept]))
    assert substance(resumed(run)) == whole


def test_a_torn_line_is_cut_off_before_anything_follows_it(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = substance(trained(preset))
    run = cut_off(preset, 60, monkeypatch)
    for arm in run.arms:
        os.truncate(arm.events_path, arm.events_path.stat().st_size - 9)
    run = resumed(run)
    assert substance(run) == whole
    assert all(json.loads(line) for arm in run.arms for line in arm.events_path.read_text().splitlines())


def test_time_goes_on_where_it_stood(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(preset, 60, monkeypatch)
    for arm in run.arms:  # as if it had been cut off a week after its beginning
        text = "".join(
            json.dumps(json.loads(line) | {"time": 604_800.0 + n}) + "\n"
            for n, line in enumerate(arm.events_path.read_text().splitlines())
        )
        arm.events_path.write_text(text)
    run = resumed(run)
    for arm in run.arms:
        times = [event["time"] for event in arm.events()]
        assert times == sorted(times)
        assert times[-1] < 604_800 + 3600


# -- checkpoints --------------------------------------------------------------------------------------------


def test_another_experiments_checkpoint_is_refused(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    run = cut_off(preset, 60, monkeypatch)
    (run.arms[0].directory / "checkpoint.npz").replace(run.arms[2].directory / "checkpoint.npz")
    with pytest.raises(BadInput, match=r"arms/02/checkpoint.npz belongs to another experiment; remove it"):
        resumed(run)


def test_a_newer_formats_checkpoint_is_refused(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", 99)
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    run = cut_off(preset, 60, monkeypatch)
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    with pytest.raises(BadInput, match=r"written by a newer tunelab \(format 99, this one reads 1\)"):
        resumed(run)


def test_a_damaged_checkpoint_is_refused_with_a_way_on(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    run = cut_off(preset, 60, monkeypatch)
    path, experiment = run.arms[0].directory / "checkpoint.npz", run.preset.arms[0].experiment
    sound = path.read_bytes()
    kept = checkpoint_of(run, 0).state
    refused = 0
    for place in random.Random(7).sample(range(len(sound)), 200):
        damaged = bytearray(sound)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            found = checkpoint.read(path, experiment)
        except BadInput as problem:
            refused += "checkpoint.npz is damaged (" in str(problem)
        else:  # a date or the like that nobody reads
            assert found is not None
            assert all(
                np.array_equal(found.state[name], kept[name], equal_nan=kept[name].dtype == float) for name in kept
            )
    assert refused > 100
    for size in range(0, len(sound), 97):
        path.write_bytes(sound[:size])
        with pytest.raises(BadInput, match=r"checkpoint.npz is damaged \("):
            resumed(run)


def test_a_checkpoint_of_another_network_is_refused(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    run = cut_off(preset, 60, monkeypatch)
    path = run.arms[0].directory / "checkpoint.npz"
    content = npz_arrays.unpacked(path)
    content["weights_0"] = content["weights_0"][:, :, :-1]
    path.write_bytes(npz_arrays.packed(content))
    with pytest.raises(BadInput, match="a checkpoint there doesn't fit the network"):
        resumed(run)


def test_saving_stays_within_its_share_of_the_time() -> None:
    now = spent = 0.0

    def save() -> None:
        nonlocal now, spent
        now += 0.3
        spent += 0.3

    checkpointer = Checkpointer(save, lambda: now)
    saved = []
    for step in range(20_000):  # a measurement every 10 ms, between them slow saving
        now += 0.01
        before = spent
        checkpointer.at_measurement()
        if spent > before:
            saved.append(step)
            # all but the very first, whose cost nobody could know
            assert spent <= 0.3 or spent <= checkpointing.SHARE * now
    assert len(saved) >= 10


def test_where_measurements_are_rare_it_is_saved_between_them() -> None:
    now, saves = 0.0, []
    checkpointer = Checkpointer(lambda: saves.append(now), lambda: now)
    for _ in range(1000):
        now += 0.5
        checkpointer.between()
    assert len(saves) == 16


# -- two at once ------------------------------------------------------------------------------------------


def test_a_run_cannot_be_taken_up_twice_at_once(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cut_off(preset, 1, monkeypatch)
    monkeypatch.setattr("tunelab.records.run._PATIENCE", 0.02)
    hold = run.hold()
    assert run.state() == "running"
    with pytest.raises(BadInput, match="is running; `tunelab watch"):
        engine.resume(run, Inline())
    hold.release()
    assert resumed(run).state() == "early-stop" or run.state() == "epochs"


def test_a_run_whose_last_worker_still_saves_is_waited_for_and_then_refused(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cut_off(preset, 1, monkeypatch)
    monkeypatch.setattr("tunelab.records.writer._PATIENCE", 0.02)
    with run.arms[0].writer():
        assert run.state() == "running"
        with pytest.raises(BadInput, match=r"the arm 'plain' of .* is being written by another process"):
            engine.resume(run, Inline())
    assert run.state() == "cut off"  # and the refused job holds nothing any more
    resumed(run)


def test_a_run_that_has_ended_is_not_taken_up(preset: Preset) -> None:
    run = trained(preset)
    with pytest.raises(BadInput, match=r"has ended .*`tunelab replay"):
        engine.resume(run, Inline())
