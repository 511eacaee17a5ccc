"""A person's own table: which columns are what, which is the label, which task it is, and how its rows are split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tunelab.data import Dataset, load, tables
from tunelab.data.options import FileOptions
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, load_data
from tunelab.experiment.fitting import fitted

RNG = np.random.default_rng(0)


def written(tmp_path: Path, text: str | bytes, name: str = "mine.csv") -> str:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def loaded(tmp_path: Path, text: str, **options: Any) -> Dataset:
    return load(written(tmp_path, text), options=FileOptions(**options))


def notes(tmp_path: Path, text: str, **options: Any) -> list[str]:
    heard: list[str] = []
    load(
        written(tmp_path, text),
        options=FileOptions(**options),
        report=lambda what, _done, total: heard.append(what) if not total else None,
    )
    return heard


def refused(tmp_path: Path, text: str, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        loaded(tmp_path, text, **options)
    assert str(caught.value).isprintable()
    return str(caught.value)


def columns(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Each column's kind and why."""
    assert dataset.encoder is not None
    return {column["name"]: (column["kind"], column["why"]) for column in dataset.encoder["columns"]}


def everything(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    parts = (dataset.training, dataset.validation, dataset.test)
    return np.vstack([p.inputs for p in parts]), np.concatenate([p.targets for p in parts])


def table(n: int = 60, **extra: Any) -> str:
    """Rows of two numbers and a class of two, with more columns between: each a function of the row, or a list."""
    names = ["width", "height", *extra, "kind"]
    lines = [",".join(names)]
    for i in range(n):
        cells = [values(i) if callable(values) else values[i % len(values)] for values in extra.values()]
        lines.append(",".join(map(str, [i % 11 + 0.5, i * 7 % 13, *cells, "ab"[i % 2]])))
    return "\n".join(lines) + "\n"


# -- columns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "why"),
    [
        (lambda i: i, "left-out", "counts the rows"),
        (lambda i: i + 1, "left-out", "counts the rows"),
        (lambda i: (i * 7) % 60 + 1000, "left-out", "counts the rows, in another order"),
        (lambda i: f"C-{i * 31 % 97:04}", "left-out", "every row has its own"),
        (lambda i: f"{i:05}", "left-out", "an identifier: codes"),
        (["only"], "left-out", "constant, always 'only'"),
        ([3], "left-out", "constant, always 3"),
        (["", "NA", "?"], "left-out", "no values"),
        (lambda i: f"2020-{i % 12 + 1:02}-{i % 28 + 1:02}", "left-out", "dates"),
        (lambda i: f"{i % 28 + 1}.{i % 12 + 1}.99 12:30", "left-out", "dates"),
        (lambda i: f"{i % 28 + 1}-Nov-2007", "left-out", "dates"),
        (lambda i: f"The {i % 17} men went out to sea.", "left-out", "free text"),
        (lambda i: f"name {i % 40}", "left-out", "too many for a category"),
        (["red", "green", "blue"], "category", "text, 3 values"),
        (["010", "020", "031"], "category", "codes with leading zeros"),
        (["True", "False"], "category", "text, 2 values"),
        (["15-19", "40-49", "5-9"], "category", "text, 3 values"),
        ([1, 2, 3], "number", "numbers"),
        (["1", "?", "2.5"], "number", "numbers"),
        (["x", ""], "category", "one value or missing"),
    ],
)
def test_a_column_is_typed_and_the_reason_given(tmp_path: Path, cells: Any, kind: str, why: str) -> None:
    assert columns(loaded(tmp_path, table(extra=cells)))["extra"][0] == kind
    assert why in columns(loaded(tmp_path, table(extra=cells)))["extra"][1]


@pytest.mark.parametrize("name", ["id", "PassengerId", "user_id", "ID", "customerID", "Sample Number"])
def test_whole_numbers_with_an_identifiers_name_are_left_out(tmp_path: Path, name: str) -> None:
    found = columns(loaded(tmp_path, table(**{name: lambda i: 1000 + i * i})))
    assert found[name][0] == "left-out"
    assert columns(loaded(tmp_path, table(price=lambda i: 1000 + i * i)))["price"][0] == "number"


