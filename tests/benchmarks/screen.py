"""How the lab feels: first paint, key response and bytes on the line while two arms train, memory.

    python -m tests.benchmarks.screen [--through 'ssh -tt HOST'] [--data NAME] [--seconds 10] [--slowdown PAIRS]
    python -m tests.benchmarks.screen --paint PAIRS

A real pseudo-terminal of 120×40 is opened and the lab driven in it as a person would. Times on a shared machine mean
little by themselves, so the processor time that the screen takes, how long it waits for a processor, and how long a
bare `cat` takes to answer on the same line are measured beside them. ``--slowdown`` trains the same preset with and
without the screen in turn. ``--paint`` opens the lab and a small Textual app (six bordered panels of text, a footer) in
turn, and compares the time to the whole first picture, and the processor time until then.
"""

from __future__ import annotations

import argparse
import fcntl
import json
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


class Screen:
    """The lab's own process (not its workers), the largest with a word on its command line."""

    def __init__(self, marker: str) -> None:
        found = subprocess.run(["pgrep", "-f", f"tunelab.*{marker}"], capture_output=True, text=True, check=False)
        self._folder = max((Path(f"/proc/{pid}") for pid in found.stdout.split()), key=self._resident)

    @staticmethod
    def _resident(folder: Path) -> float:
        try:
            rows = [line for line in (folder / "status").read_text().splitlines() if line.startswith("VmRSS")]
        except OSError:
            return 0.0
        return int(rows[0].split()[1]) / 1024 if rows else 0.0

    @property
    def megabytes(self) -> float:
        """Memory that it holds."""
        return self._resident(self._folder)

    def ran_and_waited(self) -> tuple[float, float]:
        """Seconds on a processor, and seconds ready for one, of all its threads."""
        tasks = [file.read_text().split() for file in self._folder.glob("task/*/schedstat")]
        return sum(int(task[0]) for task in tasks) / 1e9, sum(int(task[1]) for task in tasks) / 1e9


def echo(through: list[str]) -> list[float]:
    """How long, in ms, the same line takes to bring a character there and back where only `cat` is at work."""
    terminal = Terminal([*through, "cat"])
    terminal.read(3 if through else 0.5)
    waits = []
    for _ in range(40):
        terminal.read(0.11)
        pressed = time.perf_counter()
        terminal.press(b"x")
        terminal.read(2, until=b"x")
        waits.append(1000 * (time.perf_counter() - pressed))
    terminal.end()
    return waits


SMALL = """
from textual.app import App
from textual.widgets import Footer, Static

class Small(App):
    CSS = "Static { border: round gray; height: 1fr; }"
    BINDINGS = [("q", "quit", "quit")]

    def compose(self):
        for number in range(1, 7):
            yield Static(f"panel number {number}")
        yield Footer()

Small().run()
"""


def paint(command: list[str], until: bytes) -> tuple[float, float]:
    """Seconds until bytes of the whole first picture have come, and seconds of processor until then."""
    terminal = Terminal(command)
    got = terminal.read(60, until=until)
    took = time.perf_counter() - terminal.began
    assert until in got, got[-2000:]
    fields = Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()
    ran = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    terminal.end()
    return took, ran


def paints(tunelab: str, preset: Path, pairs: int) -> None:
    """Open the lab and a small app in turn; print medians and the median ratio."""
    small = preset.with_name("small.py")
    small.write_text(SMALL)
    commands = {
        "small app": ([sys.executable, str(small)], b"panel number 6"),
        "tunelab": ([tunelab, str(preset)], b"What tunelab sees"),
    }
    for command, until in commands.values():  # once for the caches
        paint(command, until)
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(pairs):
        for name, how in commands.items():
            took[name].append(paint(*how))
    for name, each in took.items():
        wall, ran = (statistics.median(values) for values in zip(*each, strict=True))
        print(f"{name:<22} {wall:.2f} s to the first picture, {ran:.2f} s of processor")
    for n, what in enumerate(("time", "processor")):
        ratios = [lab[n] / other[n] for other, lab in zip(took["small app"], took["tunelab"], strict=True)]
        print(f"{what:<22} median {statistics.median(ratios):.2f}× ({min(ratios):.2f} to {max(ratios):.2f})")


def told(waits: list[float]) -> str:
    """Median and 95th percentile."""
    return f"p50 {statistics.median(waits):.0f} ms, p95 {statistics.quantiles(waits, n=20)[18]:.0f} ms"


