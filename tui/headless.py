"""The same screens without a terminal: keys go in, a screenshot comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.message import Message
from tunelab.tui.app import Tunelab
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.wizard import WizardScreen

__all__ = ["drive"]


def drive(app: Tunelab, size: tuple[int, int], keys: Sequence[str], *, until: str, screenshot: Path | None) -> None:
    """Press keys, wait, and write what the screen shows.

    ``until`` is 'run-done' (a training has ended), 'wizard-done' (the wizard has come to its end or the answer to its
    one question) or 'idle' (nothing works in the background).
    """
    asyncio.run(_drive(app, size, keys, until, screenshot))


async def _drive(app: Tunelab, size: tuple[int, int], keys: Sequence[str], until: str, screenshot: Path | None) -> None:
    ended = asyncio.Event()
    waited_for = {"run-done": LabScreen.RunDone, "wizard-done": WizardScreen.Done}.get(until, ())

    def hook(message: Message) -> None:
        if isinstance(message, waited_for):
            ended.set()

    async with app.run_test(size=size, message_hook=hook, notifications=True) as pilot:
        await app.workers.wait_for_complete()
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()  # what a key begins is there for the next one
        if waited_for:
            await ended.wait()
        await app.workers.wait_for_complete()
        await pilot.pause()
        if screenshot is not None:
            app.write_screenshot(screenshot)
        app.exit(0)