def test_long_numbers_that_name_the_rows_are_left_out_without_a_header_too(tmp_path: Path) -> None:
    lines = [f"{1000025 + i * 517},{i % 10},{i % 7},{2 + 2 * (i % 2)}" for i in range(100)]
    assert columns(loaded(tmp_path, "\n".join(lines)))["0"][0] == "left-out"


def test_an_index_without_a_name_is_left_out_and_named_in_a_sentence(tmp_path: Path) -> None:
    text = "," + table().replace("\n", "\n{},")
    lines = text.split("\n")
    text = "\n".join([lines[0], *(line.format(i) for i, line in enumerate(lines[1:-1]))])
    assert columns(loaded(tmp_path, text))[""] == ("left-out", "counts the rows")
    assert any("Left out: the unnamed column (counts the rows)" in note for note in notes(tmp_path, text))


def test_a_lone_column_that_counts_the_rows_is_an_input_after_all(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, "day,price\n" + "".join(f"{i},{i * 1.5}\n" for i in range(30)))
    assert columns(dataset)["day"] == ("number", "the only input there is")


def test_every_column_can_be_overruled(tmp_path: Path) -> None:
    text = table(grade=[1, 2, 3], colour=["red", "blue"])
    options = {"columns": {"grade": "category", "COLOUR": "ignore", "width": "ignore"}}
    dataset = loaded(tmp_path, text, **options)
    assert {name: kind for name, (kind, _) in columns(dataset).items()} == {
        **{"width": "left-out", "height": "number"},
        **{"grade": "category", "colour": "left-out"},
    }
    assert dataset.features == 4
    assert loaded(tmp_path, text).features == 5
    headerless = text.partition("\n")[2]
    assert loaded(tmp_path, headerless, columns={"2": "category"}).features == 7
    assert "did you mean 'grade'" in refused(tmp_path, text, columns={"grde": "category"})
    assert "0 to 4" in refused(tmp_path, headerless, columns={"7": "category"})
    assert "holds no numbers (but such as 'red')" in refused(tmp_path, text, columns={"colour": "number"})
    many = table(3000, word=lambda i: f"w{i % 1500}")
    assert "1,500 different values" in refused(tmp_path, many, columns={"word": "category"})


