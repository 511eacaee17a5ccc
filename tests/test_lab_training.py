"""Training in the lab: run, pause, stop, again; what ends well, what ends badly, and what comes too late."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from screens import TINY, Lab, driven, opened, written_run
from tunelab import engine
from tunelab.records import all_runs
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.epoch_log import EpochLog

LONG = TINY.replace("epochs = 3", "epochs = 1000000\nmini_batch = 100\nmonitor_every = 20000")
"""Goes on until it is stopped, and measures a few times a second."""


def rows_of(lab: Lab) -> list[str]:
    return list(lab.lab.query_one("#log", EpochLog).lines)


@driven
async def test_r_trains_both_arms_and_their_curves_show() -> None:
    async with opened() as lab:
        assert "Press r" in lab.text("#sentence") or "z large" in lab.text("#sentence")
        assert "2 arms × 1 network · r trains them" in lab.text("#status")
        await lab.trained()
        assert "✓ done" in lab.text("#status")
        for chart in ("cost", "accuracy"):
            spec = lab.lab.query_one(f"#{chart}", Chart).spec
            assert {series.label for series in spec.series} == {"old", "new"}
            assert all(len(series.x) == 3 for series in spec.series)
        lines = [line for line in rows_of(lab) if line.startswith("Epoch")]
        assert len(lines) == 6
        assert "old" in lab.text("#sentence")
        assert "new" in lab.text("#sentence")
        assert [run.state() for run in all_runs()] == ["epochs"]


@driven
async def test_the_real_pool_of_worker_processes_trains() -> None:
    async with opened(pool=engine.process_pool) as lab:
        await lab.trained()
        assert lab.notifications == ""
        assert "✓ done" in lab.text("#status")


@driven
async def test_a_second_r_starts_no_second_training() -> None:
    async with opened(LONG) as lab:
        await lab.training()
        await lab.press("r", "r")
        await lab.quiet()
        assert "A training is running" in lab.notifications
        assert len(list(all_runs())) == 1
        await lab.stopped()


@driven
async def test_two_presses_of_r_at_once_start_one_training() -> None:
    async with opened() as lab:
        lab.lab.action_run()
        lab.lab.action_run()
        await lab.until(lambda: lab.ends)
        await lab.quiet()
        assert len(list(all_runs())) == 1


@driven
async def test_stop_really_stops() -> None:
    async with opened(LONG) as lab:
        await lab.training()
        await lab.stopped()
        assert not lab.state.training
        assert "■ stopped" in lab.text("#status")
        assert lab.state.job is not None
        assert lab.state.job.run.state() == "stopped"
        assert any("ended: stopped" in line for line in rows_of(lab))


@driven
async def test_space_holds_the_training_and_lets_it_go_on() -> None:
    async with opened(LONG) as lab:
        await lab.training()
        await lab.press("space")
        assert lab.state.view is not None
        assert lab.state.view.run.request() == "pause"
        await lab.until(lambda: "‖ paused" in lab.text("#status"))
        await lab.press("space")
        assert lab.state.view.run.request() == ""
        count = len(lab.state.view.arms[0])
        await lab.until(lambda: lab.state.view and len(lab.state.view.arms[0]) > count)
        await lab.stopped()


@driven
async def test_what_an_older_run_still_says_changes_nothing() -> None:
    old = written_run()
    async with opened(LONG) as lab:
        await lab.training()
        lab.lab.look_at(RunView(old))
        await lab.pilot.pause()
        shown = rows_of(lab)
        assert lab.state.job is not None
        first = lab.state.job.run
        before = len(first.arms[0].events("measure"))
        await lab.until(lambda: len(first.arms[0].events("measure")) > before)  # it is still at work
        first.send("stop")
        await lab.until(lambda: lab.ends)
        assert rows_of(lab) == shown
        assert {series.label for series in lab.lab.query_one("#cost", Chart).spec.series} == {
            "old: N(0, 1)",
            "new: N(0, 1/n)",
        }


@driven
async def test_quitting_asks_while_a_training_runs_and_not_otherwise() -> None:
    async with opened(LONG) as lab:
        await lab.training()
        await lab.press("q")
        assert "is being trained" in lab.picture
        await lab.press("escape")
        assert isinstance(lab.app.screen, LabScreen)
        assert lab.state.training
        await lab.press("q", "s")
        assert lab.app._exit
    assert [run.state() for run in all_runs()] == ["stopped"]
    async with opened() as lab:
        await lab.press("q")
        assert lab.app._exit


@driven
async def test_a_training_left_running_goes_on_without_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []
    monkeypatch.setattr("tunelab.engine.resume_detached", lambda run: handed.append(run.name))
    async with opened(LONG) as lab:
        await lab.training()
        await lab.press("q", "l")
        await lab.until(lambda: lab.app._exit)
    assert handed == [run.name for run in all_runs()]


@driven
async def test_a_worker_killed_is_a_sentence_and_a_run_cut_off() -> None:
    async with opened(LONG, pool=engine.process_pool) as lab:
        await lab.training()
        pool = lab.state._pool
        assert isinstance(pool, ProcessPoolExecutor)
        for process in list(pool._processes.values()):
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        await lab.until(lambda: lab.ends)
        assert "was ended from outside" in lab.notifications
        assert "tunelab resume" in lab.notifications
        assert lab.state.job is not None
        await lab.until(lambda: "cut off" in lab.text("#status"))
        assert lab.state.job.run.state() == "cut off"
        # The next one has workers again
        lab.state.draft.set("training.epochs", "2")
        await lab.press("r")
        await lab.until(lambda: lab.ends == 2)
        assert "✓ done" in lab.text("#status")


@driven
async def test_a_disk_that_refuses_leaves_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from tunelab.records import writer

    real = writer._write_all

    def full(descriptor: int, content: bytes) -> None:
        if b'"epoch": 2.0' in content:
            raise OSError(28, "No space left on device")
        real(descriptor, content)

    monkeypatch.setattr(writer, "_write_all", full)
    async with opened(pool=lambda: ThreadPoolExecutor(2)) as lab:
        await lab.trained()
        assert "no space left on device" in lab.notifications
        assert "everything recorded is kept" in lab.notifications
        assert "Traceback" not in lab.notifications
        assert isinstance(lab.app.screen, LabScreen)


@driven
async def test_a_home_that_cannot_be_written_leaves_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    async with opened() as lab:
        monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "file"))
        await lab.press("r")
        await lab.quiet()
        assert "Not trained" in lab.notifications
        assert "can't be written" in lab.notifications


@driven
async def test_f_trains_the_cure_of_the_verdict_beside_the_run_as_it_was() -> None:
    sick = TINY.split("[[arm]]")[0].replace("eta = 0.5", "eta = 60.0").replace("epochs = 3", "epochs = 5")
    async with opened(sick) as lab:
        await lab.press("f")
        assert lab.ends == 0
        await lab.trained()
        await lab.until(lambda: "f trains it with η = " in lab.picture)
        await lab.press("f")
        await lab.until(lambda: lab.ends == 2)
        assert lab.state.view is not None
        old, cured = lab.state.view.run.preset.arms
        assert old.experiment.training.eta == 60
        assert cured.experiment.training.eta < 60
        assert cured.name.startswith("run, eta = ")


@driven
async def test_again_goes_on_from_here_as_a_run_of_its_own() -> None:
    async with opened(LONG) as lab:
        await lab.press("e", "enter")
        assert "nothing is trained yet" in lab.picture
        await lab.press("escape")
        await lab.training()
        assert lab.state.job is not None
        first = lab.state.job.run
        await lab.press("e")
        for wrong, sentence in (("eta = a lot", "number"), ("hidden = 3", "can't change on the way"), ("", "")):
            await lab.type(wrong)
            await lab.press("enter")
            assert sentence in lab.picture
            assert lab.state.training
        await lab.type("eta = 0.01")
        await lab.press("enter")
        await lab.until(lambda: lab.state.job and lab.state.job.run.name != first.name)
        second = lab.state.job.run
        assert first.state() == "stopped"
        assert {arm.experiment.training.eta for arm in second.preset.arms} == {0.01}
        await lab.stopped()


# -- old runs and playback --------------------------------------------------------------------------------


@driven
async def test_playback_shows_nothing_at_its_beginning_and_everything_at_its_end() -> None:
    run = written_run()
    async with opened() as lab:
        view = Playback(run)
        view.playing = False
        lab.lab.look_at(view)
        await lab.pilot.pause()
        assert rows_of(lab) == []
        assert all(len(arm) == 0 for arm in view.arms)
        await lab.press(*["full_stop"] * 20)
        assert view.position == view.length
        assert len([line for line in rows_of(lab) if line.startswith("Epoch")]) == 40
        assert all(arm.done for arm in view.arms)
        assert "ahead" in lab.text("#sentence") or "differ" in lab.text("#sentence")
        await lab.press("comma")
        assert not all(arm.done for arm in view.arms)
        assert 0 < len([line for line in rows_of(lab) if line.startswith("Epoch")]) < 40


@driven
async def test_playback_is_held_and_hastened_with_the_keys() -> None:
    async with opened() as lab:
        view = Playback(written_run())
        lab.lab.look_at(view)
        await lab.press("right_square_bracket", "right_square_bracket")
        assert view.speed == 4
        await lab.press("left_square_bracket")
        assert view.speed == 2
        await lab.press("space")
        assert not view.playing
        await lab.until(lambda: "‖ playback 2×" in lab.text("#status"))
        await lab.press("space")
        view.speed = 64.0
        await lab.until(lambda: view.position == view.length)
        assert all(arm.done for arm in view.arms)


@driven
async def test_keys_of_a_playback_do_nothing_to_a_run() -> None:
    async with opened() as lab:
        lab.lab.look_at(RunView(written_run()))
        await lab.press("full_stop", "comma", "right_square_bracket")
        await lab.until(lambda: len([line for line in rows_of(lab) if line.startswith("Epoch")]) == 40)


@driven
@pytest.mark.parametrize("number", [None, 1e300, -1e300, 0.0, 1e-320])
async def test_no_number_in_a_record_ends_the_screen(number: float | None) -> None:
    names = [f"{part}_{what}" for part in ("training", "evaluation") for what in ("cost", "data_cost", "accuracy")]
    names += [f"{name}_std" for name in names]

    def odd(arm: int, epoch: int) -> dict[str, object]:
        return dict.fromkeys(names, number) if (arm + epoch) % 3 == 0 else {}

    async with opened() as lab:
        lab.lab.look_at(RunView(written_run(measures=odd)))
        await lab.press("l", "l", "v", "v", "f", "z", "z")
        assert lab.app.is_running
        await lab.until(lambda: len([line for line in rows_of(lab) if line.startswith("Epoch")]) == 40)


@driven
async def test_a_torn_last_line_is_waited_for() -> None:
    run = written_run(ended=False)
    path = run.arms[0].events_path
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    async with opened() as lab:
        lab.lab.look_at(RunView(run))
        await lab.pilot.pause()
        assert lab.state.view is not None
        assert len(lab.state.view.arms[0]) == 19
        await lab.until(lambda: "cut off" in lab.text("#status"))
        path.write_bytes(whole)
        await lab.until(lambda: lab.state.view and len(lab.state.view.arms[0]) == 20)
