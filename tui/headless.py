"""The same screens without a terminal: keys go in, a screenshot comes out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from textual.message import Message
from textual.notifications import Notify
from tunelab.errors import BadInput
from tunelab.tui.app import Tunelab
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.wizard import WizardScreen

__all__ = ["drive"]

_LOOK = 0.25  # seconds between looks at whether anything works
_FAILED = 2.0  # seconds without work after a warning, and
_IDLE = 10.0  # without one, after which nothing will come


def drive(app: Tunelab, size: tuple[int, int], keys: Sequence[str], *, until: str, screenshot: Path | None) -> None:
    """Press keys, wait, and write what the screen shows.

    ``until`` is 'run-done' (a training has ended), 'wizard-done' (the wizard has come to its end or the answer to its
    one question) or 'idle' (nothing works in the background).
    """
    asyncio.run(_drive(app, size, keys, until, screenshot))


async def _drive(app: Tunelab, size: tuple[int, int], keys: Sequence[str], until: str, screenshot: Path | None) -> None:
    ended = asyncio.Event()
    warnings: list[str] = []
    waited_for = {"run-done": LabScreen.RunDone, "wizard-done": WizardScreen.Done}.get(until, ())

    def hook(message: Message) -> None:
        if isinstance(message, Notify) and message.notification.severity != "information":
            warnings.append(message.notification.message)
        if isinstance(message, waited_for):
            ended.set()

    async with app.run_test(size=size, message_hook=hook, notifications=True) as pilot:
        await app.workers.wait_for_complete()
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()  # what a key begins is there for the next one
        if waited_for:
            await _wait(app, ended, until, warnings)
        await app.workers.wait_for_complete()
        await pilot.pause()
        if screenshot is not None:
            app.write_screenshot(screenshot)
        app.exit(0)


async def _wait(app: Tunelab, ended: asyncio.Event, until: str, warnings: Sequence[str]) -> None:
    """Return when the end has come. Raises :class:`BadInput` where nothing works towards it: it would never come."""
    last = time.monotonic()
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _LOOK)
        now = time.monotonic()
        if _is_busy(app):
            last = now
        elif now - last > (_FAILED if warnings else _IDLE) and not ended.is_set():
            reason = warnings[-1] if warnings else "nothing was begun; --press r trains, --press w opens the wizard"
            raise BadInput(f"--until {until} would wait for ever: {reason}")


def _is_busy(app: Tunelab) -> bool:
    guides = [getattr(screen, "guide", None) for screen in app.screen_stack]
    working = any(guide is not None and guide.working for guide in guides)
    return working or app.state.training or any(worker.is_running for worker in app.workers)
