"""`tunelab data`: results on stdout, one line a data set, JSON when asked, pictures that the terminal can show."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from commandline import refused, run_cli
from tunelab import paths
from tunelab.data import Dataset, Examples, idx, load, store
from tunelab.data.store import Origin
from tunelab.tui.charts import halfblocks
from tunelab.tui.text.table_text import histogram_text


def run(*arguments: str) -> str:
    """What the command prints on stdout; it must succeed."""
    outcome = run_cli("data", *arguments)
    assert outcome.code == 0, outcome
    return outcome.out


@pytest.fixture
def tiny() -> Dataset:
    """A kept set of 4×4 pictures under the name mnist."""
    pictures = Examples(np.full((24, 16), 255, np.uint8), (np.arange(24) % 3).astype(np.uint8), 1 / 255)
    dataset = Dataset("mnist", "MNIST", pictures, pictures.first(6), pictures.first(6), ("cat", "[red]", "3"), (4, 4))
    store.write(paths.datasets() / "mnist", dataset, Origin("a test"))
    return dataset


def test_list_names_every_set_first_on_its_line() -> None:
    lines = run("list").splitlines()
    assert [line.split()[0] for line in lines] == ["digits", "mnist", "fashion-mnist", "points"]
    assert "not here" in lines[1]
    assert "tunelab data fetch mnist" in lines[1]
    assert run() == run("list")


@pytest.mark.usefixtures("tiny")
def test_list_as_json_and_what_a_person_brought(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("\n".join(f"{i},{'ab'[i % 2]}" for i in range(20)))
    load(str(tmp_path / "mine.csv"))
    found = {entry["name"]: entry for entry in map(json.loads, run("list", "--json").splitlines())}
    assert [found[name]["state"] for name in ("digits", "mnist", "fashion-mnist")] == ["made", "kept", "missing"]
    assert [found["mnist"][part] for part in ("training", "validation", "test")] == [24, 6, 6]
    (mine,) = (entry for name, entry in found.items() if name.startswith("csv-"))
    assert mine["title"] == "mine.csv"
    assert "mine.csv" in mine["about"]


@pytest.mark.usefixtures("tiny")
def test_check_finds_altered_bytes() -> None:
    pixels = paths.datasets() / "mnist" / "x_train.npy"
    pixels.write_bytes(pixels.read_bytes()[:-1] + b"\0")
    assert "damaged" not in run("list")
    assert "damaged" in run("list", "--check").splitlines()[1]
    (pixels.parent / store.DESCRIPTION).write_text("{")
    assert "damaged" in run("list").splitlines()[1]


@pytest.mark.usefixtures("tiny")
def test_show_draws_labels_and_counts() -> None:
    shown = run("show", "mnist", "--count", "3")
    assert shown.count("████") == 3 * 2
    assert re.search(r"^cat +8 +2$", shown, re.M)
    assert "24 training and 6 validation" in shown
    only = run("show", "mnist", "--count", "3", "--class", "[red]")
    assert "cat" not in only.partition("MNIST")[0]
    assert "no class 'dog'" in refused(run_cli("data", "show", "mnist", "--class", "dog"))


@pytest.mark.usefixtures("tiny")
def test_show_as_json() -> None:
    said = json.loads(run("show", "mnist", "--json"))
    assert said["event"] == "dataset"
    assert said["classes"]["cat"] == [8, 2]
    assert said["image_shape"] == [4, 4]


def test_show_sums_up_numbers() -> None:
    shown = run("show", "points", "--count", "2")
    assert re.search(r"^target 2 +23\.6\d", shown, re.M)
    assert shown.count("→") == 2


def test_show_digits_draws_only_a_few() -> None:
    assert "the first 1,000 training" in run("show", "digits", "--count", "1")
    assert not paths.datasets().exists()


def test_fetch_and_export(tmp_path: Path, mnist_directory: Path) -> None:
    said = json.loads(run("fetch", "mnist", "--from", str(mnist_directory), "--json"))
    assert said == {"event": "fetched", "name": "mnist", "path": str(paths.datasets() / "mnist")}
    run("export", "mnist", str(tmp_path / "mnist.npz"))
    with np.load(tmp_path / "mnist.npz") as arrays:
        assert arrays["x_train"].shape == (50_000, 28, 28)
        assert arrays["x_test"].dtype == np.uint8
        np.testing.assert_array_equal(arrays["y_test"], idx.read_array(idx.files(mnist_directory)[3], 1))
    assert "--force" in refused(run_cli("data", "export", "mnist", tmp_path / "mnist.npz"))


class Terminal(io.StringIO):
    """A stream that says what it is told to say of itself."""

    def __init__(self, encoding: str, tty: bool) -> None:
        super().__init__()
        self._encoding, self._tty = encoding, tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize(
    ("encoding", "tty", "environment", "manner"),
    [
        ("utf-8", True, {"TERM": "xterm-256color"}, "colour"),
        ("UTF-8", True, {"TERM": "xterm", "NO_COLOR": ""}, "colour"),  # no-color.org: when not empty
        ("utf-8", True, {"TERM": "xterm", "NO_COLOR": "1"}, "shades"),
        ("utf-8", True, {"TERM": "dumb"}, "shades"),
        ("utf-8", True, {}, "shades"),
        ("utf-8", False, {"TERM": "xterm"}, "shades"),
        ("ascii", True, {"TERM": "xterm"}, "ascii"),
        ("ISO-8859-1", True, {"TERM": "xterm"}, "ascii"),
    ],
)
def test_the_manner_suits_the_terminal(encoding: str, tty: bool, environment: dict[str, str], manner: str) -> None:
    assert halfblocks.manner_for(Terminal(encoding, tty), environment) == manner


def test_pictures_in_each_manner() -> None:
    image = np.array([[0, 255, 128], [0, 255, 128], [255, 0, 1]], np.uint8)  # an odd row is completed with paper
    assert halfblocks.picture(image, "ascii") == [" @+", "+ ."]
    assert halfblocks.picture(image, "shades") == [" █▓", "▒ ░"]
    colour = halfblocks.picture(image, "colour")
    assert colour[0].startswith("\x1b[38;5;16;48;5;16m▀\x1b[38;5;231;48;5;231m▀")
    assert colour[1].startswith("\x1b[38;5;231;48;5;16m▀")
    for line in colour:
        assert line.endswith("\x1b[0m")
        assert re.sub(r"\x1b\[[\d;]*m", "", line) == "▀▀▀"
    np.testing.assert_array_equal(
        halfblocks.picture(image.astype(np.float32) / 255, "shades"), halfblocks.picture(image, "shades")
    )


def test_pictures_side_by_side_fit_the_width() -> None:
    assert [halfblocks.wide(28, width) for width in (10, 28, 57, 58, 80, 120)] == [1, 1, 1, 2, 2, 4]
    rows = halfblocks.beside([["ab", "cd"], ["ef", "gh"]], ["1", "long"], columns=2)
    assert rows == ["ab  ef", "cd  gh", "1   lo"]


# -- tables -------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Sixty rows: a running number, a number with holes, a category, three classes of unequal size."""
    path = tmp_path / "my flowers.csv"
    lines = [f"{i},{i % 7 if i % 10 else ''},{'ab'[i % 2]},{'rare' if i < 6 else ('x', 'y')[i % 2]}" for i in range(60)]
    path.write_text("id,size,colour,kind\n" + "\n".join(lines) + "\n")
    return path


