"""The same screens without a terminal: keys go in, a screenshot comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.message import Message

from tui.app import Tunelab
from tui.screens.lab import LabScreen

__all__ = ["drive"]


def drive(
    app: Tunelab, size: tuple[int, int], keys: Sequence[str], *, wait_for_run: bool, screenshot: Path | None
) -> None:
    """Press keys, wait until a training has ended or all is quiet, and write what the screen shows."""
    asyncio.run(_drive(app, size, keys, wait_for_run, screenshot))


async def _drive(
    app: Tunelab, size: tuple[int, int], keys: Sequence[str], wait_for_run: bool, screenshot: Path | None
) -> None:
    ended = asyncio.Event()

    def hook(message: Message) -> None:
        if isinstance(message, LabScreen.RunDone):
            ended.set()

    async with app.run_test(size=size, message_hook=hook, notifications=True) as pilot:
        await app.workers.wait_for_complete()
        for key in keys:
            await pilot.press(key)
        if wait_for_run:
            await ended.wait()
        await app.workers.wait_for_complete()
        await pilot.pause()
        if screenshot is not None:
            app.write_screenshot(screenshot)
        app.exit(0)
