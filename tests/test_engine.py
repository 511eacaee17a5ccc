"""Worker processes: following them, losing one, losing whoever began, going on in the background."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from commandline import Inline, command, environment
from small_runs import Nobody, little_data, preset_on, resumed, substance, trained
from tunelab import engine
from tunelab.engine import training_worker
from tunelab.errors import BadInput, CutOff
from tunelab.experiment import Preset
from tunelab.records import Run
from tunelab.records.replay import compare_records, replay_limits

LONG = """
[training]
eta = 0.3
epochs = 1000000
[[arm]]
name = "a"
[[arm]]
name = "b"
training.mini_batch = 3
"""


@pytest.fixture
def preset(tmp_path: Path) -> Preset:
    """Two arms that can't be stacked, with no end in sight."""
    return preset_on(little_data(tmp_path), LONG)


def came_out_again(run: Run, preset: Preset, place: Path) -> bool:
    """Whether everything in a record comes out again, to where it was stopped."""
    again = engine.start(preset, Inline(), out=place, workers=1, until=replay_limits(run))
    list(again.follow())
    comparison = compare_records(run, again.run)
    assert comparison.measurements > 2
    return comparison.identical


def measured_by_all(job: engine.Job) -> None:
    """Follow a job until every arm has measured something."""
    waiting = {arm.name for arm in job.run.arms}
    for events in job.follow(0.01):
        waiting -= {event["arm"] for event in events if event["event"] == "measure"}
        if not waiting:
            return


def workers_of(pool: ProcessPoolExecutor) -> list[int]:
    return list(pool._processes)


def test_a_killed_worker_is_a_sentence_and_the_run_goes_on_later(preset: Preset, tmp_path: Path) -> None:
    with engine.process_pool(2) as pool:
        job = engine.start(preset, pool, workers=2)
        measured_by_all(job)
        os.kill(workers_of(pool)[0], signal.SIGKILL)
        with pytest.raises(CutOff, match=r"was ended from outside.*`tunelab resume .*` continues it"):
            list(job.follow())
        assert job.ended
        assert "ended from outside" in str(job.problem())
        with pytest.raises(CutOff):  # a pool that has lost a worker takes no more work, and says so as a sentence
            engine.start(preset, pool)
    run = Run(job.run.name)
    assert run.state() == "cut off"
    # The other one was told to end, saved where it stood and went
    assert any((arm.directory / "checkpoint.npz").exists() for arm in run.arms)
    with engine.process_pool(2) as pool:
        job = engine.resume(run, pool)
        assert {event["event"] for event in job.before} >= {"start", "initial", "measure"}
        resumed_at = {event["arm"] for events in batches(job) for event in events if event["event"] == "resume"}
    assert resumed_at == {"a", "b"}
    assert Run(run.name).state() == "stopped"
    assert came_out_again(Run(run.name), preset, tmp_path / "again")


def batches(job: engine.Job) -> Any:
    """Follow a job, stopping it when every arm has measured something."""
    waiting = {arm.name for arm in job.run.arms}
    for events in job.follow(0.01):
        waiting -= {event["arm"] for event in events if event["event"] == "measure"}
        if not waiting:
            job.stop()
        yield events