def measure(through: list[str], command: list[str], marker: str, seconds: float) -> None:
    """Drive the lab once and print what was measured."""
    terminal = Terminal([*through, *command])
    painted = terminal.read(30, until=b"What tunelab sees")
    print(f"first paint            {time.perf_counter() - terminal.began:.2f} s ({len(painted) / 1024:.0f} KB)")
    terminal.read(30, until=b"quit")  # the keys of the lab, which takes the place of its first picture
    terminal.read(3)
    idle = terminal.read(3)
    print(f"idle                   {len(idle) / 3 / 1024:.2f} KB/s")
    pressed = time.perf_counter()
    terminal.press(b"r")
    terminal.read(20, until=b"epoch ")
    print(f"r to the first epoch   {time.perf_counter() - pressed:.2f} s")
    terminal.read(4)
    screen = Screen(marker)
    before = screen.ran_and_waited()
    live = terminal.read(seconds)
    ran, waited = (now - then for now, then in zip(screen.ran_and_waited(), before, strict=True))
    print(f"bytes while training   {len(live) / seconds / 1024:.1f} KB/s")
    print(
        f"processor of screen    {100 * ran / seconds:.1f} % of one (and {100 * waited / seconds:.1f} % waiting for it)"
    )
    waits = []
    for n in range(60):
        key = b"78"[n % 2 : n % 2 + 1]
        terminal.read(0.11)
        pressed = time.perf_counter()
        terminal.press(key)
        if ROOMS[key] in terminal.read(5, until=ROOMS[key]):
            waits.append(1000 * (time.perf_counter() - pressed))
    print(f"key response           {told(waits)} ({len(waits)} keys)")
    print(f"bare cat, meanwhile    {told(echo(through))}")
    print(f"memory of the screen   {screen.megabytes:.0f} MB")
    terminal.press(b"s")
    terminal.read(3)
    terminal.end()


def slowdown(tunelab: str, folder: Path, data: str, pairs: int) -> None:
    """Train the same with and without the screen in turn, as politely; print how long the slower arm took."""
    preset = folder / "some-epochs.toml"
    preset.write_text(PRESET.format(data=data).replace("epochs = 100000", "epochs = 400"))
    homes = {name: folder / name for name in ("without", "with")}
    for _ in range(pairs):
        os.environ["TUNELAB_HOME"] = str(homes["without"])
        subprocess.run(["nice", "-n", "10", tunelab, "run", str(preset), "--quiet"], capture_output=True, check=True)
        os.environ["TUNELAB_HOME"] = str(homes["with"])
        terminal = Terminal([tunelab, str(preset)])
        terminal.read(30, until=b"What tunelab sees")
        terminal.read(2)
        terminal.press(b"r")
        terminal.read(120, until=b"done")
        terminal.read(1)
        terminal.end()
    took = {name: [_longest(run) for run in sorted((home / "runs").iterdir())] for name, home in homes.items()}
    for name, seconds in took.items():
        print(f"{name + ' the screen':<22} {', '.join(f'{each:.2f}' for each in seconds)} s")
    ratios = [b / a for a, b in zip(took["without"], took["with"], strict=True)]
    print(f"with / without         median {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


def _longest(run: Path) -> float:
    ends = [json.loads(path.read_text().splitlines()[-1]) for path in run.glob("arms/*/events.jsonl")]
    return max(float(end["seconds"]) for end in ends)


def main() -> None:
    """Read the options and measure, at the default rate and for slow links."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--through", default="", help="a command to go through, such as 'ssh -tt localhost'")
    options.add_argument("--data", default="digits", help="the data set")
    options.add_argument("--seconds", type=float, default=10.0, help="how long to count bytes")
    options.add_argument("--slowdown", type=int, default=0, metavar="PAIRS", help="train in turn with and without")
    options.add_argument("--paint", type=int, default=0, metavar="PAIRS", help="first paint beside a small app")
    asked = options.parse_args()
    tunelab = str(Path(sys.executable).with_name("tunelab"))
    with tempfile.TemporaryDirectory(prefix="tunelab-screen-") as folder:
        if asked.slowdown:
            slowdown(tunelab, Path(folder), asked.data, asked.slowdown)
            return
        preset = Path(folder) / "two-arms.toml"
        preset.write_text(PRESET.format(data=asked.data))
        if asked.paint:
            paints(tunelab, preset, asked.paint)
            return
        for extra in ([], ["--low-bandwidth"]):
            print(f"\n{' '.join(['tunelab', *extra])}" + (f" through {asked.through}" if asked.through else ""))
            there = [tunelab, str(preset), *extra]
            if asked.through and (home := os.environ.get("TUNELAB_HOME")):
                there = [f"TUNELAB_HOME={shlex.quote(home)}", *there]
            measure(shlex.split(asked.through), there, preset.name, asked.seconds)


if __name__ == "__main__":
    main()
