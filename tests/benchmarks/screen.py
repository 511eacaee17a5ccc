"""How the lab feels: first paint, key response and bytes on the line while two arms train, memory.

    python -m tests.benchmarks.screen [--through 'ssh -tt HOST'] [--data NAME] [--seconds 10]

A real pseudo-terminal of 120×40 is opened and the lab driven in it as a person would. Judge ratios and orders of
magnitude: on a shared machine single times mean little.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import shlex
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

PRESET = """
[data]
name = "{data}"
train = 1000
evaluation = 1000
[initialization]
seeds = 3
[training]
eta = 0.1
lambda = 0.1
epochs = 100000
[[arm]]
name = "old"
initialization.weights = "standard"
[[arm]]
name = "new"
initialization.weights = "scaled"
"""
ROOMS = {b"7": b"7 Epochs", b"8": b"8 What tunelab sees"}


class Terminal:
    """A program in a pseudo-terminal of 120×40."""

    def __init__(self, command: list[str]) -> None:
        self.began = time.perf_counter()
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execvp(command[0], command)
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._line, keys)

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        """What comes within ``seconds``, or until some bytes have come."""
        got, end = b"", time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and (until is None or until not in got):
            if select.select([self._line], [], [], left)[0]:
                try:
                    got += os.read(self._line, 1 << 16)
                except OSError:
                    break
        return got

    def end(self) -> None:
        """Close the terminal, as a lost connection does."""
        os.kill(self.pid, signal.SIGTERM)
        self.read(5)
        os.close(self._line)
        os.waitpid(self.pid, 0)


def resident(marker: str) -> float:
    """MB of memory of the lab's own process (not its workers), found by a word on its command line."""
    found = subprocess.run(["pgrep", "-f", f"tunelab.*{marker}"], capture_output=True, text=True, check=False).stdout
    largest = 0.0
    for pid in found.split():
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        rows = [line for line in status.splitlines() if line.startswith("VmRSS")]
        largest = max([largest, *(int(row.split()[1]) / 1024 for row in rows)])
    return largest


def measure(command: list[str], marker: str, seconds: float) -> None:
    """Drive the lab once and print what was measured."""
    terminal = Terminal(command)
    painted = terminal.read(30, until=b"What tunelab sees")
    print(f"first paint            {time.perf_counter() - terminal.began:.2f} s ({len(painted) / 1024:.0f} KB)")
    terminal.read(3)
    idle = terminal.read(3)
    print(f"idle                   {len(idle) / 3 / 1024:.2f} KB/s")
    pressed = time.perf_counter()
    terminal.press(b"r")
    terminal.read(20, until=b"epoch ")
    print(f"r to the first epoch   {time.perf_counter() - pressed:.2f} s")
    terminal.read(4)
    live = terminal.read(seconds)
    print(f"bytes while training   {len(live) / seconds / 1024:.1f} KB/s")
    waits = []
    for n in range(60):
        key = b"78"[n % 2 : n % 2 + 1]
        terminal.read(0.11)
        pressed = time.perf_counter()
        terminal.press(key)
        if ROOMS[key] in terminal.read(5, until=ROOMS[key]):
            waits.append(1000 * (time.perf_counter() - pressed))
    cuts = statistics.quantiles(waits, n=20)
    print(f"key response           p50 {statistics.median(waits):.0f} ms, p95 {cuts[18]:.0f} ms ({len(waits)} keys)")
    print(f"memory of the screen   {resident(marker):.0f} MB")
    terminal.press(b"s")
    terminal.read(3)
    terminal.end()


def main() -> None:
    """Read the options and measure, at the default rate and for slow links."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--through", default="", help="a command to go through, such as 'ssh -tt localhost'")
    options.add_argument("--data", default="digits", help="the data set")
    options.add_argument("--seconds", type=float, default=10.0, help="how long to count bytes")
    asked = options.parse_args()
    tunelab = str(Path(sys.executable).with_name("tunelab"))
    with tempfile.TemporaryDirectory(prefix="tunelab-screen-") as folder:
        preset = Path(folder) / "two-arms.toml"
        preset.write_text(PRESET.format(data=asked.data))
        for extra in ([], ["--low-bandwidth"]):
            print(f"\n{' '.join(['tunelab', *extra])}" + (f" through {asked.through}" if asked.through else ""))
            there = [tunelab, str(preset), *extra]
            if asked.through:
                home = os.environ.get("TUNELAB_HOME")
                words = [f"TUNELAB_HOME={home}", *there] if home else there
                there = [*shlex.split(asked.through), shlex.join(words)]
            measure(there, preset.name, asked.seconds)


if __name__ == "__main__":
    main()