def test_when_whoever_began_is_killed_the_workers_save_and_go(preset: Preset, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(preset.to_toml())
    process = subprocess.Popen(
        command("run", tmp_path / "long.toml", "--json", "--quiet", "--workers", "2"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    waiting = {"a", "b"}
    while waiting:
        event = json.loads(process.stdout.readline())
        waiting -= {event["arm"]} if event["event"] == "measure" else set()
    process.kill()
    process.communicate()
    run = Run("last")
    # Taking it up waits for the orphans, which have saved where they stood: nothing asked them to stop
    job = engine.resume(run, Nobody())
    assert all((arm.directory / "checkpoint.npz").exists() for arm in run.arms)
    assert not any(arm.events("done") for arm in run.arms)
    assert not any(arm.is_being_written() for arm in run.arms)
    assert job.ended
    assert run.state() == "cut off"
    run.send("stop")
    for position in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training_worker, "_LOOK_EVERY", 0.0)
            training_worker.train_stack(str(run.directory), [position])
    assert came_out_again(Run(run.name), preset, tmp_path / "again")


def test_ctrl_c_stops_in_good_order_and_says_what_to_type(preset: Preset, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(preset.to_toml())
    for number in (signal.SIGINT, signal.SIGTERM):
        with (tmp_path / "said").open("w") as said:
            process = subprocess.Popen(
                command("run", tmp_path / "long.toml", "--json", "--workers", "2"),
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=said,
            )
        with process.stdout as stdout:  # type: ignore[union-attr]
            while json.loads(stdout.readline())["event"] != "measure":
                pass
            process.send_signal(number)
            events = [json.loads(line)["event"] for line in stdout]
        assert process.wait() == 130
        run = Run("last")
        assert (tmp_path / "said").read_text().endswith(f"Resume it with: tunelab resume {run.name}\n")
        assert events.count("done") == 2
        assert run.state() == "stopped"
        run.remove()


def test_a_reader_that_goes_away_ends_the_training(preset: Preset, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(preset.to_toml())
    process = subprocess.Popen(
        command("run", tmp_path / "long.toml", "--json", "--quiet", "--workers", "2"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stderr:
        assert b"Resume it with: tunelab resume " in stderr.read()
    process.wait(60)
    assert Run("last").state() in ("stopped", "cut off")


def test_a_run_goes_on_in_the_background(tmp_path: Path) -> None:
    preset = preset_on(little_data(tmp_path), "[training]\nepochs = 30\n")
    whole = substance(trained(preset))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_worker, "_LOOK_EVERY", 0.0)
        patch.setattr(Run, "request", lambda _: "stop")
        run = trained(preset)
    assert run.state() == "stopped"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
        process = engine.resume_detached(run)
    assert process.wait(60) == 0
    assert substance(Run(run.name)) == whole


def test_what_goes_wrong_in_a_worker_is_told_by_the_job(preset: Preset) -> None:
    class Failing(Inline):
        def submit(self, *_: Any, **__: Any) -> Any:
            return super().submit(fail)

    def fail() -> None:
        raise ZeroDivisionError("x")

    job = engine.start(preset, Failing())
    assert job.problem() == "a worker process failed: ZeroDivisionError('x')"
    with pytest.raises(ZeroDivisionError):
        list(job.follow())
    assert job.run.state() == "cut off"  # and free for others


def test_a_job_that_failed_for_a_reason_says_it(preset: Preset) -> None:
    class Refusing(Inline):
        def submit(self, *_: Any, **__: Any) -> Any:
            return super().submit(refuse)

    def refuse() -> None:
        raise BadInput("the sentence")

    assert engine.start(preset, Refusing()).problem() == "the sentence"


def test_nothing_is_wrong_with_a_job_that_went_well(tmp_path: Path) -> None:
    preset = preset_on(little_data(tmp_path), "[training]\nepochs = 1\n")
    job = engine.start(preset, Inline())
    job.wait()
    assert job.problem() is None
    assert job.ended
    assert resumed_refused(job.run)


def resumed_refused(run: Run) -> bool:
    with pytest.raises(BadInput, match="has ended"):
        resumed(run)
    return True


def test_a_pool_left_by_an_error_ends_its_own_workers_alone() -> None:
    with engine.process_pool(1) as other:
        assert other.submit(abs, -1).result() == 1
        with pytest.raises(ZeroDivisionError), engine.process_pool(1) as pool:
            pool.submit(divmod, 1, 0).result()
        assert other.submit(abs, -3).result() == 3


def test_cores_that_no_stack_needs_are_shared_out_as_threads(preset: Preset, tmp_path: Path) -> None:
    """Two arms that can't be stacked on five cores: two threads each; the record is the same as by one."""
    asked: list[int] = []

    class Threads(Inline):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            asked.append(args[3])
            return super().submit(function, *args, **kwargs)

    settings = {"training.epochs": 2, "initialization.seeds": 3}
    runs = []
    for workers in (1, 5):
        job = engine.start(preset.with_settings(settings), Threads(), out=tmp_path / str(workers), workers=workers)
        runs.append([event.get("weights_sha256") for events in job.follow() for event in events])
    assert asked == [1, 1, 2, 2]
    assert runs[0] == runs[1]
