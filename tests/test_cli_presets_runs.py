"""`tunelab presets` and `tunelab runs`: what is listed, shown, saved, exported and removed; and `tunelab schema`."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Outcome, command, environment, recorded, refused, run_cli, write_npz
from conftest import MakeExamples
from tunelab.experiment.dotted_keys import known_keys
from tunelab.experiment.preset import available, find

FORMATS = ["csv", "json", "npz", "md"]


@pytest.fixture
def tiny(tmp_path: Path, make_examples: MakeExamples) -> Path:
    """A preset of two arms on a tiny data set, described in words that mean something in Markdown and CSV."""
    npz = write_npz(tmp_path / "mine.npz", make_examples(60, 16), make_examples(10, 16, seed=1))
    path = tmp_path / "tiny.toml"
    path.write_text(
        f'title = "Tiny, \\"quoted\\" | η"\ndescription = "A, b."\n[data]\nname = "{npz}"\n[network]\nhidden = [4]\n'
        '[training]\nepochs = 2\n[[arm]]\nname = "a, \\"b\\" | c"\n[[arm]]\nname = "plain"\ntraining.eta = 0.25\n'
    )
    return path


@pytest.fixture
def run(tiny: Path) -> str:
    """The name of a run of it, three seeds."""
    assert run_cli("run", tiny, "--seeds", "3", "--quiet").code == 0
    return recorded()[0]


def fine(outcome: Outcome) -> Outcome:
    """The outcome, if all went well."""
    assert outcome.code == 0, outcome
    return outcome


# -- presets ----------------------------------------------------------------------------------------------


def test_presets_are_listed_by_the_names_that_commands_take() -> None:
    for words in (["presets"], ["presets", "list"]):
        names = [line.split()[0] for line in fine(run_cli(*words)).out.splitlines()]
        assert names == available()
        assert "first-look" in names
    for line in fine(run_cli("presets", "list", "--json")).events:
        preset = find(line["preset"])
        assert line["title"] == preset.title
        assert line["arms"] == [arm.name for arm in preset.arms]


def test_a_preset_is_shown_as_the_file_it_is_and_in_full() -> None:
    shown = fine(run_cli("presets", "show", "first-look"))
    assert tomllib.loads(shown.out) == find("first-look").tables
    (whole,) = fine(run_cli("presets", "show", "first-look", "--json")).events
    assert whole["preset"] == "first-look"
    for arm, expected in zip(whole["arms"], find("first-look").arms, strict=True):
        assert arm == {"name": expected.name, "experiment": expected.experiment.to_dict()}


def test_checking_presets_names_each(tiny: Path) -> None:
    lines = fine(run_cli("presets", "check", "first-look", tiny)).out.splitlines()
    assert [line.split()[0] for line in lines] == ["first-look", str(tiny)]
    assert all("valid: 2 arms" in line for line in lines)


def test_every_shipped_preset_is_fine() -> None:
    assert fine(run_cli("presets", "check", *available())).out.count("  valid: ") == len(available())


def test_a_preset_is_saved_with_changes_shown_listed_and_trained(tiny: Path) -> None:
    saved = fine(run_cli("presets", "save", tiny, "mine", "--set", "epochs=1", "--seeds", "2", "--seed", "5"))
    assert saved.out == "mine\n"
    assert "`tunelab run mine`" in saved.err
    assert "mine" in fine(run_cli("presets")).out
    mine = tomllib.loads(fine(run_cli("presets", "show", "mine")).out)
    assert (mine["training"]["epochs"], mine["initialization"]) == (1, {"seeds": 2, "seed": 5})
    assert [m["epoch"] for m in fine(run_cli("run", "mine", "--json")).of("measure")] == [1.0, 1.0]
    assert "there is a preset 'mine' already" in run_cli("presets", "save", tiny, "mine").err
    fine(run_cli("presets", "save", tiny, "mine", "--force"))
    assert "seeds" not in fine(run_cli("presets", "show", "mine")).out
    assert [path.name for path in (Path(os.environ["TUNELAB_HOME"]) / "presets").iterdir()] == ["mine.toml"]


def test_a_preset_that_could_not_be_saved_leaves_nothing() -> None:
    refused(run_cli("presets", "save", "first-look", "mine", "--set", "eta=-1"))
    assert not (Path(os.environ["TUNELAB_HOME"]) / "presets").exists()


# -- schema -----------------------------------------------------------------------------------------------


def test_schema_is_json_and_speaks_of_every_parameter() -> None:
    whole = json.loads(fine(run_cli("schema")).out)
    assert whole["$schema"].startswith("https://json-schema.org/")
    text = json.dumps(whole, ensure_ascii=False)
    for key in known_keys():
        assert f'"{key.rsplit(".", 1)[-1]}": {{' in text
    assert {"title", "source", "description", "arm", "expect", "data", "network"} <= whole["properties"].keys()


# -- runs -------------------------------------------------------------------------------------------------


def test_runs_are_listed_newest_first(tiny: Path) -> None:
    assert fine(run_cli("runs")).out == ""
    assert "`tunelab run first-look` makes one" in fine(run_cli("runs", "list")).err
    for _ in range(2):
        fine(run_cli("run", tiny, "--quiet"))
    names = [line.split()[0] for line in fine(run_cli("runs")).out.splitlines()]
    assert sorted(names) == recorded()
    listed = fine(run_cli("runs", "list", "--json")).events
    assert [line["run"] for line in listed] == names
    assert listed[0]["began"] >= listed[1]["began"]
    for line in listed:
        assert line["state"] == "epochs"
        assert line["title"] == 'Tiny, "quoted" | η'
        assert line["arms"] == ['a, "b" | c', "plain"]


def test_a_run_is_shown_by_name_directory_and_as_the_last(run: str) -> None:
    directory = Path(os.environ["TUNELAB_HOME"]) / "runs" / run
    shown = [fine(run_cli("runs", "show", name)).out for name in (run, "last", directory)]
    assert len(set(shown)) == 1
    assert shown[0].startswith(run)
    assert "±" in shown[0]
    assert str(directory) in fine(run_cli("runs", "show", run)).err


def test_a_misspelt_run_gets_the_nearest(run: str) -> None:
    outcome = run_cli("runs", "show", run[:-1])
    assert outcome.code == 2
    assert f"did you mean '{run}'?" in outcome.err


def test_export_as_csv(run: str) -> None:
    rows = list(csv.DictReader(fine(run_cli("runs", "export", run)).out.splitlines()))
    measures = [e for e in fine(run_cli("runs", "show", run, "--json")).events if e["event"] == "measure"]
    assert len(rows) == len(measures) == 4
    for row in rows:
        (measure,) = [m for m in measures if (m["arm"], f"{m['epoch']}") == (row["arm"], row["epoch"])]
        for name in ("training_cost", "training_cost_std", "evaluation_accuracy", "eta"):
            assert float(row[name]) == measure[name]
        assert [float(row[f"layer_z_rms_{layer}"]) for layer in (1, 2)] == measure["layer_z_rms"]
        for name, cell in row.items():  # a number in every cell: what a spreadsheet can draw
            assert name == "arm" or np.isfinite(float(cell))


def test_export_as_json(run: str) -> None:
    whole = json.loads(fine(run_cli("runs", "export", run, "--format", "json")).out)
    events = [event for arm in whole["arms"] for event in arm["events"]]
    shown = fine(run_cli("runs", "show", run, "--json")).events
    assert sorted(map(json.dumps, events)) == sorted(map(json.dumps, shown))
    assert whole["run"]["name"] == run
    assert whole["preset"]["training"]["epochs"] == 2
    assert "numpy" in whole["environment"]


def test_export_as_markdown(run: str) -> None:
    text = fine(run_cli("runs", "export", run, "--format", "md")).out
    assert text.startswith('# Tiny, "quoted" | η\n')
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 * (2 + 2)
    assert len({line.count("|") for line in table}) == 1


def test_export_as_npz_needs_a_file_and_no_pickle(run: str, tmp_path: Path) -> None:
    file = tmp_path / "out" / "parameters.npz"
    assert run_cli("runs", "export", run, "--format", "npz").code == 2
    fine(run_cli("runs", "export", run, "--format", "npz", "--to", file))
    with np.load(file, allow_pickle=False) as arrays:
        shapes: dict[str, Any] = {name: arrays[name].shape for name in arrays.files}
    layers = {"weights_0": (3, 16, 4), "biases_0": (3, 1, 4), "weights_1": (3, 4, 3), "biases_1": (3, 1, 3)}
    assert shapes == {f"arm{arm}_{name}": shape for arm in (0, 1) for name, shape in layers.items()}


@pytest.mark.parametrize("form", FORMATS)
def test_exports_go_to_a_file_whole_or_not_at_all(run: str, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"out.{form}"
    outcome = fine(run_cli("runs", "export", run, "--format", form, "--to", file))
    assert outcome.out == ""
    assert f"Written to {file}" in outcome.err
    if form != "npz":
        assert file.read_text("utf-8") == fine(run_cli("runs", "export", run, "--format", form)).out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "out"))] == [file.name]


def test_runs_are_removed_all_or_none(tiny: Path) -> None:
    for _ in range(2):
        fine(run_cli("run", tiny, "--quiet"))
    first, second = recorded()
    assert run_cli("runs", "remove", first, "nothing").code == 2
    assert recorded() == [first, second]
    assert fine(run_cli("runs", "remove", second)).out == f"{second}\n"
    assert recorded() == [first]
    fine(run_cli("runs", "remove", "last"))
    assert recorded() == []


def test_what_is_kept_is_its_owners_alone_and_what_is_exported_is_not(tmp_path: Path) -> None:
    script = 'umask 002; exec "$@"'
    for words in (("presets", "save", "first-look", "mine"), ("run", "mine", "--set", "epochs=1", "--quiet")):
        subprocess.run(["sh", "-c", script, "sh", *command(*words)], env=environment(), check=True, capture_output=True)
    exported = tmp_path / "run.csv"
    words = command("runs", "export", "last", "--to", exported)
    subprocess.run(["sh", "-c", script, "sh", *words], env=environment(), check=True, capture_output=True)
    home = Path(os.environ["TUNELAB_HOME"])
    for path in [home, *home.rglob("*")]:
        assert not path.stat().st_mode & 0o077, path
    assert stat.S_IMODE(exported.stat().st_mode) == 0o644
