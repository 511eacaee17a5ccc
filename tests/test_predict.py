"""`tunelab predict`: rows of another file, encoded as the run's data were, predicted and averaged over seeds."""

from __future__ import annotations

import csv
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from commandline import Outcome, run_cli, write_npz
from conftest import MakeExamples
from tunelab import prediction
from tunelab.records import Run

N = 90
FAST = ("--set", "epochs=8", "--set", "eta=1", "--set", "mini_batch=5", "--quiet")


def table_text(rows: range, order: tuple[str, ...]) -> str:
    """Rows whose class is their colour and whether x is above 0."""
    lines = [",".join(order)]
    for i in rows:
        x, colour = (i * 37 % 41) - 20, ("red", "blue", "dark, green")[i % 3]
        cells = {"x": str(x), "colour": f'"{colour}"', "kind": f'"{colour if i % 3 else "warm"}"', "id": f"r{i:04}"}
        lines.append(",".join(cells[name] for name in order))
    return "\n".join(lines) + "\n"


def rows_of(outcome: Outcome) -> list[dict[str, str]]:
    """The CSV on stdout."""
    assert outcome.code == 0, outcome
    return list(csv.DictReader(io.StringIO(outcome.out)))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table that a network learns in a moment."""
    path = tmp_path / "flowers.csv"
    path.write_text(table_text(range(N), ("id", "x", "colour", "kind")))
    return path


@pytest.fixture
def trained(table: Path) -> Path:
    """The table, a run of it being the last one."""
    outcome = run_cli("run", "--data", table, "--set", "data.label=kind", *FAST)
    assert outcome.code == 0, outcome
    return table


def test_each_row_gets_its_class_and_probabilities(trained: Path) -> None:
    rows = rows_of(run_cli("predict", "last", trained))
    assert [row["row"] for row in rows] == [str(i) for i in range(N)]
    assert list(rows[0]) == ["row", "prediction", "blue", "dark, green", "warm"]
    truth = [("warm", "blue", "dark, green")[i % 3] for i in range(N)]
    assert np.mean([row["prediction"] == kind for row, kind in zip(rows, truth, strict=True)]) > 0.95
    for row in rows:
        probabilities = {name: float(row[name]) for name in ("blue", "dark, green", "warm")}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert max(probabilities, key=lambda name: probabilities[name]) == row["prediction"]


def test_columns_are_found_by_name_in_any_order_and_others_left_aside(trained: Path, tmp_path: Path) -> None:
    same = rows_of(run_cli("predict", "last", trained))
    other = tmp_path / "new.csv"
    other.write_text(table_text(range(N), ("colour", "x")).replace(",x\n", ",X\n", 1))
    assert rows_of(run_cli("predict", "last", other)) == same
    more = tmp_path / "more.csv"
    lines = table_text(range(N), ("colour", "x")).splitlines()
    more.write_text("\n".join([f"{lines[0]},note", *(f"{line},hm" for line in lines[1:])]))
    outcome = run_cli("predict", "last", more)
    assert rows_of(outcome) == same
    assert outcome.err == "Left aside: note\n"
    assert run_cli("predict", "last", more, "--quiet").err == ""


def test_json_lines_and_a_file(trained: Path, tmp_path: Path) -> None:
    outcome = run_cli("predict", "last", trained, "--json", "--quiet")
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(lines) == N
    assert set(lines[0]) == {"row", "prediction", "probabilities"}
    assert set(lines[0]["probabilities"]) == {"blue", "dark, green", "warm"}
    run_cli("predict", "last", trained, "--out", tmp_path / "answers.csv")
    assert (tmp_path / "answers.csv").read_text() == run_cli("predict", "last", trained).out


@pytest.mark.usefixtures("trained")
def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x,color\n1,red\n2,blue\n")
    outcome = run_cli("predict", "last", tmp_path / "new.csv")
    assert (outcome.code, outcome.out) == (2, "")
    assert "has no column 'colour'" in outcome.err
    assert "did you mean 'color'?" in outcome.err


@pytest.mark.usefixtures("trained")
def test_categories_never_seen_and_missing_cells_are_predicted_too(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x,colour\n1,mauve\n,red\n3,\n")
    outcome = run_cli("predict", "last", tmp_path / "new.csv")
    assert len(rows_of(outcome)) == 3
    assert "'mauve'" in outcome.err


def test_seeds_are_averaged_and_the_best_of_several_arms_is_taken(table: Path, tmp_path: Path) -> None:
    preset = tmp_path / "two.toml"
    preset.write_text(
        f'[data]\nname = "{table}"\nlabel = "kind"\n[network]\nhidden = []\noutput = "softmax"\n'
        '[[arm]]\nname = "slow"\ntraining.eta = 1e-6\n[[arm]]\nname = "fast: η"\ntraining.eta = 1.0\n'
    )
    assert run_cli("run", preset, "--set", "epochs=3", "--set", "mini_batch=5", "--seeds", "3", "--quiet").code == 0
    best = run_cli("predict", "last", table)
    assert "This is the arm 'fast: η', which ended best; RUN:ARM takes 'slow'." in best.err
    fast, slow = (run_cli("predict", f"last:{arm}", table, "--quiet") for arm in ("fast: η", "slow"))
    assert best.out == fast.out != slow.out
    arm = Run("last")["fast: η"]
    whole = prediction.predict(arm, table).outputs
    network = arm.network()
    assert network.replicates == 3
    singles = []
    for replicate in range(3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(arm), "network", lambda _, r=replicate: network.select(slice(r, r + 1)))
            singles.append(prediction.predict(arm, table).outputs)
    np.testing.assert_allclose(np.mean(singles, axis=0), whole, atol=1e-6)


def test_numbers_come_in_the_labels_own_unit(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("area;price\n" + "".join(f"{i},5;{1000 + 20 * i},25\n" for i in range(100)))
    assert run_cli("run", "--data", path, "--set", "epochs=30", "--set", "eta=0.05", "--quiet").code == 0
    rows = rows_of(run_cli("predict", "last", path))
    assert list(rows[0]) == ["row", "prediction"]
    errors = [abs(float(row["prediction"]) - (1000 + 20 * i)) for i, row in enumerate(rows)]
    assert np.median(errors) < 100
    first = json.loads(run_cli("predict", "last", path, "--json").out.splitlines()[0])
    assert first == {"row": 0, "prediction": float(rows[0]["prediction"])}


def test_images_from_npz_and_idx(tmp_path: Path, make_examples: MakeExamples) -> None:
    npz = write_npz(tmp_path / "mine.npz", make_examples(60, 16), make_examples(10, 16, seed=1))
    assert run_cli("run", "--data", npz, "--set", "epochs=1", "--quiet").code == 0
    rows = rows_of(run_cli("predict", "last", npz, "--quiet"))
    assert len(rows) == 10
    assert list(rows[0])[:2] == ["row", "prediction"]
    images = (np.load(npz)["x_test"] * 255).clip(0, 255).astype(np.uint8)
    idx = tmp_path / "new-images-idx3-ubyte"
    idx.write_bytes(struct.pack(">HBB3I", 0, 8, 3, *images.shape) + images.tobytes())
    assert len(rows_of(run_cli("predict", "last", idx, "--quiet"))) == 10
    (tmp_path / "wide.csv").write_text("a,b\n1,2\n3,4\n")
    assert "trained on" in run_cli("predict", "last", tmp_path / "wide.csv").err


def test_what_cannot_be_predicted_is_a_sentence(trained: Path, tmp_path: Path) -> None:
    for words, sentence in [
        (("nothing", trained), "there is no run 'nothing'"),
        (("last:slow", trained), "has no arm 'slow'"),
        (("last", tmp_path / "nowhere.csv"), "there is no file"),
        (("last",), "FILE is missing"),
    ]:
        outcome = run_cli("predict", *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert sentence in outcome.err


def test_networks_that_diverged_predict_nothing(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Run("last").arms[0]
    network = arm.network()
    network.weights[0][...] = np.nan
    monkeypatch.setattr(type(arm), "network", lambda _: network)
    outcome = run_cli("predict", "last", trained)
    assert (outcome.code, outcome.out) == (2, "")
    assert "diverged: its weights aren't finite" in outcome.err


@pytest.mark.usefixtures("trained")
def test_exported_parameters_say_how_rows_become_inputs(tmp_path: Path) -> None:
    file = tmp_path / "parameters.npz"
    assert run_cli("runs", "export", "last", "--format", "npz", "--to", file).code == 0
    with np.load(file, allow_pickle=False) as arrays:
        encoder = json.loads(str(arrays["encoder"]))
        inputs = arrays["weights_0"].shape[1]
    assert encoder["label"]["name"] == "kind"
    assert inputs >= len([column for column in encoder["columns"] if column["kind"] == "number"]) > 0
