"""`tunelab serve`: the lab in a browser, on this machine unless somebody asks for more."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys

from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.experiment import preset as presets
from tunelab.tui.cli.options.lab import ServeOptions
from tunelab.tui.cli.output import say

__all__ = ["serve_command"]


def serve_command(options: ServeOptions) -> None:
    """Serve the lab until ctrl+c."""
    if options.preset is not None:
        presets.find(options.preset)  # a slip in the name is reported here, not in the browser
    try:
        from tunelab.tui.cli.lab_server import LabServer  # from an extra, which may be missing
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in {"textual_serve", "aiohttp"}:
            raise
        raise BadInput("serve needs textual-serve, which isn't installed: pip install 'tunelab[serve]'") from None
    host, port = options.host, options.port
    preset = [] if options.preset is None else ["lab", options.preset]
    server = LabServer([sys.executable, "-m", "tunelab.tui.cli.main", *preset], host, port)

    def ready() -> None:
        if not _is_local(host):
            say(
                f"Warning: with --host {printable(host, 100)} whoever has the URL below can train, read and delete "
                "runs as you, and without encryption it can be read on its way through the network."
            )
        say(f"The lab is at {server.url}\nThe URL is its key; ctrl+c ends it.")

    try:
        asyncio.run(server.serve(ready))
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else "there is no machine of this name"
        raise BadInput(
            os_error_sentence(OSError(number, reason), f"{printable(host, 100)} port {port}", "listened on")
        ) from None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
