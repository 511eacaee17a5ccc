"""One lab behind a browser's tab: a process group of its own, which ends with the tab, whatever it does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

__all__ = ["MAX_SIZE", "LabSession", "clamp_size"]

MAX_SIZE = (500, 200)
"""Columns and rows of the largest screen that is drawn."""

_MIN_SIZE = (20, 5)
_GRACE = 5.0  # seconds that a lab has to end by itself, and again after SIGTERM
_MAX_PACKET = 64_000_000  # bytes; a lab writes far smaller ones


def clamp_size(width: object, height: object) -> tuple[int, int]:
    """Return columns and rows inside the bounds. Raises ValueError or TypeError for what are no numbers."""
    asked = (int(width), int(height))  # type: ignore[call-overload]
    columns, rows = (min(max(n, low), high) for n, low, high in zip(asked, _MIN_SIZE, MAX_SIZE, strict=True))
    return columns, rows


class LabSession(AppService):
    """The process of one lab, and the way between it and a websocket."""

    def __init__(self, words: Sequence[str], websocket: web.WebSocketResponse, downloads: DownloadManager) -> None:

        async def close() -> None:
            await websocket.close()

        super().__init__(
            "",  # what would be given to a shell
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=close,
            download_manager=downloads,
        )
        self._words = words
        self._end: asyncio.Task[None] | None = None

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,  # a lab draws; what goes wrong in it stands in last-error.txt
            env=self._build_environment(width=width, height=height),
            start_new_session=True,
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Pass on what the lab draws until it ends or its tab has gone, then close the websocket."""
        assert self._process is not None
        assert self._process.stdout is not None
        stdout = self._process.stdout
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, ValueError):
            while await stdout.readline() not in (b"__GANGLION__\n", b""):
                pass
            while True:
                kind = await stdout.readexactly(1)
                size = int.from_bytes(await stdout.readexactly(4), "big")
                if size > _MAX_PACKET:
                    break
                await self._pass_on(kind, await stdout.readexactly(size))
        await self.remote_close()

    async def _pass_on(self, kind: bytes, payload: bytes) -> None:
        handlers: dict[bytes, Any] = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        await handlers[kind](payload)

    async def stop(self) -> None:
        """End the lab: by its own way, else by signals to its whole group. Return when it has gone."""
        if self._end is None:
            self._end = asyncio.create_task(self._stop())
        await asyncio.shield(self._end)  # whatever cancels this, the lab ends all the same

    async def _stop(self) -> None:
        process, task = self._process, self._task
        if process is None or task is None:
            return
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        for request in (lambda: self.send_meta({"type": "quit"}), lambda: self._signal(signal.SIGTERM)):
            # A lab that doesn't read leaves a full pipe, in which a request waits for ever
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(_GRACE):
                    await request()
                    await process.wait()
            if process.returncode is not None:
                break
        await self._signal(signal.SIGKILL)  # also what an ended lab left behind in its group
        self.stdin.close()
        await process.wait()
        await asyncio.wait([task], timeout=_GRACE)  # it reads to the end, unless its tab takes nothing any more
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task

    async def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
