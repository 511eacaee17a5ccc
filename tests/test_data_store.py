"""Prepared data sets appear whole or not at all, also when several processes prepare the same one."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tunelab.data import Dataset, Examples, store
from tunelab.data.store import Damaged, Origin
from tunelab.errors import BadInput


def some(n: int = 30) -> Dataset:
    rng = np.random.default_rng(0)
    part = Examples(rng.integers(0, 256, (n, 6)).astype(np.uint8), (np.arange(n) % 3).astype(np.uint8), 1 / 255)
    return Dataset("some", "Some η", part, part.first(6), part.first(5), ("a", "b", "c"), (2, 3))


def numbers() -> Dataset:
    part = Examples(np.arange(12, dtype=np.float32).reshape(6, 2), np.arange(6, dtype=np.float32)[:, None])
    scales = {"target_mean": (3.5,), "target_std": (0.1,), "encoder": {"columns": [{"name": "η"}]}}
    return Dataset("numbers", "Numbers", part, part, part, tolerance=0.25, **scales)


@pytest.mark.parametrize("dataset", [some(), numbers()], ids=["classes", "regression"])
def test_what_is_written_is_read(tmp_path: Path, dataset: Dataset) -> None:
    origin = Origin("a test", ("told again",), (1.0, 2.5), (0.5, 1e-300))
    store.write(tmp_path / "s", dataset, origin)
    found, said = store.read(tmp_path / "s")
    assert said == origin
    for part in ("training", "validation", "test"):
        expected, got = getattr(dataset, part), getattr(found, part)
        np.testing.assert_array_equal(got.inputs, expected.inputs)
        np.testing.assert_array_equal(got.targets, expected.targets)
        assert (got.inputs.dtype, got.targets.dtype) == (expected.inputs.dtype, expected.targets.dtype)
        assert got.scale == expected.scale
    same = ("name", "title", "classes", "image_shape", "tolerance", "target_mean", "target_std", "encoder")
    assert [getattr(found, key) for key in same] == [getattr(dataset, key) for key in same]
    assert store.verify(tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_nothing_half_written_remains_when_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def full(*_args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(tmp_path / "s", some(), Origin("a test"))
    assert list(tmp_path.iterdir()) == []


def test_writing_again_replaces_while_readers_keep_what_they_mapped(tmp_path: Path) -> None:
    store.write(tmp_path / "s", some(30), Origin("first"))
    before, _ = store.read(tmp_path / "s")
    copy = before.training.inputs.copy()
    store.write(tmp_path / "s", some(40), Origin("second"))
    np.testing.assert_array_equal(before.training.inputs, copy)
    assert len(store.read(tmp_path / "s")[0].training) == 40
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def _write_often(place: Path, times: int) -> None:
    for _ in range(times):
        store.write(place, some(), Origin("a test"))


def test_several_processes_may_write_the_same_set_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_often, args=(tmp_path / "s", 15)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert store.verify(tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_what_killed_processes_left_is_swept_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / ".s.dead.tmp", tmp_path / ".s.busy.tmp"
    for left in (old, new):
        left.mkdir()
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    store.write(tmp_path / "s", some(), Origin("a test"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".s.busy.tmp", "s"]


def test_missing_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.read(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError):
        store.read(tmp_path / "file")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("format", None),
        ("classes", 3),
        ("classes", ["a", "b"]),  # a target points behind the last class
        ("classes", None),
        ("image_shape", [2, 2]),
        ("image_shape", [2]),
        ("image_shape", "ab"),
        ("scale", "x"),
        ("counts", {"train": 30}),
        ("counts", {"train": 31, "validation": 6, "test": 5}),
        ("notes", 3),
        ("standardised", {"mean": []}),
    ],
)
def test_a_description_that_does_not_fit_is_damage(tmp_path: Path, key: str, value: object) -> None:
    store.write(tmp_path / "s", some(), Origin("a test"))
    about = json.loads((tmp_path / "s" / store.DESCRIPTION).read_text())
    (tmp_path / "s" / store.DESCRIPTION).write_text(json.dumps(about | {key: value}))
    with pytest.raises(Damaged) as caught:
        store.read(tmp_path / "s")
    assert isinstance(caught.value, BadInput)
    assert str(caught.value).isprintable()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    store.write(tmp_path / "s", some(), Origin("a test"))
    return tmp_path / "s"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from([store.DESCRIPTION, "x_train.npy", "y_train.npy", "y_test.npy"]),
    edits=st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), max_size=5),
    cut=st.none() | st.integers(0, 400),
)
def test_altered_bytes_are_damage_or_still_a_dataset(
    kept: Path, which: str, edits: list[tuple[int, int]], cut: int | None
) -> None:
    original = (kept / which).read_bytes()
    content = bytearray(original)
    for position, byte in edits:
        content[position % len(content)] = byte
    (kept / which).write_bytes(bytes(content[:cut]))
    try:
        dataset, _ = store.read(kept)
    except Damaged as problem:
        sentence = str(problem)
        assert sentence.isprintable()
    else:
        assert isinstance(dataset, Dataset)
    finally:
        (kept / which).write_bytes(original)
