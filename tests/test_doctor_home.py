"""The doctor looks at everything that is kept: studies, data sets, presets and settings, too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commandline import run_cli
from tunelab import paths
from tunelab.data import store
from tunelab.data.dataset import Dataset, Examples
from tunelab.errors import BadInput
from tunelab.strategy import journal

Damage = Callable[[Path], None]


def _line(**fields: object) -> str:
    return json.dumps({"event": "decision", "run": "plan", "arm": "", "time": 1.0} | fields) + "\n"


def _strategy() -> Path:
    path = paths.studies() / "plan" / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(_line(n=n) for n in range(20)))
    return path


def _sweep() -> Path:
    path = paths.studies() / "swept" / "journal.log"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps({"op_code": n, "worker_id": "w"}) + "\n" for n in range(20)))
    return path


def _storage() -> Path:
    path = paths.studies() / "shared" / "storage.txt"
    path.parent.mkdir(parents=True)
    path.write_text("sqlite:///shared.db")
    return path


def _curves() -> Path:
    path = _sweep().parent / "trials" / "00000.jsonl"
    path.parent.mkdir()
    path.write_text("".join(_line(n=n) for n in range(3)))
    return path


def _dataset() -> Path:
    part = Examples(np.arange(40, dtype=np.uint8).reshape(10, 4), np.zeros(10, np.uint8), 1 / 255)
    dataset = Dataset("mine", "mine", part, part, part, ("a", "b"), None)
    store.write(paths.datasets() / "mine", dataset, store.Origin("x"))
    return paths.datasets() / "mine" / "x_train.npy"


def _description() -> Path:
    return _dataset().parent / store.DESCRIPTION


def _kept(name: str, text: str) -> Path:
    path = paths.home() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


KEPT: dict[str, Callable[[], Path]] = {
    "strategy": _strategy,
    "sweep": _sweep,
    "storage": _storage,
    "curves": _curves,
    "array": _dataset,
    "description": _description,
    "preset": lambda: _kept("presets/mine.toml", "[training]\neta = 0.5\n# a comment at its end\n"),
    "config": lambda: _kept("config.toml", 'theme = "nord"\n# a comment at its end\n'),
    "session": lambda: _kept("session.json", '{"name": "first-look", "changed": [], "toml": "", "theme": "nord"}'),
}


def _sparse(path: Path) -> None:
    path.unlink()
    path.touch()
    os.truncate(path, 2**42)


def _replaced_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _zeroed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(4) + content[len(content) // 2 + 4 :])


DAMAGE: dict[str, Damage] = {
    "terabytes": _sparse,
    "pipe": _replaced_by_pipe,
    "zeros": _zeroed,
    "device": lambda path: (path.unlink(), path.symlink_to("/dev/zero"))[0],
    "directory": lambda path: (path.unlink(), path.mkdir())[0],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kept", KEPT)
def test_whatever_is_wrong_is_found_and_a_repair_keeps_it(kept: str, damage: str) -> None:
    path = KEPT[kept]()
    assert _findings() == []
    DAMAGE[damage](path)
    named = path.parent.name if kept in ("array", "description") else path.name
    found = _findings()
    assert found, "nothing is found"
    assert any(named in finding["text"] for finding in found), found
    inode = path.lstat().st_ino
    repaired = [finding for finding in _findings("--repair") if finding["repaired"]]
    for finding in repaired:
        assert "it is kept as" in finding["outcome"]
    kept_inodes = {each.lstat().st_ino for each in paths.home().rglob("*")}
    assert inode in kept_inodes
    again = _findings()
    assert len(again) == len(found) - len(repaired) or not again, (found, again)


def _findings(*options: str) -> list[dict[str, str]]:
    outcome = run_cli("doctor", "--json", *options)
    assert outcome.code == 0, outcome
    return [event for event in outcome.events if event["event"] == "finding"]


def test_what_was_set_aside_before_is_never_replaced() -> None:
    path = _strategy()
    for _ in range(3):
        whole = path.read_bytes()
        _zeroed(path)
        assert [finding["repaired"] for finding in _findings("--repair")] == [True]
        assert whole.startswith(path.read_bytes())
    aside = sorted(each.name for each in path.parent.glob("*.damaged*"))
    assert aside == [f"journal.jsonl.damaged{n}" for n in ("", "-2", "-3")]


@pytest.mark.parametrize("folder", ["runs", "studies", "datasets"])
def test_what_a_link_points_to_is_left_alone(folder: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "journal.jsonl").write_text("damaged\n")
    (outside / ".run.json.999999.part").write_text("half")
    (paths.home() / folder).mkdir(parents=True)
    (paths.home() / folder / "linked").symlink_to(outside)
    before = {path: path.read_bytes() for path in outside.iterdir()}
    assert [(finding["code"], finding["repaired"]) for finding in _findings("--repair")] == [("link", False)]
    assert {path: path.read_bytes() for path in outside.iterdir()} == before


def test_a_folder_that_is_a_link_is_read_and_never_repaired(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    path = _strategy()
    path.parent.parent.rename(outside)
    (paths.home() / "studies").symlink_to(outside)
    _zeroed(outside / "plan" / "journal.jsonl")
    before = (outside / "plan" / "journal.jsonl").read_bytes()
    (finding,) = _findings("--repair")
    assert finding["code"] == "damaged-lines"
    assert not finding["repaired"]
    assert (outside / "plan" / "journal.jsonl").read_bytes() == before
    assert sorted(each.name for each in (outside / "plan").iterdir()) == ["journal.jsonl", "lock"]


def test_a_strategy_does_not_go_on_over_a_damaged_decision() -> None:
    path = _strategy()
    _zeroed(path)
    with pytest.raises(BadInput, match=r"journal.jsonl is damaged: 1 line left out.*doctor --repair"):
        journal.Journal(path.parent)
    _findings("--repair")
    with journal.Journal(path.parent) as opened:
        assert len(opened.events) == 10


def test_a_decision_that_was_torn_off_is_told(caplog: pytest.LogCaptureFixture) -> None:
    path = _strategy()
    path.write_bytes(path.read_bytes()[:-5])
    with journal.Journal(path.parent) as opened:
        assert len(opened.events) == 19
    assert "journal.jsonl was torn off: what it recorded is done or asked again" in caplog.text
