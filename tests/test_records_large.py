"""Large records: a list and a table of results need their ends only, an export never holds more than a few lines."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import little_data, preset_on, trained
from tunelab.records import Run, run_export
from tunelab.records.events import parse_event
from tunelab.records.follow import last_event, outline_events, read_events
from tunelab.records.history import History
from tunelab.records.run import last_end
from tunelab.tui.text.tables import results_table

_MANY = 1000  # measurements


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return trained(
        preset_on(little_data(tmp_path), '[training]\nepochs = 4\n[[arm]]\nname = "a"\n[[arm]]\nname = "b"\n')
    )


def _lengthen(path: Path, n: int) -> None:
    """Put n measurements in place of the last."""
    lines = path.read_text().splitlines()
    at = max(k for k, line in enumerate(lines) if json.loads(line)["event"] == "measure")
    measure = json.loads(lines[at])
    more = [json.dumps(measure | {"epoch": k / 100, "examples": k, "time": k / 1000}) for k in range(1, n)]
    path.write_text("\n".join([*lines[:at], *more, *lines[at:]]) + "\n")


def test_results_are_the_same_from_an_outline_as_from_the_whole(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _lengthen(run.arms[0].events_path, 50)
    assert len(run.arms[0].outline()) < 5
    outline = results_table(run)
    monkeypatch.setattr("tunelab.records.run.outline_events", lambda _: None)
    assert results_table(run) == outline


_KINDS = ["measure", "verdict", "done", "resume", "start", "junk", "torn", "long"]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["measure", "verdict", "done", "resume", "start", "junk", "torn", "long"]), max_size=30)
)
def test_the_last_event_is_found_from_the_end_whatever_surrounds_it(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "events.jsonl"
    lines = {kind: json.dumps(_event(kind)) + "\n" for kind in kinds}
    lines |= {"junk": "{no event\n", "torn": "no end", "long": json.dumps({"x": "y" * 70_000}) + "\n"}
    path.write_text("".join(lines[kind] for kind in kinds))
    events = read_events(path)
    work = frozenset({"start", "resume", "measure", "done"})
    last = last_event(path, work)
    assert last == next((event for event in reversed(events) if event["event"] in work), None)
    assert (last if last and last["event"] == "done" else None) == last_end(events)
    outline = outline_events(path)
    if outline is not None:
        assert outline == events or [e for e in outline if e in events] == outline


def _event(kind: str) -> dict[str, Any]:
    head = {"event": kind, "run": "r", "arm": "a", "time": 1.0}
    measures = {"epoch": 1.0, "examples": 10, "evaluation_total": 5, "eta": 0.5, "training_cost": 1.0}
    measures |= {"training_data_cost": 1.0, "evaluation_cost": 1.0, "evaluation_data_cost": None}
    more: dict[str, dict[str, Any]] = {
        "measure": measures,
        "verdict": {"code": "c", "text": "t"},
        "done": {"reason": "epochs", "final": None, "best": None, "weights_sha256": "", "seconds": 1.0},
        "resume": {"epoch": 1.0, "examples": 10},
        "start": {"experiment": {}, "parameters": 3, "seeds": [0], "sizes": [1, 1], "data": {"title": "t"}},
    }
    return head | more.get(kind, {})


_PARTS = ["1e999", "-1e400", "1e-300", "NaN", "Infinity", '"\\u001b[2J"', '"\x7f"', '"η"', '"\u2028"', "[1e999]", "{}"]


@pytest.mark.parametrize("part", _PARTS)
@pytest.mark.parametrize("key", ["more", "training_cost", "event", "eta"])
def test_a_measurement_read_in_one_pass_is_as_one_read_in_two(key: str, part: str) -> None:
    plain = json.dumps(_event("measure"))
    line = plain.removesuffix("}") + f', "{key}": {part}}}'
    slow = line.replace('{"event": "measure", ', '{"event":"measure", ', 1)  # not the way in which we write
    assert parse_event(line.encode()) == parse_event(slow.encode())
    read = parse_event(line.encode())
    assert read is None or json.dumps(read, allow_nan=False, ensure_ascii=False).isprintable()


def test_a_live_history_keeps_its_curve_and_its_last_measurements_at_a_bounded_length() -> None:
    measure = _event("measure")
    history = History("a", limit=1500)
    for k in range(10_000):
        cost = 1 / (1 + k)
        history.add(measure | {"epoch": float(k), "training_cost": cost, "layer_z_rms": [cost, 1.0]})
    assert 750 <= len(history) < 1500
    epochs = history.epochs
    assert epochs[0] == 0
    assert (np.diff(epochs) > 0).all()
    assert epochs[-500:].tolist() == list(range(9_500, 10_000))
    assert np.array_equal(history.values("training_cost"), 1 / (1 + epochs))
    assert history.layer_values("z_rms").shape == (len(history), 2)
    assert history.latest["epoch"] == 9_999
    assert history.verdicts()


def test_a_thinned_history_does_not_depend_on_when_it_is_looked_at() -> None:
    measure = _event("measure")
    looked, unlooked = (History("a", limit=1200) for _ in range(2))
    for k in range(3_000):
        for history in (looked, unlooked):
            history.add(measure | {"epoch": float(k)})
        if k % 7 == 0:
            looked.values("epoch")
    assert looked.epochs.tolist() == unlooked.epochs.tolist()


@pytest.mark.parametrize("form", ["csv_lines", "json_lines", "markdown_lines"])
def test_an_export_holds_a_few_lines_at_a_time(run: Run, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunelab.records.follow._PIECE", 2**16)
    for arm in run.arms:
        _lengthen(arm.events_path, _MANY)
    run.preset  # noqa: B018 (it is read once)
    tracemalloc.start()
    try:
        written = sum(len(line) for line in getattr(run_export, form)(run))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written > 2 * _MANY * 50
    assert peak < 5e6  # a piece of the file and its lines; all events would take twice as much


def test_an_exported_run_is_one_json_object(run: Run) -> None:
    whole = json.loads("".join(run_export.json_lines(run)))
    assert [arm["events"] for arm in whole["arms"]] == [arm.events() for arm in run.arms]
    assert whole["run"]["name"] == run.name