def test_numbers_are_standardized_by_the_training_part_alone(tmp_path: Path) -> None:
    text = "x,z,kind\n" + "".join(f"{RNG.normal(50, 20):.3f},{RNG.normal():.3f},{'ab'[i % 2]}\n" for i in range(200))
    dataset = loaded(tmp_path, text)
    np.testing.assert_allclose(dataset.training.inputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(dataset.training.inputs.std(axis=0), 1, atol=1e-5)
    assert abs(dataset.validation.inputs.mean()) > 1e-4
    plain = loaded(tmp_path, text, standardize=False)
    assert plain.training.inputs[:, 0].mean() == pytest.approx(50, abs=5)


def test_one_value_far_out_does_not_flatten_its_column(tmp_path: Path) -> None:
    text = "x,z,kind\n" + "".join(f"{i % 20},{i % 7},{'ab'[i % 2]}\n" for i in range(200)) + "1e9,1,a\n"
    for seed in range(3):
        dataset = loaded(tmp_path, text, split_seed=seed)
        usual = np.sort(everything(dataset)[0][:, 0])[:-1]
        assert usual.std() > 0.5
        assert np.abs(everything(dataset)[0]).max() < 1e6
    assert any("far outside the others" in note for seed in range(3) for note in notes(tmp_path, text, split_seed=seed))


def test_missing_numbers_get_the_median_and_an_input_that_says_so_where_many_are(tmp_path: Path) -> None:
    few = table(200, extra=lambda i: "" if i % 50 == 0 else i % 5)
    many = table(200, extra=lambda i: "NA" if i % 4 == 0 else i % 5)
    assert loaded(tmp_path, few).features == 3
    dataset = loaded(tmp_path, many)
    assert dataset.features == 4
    inputs, _ = everything(dataset)
    absent = inputs[:, 3] == 1
    assert absent.sum() == 50
    assert dataset.encoder is not None
    entry = dataset.encoder["columns"][2]
    np.testing.assert_allclose(inputs[absent, 2], (entry["median"] - entry["mean"]) / entry["std"], rtol=1e-5)


def test_a_slip_in_an_otherwise_empty_row_is_left_out_with_it(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, table(60) + "oops,,\n")
    assert columns(dataset)["width"] == ("number", "numbers")
    assert len(everything(dataset)[0]) == 60


def test_text_is_one_hot_and_missing_text_a_category_of_its_own(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, table(200, colour=["red", "green", "", "blue"]))
    inputs, _ = everything(dataset)
    assert dataset.features == 6
    np.testing.assert_array_equal(inputs[:, 2:].sum(axis=1), 1)
    np.testing.assert_array_equal(inputs[:, 2:].sum(axis=0), 50)


def test_zeros_that_may_stand_for_missing_are_said_and_left(tmp_path: Path) -> None:
    text = table(200, pressure=lambda i: 0 if i % 10 == 0 else 60 + i % 37, count=lambda i: i % 9)
    said = [note for note in notes(tmp_path, text) if "zeros" in note]
    assert len(said) == 1
    assert said[0].startswith("Column 'pressure': 20 zeros far below all other values")


def test_each_decision_is_told_every_time(tmp_path: Path) -> None:
    text = table(40, id=lambda i: i, colour=["red", "green"])
    first, again = notes(tmp_path, text), notes(tmp_path, text)
    assert first[1:] != []
    assert again == [note for note in first if not note.startswith("Reading")]
    assert "Left out: id (counts the rows)" in again
    assert any("column used as categories, one input for each value: colour" in note for note in again)
    assert any("data.split_seed = 0" in note for note in again)


# -- label and task -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["label", "Target", "CLASS", " y "])
def test_the_label_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    text = f"{name},a,b\n" + "".join(f"{'xy'[i % 2]},{i % 9},{i * 0.5}\n" for i in range(20))
    assert loaded(tmp_path, text).classes == ("x", "y")


def test_the_label_can_be_any_column(tmp_path: Path) -> None:
    text = table(60, side=["left", "right", "up"])
    assert loaded(tmp_path, text).classes == ("a", "b")
    for label in ("side", "SIDE", 2, -2, "2"):
        assert loaded(tmp_path, text, label=label).classes == ("left", "right", "up")
    assert "did you mean 'side'" in refused(tmp_path, text, label="sode")
    assert "no column '9' for data.label" in refused(tmp_path, text, label=9)


@pytest.mark.parametrize(
    ("label", "task", "classes"),
    [
        (["0", "1", "2"], "classification", ("0", "1", "2")),
        (["1.0", "2.0"], "classification", ("1", "2")),
        (["-1", "1"], "classification", ("-1", "1")),
        (["'-1'", "'1'"], "classification", ("-1", "1")),
        (["10", "9", "2"], "classification", ("2", "9", "10")),
        (["1e3", "1100"], "classification", ("1000", "1100")),
        (["True", "False"], "classification", ("False", "True")),
        ([" yes ", "no"], "classification", ("no", "yes")),
        (["'yes'", "'no'"], "classification", ("no", "yes")),
        (['"yes"', '"no"'], "classification", ("no", "yes")),
        (["<=50K", ">50K"], "classification", ("<=50K", ">50K")),
        (["01", "02", "10"], "classification", ("01", "02", "10")),
        (["0.5", "1.25", "3.75"], "regression", None),
        (lambda i: i * 7 % 31, "regression", None),
        (lambda i: f"{1000 + i * 7 % 31},5", "classification", None),
    ][:-1],
)
def test_labels_are_what_a_person_means(tmp_path: Path, label: Any, task: str, classes: Any) -> None:
    lines = [f"{i % 11}.5,{i % 7},{label(i) if callable(label) else label[i % len(label)]}" for i in range(90)]
    for text in ("\n".join(lines), "width,height,result\n" + "\n".join(lines)):
        dataset = loaded(tmp_path, text)
        assert (dataset.encoder or {})["task"] == task
        assert dataset.classes == classes


def test_many_whole_numbers_are_classes_where_each_is_about_as_frequent(tmp_path: Path) -> None:
    body = "".join(f"{i % 11}.5,{i % 7},{i % 26}\n" for i in range(520))
    assert len(loaded(tmp_path, body).classes or ()) == 26
    counts = RNG.poisson(9, 520)
    assert loaded(tmp_path, "".join(f"{i % 11}.5,{i % 7},{c}\n" for i, c in enumerate(counts))).classes is None


def test_the_task_can_be_overruled_and_the_guess_says_how(tmp_path: Path) -> None:
    text = "a,b,rings\n" + "".join(f"{i % 11}.5,{i % 7},{i % 28}\n" for i in range(600))
    scarce = "a,b,rings\n" + "".join(f"{i % 11}.5,{i % 7},{i * i % 127}\n" for i in range(200))
    (said,) = (note for note in notes(tmp_path, scarce) if "rings" in note and "regression" in note)
    assert 'data.task = "classification" overrules' in said
    assert loaded(tmp_path, text, task="classification").outputs == 28
    assert loaded(tmp_path, text, task="regression").outputs == 1
    assert "probably" not in said
    assert 'data.task = "regression"' in refused(tmp_path, scarce, task="classification")
    assert "regression predicts numbers" in refused(tmp_path, table(), task="regression")


@pytest.mark.parametrize(
    ("rows", "task", "m"), [(150, "classification", 1), (900, "classification", 5), (150, "regression", 5)]
)
def test_few_rows_of_classes_get_small_mini_batches_and_so_enough_steps(
    tmp_path: Path, rows: int, task: str, m: int
) -> None:
    path = written(tmp_path, "x,kind\n" + "\n".join(f"{k * 0.37 % 1:.4f},{k % 2}" for k in range(rows)))
    experiment = Experiment(data={"name": path, "task": task})
    data = load_data(experiment)
    assert fitted(experiment, data).training.mini_batch == m
    assert fitted(experiment.changed({"training.mini_batch": 7}), data).training.mini_batch == 7


def test_rows_without_a_label_are_left_out_and_said(tmp_path: Path) -> None:
    text = table(60) + "1,2,\n1,2,NA\n1,2,?\n"
    assert len(everything(loaded(tmp_path, text))[0]) == 60
    assert "3 rows without a label are left out" in notes(tmp_path, text)


# -- regression ---------------------------------------------------------------------------------------------


def test_regression_targets_are_standardized_and_remember_their_unit(tmp_path: Path) -> None:
    text = "a,b,price\n" + "".join(f"{i % 11}.5,{i % 7},{20_000 + 37.5 * i}\n" for i in range(200))
    dataset = loaded(tmp_path, text)
    _, targets = everything(dataset)
    assert dataset.training.targets.mean() == pytest.approx(0, abs=1e-5)
    assert dataset.training.targets.std() == pytest.approx(1, abs=1e-5)
    prices = np.sort(dataset.unscaled(targets).ravel())
    np.testing.assert_allclose(prices, 20_000 + 37.5 * np.arange(200), rtol=1e-5)


# -- splits -------------------------------------------------------------------------------------------------


def test_parts_hold_the_classes_in_proportion(tmp_path: Path) -> None:
    lines = [f"{i * 7 % 50},{i % 13},{'abc'[(i >= 120) + (i >= 190)]}" for i in range(200)]  # sorted by class
    dataset = loaded(tmp_path, "\n".join(lines))
    assert [len(p) for p in (dataset.training, dataset.validation, dataset.test)] == [140, 30, 30]
    for part, share in ((dataset.training, 0.7), (dataset.validation, 0.15), (dataset.test, 0.15)):
        counts = np.bincount(part.targets, minlength=3)
        np.testing.assert_allclose(counts, np.array([120, 70, 10]) * share, atol=1)
    assert len(set(dataset.training.targets[:20].tolist())) > 1  # shuffled: the first N are a sample of all


def test_another_seed_is_another_split_and_the_same_one_the_same(tmp_path: Path) -> None:
    text = table(100)
    first, again, other = (loaded(tmp_path, text, split_seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.training.inputs, again.training.inputs)
    assert not np.array_equal(first.training.inputs, other.training.inputs)


def test_shares_can_be_set(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, table(200), validation_share=0.3, test_share=0.2)
    assert [len(p) for p in (dataset.training, dataset.validation, dataset.test)] == [100, 60, 40]


def test_every_row_is_used_once_and_keeps_its_label(tmp_path: Path) -> None:
    text = "".join(f"{i},{i % 7},{'ab'[i % 2]}\n" for i in range(50, 100))
    dataset = loaded(tmp_path, text, columns={"0": "number"})
    inputs, targets = everything(dataset)
    assert dataset.encoder is not None
    entry = dataset.encoder["columns"][0]
    numbers = np.rint(inputs[:, 0] * entry["std"] + entry["mean"]).astype(int)
    assert sorted(numbers) == list(range(50, 100))
    np.testing.assert_array_equal(numbers % 2, targets)


def test_a_class_that_a_part_lacks_is_said(tmp_path: Path) -> None:
    text = table(60) + "1,2,rare\n1,3,rare\n"
    dataset = loaded(tmp_path, text)
    assert [np.bincount(p.targets, minlength=3)[2] for p in (dataset.training, dataset.validation, dataset.test)] == [
        *(1, 1, 0)
    ]
    assert any("The test part has no example of the class 'rare'" in note for note in notes(tmp_path, text))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_any_classes_are_shared_out_whole(tmp_path: Path, sizes: list[int], seed: int) -> None:
    labels = [f"c{k}" for k, size in enumerate(sizes) for _ in range(size)]
    if len(labels) < 12 or len(sizes) > len(labels) / 2:
        return
    dataset = loaded(tmp_path, "".join(f"{i * 3 % 17},{i % 5},{c}\n" for i, c in enumerate(labels)), split_seed=seed)
    counts = [
        np.bincount(p.targets, minlength=len(sizes)) for p in (dataset.training, dataset.validation, dataset.test)
    ]
    np.testing.assert_array_equal(sum(counts), sizes)
    assert (counts[0] > 0).all()
    for size, validation, test in zip(sizes, counts[1], counts[2], strict=True):
        assert (validation > 0) == (size >= 2)
        assert (test > 0) == (size >= 3)


# -- images -------------------------------------------------------------------------------------------------


def image_rows(n: int = 30, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    pixels = RNG.integers(0, 256, (n, 784))
    pixels[:, :40] = pixels[:, -40:] = 0
    return (pixels * scale if scale != 1 else pixels), np.arange(n) % 5


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("header", ["", "pixel", "named"])
def test_784_pixels_beside_a_label_are_images(tmp_path: Path, first: bool, header: str) -> None:
    pixels, labels = image_rows()
    names = (
        [f"pixel{i}" for i in range(784)] if header == "pixel" else [f"{i}x{j}" for i in range(28) for j in range(28)]
    )
    rows = [
        [label, *row] if first else [*row, label] for label, row in zip(labels.tolist(), pixels.tolist(), strict=True)
    ]
    if header:
        rows.insert(0, ["label", *names] if first else [*names, "label"])
    dataset = loaded(tmp_path, "\n".join(",".join(map(str, row)) for row in rows))
    assert (dataset.image_shape, dataset.training.inputs.dtype) == ((28, 28), np.uint8)
    assert dataset.training.scale == pytest.approx(1 / 255)
    assert dataset.classes == ("0", "1", "2", "3", "4")
    inputs, targets = everything(dataset)
    expected = {tuple(row): label for row, label in zip(pixels.tolist(), labels.tolist(), strict=True)}
    assert {tuple(row): label for row, label in zip(inputs.tolist(), targets.tolist(), strict=True)} == expected


def test_pixels_between_0_and_1_are_images_too(tmp_path: Path) -> None:
    pixels, labels = image_rows(scale=1 / 255)
    rows = (",".join([*(f"{v:.4f}" for v in row), "ab"[label % 2]]) for row, label in zip(pixels, labels, strict=True))
    dataset = loaded(tmp_path, "\n".join(rows))
    assert (dataset.image_shape, dataset.training.inputs.dtype, dataset.training.scale) == ((28, 28), np.float32, 1.0)
    assert dataset.training.inputs.max() == pytest.approx(1.0)


def test_784_other_numbers_are_no_image(tmp_path: Path) -> None:
    rows = (",".join([*(f"{v:.2f}" for v in RNG.normal(size=784)), "ab"[i % 2]]) for i in range(20))
    assert loaded(tmp_path, "\n".join(rows)).image_shape is None


# -- what can't be used -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(9), "9 rows of data with a label; at least 10"),
        (table(2), "2 rows of data with a label"),
        (table(60).replace(",b\n", ",a\n"), "has only the value 'a'"),
        (table(60).replace(",a\n", ",\n").replace(",b\n", ",NA\n"), "the label, is missing in every row"),
        (table(60) + "inf,2,a\n", "line 62, column 'width': the cell is infinite"),
        (table(60) + "1,1e400,a\n", "line 62, column 'height': the cell is infinite"),
        (table(60) + "1,1e35,a\n", "must be below 1e30"),
        ("a,b\n" + "".join(f"{i}.5,name{i}\n" for i in range(40)), "has 40 different texts in 40 rows"),
        ("a,b\n" + "".join(f"{i}.5,2020-01-{i % 28 + 1:02}\n" for i in range(40)), "too many to be classes"),
        ("a,b\n" + "".join(f"same,{'xy'[i % 2]}\n" for i in range(40)), "no column to learn from"),
        (table(60).replace(",a\n", "," + "x" * 101 + "\n"), "at most 100"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_infinity_in_a_column_that_is_left_out_does_no_harm(tmp_path: Path) -> None:
    assert loaded(tmp_path, table(60) + "inf,2,a\n", columns={"width": "ignore"}).features == 1


def test_markup_and_control_characters_in_names_stay_text(tmp_path: Path) -> None:
    assert "'[red]'" in refused(tmp_path, table(60).replace("width", "[red]") + "inf,2,a\n")
    assert columns(loaded(tmp_path, table(60).replace("width", "a\x1b[1mb")))["a�[1mb"][0] == "number"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=8),
    tail=st.binary(max_size=20),
    cut=st.none() | st.integers(0, 300),
)
def test_corrupt_bytes_give_a_sentence_or_a_dataset(
    tmp_path: Path, edits: list[tuple[int, int]], tail: bytes, cut: int | None
) -> None:
    content = bytearray(table(30).encode())
    for place, byte in edits:
        content[place % len(content)] = byte
    path = tmp_path / "mine.csv"
    path.write_bytes(bytes(content[:cut]) + tail)
    try:
        dataset, _ = tables.read(path, "mine", "mine")
    except BadInput as problem:
        assert str(problem).isprintable()  # noqa: PT017
    else:
        assert all(np.isfinite(part.inputs).all() for part in (dataset.training, dataset.validation, dataset.test))
