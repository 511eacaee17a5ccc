"""Some screens of the gallery beside what they looked like when a person last agreed; and resized while shown."""

from __future__ import annotations

import os
from pathlib import Path

import gallery
import pytest
from screens import driven

KEPT = Path(__file__).parent / "expected" / "screens"
AGREED = [("wizard-end", (120, 40)), ("wizard-end", (60, 20)), ("wizard-stage", (80, 24)), ("help", (80, 24))]


@driven
@pytest.mark.parametrize(("name", "size"), AGREED)
async def test_a_screen_is_what_it_was(name: str, size: tuple[int, int]) -> None:
    """`TUNELAB_SNAPSHOTS=write pytest tests/test_gallery.py` writes them again: read the diff."""
    async with gallery.visited(name, size) as lab:
        picture = lab.picture
    path = KEPT / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("TUNELAB_SNAPSHOTS") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(picture, "utf-8")
    assert picture == path.read_text("utf-8")


@driven
@pytest.mark.parametrize("name", ["lab-trained", "explorer", "inside", "presets", "wizard-end", "lecture"])
async def test_a_resize_during_a_screen_leaves_it_whole(name: str) -> None:
    async with gallery.visited(name, (120, 40)) as lab:
        for size in ((80, 24), (20, 5), (60, 20), (50, 14), (120, 40)):
            await lab.pilot.resize_terminal(*size)
            await lab.quiet()
            lines = lab.picture.splitlines()
            assert len(lines) == size[1]
            if size == (20, 5):
                assert "tunelab needs" in lab.picture or "needs at least" in " ".join(lab.picture.split())
            else:
                assert "q quit" in lines[-1]
