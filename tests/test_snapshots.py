"""The lab as plain text at every size that counts, beside what it looked like when a person last agreed with it.

After a change that is meant, `TUNELAB_SNAPSHOTS=write pytest tests/test_snapshots.py` writes them again: read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from screens import Lab, driven, opened, written_run
from tunelab.experiment.preset import parse
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.run_view import Playback

KEPT = Path(__file__).parent / "expected" / "lab"
SIZES = [(160, 50), (120, 40), (80, 24), (60, 20), (40, 10)]


@pytest.fixture(autouse=True)
def _own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a diagnosis says is the business of its own tests."""
    said = "“new” is ahead of “old” by 13.0 ± 2.4 points after 10 epochs.\n\nold: Learning: 75.0 % right."
    monkeypatch.setattr("tunelab.tui.screens.lab.verdict_text", lambda _arms: said)


def agreed(lab: Lab, name: str) -> None:
    """The screen is what it was, but for the line of keys, which has a test of its own."""
    path, picture = KEPT / f"{name}.txt", lab.picture.rstrip("\n").rpartition("\n")[0] + "\n"
    if os.environ.get("TUNELAB_SNAPSHOTS") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(picture, "utf-8")
    assert picture == path.read_text("utf-8")


@driven
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_run_half_played_back(size: tuple[int, int]) -> None:
    run = written_run()
    async with opened(draft=Draft(run.preset), size=size) as lab:
        await half(lab, Playback(run))
        agreed(lab, f"{size[0]}x{size[1]}")


@driven
async def test_without_unicode_and_colour() -> None:
    run = written_run()
    async with opened(draft=Draft(run.preset), size=(80, 24), looks=Looks(colour=False, ascii=True)) as lab:
        await half(lab, Playback(run))
        agreed(lab, "80x24-ascii")


@driven
@pytest.mark.parametrize("key", ["1", "4", "6", "7", "8"])
async def test_the_rooms_of_a_narrow_terminal(key: str) -> None:
    run = written_run()
    async with opened(draft=Draft(run.preset), size=(80, 24)) as lab:
        await half(lab, Playback(run))
        await lab.press(key)
        await lab.quiet()
        agreed(lab, f"80x24-room-{key}")


@driven
async def test_the_lab_before_anything_is_trained() -> None:
    preset = parse(
        '[data]\nname = "digits"\ntrain = 1000\nevaluation = 200\n[network]\nhidden = []\n', "plain", "a test"
    )
    async with opened(draft=Draft(preset)) as lab:
        await lab.quiet()
        agreed(lab, "120x40-untrained")


@driven
async def test_help_and_quit_are_on_the_line_of_keys_at_any_width() -> None:
    async with opened(size=(160, 50)) as lab:
        assert "sweep" in lab.picture.splitlines()[-1]
        for width in (100, 80, 60, 50):
            await lab.pilot.resize_terminal(width, 24)
            await lab.pilot.pause()
            line = lab.picture.splitlines()[-1]
            assert line.startswith(" r run")
            assert line.rstrip().endswith("? help  q quit")
            assert "stop" not in line  # nothing goes on


async def half(lab: Lab, view: Playback) -> None:
    """Hold a playback in its middle."""
    view.playing = False
    lab.lab.look_at(view)
    await lab.pilot.pause()
    await lab.press(*["full_stop"] * 10)
    await lab.quiet()
