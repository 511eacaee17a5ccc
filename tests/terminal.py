"""A real pseudo-terminal with tunelab in it: keys go in, raw bytes come out, signals as the system sends them."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]

LEFT_THE_ALTERNATE_SCREEN = b"\x1b[?1049l"
CURSOR_SHOWN = b"\x1b[?25h"

_SEQUENCE = re.compile(rb"\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def plain(output: bytes) -> str:
    """The characters of an output, without what moves the cursor or colours them."""
    return _SEQUENCE.sub(b"", output).decode("utf-8", "replace")


class Terminal:
    """A process in a pseudo-terminal of its own, whose output is kept in ``output``."""

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        environment: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Run ``tunelab`` with ``arguments``; ``environment`` is added to ours, ``before`` is done in its process."""
        self._ours, self._theirs = pty.openpty()
        theirs = self._theirs
        self.output = bytearray()
        self.resize(*size)
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "PYTHONUTF8": "1"}
        variables |= {"OPENBLAS_NUM_THREADS": "1", "COLORTERM": "truecolor"} | dict(environment or {})
        if "NO_COLOR" not in (environment or {}):
            variables.pop("NO_COLOR", None)
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tunelab.tui.cli.main", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=variables,
            start_new_session=True,
            preexec_fn=lambda: _prepared(before),
        )

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size; the process is told by the system."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def send(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._ours, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds: float) -> bytes:
        """What comes within some seconds, at the first that comes; empty where nothing does, or it has ended."""
        ready, _, _ = select.select([self._ours], [], [], max(seconds, 0.0))
        if not ready:
            return b""
        try:
            piece = os.read(self._ours, 1 << 16)
        except OSError:  # what Linux says where nobody holds the other end any more
            return b""
        self.output += piece
        return piece

    def until(self, *wanted: str, since: int = 0, seconds: float = 30.0) -> float:
        """Read until all of some texts have come after position ``since``; when that was (perf_counter)."""
        end = time.perf_counter() + seconds
        while not all(one in (shown := plain(bytes(self.output[since:]))) for one in wanted):
            if not self.read(end - time.perf_counter()) and (time.perf_counter() > end or not self.alive):
                raise AssertionError(f"{wanted} didn't come in {seconds:g} s; the end of what came: {shown[-2000:]}")
        return time.perf_counter()

    def gather(self, seconds: float) -> int:
        """Read for some seconds; how many bytes came."""
        before, end = len(self.output), time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and self.alive:
            self.read(left)
        return len(self.output) - before

    @property
    def echoes(self) -> bool:
        """Whether what is typed is shown, and given to a program a line at a time, as a shell wants it."""
        modes = termios.tcgetattr(self._theirs)[3]
        return bool(modes & termios.ECHO) and bool(modes & termios.ICANON)

    def hang_up(self) -> None:
        """Take the terminal away, as a dropped connection does."""
        for descriptor in (self._theirs, self._ours):
            os.close(descriptor)
        self._theirs = self._ours = -1

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def ended(self, seconds: float = 15.0) -> int:
        """Wait for its end, reading on; its exit code."""
        end = time.perf_counter() + seconds
        while self.alive and time.perf_counter() < end:
            self.read(0.05)
        if self.alive:
            raise AssertionError(f"it hasn't ended after {seconds:g} s")
        while self.read(0.05):
            pass
        return self.process.returncode

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.alive:
            self.process.kill()
        self.process.wait()
        if self._ours >= 0:
            self.hang_up()


def _prepared(before: Callable[[], None] | None) -> None:
    """Make the pseudo-terminal the controlling one, so that its end is a hang-up."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if before is not None:
        before()
