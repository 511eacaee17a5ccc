"""Records made before events were declared (tests/fixtures/older_records): they open, replay and resume."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from commandline import run_cli
from small_runs import resumed
from tunelab.records import Run

OLDER = Path(__file__).parent / "fixtures" / "older_records"
NAMES = ("ended", "stopped", "regression")


@pytest.fixture(autouse=True)
def _older_runs() -> None:
    """Put the records where runs are."""
    shutil.copytree(OLDER, Path(os.environ["TUNELAB_HOME"]) / "runs")


def opened(name: str) -> Run:
    return Run(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_older_record_opens(name: str) -> None:
    run = opened(name)
    for record, history in zip(run.arms, run.histories(), strict=True):
        assert len(history) == len(record.events("measure")) > 1
        assert history.epochs[-1] == history.done["final"]["epoch"]
        assert history.verdicts()
    for command in (("runs", "show", name, "--plot"), ("runs", "show", name, "--json"), ("watch", name)):
        assert run_cli(*command).code == (130 if name == "stopped" and command[0] == "watch" else 0)
    for form in ("csv", "json", "md"):
        assert run_cli("runs", "export", name, "--format", form).code == 0
    assert run_cli("runs", "compare", name, "ended").code == (2 if name == "ended" and len(run.arms) < 2 else 0)


@pytest.mark.parametrize("name", NAMES)
def test_an_older_record_comes_out_again(name: str) -> None:
    outcome = run_cli("replay", name)
    assert outcome.code == 0, outcome.out + outcome.err


def test_an_older_run_goes_on_from_its_checkpoint() -> None:
    run = opened("stopped")
    before = [event for arm in run.arms for event in arm.events("measure")]
    again = resumed(run)
    assert again.state() in ("epochs", "early-stop")
    after = [event for arm in again.arms for event in arm.events("measure")]
    assert after[: len(before)] == before
    assert len(after) > len(before)
