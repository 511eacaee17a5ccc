"""The lab as tests use it: driven without a terminal, waiting on messages; and a run written by hand."""

from __future__ import annotations

import asyncio
import functools
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from textual.message import Message
from textual.notifications import Notify
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, Static
from tunelab import engine, paths
from tunelab.experiment.preset import parse
from tunelab.records import Run
from tunelab.tui.app import Tunelab
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.settings import Config
from tunelab.tui.widgets.field import Field

TINY = """
title = "Tiny"
[data]
name = "digits"
train = 200
evaluation = 100
[network]
hidden = [5]
[training]
epochs = 3
eta = 0.5
[[arm]]
name = "old"
initialization.weights = "standard"
[[arm]]
name = "new"
initialization.weights = "scaled"
"""
"""Two arms on a few drawn digits: trained in a moment."""


def driven(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a coroutine."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(limited())

    return run


@functools.cache
def _workers() -> ProcessPoolExecutor:
    return engine.process_pool(2)


class Shared(Executor):
    """Worker processes that outlive a lab: what takes long is to start them."""

    def __init__(self) -> None:
        _workers()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have it done."""
        return _workers().submit(function, *args, **kwargs)


class Lab:
    """An open lab: keys go in, texts come out."""

    def __init__(self, app: Tunelab, pilot: Pilot[int], heard: asyncio.Event, messages: list[Message]) -> None:
        self.app, self.pilot = app, pilot
        self._heard, self.messages = heard, messages

    @property
    def state(self) -> LabState:
        """Draft, job and view."""
        return self.app.state

    @property
    def lab(self) -> LabScreen:
        """The lab's own screen, whatever is in front of it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, LabScreen))

    async def press(self, *keys: str) -> None:
        """Press keys, and let them take effect."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Put a text into the input in focus, as if it had been typed at once."""
        field = self.app.focused
        assert isinstance(field, Input)
        field.value = text
        await self.pilot.pause()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for message after message, and look after look at the record, until something holds."""
        while not holds():
            self._heard.clear()
            await self._heard.wait()
        await self.pilot.pause()

    async def quiet(self) -> None:
        """Wait for what works in the background, and for what it reports to be shown."""
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def trained(self) -> None:
        """Press r, and wait for the end."""
        before = self.ends
        await self.press("r")
        await self.until(lambda: self.ends > before)

    async def training(self) -> None:
        """Press r, and wait for the first measurement."""
        await self.press("r")
        await self.until(lambda: self.state.view and len(self.state.view.arms[0]))

    async def stopped(self) -> None:
        """Press s, and wait for the end."""
        await self.press("s")
        await self.until(lambda: self.ends)

    @property
    def ends(self) -> int:
        """How many trainings have ended."""
        # Heard again wherever it bubbles to
        return len({id(message) for message in self.messages if isinstance(message, LabScreen.RunDone)})

    @property
    def notifications(self) -> str:
        """All notifications so far, a line each."""
        notes = [message.notification for message in self.messages if isinstance(message, Notify)]
        return "\n".join(f"{note.title} {note.message}" for note in notes)

    def text(self, where: str) -> str:
        """What a line or paragraph of the lab says."""
        return str(self.lab.query_one(where, Static).content)

    def field(self, key: str) -> Field:
        """The form's field of a parameter."""
        return self.lab.query_one(f"#field-{key.replace('.', '-')}", Field)

    async def focus(self, widget: Widget) -> None:
        """Give a widget the focus."""
        widget.focus()
        await self.pilot.pause()

    @property
    def picture(self) -> str:
        """The screen as plain text."""
        return self.app.text_screenshot()


@asynccontextmanager
async def opened(
    preset: str = TINY,
    *,
    size: tuple[int, int] = (120, 40),
    looks: Looks | None = None,
    config: Config | None = None,
    draft: Draft | None = None,
    pool: Callable[[], Executor] = Shared,
) -> AsyncIterator[Lab]:
    """The lab with a preset, its trainings in processes shared by the tests unless ``pool`` says otherwise."""
    executor = pool()
    with mock.patch("tunelab.engine.process_pool", return_value=executor):
        state = LabState(draft or Draft(parse(preset, "tiny", "a test")), looks or Looks())
    heard, messages = asyncio.Event(), []
    app = Tunelab(state, config or Config())

    def hook(message: Message) -> None:
        messages.append(message)
        heard.set()

    async def settled(_seconds: float = 0) -> None:
        """In place of Textual's wait, which sleeps until the whole process is idle: until no message is left.

        What the timer of the screen would lay out and repaint next is done at once, and what follows from that.
        """
        loop = asyncio.get_running_loop()
        for _ in range(3):
            idle = 0
            while idle < 3:  # with nothing ready to run, no message is on its way, but for those of threads and timers
                await asyncio.sleep(0)
                idle = 0 if loop._ready else idle + 1  # type: ignore[attr-defined]
            app._check_resize()  # a timer's work, too
            app.screen._on_timer_update()

    look = LabScreen._tick

    async def looked(screen: LabScreen) -> None:
        await look(screen)
        heard.set()  # a timer's call is no message

    try:
        with (
            mock.patch.object(LabScreen, "_tick", looked),
            mock.patch("textual.app.wait_for_idle", settled),
            mock.patch("textual.pilot.wait_for_idle", settled),
        ):
            async with app.run_test(size=size, message_hook=hook, notifications=True) as pilot:
                await app.workers.wait_for_complete()
                await pilot.pause()
                messages.clear()
                yield Lab(app, pilot, heard, messages)
    finally:
        if state.job is not None:
            state.job.stop()
            state.job.wait()
        executor.shutdown()


# -- a run written by hand --------------------------------------------------------------------------------

WRITTEN = """
title = "Old and new first weights"
description = "Two networks that differ in their first weights."
[data]
name = "digits"
train = 1000
evaluation = 200
[network]
hidden = []
[initialization]
seeds = 3
[training]
eta = 0.1
lambda = 0.1
epochs = 20
[[arm]]
name = "old: N(0, 1)"
initialization.weights = "standard"
[[arm]]
name = "new: N(0, 1/n)"
"""

BEGAN = 1_767_225_600.0  # 2026-01-01, midnight UTC


def written_run(
    name: str = "20260101-000000-old-and-new",
    measures: Callable[[int, int], dict[str, Any]] | None = None,
    *,
    preset: str = WRITTEN,
    ended: bool = True,
) -> Run:
    """A run whose numbers no machine has computed. ``measures`` (arm, epoch) changes some of a measurement."""
    directory = paths.runs() / name
    parsed = parse(preset, "old-and-new", "a test")
    arms = parsed.arms
    about = {"format": 1, "name": name, "preset": parsed.name, "title": parsed.title, "began": BEGAN}
    _write(directory / "run.json", json.dumps(about | {"arms": [arm.name for arm in arms]}))
    _write(directory / "preset.toml", parsed.to_toml())
    _write(directory / "environment.json", "{}")
    for position, arm in enumerate(arms):
        experiment = arm.experiment
        epochs = experiment.training.epochs
        head = {"run": name, "arm": arm.name}
        events: list[dict[str, Any]] = [
            {
                "event": "start",
                "time": 0.5,
                "experiment": experiment.to_dict(),
                "parameters": 7850,
                "seeds": experiment.seeds,
                "sizes": [784, *experiment.network.hidden, 10],
                "data": {"title": "drawn digits", "classes": list("0123456789"), "training": 1000, "evaluation": 200},
            }
        ]
        for epoch in range(1, epochs + 1):
            measure = _measure(position, epoch, experiment.training.eta)
            events.append(measure | (measures(position, epoch) if measures else {}))
        if ended:
            last = {key: value for key, value in events[-1].items() if key not in {"event", "time"}}
            end = {"reason": "epochs", "final": last, "best": last, "weights_sha256": "0" * 64, "seconds": 2.5}
            events.append({"event": "done", "time": 0.5 + 0.1 * epochs + 0.05} | end)
            _write_parameters(directory / "arms" / f"{position:02}", position, experiment.initialization.seeds)
        lines = "".join(json.dumps(event | head) + "\n" for event in events)
        _write(directory / "arms" / f"{position:02}" / "events.jsonl", lines)
    return Run(name)


def _measure(arm: int, epoch: int, eta: float) -> dict[str, Any]:
    """One arm falls fast and far, the other slowly."""
    left = (0.85 if arm == 0 else 0.7) ** epoch
    right = 180 - round(150 * left)
    return {
        "event": "measure",
        "time": 0.5 + 0.1 * epoch + 0.01 * arm,
        "epoch": float(epoch),
        "examples": 1000 * epoch,
        "eta": eta,
        "training_cost": 0.3 + 3 * left,
        "training_cost_std": 0.2 * left,
        "training_data_cost": 0.2 + 3 * left,
        "training_accuracy": min(right / 200 + 0.05, 1.0),
        "training_accuracy_std": 0.02,
        "evaluation_cost": 0.4 + 3 * left,
        "evaluation_cost_std": 0.25 * left,
        "evaluation_data_cost": 0.3 + 3 * left,
        "evaluation_accuracy": right / 200,
        "evaluation_accuracy_std": 0.03,
        "evaluation_correct": float(right),
        "evaluation_correct_std": 6.0,
        "evaluation_total": 200,
        "evaluation_answers": [60] * 10,
        "layer_gradient_norm": [0.5 * left + 0.01],
        "layer_update_ratio": [0.01 * left + 0.0001],
        "layer_saturated_share": [0.5 * left],
        "layer_z_rms": [9.0 - 4 * left],
    }


def _write_parameters(folder: Path, arm: int, seeds: int) -> None:
    """Weights that draw something: waves across the picture, another direction for each digit."""
    y, x = np.mgrid[0:28, 0:28] / 28
    waves = [np.sin(7 * (x * np.cos(k) + y * np.sin(k)) + arm) for k in range(10)]
    weights = np.stack([np.stack(waves, axis=-1).reshape(784, 10)] * seeds)
    packed = io.BytesIO()
    np.savez(packed, weights_0=weights.astype(np.float32), biases_0=np.zeros((seeds, 1, 10), np.float32))
    paths.write_whole(folder / "parameters.npz", packed.getvalue())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
