"""`tunelab serve`: the lab in a browser, on this machine unless somebody asks for more."""

from __future__ import annotations

import ipaddress
import shlex
import sys
from typing import Annotated

import typer
from tunelab.tui.cli.options import say

__all__ = ["serve_command"]


def serve_command(
    preset: Annotated[
        str | None, typer.Argument(metavar="[PRESET]", help="What to load; the last session if not given.")
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="HOST", help="The address to listen on; others than this machine's are open."),
    ] = "localhost",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, metavar="N", help="The port.")] = 8000,
) -> None:
    """Show the lab in a browser. Only this machine can reach it unless --host says otherwise."""
    from tunelab.errors import BadInput, printable
    from tunelab.experiment.preset import find

    if preset is not None:
        find(preset)  # a slip in the name is said here, not in the browser
    try:
        from tunelab.tui.cli.lab_server import LabServer
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in {"textual_serve", "aiohttp"}:
            raise
        raise BadInput("serve needs textual-serve, which isn't installed: pip install 'tunelab[serve]'") from None
    if not _is_here(host):
        say(
            f"Warning: with --host {printable(host, 100)} whoever reaches port {port} can train, read and delete runs "
            "as you; there is no password and no encryption."
        )
    words = [sys.executable, "-m", "tunelab.tui.cli.main", *(["lab", preset] if preset is not None else [])]
    try:
        LabServer(shlex.join(words), host, port).serve()
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise BadInput(f"{printable(host, 100)} port {port} can't be listened on: {printable(reason, 200)}") from None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
