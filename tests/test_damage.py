"""Records with something wrong: files × what can be wrong with them × commands. All is told, nothing hangs, nothing
outside the home changes.

A new file of a record or a new command is covered by being listed here.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from commandline import Outcome, run_cli
from small_runs import little_data, preset_on, trained
from tunelab.records import Run, damage

ARMS = """
[training]
epochs = 3
[[arm]]
name = "a"
[[arm]]
name = "b"
training.eta = 0.2
"""

FILES = ["run.json", "preset.toml", "environment.json", "control", "lock"]
FILES += [f"arms/00/{name}" for name in ("events.jsonl", "parameters.npz", "encoder.json", "checkpoint.npz", "lock")]
FOLDERS = ["arms", "arms/00"]


def _replaced(make: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    def replace(path: Path, outside: Path) -> None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        make(path, outside)

    return replace


def _link_to_copy(path: Path, outside: Path) -> None:
    shutil.move(path, outside)
    path.symlink_to(outside)


def _sparse(path: Path, _: Path) -> None:
    path.touch()
    os.truncate(path, 2**41)


def _edited(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], None]:
    return lambda path, _: path.write_bytes(change(path.read_bytes())) and None  # type: ignore[func-returns-value]


def _middle_line(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    lines[len(lines) // 2] = b'{"event": "measure", "epoch": 1, "evaluation_accur\n'
    return b"".join(lines)


REPLACED: dict[str, Callable[[Path, Path], None]] = {
    "link": _link_to_copy,
    "dangling link": _replaced(lambda path, outside: path.symlink_to(outside)),
    "pipe": _replaced(lambda path, _: os.mkfifo(path)),
    "device": _replaced(lambda path, _: path.symlink_to("/dev/zero")),
    "terabytes": _replaced(_sparse),
    "directory": _replaced(lambda path, _: path.mkdir()),
}
EDITED: dict[str, Callable[[Path, Path], None]] = {
    "empty": _edited(lambda content: b""),
    "cut": _edited(lambda content: content[: len(content) // 2]),
    "zeros": _edited(lambda content: content[:40] + bytes(max(0, len(content) - 80)) + content[-40:]),
    "line": _edited(_middle_line),
    "gone": lambda path, _: path.unlink(),
}
DAMAGE = REPLACED | EDITED

COMMANDS: dict[str, tuple[str, ...]] = {
    "list": ("runs", "list"),
    "show": ("runs", "show", "RUN"),
    "csv": ("runs", "export", "RUN", "--format", "csv"),
    "json": ("runs", "export", "RUN", "--format", "json"),
    "npz": ("runs", "export", "RUN", "--format", "npz", "--to", "FILE"),
    "compare": ("runs", "compare", "RUN:a", "RUN:b"),
    "diagnose": ("diagnose", "RUN"),
    "predict": ("predict", "RUN:a", "DATA"),
    "snippet": ("snippet", "RUN", "--for", "pytorch", "--arm", "a"),
    "watch": ("watch", "RUN"),
    "stop": ("stop", "RUN"),
    "resume": ("resume", "RUN"),
    "replay": ("replay", "RUN"),
    "doctor": ("doctor",),
    "repair": ("doctor", "--repair"),
    "doctor again": ("doctor",),
}
# What a command needs of a record, and so has to speak of where it is gone
READS = {
    "run.json": set(COMMANDS) - {"doctor again"},
    "preset.toml": {"show", "json", "compare", "diagnose", "predict", "snippet", "resume", "replay"},
    "environment.json": {"json", "replay"},
    "arms/00/events.jsonl": {"show", "csv", "json", "compare", "diagnose", "replay"},
    "arms/00/parameters.npz": {"npz", "predict", "replay"},
    "arms/00/encoder.json": {"predict"},
    "arms": {"show", "csv", "json", "npz", "compare", "diagnose", "predict", "resume", "replay"},
}
READS["arms/00"] = READS["arms"]
SPOKEN = (
    "damaged",
    "can't be",
    "missing",
    "isn't",
    "cut off",
    "no run",
    "lacks",
    "no readable",
    "no parameters",
    "has no",
)
SPOKEN += ("nothing", "0 lines", "waiting")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run that has a checkpoint and a request, and the data that it learnt from beside it."""
    place = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNELAB_HOME", str(place / "home"))
        run = trained(preset_on(little_data(place), ARMS))
        run.directory.rename(place / "home" / "runs" / "trial")
        run = Run("trial")
        shutil.copy(run.arms[0].directory / "parameters.npz", run.arms[0].checkpoint_path)
        run.send("pause")
    return place


@pytest.fixture
def place(whole: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of that home, this test's own; a command that hangs fails after ten seconds."""
    shutil.copytree(whole / "home", tmp_path / "home")
    (tmp_path / "outside").mkdir()

    def hangs(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(20)
    damage._reported.clear()
    yield tmp_path
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _run(name: str, whole: Path, place: Path) -> Outcome:
    words = {"RUN": "trial", "RUN:a": "trial:a", "RUN:b": "trial:b"}
    words |= {"DATA": str(whole / "little.npz"), "FILE": str(place / "parameters.npz")}
    damage._reported.clear()  # as in a process of its own
    outcome = run_cli(*[words.get(word, word) for word in COMMANDS[name]])
    assert outcome.code in (0, 2, 4, 130), (name, outcome)
    assert "Traceback" not in outcome.err
    return outcome


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


CASES = [(file, kind) for file in FILES for kind in DAMAGE if kind != "line" or "events" in file]
CASES += [(folder, kind) for folder in FOLDERS for kind in ("link", "dangling link", "pipe", "device")]


@pytest.mark.parametrize(("file", "kind"), CASES)
def test_whatever_is_wrong_with_a_record_is_told_and_nothing_else_changes(
    file: str, kind: str, whole: Path, place: Path
) -> None:
    run = place / "home" / "runs" / "trial"
    outside = place / "outside" / "target"
    (run / "arms" / "00" / "lock").touch()
    DAMAGE[kind](run / file, outside)
    os.utime(run, (0, 0))
    before = _content(place / "outside")
    harmless = kind in EDITED and Path(file).name in ("lock", "control", "checkpoint.npz")
    for name in COMMANDS:
        slow = name == "replay" and name not in READS.get(file, ())
        if slow or (harmless and not name.startswith(("doctor", "repair", "resume"))):
            continue
        outcome = _run(name, whole, place)
        told = any(word in outcome.err + outcome.out for word in SPOKEN)
        if name in READS.get(file, ()) and (file, kind) not in _COMPLETE:
            assert told, (name, outcome)
        if name == "replay" and "arms" in file and name in READS.get(file, ()):
            assert outcome.code in (2, 4), outcome
            assert "was reproduced" not in outcome.out
        if name == "doctor" and not harmless and (file, kind) not in _COMPLETE:
            assert "Nothing is wrong" not in outcome.err, outcome
            assert "trial" in outcome.out
    assert _content(place / "outside") == before


# What is not there need not have been
_COMPLETE = [(file, "gone") for file in ("control", "lock", "arms/00/checkpoint.npz", "arms/00/encoder.json")]
