"""A disk that refuses in the middle of anything: one sentence, nothing finished lost, and it goes on later."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Inline
from small_runs import Nobody, cut_off, ended, in_small_steps, little_data, preset_on, resumed, substance, trained
from tunelab import engine
from tunelab.engine import checkpointing
from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.records import Run


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)


@pytest.fixture
def preset(tmp_path: Path) -> Preset:
    """Five arms: plain, replicates, a schedule, early stopping, measured in mid-epoch."""
    return preset_on(little_data(tmp_path))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize("after", [0, 3, 10])
def test_a_disk_that_refuses_ends_the_training_with_a_sentence_and_loses_nothing(
    preset: Preset, call: str, number: int, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    whole = substance(trained(preset))
    job = engine.start(preset, Waiting(), workers=1)
    with monkeypatch.context() as patch:
        failing(patch, call, number, after)
        Waiting.do_all(job)
        reason = os.strerror(number).lower()
        with pytest.raises(BadInput, match=rf"can't be written: {reason}; .*everything recorded is"):
            ended(job)
    run = Run(job.run.name)
    assert run.state() == "cut off"
    for arm in run.arms:
        content = arm.events_path.read_bytes() if arm.events_path.exists() else b""
        assert content.endswith(b"\n") or not content
        assert len(arm.events()) == content.count(b"\n")
    assert not list(run.directory.glob("**/.*.part"))
    assert substance(resumed(run)) == whole


class Waiting(Inline):
    """Keeps what it is given until it is told to do it: a fault can be made between starting and training."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Remember the call, and give a future of it."""
        future = engine.job.Future()
        future.call = lambda: fn(*args, **kwargs)
        return future

    @staticmethod
    def do_all(job: engine.Job) -> None:
        """Make every call."""
        for future in job._futures:
            try:
                future.set_result(future.call())
            except Exception as error:
                future.set_exception(error)


def failing(patch: pytest.MonkeyPatch, call: str, number: int, after: int) -> None:
    """Make a system call fail from its ``after``-th time on; a write puts half of it on the disk first."""
    real, count = getattr(os, call), 0

    def broken(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count <= after:
            return real(*args, **kwargs)
        if call == "write" and count == after + 1:
            real(args[0], args[1][: len(args[1]) // 2])
        raise OSError(number, os.strerror(number))

    patch.setattr(os, call, broken)


def test_writes_that_take_a_few_bytes_at_a_time_make_the_same_record(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = substance(trained(preset))
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: real(descriptor, content[:7]))
    assert substance(trained(preset)) == whole


def test_a_home_that_is_full_or_read_only_leaves_no_run_behind(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, "fsync", errno.ENOSPC, 1)
        with pytest.raises(BadInput, match="can't be written: no space left"):
            engine.start(preset, Inline())
    assert not list((Path(os.environ["TUNELAB_HOME"]) / "runs").iterdir())

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(BadInput, match="can't be written: read-only file system; set TUNELAB_HOME"):
            engine.start(preset, Inline())


def test_a_read_only_record_is_refused_and_told_apart_from_a_running_one(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cut_off(preset, 3, monkeypatch)
    real = os.open

    def read_only(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", read_only)
    assert run.state() == "cut off"
    with pytest.raises(BadInput, match="lock can't be written: read-only file system"):
        engine.resume(run, Inline())


def test_a_disk_with_a_limit_that_the_system_enforces(tmp_path: Path) -> None:
    preset = preset_on(little_data(tmp_path), "[training]\neta = 0.5\nepochs = 6\nmini_batch = 7\n")
    unbroken = trained(preset)
    whole = substance(unbroken)
    lines = unbroken.arms[0].events_path.read_bytes().splitlines(keepends=True)
    limit = sum(map(len, lines[:4])) + 100  # bytes: the beginning and two measurements, and then no more
    run = engine.start(preset, Nobody()).run
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from tunelab.engine import train_stack; train_stack(sys.argv[1], [0])",
            str(run.directory),
        ],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "BadInput" in told.stderr
    assert "can't be written: file too large" in told.stderr
    assert run.state() == "cut off"
    assert len(run.arms[0].events("measure")) >= 1
    assert substance(resumed(run)) == whole
