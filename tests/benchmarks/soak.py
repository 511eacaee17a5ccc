"""A soak: runs and sweeps that are killed again and again beside a lab that trains, for as long as is asked.

    make soak [ARGS="--minutes 60"]

Every killed run is resumed, every killed sweep continued, and each has to come to the weights, or the table, of one
that nobody disturbed. The lab's memory is watched meanwhile, and what the doctor finds at the end is counted. Nothing
of the person's is touched: the home is a directory of its own. Exit code 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.terminal import Terminal

_PRESET = """
[data]
name = "digits"
train = 300
evaluation = 100
[network]
hidden = [20]
[training]
eta = 0.5
epochs = {epochs}
"""
_SWEEP = ("--over", "training.eta=0.05,0.1,0.2,0.5", "--set", "training.epochs=60")
_LOOK = 60.0  # seconds between looks at the lab's memory


class _Soak:
    """The figures of a soak, and the home in which it takes place."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._environment = {**os.environ, "TUNELAB_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}
        self._random = random.Random(1)
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.preset = self._write("short", 150)
        self.weights = self._weights(self._done("run", self.preset, "--json"))
        self.table = self._table(self._done("sweep", self.preset, *_SWEEP, "--json", "--study", "undisturbed"))

    def _write(self, name: str, epochs: int) -> str:
        path = self._home / f"{name}.toml"
        path.write_text(_PRESET.format(epochs=epochs))
        return str(path)

    def lab(self) -> Terminal:
        """Open a lab that trains until the end."""
        terminal = Terminal(self._write("long", 100_000), environment={"TUNELAB_HOME": str(self._home)})
        terminal.until("long")
        terminal.send("r")
        return terminal

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tunelab.tui.cli.main", *words]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def _done(self, *words: str) -> list[dict[str, Any]]:
        process = self._start(*words)
        out, err = process.communicate(timeout=600)
        if process.returncode not in (0, 130) or b"Traceback" in err:
            self.problems.append(f"{' '.join(words)} ended with {process.returncode}: {err.decode()[-300:]}")
        return [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]

    def _killed(self, *words: str) -> None:
        """Start a command and kill it, its workers left to themselves, somewhere in its first seconds."""
        process = self._start(*words)
        time.sleep(self._random.uniform(0.2, 4.0))
        number = self._random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        process.send_signal(number)
        process.communicate(timeout=60)
        self.counts[f"{words[0]} {number.name}"] += 1

    @staticmethod
    def _weights(events: list[dict[str, Any]]) -> list[str]:
        return [event["weights_sha256"] for event in events if event["event"] == "done"]

    @staticmethod
    def _table(events: list[dict[str, Any]]) -> dict[str, Any]:
        return {json.dumps(e["params"], sort_keys=True): e["value"] for e in events if e["event"] == "trial"}

    def run(self) -> None:
        """Kill a run some times, resume it, and compare."""
        place = self._home / f"run{self.counts['runs']}"
        self.counts["runs"] += 1
        self._killed("run", self.preset, "--out", str(place), "--quiet")
        if not (place / "run.json").exists():
            return  # it hadn't begun
        for _ in range(self._random.randrange(3)):
            self._killed("resume", str(place), "--quiet")
        self._done("resume", str(place), "--json")
        weights = self._weights(self._done("runs", "show", str(place), "--json"))
        if weights[-1:] != self.weights:
            self.problems.append(f"{place} came to other weights: {weights[-1:]}")

    def sweep(self) -> None:
        """Kill a sweep some times, continue it, and compare."""
        study = f"study{self.counts['sweeps']}"
        self.counts["sweeps"] += 1
        words = ("sweep", self.preset, *_SWEEP, "--study", study)
        for _ in range(1 + self._random.randrange(3)):
            self._killed(*words, "--quiet")
        self._done(*words, "--quiet")
        rows = self._done("sweep", "--study", study, "--json")
        counts = next((event["trials"] for event in rows if event["event"] == "done"), {})
        if counts != {"complete": len(self.table)}:
            self.problems.append(f"{study} holds {counts}, not {len(self.table)} complete trials")

    def findings(self) -> Counter[str]:
        """What the doctor finds when all is over, by kind."""
        return Counter(event["code"] for event in self._done("doctor", "--json") if event["event"] == "finding")


def _memory(process: int) -> float:
    """The anonymous memory of a process and its children, in MB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if process in (int(lines["Pid"]), int(lines["PPid"])):
            total += int(lines.get("RssAnon", "0 kB").split()[0])
    return total / 1000


def main() -> Iterator[str]:
    """Yield the figures as they come, a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="tunelab-soak-", ignore_cleanup_errors=True) as home:
        soak = _Soak(Path(home))
        with soak.lab() as lab:
            lab.gather(10)
            began = looked = since = time.monotonic()
            first = 0.0  # at the first look, when all that is loaded once is there
            while (passed := time.monotonic() - began) < 60 * minutes:
                soak.run()
                soak.sweep()
                lab.gather(0.1)
                if not lab.alive:
                    soak.problems.append("the lab has ended")
                    break
                if time.monotonic() - looked > _LOOK:
                    looked, memory = time.monotonic(), _memory(lab.process.pid)
                    if not first:
                        since, first = looked, memory
                    rate = 60 * (memory - first) / max(looked - since, 1.0)
                    yield f"{passed / 60:.0f} min: {dict(soak.counts)}"
                    yield f"  the lab and its workers hold {memory:.0f} MB, {rate:+.2f} MB/min since the first minute"
            lab.signal(signal.SIGTERM)
            lab.ended()
        kills = sum(count for name, count in soak.counts.items() if "SIG" in name)
        yield f"{kills} kills and signals, {len(soak.problems)} problems; the doctor finds {dict(soak.findings())}"
        yield from soak.problems
        if soak.problems:
            sys.exit(1)


if __name__ == "__main__":
    for _line in main():
        print(_line, flush=True)
