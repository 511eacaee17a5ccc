"""Opening what is kept: regular files only, at once, and nothing is changed through a link."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tunelab import paths
from tunelab.files import check_regular, open_regular, own_part, read_regular
from tunelab.records import locks
from tunelab.records.follow import Follower
from tunelab.records.npz_arrays import Damaged, unpacked


def _link(path: Path) -> None:
    path.with_name("elsewhere").write_text("untouched")
    path.symlink_to(path.with_name("elsewhere"))


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**42)


IRREGULAR: dict[str, Callable[[Path], None]] = {
    "link": _link,
    "dangling link": lambda path: path.symlink_to(path.with_name("nothing")),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "pipe": os.mkfifo,
    "directory": Path.mkdir,
    "terabytes": _sparse,
}

OPENERS: dict[str, Callable[[Path], object]] = {
    "read": lambda path: read_regular(path, 1000),
    "write": lambda path: open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND),
    "write only": lambda path: open_regular(path, os.O_WRONLY | os.O_CREAT),
    "check": lambda path: check_regular(path, 1000),
}


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("irregular", IRREGULAR)
def test_what_is_no_regular_file_is_refused_at_once_and_nothing_changes(
    irregular: str, opener: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    IRREGULAR[irregular](path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OSError, match=r"it is a link|isn't a regular|directory|larger than any of ours"):
        OPENERS[opener](path)
    assert sorted(tmp_path.iterdir()) == before
    if irregular == "link":
        assert path.with_name("elsewhere").read_text() == "untouched"


@pytest.mark.parametrize("irregular", IRREGULAR)
def test_readers_of_records_refuse_it_too(irregular: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    IRREGULAR[irregular](path)
    follower = Follower(path)
    assert follower.new() == []
    assert follower.problem
    assert str(path) in follower.problem
    with pytest.raises(Damaged):
        unpacked(path)
    assert not locks.is_held(path)
    with pytest.raises(OSError, match="it is"):
        locks.hold(path, 0.0)


def test_zeros_without_end_are_one_damaged_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.touch()
    os.truncate(path, 2**35)
    follower = Follower(path)
    assert follower.new() == []
    assert follower.problem == f"{path} is damaged: 1 line left out, the first is line 1"


def test_a_link_that_a_person_made_may_be_followed(tmp_path: Path) -> None:
    _link(tmp_path / "config.toml")
    assert read_regular(tmp_path / "config.toml", 1000, follow=True) == b"untouched"


def test_a_link_on_the_way_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "arms").symlink_to(tmp_path)
    assert own_part(tmp_path, "run") == tmp_path / "run"
    with pytest.raises(OSError, match="it is a link"):
        own_part(tmp_path, "run", "arms", "00")


def test_a_whole_file_is_never_written_through_a_link(tmp_path: Path) -> None:
    path = tmp_path / "file"
    _link(path)
    part = path.with_name(f".file.{os.getpid()}.part")
    part.symlink_to(path.with_name("elsewhere"))
    paths.write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.with_name("elsewhere").read_text() == "untouched"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_write_what_is_kept_whatever_the_umask(umask: int) -> None:
    before = os.umask(umask)
    try:
        paths.write_whole(paths.home() / "file", b"")
        hold = locks.hold(paths.home() / "lock", 0.0)
    finally:
        os.umask(before)
    assert hold is not None
    hold.release()
    assert not {(paths.home() / name).stat().st_mode & 0o077 for name in ("file", "lock")} - {0}