def test_show_a_table_says_what_each_column_is_and_how_to_train(table: Path) -> None:
    shown = run("show", str(table))
    assert shown.startswith("my flowers.csv: 60 rows (")
    assert "Label: kind (classification)" in shown
    assert re.search(r"^id +left-out +counts the rows", shown, re.M)
    assert re.search(r"^size +number +6  0 to 6, mean \S+ +[▁▂▃▄▅▆▇█ ]+$", shown, re.M)
    assert re.search(r"^colour +category +2: a, b$", shown, re.M)
    assert re.search(r"^rare +6 +10\.0 %  █+$", shown, re.M)
    assert "! Classes of few rows are hardly learned: 'rare' 6" in shown
    assert shown.endswith(f"Train on it with: tunelab run --data '{table}'\n")


def test_show_a_table_as_it_is_to_be_read(table: Path) -> None:
    shown = run("show", str(table), "--set", "label=size", "--set", "data.columns.id=number")
    assert "Label: size (regression)" in shown or "Label: size (classification)" in shown
    assert re.search(r"^id +number", shown, re.M)
    assert shown.endswith("--set label=size --set data.columns.id=number\n")
    assert "only the keys of [data]" in refused(run_cli("data", "show", table, "--set", "eta=1"))
    assert "did you mean 'size'?" in refused(run_cli("data", "show", table, "--set", "label=sise"))


def test_show_a_table_as_json(table: Path) -> None:
    about = json.loads(run("show", str(table), "--json"))
    assert (about["event"], about["rows"], about["label"]) == ("table", 60, "kind")
    assert about["classes"] == {"rare": 6, "x": 27, "y": 27}
    assert [column["kind"] for column in about["columns"]] == ["left-out", "number", "category", "label"]
    assert about["command"].startswith("tunelab run --data ")
    assert not paths.datasets().exists()  # looking into a file prepares nothing


def test_histograms_keep_small_counts_visible() -> None:
    assert histogram_text([0, 1, 500, 1000]) == " ▁▄█"
    assert histogram_text([0, 1, 500, 1000], ascii=True) == " .=@"
    assert histogram_text([]) == ""
    assert histogram_text([0, 0]) == "  "
