"""Reading a record: whatever its files hold, a shorter valid record or a sentence, never a traceback."""

from __future__ import annotations

import fcntl
import io
import json
import math
import os
import pickle
import random
import shlex
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Outcome, run_cli
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import little_data, preset_on, trained
from tunelab.errors import BadInput
from tunelab.records import Follower, Run, all_runs, locks, npz_arrays, run_export
from tunelab.records.events import parse_event
from tunelab.records.follow import read_events
from tunelab.records.measure_events import better
from tunelab.tui.text.run_text import epoch_line

TWO = "[training]\nepochs = 2\n[[arm]]\nname = 'a'\n[[arm]]\nname = 'b'\ninitialization.seeds = 2\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Two arms of two epochs, trained to the end."""
    return trained(preset_on(little_data(tmp_path), TWO))


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The events of an arm."""
    folder = tmp_path_factory.mktemp("record")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNELAB_HOME", str(folder))
        return trained(preset_on(little_data(folder), TWO)).arms[1].events_path.read_bytes()


# -- events -----------------------------------------------------------------------------------------------


def read(folder: Path, content: bytes) -> tuple[list[dict[str, Any]], int]:
    path = folder / "events.jsonl"
    path.write_bytes(content)
    follower = Follower(path)
    return follower.new(), follower.damaged


def test_any_prefix_of_a_record_reads_as_a_shorter_record(record: bytes, tmp_path: Path) -> None:
    whole, damaged = read(tmp_path, record)
    assert len(whole) == record.count(b"\n") > 4
    assert damaged == 0
    for size in range(0, len(record), 23):
        events, damaged = read(tmp_path, record[:size])
        assert events == whole[: record[:size].count(b"\n")]
        assert damaged == 0


def test_a_record_that_grows_is_read_piece_by_piece(record: bytes, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"")
    follower, seen = Follower(path), []
    for start in range(0, len(record), 333):
        with path.open("ab") as file:
            file.write(record[start : start + 333])
        seen += follower.new()
    assert seen == read_events(path)
    assert len(seen) == record.count(b"\n")


@settings(max_examples=200)
@given(data=st.data())
def test_random_corruption_never_gives_more_than_damaged_lines(
    record: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(record)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 5))
        content[start : start + length] = data.draw(st.binary(max_size=8))
        content = content or bytearray(b"\n")
    folder = tmp_path_factory.getbasetemp()
    events, damaged = read(folder, bytes(content))
    whole = content[: content.rfind(b"\n") + 1]
    assert len(events) + damaged == whole.count(b"\n")
    for event in events:
        assert json.dumps(event, allow_nan=False).isprintable()
        if event["event"] in ("measure", "initial"):
            assert math.isfinite(event["epoch"])
            assert isinstance(event["evaluation_total"], int)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[]",
        "3",
        '{"event": 3, "run": "r", "arm": "a", "time": 0}',
        '{"event": "done", "run": "r", "arm": "a"}',
        '{"event": "verdict", "run": "r", "arm": "a", "time": NaN, "code": "x", "text": "y"}',
        '{"event": "verdict", "run": "r", "arm": "a", "time": 1e999, "code": "x", "text": "y"}',
        '{"event": "measure", "run": "r", "arm": "a", "time": 0, "epoch": 1}',
        '{"event": "x", "run": "r", "arm": "a", "time": ' + "9" * 5000 + "}",
        '{"event": "x", "run": "r", "arm": "a", "time": 0, "deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"event": "start", "run": "r", "arm": "a", "time": 0, "experiment": {"training": {"eta": "big"}}}',
    ],
)
def test_what_is_no_event_is_none(line: str) -> None:
    assert parse_event(line.encode()) is None


def test_a_measurement_that_lacks_its_metric_is_no_better_and_still_has_a_line(run: Run) -> None:
    first, second = run.arms[0].events("measure")[:2]
    lacking = {key: value for key, value in second.items() if not key.startswith("evaluation_acc")}
    assert not better(lacking, first)
    for event in (lacking, {key: value for key, value in second.items() if key != "evaluation_correct"}):
        assert parse_event(json.dumps(event).encode()) is not None
        assert epoch_line(event, "●").startswith("Epoch 2")


def test_terminal_control_in_a_record_is_made_harmless() -> None:
    event = parse_event(
        json.dumps(
            {"event": "verdict", "run": "r\x1b]0;x\x07", "arm": "a\x9b31m", "time": 0, "code": "c", "text": "t\u202e"}
        ).encode()
    )
    assert event is not None
    assert (event["run"], event["arm"], event["text"]) == ("r�]0;x�", "a�31m", "t�")


def test_an_endless_line_neither_fills_the_memory_nor_hides_what_follows(
    record: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunelab.records.follow._PIECE", 5000)
    events, damaged = read(tmp_path, b"x" * 12_000 + b"\n" + record)
    assert events[-1]["event"] == "done"
    assert damaged > 0


# -- a run's other files --------------------------------------------------------------------------------------


def everything_said(run: Run) -> list[Outcome]:
    """Every command that reads a record without training."""
    name = run.directory.name
    commands = [
        ("runs", "list"),
        ("runs", "show", name),
        ("runs", "show", name, "--json"),
        ("watch", name),
        ("doctor",),
    ]
    commands += [("runs", "export", name, "--format", form) for form in ("csv", "json", "md")]
    return [run_cli(*command) for command in [*commands, ("doctor",)]]


def test_random_corruption_of_any_file_is_a_sentence_and_never_a_traceback(run: Run) -> None:
    chance = random.Random(11)
    files = sorted(path for path in run.directory.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) == 9
    for path in files:
        sound = path.read_bytes()
        for _ in range(2):
            content = bytearray(sound)
            for _ in range(chance.randint(1, 3)):
                place = chance.randrange(len(content))
                content[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
            path.write_bytes(content)
            for outcome in everything_said(run):
                assert outcome.code in (0, 2, 3, 130), outcome.err
                assert "something went wrong" not in outcome.err
                assert (outcome.out + outcome.err).replace("\n", "").isprintable()
        path.write_bytes(sound)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 99}, r"was written by a newer tunelab \(format 99, this one reads 1\)"),
        ({"format": None}, "names no format"),
        ({"arms": []}, "doesn't name the run's arms"),
        ({"arms": ["a\x1b[2J", "b"]}, "doesn't name the run's arms"),
        ({"arms": ["a", "c"]}, "preset.toml and run.json name other arms"),
        ({"began": 1e300}, "lacks the run's name or beginning"),
        ({"began": "yesterday"}, "lacks the run's name or beginning"),
        ({"name": ""}, "lacks the run's name or beginning"),
    ],
)
def test_a_description_that_cannot_be_is_a_sentence(run: Run, change: dict[str, Any], sentence: str) -> None:
    path = run.directory / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadInput, match=sentence):
        _ = Run(run.name).preset


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "\xff", "{}" + " " * 5_000_000])
def test_a_description_that_is_none_is_a_sentence(run: Run, content: str) -> None:
    (run.directory / "run.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInput, match=r"run\.json"):
        Run(run.name)
    assert list(all_runs()) == []


@pytest.mark.parametrize("name", ["..", "../../etc", ".hidden", "a\x1b[2Jb", "~root", "", "a" * 200])
def test_a_name_never_leads_out_of_the_home(name: str) -> None:
    with pytest.raises(BadInput) as told:
        Run(name)
    assert str(told.value).isprintable()


def test_what_a_record_calls_itself_does_not_lead_anywhere(run: Run) -> None:
    path = run.directory / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "../../elsewhere", "title": "\x1b[2Jgone"}))
    again = Run(run.name)
    assert again.name == run.directory.name
    assert again.about["title"] == "�[2Jgone"


def test_what_is_to_be_typed_finds_a_run_wherever_it_lies(run: Run, tmp_path: Path) -> None:
    assert run.argument == run.name
    elsewhere = trained(preset_on(tmp_path / "little.npz", TWO), out=tmp_path / "with space" / "mine")
    [typed] = shlex.split(elsewhere.argument)
    assert Run(typed).directory.samefile(elsewhere.directory)


def test_removing_a_run_removes_what_belongs_to_one_and_nothing_else(run: Run, tmp_path: Path) -> None:
    precious = run.directory / "notes.txt"
    precious.write_text("mine")
    run.remove()
    assert [path.name for path in run.directory.iterdir()] == ["notes.txt"]
    other = trained(preset_on(little_data(tmp_path), TWO))
    other.remove()
    assert not other.directory.exists()


def test_a_running_run_is_not_removed(run: Run) -> None:
    hold = run.hold()
    with pytest.raises(BadInput, match="is running; `tunelab stop"):
        run.remove()
    hold.release()


# -- arrays ---------------------------------------------------------------------------------------------------


def test_arrays_come_back(tmp_path: Path) -> None:
    saved = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.array(3),
        "c": np.array(["", "epochs"], "U16"),
        "d": np.zeros((0, 2)),
    }
    (tmp_path / "x.npz").write_bytes(npz_arrays.packed(saved))
    found = npz_arrays.unpacked(tmp_path / "x.npz")
    assert found.keys() == saved.keys()
    assert all(np.array_equal(found[name], saved[name]) and found[name].dtype == saved[name].dtype for name in saved)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def hostile(kind: str, folder: Path) -> bytes:
    """An .npz that is not to be trusted."""
    if kind == "pickle":
        buffer = io.BytesIO()
        np.savez(buffer, a=np.array([Bomb(folder / "exploded")], dtype=object))
        return buffer.getvalue()
    if kind == "compressed":
        buffer = io.BytesIO()
        np.savez_compressed(buffer, a=np.zeros(10_000_000))
        return buffer.getvalue()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2**10) if kind == "huge" else (-1,)}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", header.getvalue() + b"\0" * 16)
    return buffer.getvalue() if kind in ("huge", "negative") else pickle.dumps(Bomb(folder / "exploded"))


@pytest.mark.parametrize("kind", ["pickle", "compressed", "huge", "negative", "bare pickle"])
def test_hostile_arrays_are_refused_before_they_do_anything(kind: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(hostile(kind, tmp_path))
    with pytest.raises(npz_arrays.Damaged):
        npz_arrays.unpacked(tmp_path / "x.npz")
    shutil.copy(tmp_path / "x.npz", run.arms[0].directory / "parameters.npz")
    with pytest.raises(BadInput, match=r"parameters.npz is damaged \("):
        run_export.npz_bytes(run)
    assert not (tmp_path / "exploded").exists()


# -- locks ----------------------------------------------------------------------------------------------------


def test_looking_whether_a_lock_is_held_never_keeps_a_writer_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    looker = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(looker, fcntl.LOCK_SH)  # somebody is just looking, for longer than anybody does
    held: list[Any] = []
    writer = threading.Thread(target=lambda: held.append(locks.hold(path, 10.0)))
    writer.start()
    os.close(looker)
    writer.join()
    assert held[0] is not None
    assert locks.is_held(path)
    held[0].release()
    held[0].release()
    assert not locks.is_held(path)


def test_a_lock_is_one_holders(tmp_path: Path) -> None:
    first = locks.hold(tmp_path / "lock", 0.0)
    assert first is not None
    assert locks.hold(tmp_path / "lock", 0.01) is None
    first.release()
    second = locks.hold(tmp_path / "lock", 0.0)
    assert second is not None
    second.release()


def test_a_measurement_of_an_earlier_study_holds_its_totals_as_floats_and_is_read() -> None:
    costs = '"training_cost": 1.0, "training_data_cost": 1.0, "evaluation_cost": 1.0, "evaluation_data_cost": 1.0'
    line = (
        f'{{"event": "measure", "run": "r", "arm": "a", "time": 0.1, "epoch": 1.0, "examples": 10, "eta": 0.5, {costs}'
    )
    event = parse_event(f'{line}, "evaluation_total": 600.0}}'.encode())
    assert event is not None
    assert event["evaluation_total"] == 600
    assert parse_event(f'{line}, "evaluation_total": 600.5}}'.encode()) is None
