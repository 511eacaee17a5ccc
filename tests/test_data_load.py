"""`load`: names and paths become data sets, subsets are what was asked for, and refusals say what to do."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tunelab import paths
from tunelab.data import Dataset, Examples, load, store
from tunelab.data.dataset import LazyExamples
from tunelab.data.store import Origin
from tunelab.errors import BadInput


def small(name: str = "mnist", n: int = 40) -> Dataset:
    targets = (np.arange(n) % 4).astype(np.uint8)
    part = Examples(np.repeat(np.arange(n, dtype=np.uint8)[:, None], 4, axis=1), targets, 1 / 255)
    return Dataset(name, "MNIST", part, part.first(20), part.first(10), ("0", "1", "2", "3"), (2, 2))


@pytest.fixture
def kept() -> Dataset:
    """A small set under the name mnist, as fetching would have put it there."""
    store.write(paths.datasets() / "mnist", small(), Origin("a test"))
    return load("mnist")


def sentence(name: str, **asked: object) -> str:
    with pytest.raises(BadInput) as caught:
        load(name, **asked)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures("kept")
def test_classes_are_chosen_before_the_first_examples() -> None:
    dataset = load("mnist", classes=[2, 0], training=5, evaluation=3)
    assert dataset.classes == ("2", "0")
    assert dataset.outputs == 2
    # the first five 0s and 2s of all, in their order, numbered as asked for: 2 is output 0
    np.testing.assert_array_equal(dataset.training.inputs[:, 0], [0, 2, 4, 6, 8])
    np.testing.assert_array_equal(dataset.training.targets, [1, 0, 1, 0, 1])
    assert len(dataset.validation) == 3
    assert len(dataset.test) == 5  # every 0 and 2 of the ten


@pytest.mark.usefixtures("kept")
def test_asking_for_more_than_there_is_names_the_key_and_the_count() -> None:
    assert (
        sentence("mnist", training=41)
        == "data.train is 41, but there are 40 training examples of MNIST; ask for at most 40"
    )
    assert "data.evaluation is 21, but there are 20" in sentence("mnist", evaluation=21)
    assert "10 training examples of MNIST in these classes" not in sentence("mnist", training=21, classes=[0, 1])
    assert "20 training examples of MNIST in these classes" in sentence("mnist", training=21, classes=[0, 1])
    assert "data.train must be at least 1" in sentence("mnist", training=0)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("classes", "said"),
    [([0], "at least two"), ([1, 1], "at least two"), ([0, 17], "no class '17'"), ([], "at least two")],
)
def test_classes_that_cannot_be_chosen(classes: list[int], said: str) -> None:
    assert said in sentence("mnist", classes=classes)


def test_a_number_that_is_no_label_counts_from_zero() -> None:
    named = Dataset("f", "F", *[small().training] * 3, classes=("Shirt", "Bag", "0", "Coat"))
    assert [named.position(c) for c in ("Bag", 1, 0, "0", 3)] == [1, 1, 2, 2, 3]


def test_points_have_no_classes() -> None:
    assert "has no classes" in sentence("points", classes=[0, 1])


@pytest.mark.usefixtures("kept")
def test_pixels_are_mapped_and_views_copy_nothing() -> None:
    dataset = load("mnist", training=10, evaluation=5)

    def file_behind(array: np.ndarray) -> object:
        while isinstance(array.base, np.ndarray):
            array = array.base
        return type(array.base).__name__

    assert file_behind(dataset.training.inputs) == "mmap"
    assert not dataset.training.inputs.flags.writeable
    assert not dataset.training.inputs.flags.owndata


def test_missing_mnist_says_how_to_get_it() -> None:
    said = sentence("mnist")
    assert "tunelab data fetch mnist" in said
    assert "--from DIR" in said
    assert "--data digits" in said


@pytest.mark.usefixtures("kept")
def test_a_damaged_mnist_says_how_to_get_it_again() -> None:
    (paths.datasets() / "mnist" / "x_test.npy").write_bytes(b"\x93NUMPY")
    assert "tunelab data fetch mnist" in sentence("mnist")


def test_unknown_names_get_the_nearest_right_one() -> None:
    assert "did you mean 'mnist'" in sentence("mnsit")
    assert "did you mean 'fashion-mnist'" in sentence("fashion_mnist")


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\0b", "x" * 5000, "nowhere/at/all", "gone.csv", "gone.npz", ""])
def test_strange_names_are_one_printable_sentence(name: str) -> None:
    assert sentence(name).isprintable()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.xlsx").write_bytes(b"PAR1")
    assert "neither" in sentence(str(tmp_path / "data.xlsx"))


def test_the_same_content_is_prepared_once_whatever_it_is_called(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},{i % 3 + 0.25},{'ab'[i % 2]}" for i in range(30))
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    first.write_text(rows)
    second.write_text(rows)
    heard: list[str] = []
    load(str(first))
    dataset = load(str(second), report=lambda what, _done, _total: heard.append(what))
    assert len(list(paths.datasets().glob("csv-*"))) == 1
    assert (dataset.name, dataset.title) == (str(second), "two.csv")
    assert any("column used as numbers" in what for what in heard)  # told every time, not only when it was prepared
    first.write_text(rows + "\n99,1.25,a")
    assert len(load(str(first)).training) + 10 == 31  # changed content is another set


def test_a_damaged_cache_is_prepared_again_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("\n".join(f"{i},{'ab'[i % 2]}" for i in range(30)))
    before = load(str(path)).training.inputs.copy()
    (cache,) = paths.datasets().glob("csv-*")
    for spoil in (
        lambda: (cache / "x_train.npy").write_bytes(b""),
        lambda: (cache / store.DESCRIPTION).write_text("{"),
        lambda: (cache / store.DESCRIPTION).write_text('{"format": 99}'),
        lambda: (cache / "y_test.npy").unlink(),
    ):
        spoil()
        np.testing.assert_array_equal(load(str(path)).training.inputs, before)


def test_without_a_home_that_can_be_written_the_data_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file where a directory is needed")
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "file" / "home"))
    path = tmp_path / "one.csv"
    path.write_text("\n".join(f"{i},{'ab'[i % 2]}" for i in range(30)))
    heard: list[tuple[str, int]] = []
    dataset = load(str(path), report=lambda what, _done, total: heard.append((what, total)))
    assert len(dataset.training) == 22
    assert any("can't be kept" in what and total == 0 for what, total in heard)


def test_points_scatter_around_the_lectures_point() -> None:
    dataset = load("points")
    targets = dataset.training.targets
    assert dataset.title == "points around (5.1, 23.7)"
    assert (dataset.features, dataset.outputs, dataset.tolerance) == (2, 2, 0.5)
    standard_error = targets.std(axis=0) / np.sqrt(len(targets))
    assert (np.abs(targets.mean(axis=0) - [5.1, 23.7]) < 4 * standard_error).all()
    # the formula in points.py: a linear map of the latent code, and little noise
    with_one = np.column_stack([dataset.training.inputs, np.ones(len(targets))]).astype(np.float64)
    solution, *_ = np.linalg.lstsq(with_one, targets.astype(np.float64), rcond=None)
    np.testing.assert_allclose(solution, [[1.0, 0.6], [-0.4, 1.5], [5.1, 23.7]], atol=0.01)
    residual = np.abs(targets - with_one @ solution)
    assert residual.std() == pytest.approx(0.06, abs=0.01)  # of |N(0, 0.1²)|
    constant = (np.abs(targets - [5.1, 23.7]) <= 0.5).all(axis=1).mean()
    assert 0.05 < constant < 0.12


def test_points_are_the_same_points_always() -> None:
    first, again = load("points", training=7), load("points")
    np.testing.assert_array_equal(first.training.inputs, again.training.inputs[:7])
    # drawn once and written down: another machine or numpy must not give others
    np.testing.assert_allclose(again.training.targets[0], POINT, rtol=1e-6)
    assert not np.array_equal(again.validation.inputs, again.test.inputs)


POINT = (3.872813, 28.186947)


def made() -> Examples:
    return Examples(np.ones((3, 2), np.uint8), np.zeros(3, np.uint8), 1 / 255)


def refuse() -> Examples:
    raise AssertionError("nobody asked")


def test_later_examples_are_made_when_looked_at_and_travel_unmade() -> None:
    later = pickle.loads(pickle.dumps(LazyExamples(refuse, 1 / 255)))
    assert later.scale == 1 / 255
    with pytest.raises(AssertionError, match="nobody asked"):
        _ = later.inputs
    here = LazyExamples(made, 1 / 255)
    assert len(here) == 3
    assert here.first(2).inputs.shape == (2, 2)
    np.testing.assert_allclose(here.scaled(slice(0, 1)), 1 / 255)
    with pytest.raises(AttributeError):
        _ = here.nothing


def test_importing_is_cheap() -> None:
    code = "import sys, tunelab.data; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("'pydantic'", "'textual'", "'typer'", "'rich'", "'platformdirs'"):
        assert heavy not in loaded


def test_mnist_is_the_books(mnist_directory: Path) -> None:
    dataset = load(str(mnist_directory))
    assert (len(dataset.training), len(dataset.validation), len(dataset.test)) == (50_000, 10_000, 10_000)
    pixels = np.concatenate([dataset.training.inputs, dataset.validation.inputs])
    assert pixels.mean() / 255 == pytest.approx(0.131, abs=0.0005)
    counts = np.bincount(dataset.validation.targets)
    assert counts[[3, 2, 8, 4, 6]].tolist() == [1030, 990, 1009, 983, 967]
    zeros_and_ones = load(str(mnist_directory), classes=[0, 1], training=1000, evaluation=100)
    assert zeros_and_ones.outputs == 2
    assert (len(zeros_and_ones.training), len(zeros_and_ones.validation)) == (1000, 100)
