"""The server behind `tunelab serve`: textual-serve, talking as tunelab does, and to its own page only."""

from __future__ import annotations

import socket

from aiohttp import web
from textual_serve.server import Server
from tunelab.tui.cli.output import say

__all__ = ["LabServer"]


class LabServer(Server):
    """Serves the lab: each browser window is a lab of its own."""

    def __init__(self, command: str, host: str, port: int) -> None:
        name = socket.gethostname() if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
        super().__init__(command, host, port, title="tunelab", public_url=f"http://{name}:{port}")

    def initialize_logging(self) -> None:
        """No log: what matters is printed."""

    async def on_startup(self, app: web.Application) -> None:  # noqa: ARG002 (the signature is aiohttp's)
        """Say where the lab is."""
        say(f"The lab is at {self.public_url}; ctrl+c ends it.")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Connect a window; a page of another site, open in the same browser, is turned away."""
        if request.headers.get("Origin") != self.public_url:
            raise web.HTTPForbidden(text=f"Open {self.public_url} itself.")
        return await super().handle_websocket(request)
