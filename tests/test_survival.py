"""The lab in a real terminal that is taken away, killed, filled up or resized: clean screen, whole record."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from small_runs import little_data
from terminal import CURSOR_SHOWN, LEFT_THE_ALTERNATE_SCREEN, Terminal, plain
from tunelab.records import Run, all_runs

ENDLESS = """
[data]
name = "{data}"
[network]
hidden = [5]
[training]
epochs = 1000000
mini_batch = 1
monitor_every = 2000
[[arm]]
name = "slow"
training.eta = 0.01
[[arm]]
name = "slower"
training.eta = 0.001
"""


@pytest.fixture
def preset(tmp_path: Path) -> str:
    """Two arms that go on until they are stopped, and are measured dozens of times a second."""
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS.format(data=little_data(tmp_path)))
    return str(path)


def begun(terminal: Terminal) -> None:
    """Press r, and wait until the log has an epoch of both arms."""
    terminal.until("What tunelab sees", "quit")
    terminal.send("r")
    terminal.until("● ", "■ ", "● running")


def whole(*, states: set[str]) -> Run:
    """The only run there is: nobody trains it any more, and every line of it is whole."""
    (run,) = all_runs()
    assert run.state() in states
    for arm in run.arms:
        content = arm.events_path.read_bytes()
        assert content.endswith(b"\n")
        assert len(arm.events()) == content.count(b"\n")
        assert arm.events("measure")
    return run


def clean(terminal: Terminal) -> bool:
    """Whether the terminal is as a shell wants it: its own screen, a cursor, lines that are echoed."""
    end = bytes(terminal.output[-400:])
    return LEFT_THE_ALTERNATE_SCREEN in end and CURSOR_SHOWN in end and terminal.echoes


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_in_good_order(preset: str, number: signal.Signals, code: int) -> None:
    with Terminal(preset) as terminal:
        begun(terminal)
        terminal.signal(number)
        assert terminal.ended() == code
        assert clean(terminal)
        assert "Traceback" not in plain(bytes(terminal.output))
    whole(states={"stopped", "cut off"})


def test_a_line_that_drops_ends_it_and_the_record_is_whole(preset: str) -> None:
    with Terminal(preset) as terminal:
        begun(terminal)
        terminal.hang_up()
        terminal.process.wait(timeout=20)
    whole(states={"stopped", "cut off"})


def test_killed_outright_its_workers_go_too_and_the_record_is_whole(preset: str) -> None:
    with Terminal(preset) as terminal:
        begun(terminal)
        workers = children(terminal.process.pid)
        terminal.signal(signal.SIGKILL)
        assert terminal.ended() == -signal.SIGKILL
        for worker in workers:
            gone(worker)
    whole(states={"stopped", "cut off"})


def test_a_worker_killed_is_a_sentence_and_the_lab_lives(preset: str) -> None:
    with Terminal(preset) as terminal:
        begun(terminal)
        before = len(terminal.output)
        for worker in children(terminal.process.pid):
            if b"spawn_main" in Path(f"/proc/{worker}/cmdline").read_bytes():
                os.kill(worker, signal.SIGKILL)
                break
        terminal.until("cut off", since=before)
        terminal.send("q")
        assert terminal.ended() == 0
        assert clean(terminal)
    whole(states={"cut off", "stopped"})


def test_a_full_disk_is_a_sentence_and_the_lab_lives(preset: str) -> None:
    with Terminal(preset, before=limited(16_000)) as terminal:
        begun(terminal)
        terminal.until("can't be written", "cut off")
        terminal.send("q")
        assert terminal.ended() == 0
        assert clean(terminal)
    (run,) = all_runs()
    assert run.state() == "cut off"
    assert all(arm.events("measure") for arm in run.arms)


def test_a_storm_of_sizes_while_it_trains(preset: str) -> None:
    sizes = [(20, 5), (300, 90), (60, 20), (1, 1), (80, 24), (49, 13), (160, 50), (100, 24)]
    with Terminal(preset) as terminal:
        begun(terminal)
        for size in sizes * 5:
            terminal.resize(*size)
            terminal.read(0.01)
        terminal.resize(119, 39)
        before = len(terminal.output)
        terminal.send("\x03")  # ctrl+c is no end, but says what is
        terminal.until("q leaves tunelab", since=before)
        terminal.send("q")
        terminal.until("Leave tunelab?", since=before)
        terminal.send("s")
        assert terminal.ended() == 0
        assert clean(terminal)
        assert "Traceback" not in plain(bytes(terminal.output))
    whole(states={"stopped"})


def limited(size: int) -> Callable[[], None]:
    """What a process does first so that no file of it, or of its children, grows beyond ``size`` bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def children(pid: int) -> list[int]:
    """The processes that a process has begun."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def gone(pid: int) -> None:
    """Wait for the end of a process that isn't ours."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([watched], [], [], 15)[0], f"process {pid} hasn't ended"
    finally:
        os.close(watched)
