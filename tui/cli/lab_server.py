"""The server behind `tunelab serve`: a page, its files and a websocket, for whoever knows the secret."""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import signal
import socket
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic_core import from_json
from textual_serve.download_manager import DownloadManager
from tunelab.tui.cli.lab_session import LabSession, clamp_size

__all__ = ["MAX_SESSIONS", "LabServer"]

MAX_SESSIONS = 8
"""How many labs are open at the same time at most; each is a process of about 100 MB."""

_IDLE = 24 * 3600.0  # seconds without a key, a click or a new size, after which a lab is ended
_HEARTBEAT = 15.0  # seconds; a tab that no longer answers has gone
_MAX_MESSAGE = 1_000_000  # bytes: a large paste
_LOOPBACK = ("127.0.0.1", "::1")


class LabServer:
    """Serves the lab: each browser tab is a lab of its own, a process that runs ``words``.

    ``secret`` opens it: the printed URL holds it, and the page leaves it in the browser as a cookie.
    """

    def __init__(self, words: Sequence[str], host: str, port: int) -> None:
        self._words, self._host, self._port = words, host, port
        self._downloads = DownloadManager()
        self._open: dict[web.WebSocketResponse, LabSession] = {}
        self.secret = secrets.token_urlsafe(24)
        self._cookie = f"tunelab-{port}"  # a browser doesn't keep the cookies of two ports apart
        for logger in ("aiohttp.server", "aiohttp.web", "aiohttp.websocket", "textual-serve"):
            logging.getLogger(logger).setLevel(logging.CRITICAL + 1)  # junk from outside isn't worth a word

    @property
    def url(self) -> str:
        """Where the lab is, with the secret."""
        return f"http://{self._name}:{self._port}/?secret={self.secret}"

    @property
    def sessions(self) -> int:
        """How many labs there are."""
        return len(self._open)

    @property
    def _name(self) -> str:
        if self._host in {"0.0.0.0", "::"}:
            return socket.gethostname()
        return f"[{self._host}]" if ":" in self._host else self._host

    def application(self) -> web.Application:
        """Return the aiohttp application, every answer of which is behind the secret."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/ws", self._websocket),
                web.get("/download/{key}", self._download),
                web.static("/static", Path(textual_serve.__file__).parent / "static"),
            ]
        )
        app.on_shutdown.append(self._close_all)
        app.on_cleanup.append(self._end_all)
        return app

    async def _end_all(self, _: web.Application) -> None:
        await asyncio.gather(*[session.stop() for session in self._open.values()])  # of tabs that have gone, too

    async def _close_all(self, _: web.Application) -> None:
        await asyncio.gather(*(websocket.close(code=WSCloseCode.GOING_AWAY) for websocket in self._open))

    async def serve(self, ready: Any) -> None:
        """Serve until SIGINT or SIGTERM; ``ready`` is called once browsers can connect. Raises OSError."""
        runner = web.AppRunner(self.application(), access_log=None, handle_signals=False, shutdown_timeout=15.0)
        await runner.setup()
        try:
            for position, address in enumerate(_LOOPBACK if self._host == "localhost" else (self._host,)):
                try:
                    await web.TCPSite(runner, address, self._port).start()
                except OSError as error:
                    # A machine without IPv6 is still served
                    if not position or error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                        raise
            ended = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, ended.set)
            ready()
            await ended.wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        offered = request.cookies.get(self._cookie) or (request.query.get("secret", "") if request.path == "/" else "")
        if not secrets.compare_digest(offered.encode("utf-8", "replace"), self.secret.encode()):
            raise web.HTTPForbidden(text="Open the URL that `tunelab serve` printed: it holds the secret.\n")
        response: web.StreamResponse = await handler(request)
        return response

    async def _page(self, request: web.Request) -> web.Response:
        text = resources.files("tunelab.tui.cli").joinpath("lab_page.html").read_text("utf-8")
        response = web.Response(text=Template(text).safe_substitute(HOST=request.host), content_type="text/html")
        response.set_cookie(self._cookie, self.secret, path="/", httponly=True, samesite="Strict")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Nothing is fetched from, or sent to, anywhere else; no other page can hold this one
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data:; connect-src 'self' ws://{request.host}; frame-ancestors 'none'; base-uri 'none'"
        )
        return response

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        # A page of another port of this machine is the same site to a browser, which sends the cookie
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="The lab is opened by its own page only.\n")
        if self.sessions >= MAX_SESSIONS:
            raise web.HTTPServiceUnavailable(text=f"{MAX_SESSIONS} labs are open already; close one.\n")
        try:
            size = clamp_size(request.query.get("width", "80"), request.query.get("height", "24"))
        except ValueError:
            raise web.HTTPBadRequest(text="width and height are numbers.\n") from None
        websocket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=_MAX_MESSAGE)
        session = LabSession(self._words, websocket, self._downloads)
        self._open[websocket] = session
        try:
            await websocket.prepare(request)
            await session.start(*size)
            await _serve_messages(websocket, session)
        finally:
            stopping = asyncio.ensure_future(session.stop())
            stopping.add_done_callback(lambda _: self._open.pop(websocket, None))
            await asyncio.shield(stopping)  # a lost connection cancels this
        return websocket

    async def _download(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        try:
            about = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        response = web.StreamResponse()
        response.content_type = about.mime_type
        name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in about.file_name)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response


async def _serve_messages(websocket: web.WebSocketResponse, session: LabSession) -> None:
    """Pass on what a tab sends until it goes, is idle for too long, or sends what no tab of ours would."""
    active = time.monotonic()
    while True:
        try:
            async with asyncio.timeout(active + _IDLE - time.monotonic()):
                message = await websocket.receive()
        except TimeoutError:
            await websocket.close(code=WSCloseCode.GOING_AWAY)
            return
        if message.type is not WSMsgType.TEXT:
            if message.type is WSMsgType.BINARY:
                await websocket.close(code=WSCloseCode.UNSUPPORTED_DATA)
            return
        try:
            if not isinstance(envelope := from_json(message.data), list):
                raise TypeError("a message is a list")
            kind, *values = envelope
            if kind == "ping":
                await websocket.send_json(["pong", float(values[0]) if values else 0])
                continue
            if kind == "stdin":
                await session.send_bytes(values[0].encode("utf-8", "replace"))
            elif kind == "resize":
                await session.set_terminal_size(*clamp_size(values[0]["width"], values[0]["height"]))
            elif kind in ("focus", "blur"):
                await session.send_meta({"type": kind})
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
            await websocket.close(code=WSCloseCode.POLICY_VIOLATION)
            return
        active = time.monotonic()
