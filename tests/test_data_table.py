"""A person's .csv: header or none, labels or numbers, and a sentence with line and column for what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tunelab.data import Dataset, load, table
from tunelab.errors import BadInput


def written(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "mine.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def refused(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(BadInput) as caught:
        load(written(tmp_path, text))
    assert str(caught.value).isprintable()
    return str(caught.value)


def rows(n: int = 20, label: str = "{k}") -> str:
    return "".join(f"{i},{i % 7 + 0.5}," + label.format(k=i % 3) + "\n" for i in range(n))


def everything(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    parts = (dataset.training, dataset.validation, dataset.test)
    return np.vstack([p.inputs for p in parts]), np.concatenate([p.targets for p in parts])


def test_split_70_15_15_and_always_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, rows(200))
    heard = []
    dataset = load(path, report=lambda what, _done, _total: heard.append(what))
    assert (len(dataset.training), len(dataset.validation), len(dataset.test)) == (140, 30, 30)
    assert dataset.classes == ("0", "1", "2")
    assert any("140 training, 30 validation and 30 test" in what for what in heard)
    first, _ = table.read(Path(path), "", "")
    again, _ = table.read(Path(path), "", "")
    np.testing.assert_array_equal(first.training.inputs, again.training.inputs)
    assert len(set(np.asarray(first.training.targets[:20]).tolist())) == 3  # shuffled, not in the file's order


def test_reading_a_long_table_is_reported(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    path = Path(written(tmp_path, rows(5000)))
    table.read(path, "mine", "mine.csv", lambda *said: heard.append(said))
    assert [what for what, _, _ in heard] == ["Reading mine.csv"] * 6
    assert heard[-1][1:] == (path.stat().st_size,) * 2


def test_every_row_is_used_once_and_keeps_its_label(tmp_path: Path) -> None:
    dataset, origin = table.read(Path(written(tmp_path, rows(50))), "", "")
    inputs, targets = everything(dataset)
    numbers = np.rint(inputs[:, 0] * origin.std[0] + origin.mean[0]).astype(int)
    assert sorted(numbers) == list(range(50))
    np.testing.assert_array_equal(numbers % 3, targets)


@pytest.mark.parametrize(
    "header", ["width,height,kind\n", "\ufeffwidth,height,kind\n", "1,2,label\n", '"width","height","kind"\n']
)
def test_a_header_is_recognised(tmp_path: Path, header: str) -> None:
    with_header, without = load(written(tmp_path, header + rows())), load(written(tmp_path, rows()))
    np.testing.assert_array_equal(with_header.training.inputs, without.training.inputs)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(tmp_path: Path, separator: str) -> None:
    other = load(written(tmp_path, rows().replace(",", separator)))
    np.testing.assert_array_equal(other.training.inputs, load(written(tmp_path, rows())).training.inputs)


def test_the_column_called_label_wins(tmp_path: Path) -> None:
    text = "Label,a,b\n" + "".join(f"{'xy'[i % 2]},{i},{i * 0.5}\n" for i in range(20))
    dataset = load(written(tmp_path, text))
    assert (dataset.classes, dataset.features) == (("x", "y"), 2)


@pytest.mark.parametrize(
    ("label", "classes"),
    [
        ("{k}", ("0", "1", "2")),
        ("{k}.0", ("0", "1", "2")),
        ("1{k}e2", ("1000", "1100", "1200")),
        ("-{k}", ("-2", "-1", "0")),
    ],
)
def test_whole_numbers_are_classes_in_order_of_value(tmp_path: Path, label: str, classes: tuple[str, ...]) -> None:
    assert load(written(tmp_path, rows(label=label))).classes == classes


def test_numbers_with_decimals_are_regression(tmp_path: Path) -> None:
    dataset = load(written(tmp_path, rows(label="{k}.25")))
    assert (dataset.classes, dataset.outputs) == (None, 1)
    assert set(everything(dataset)[1].ravel().tolist()) == {0.25, 1.25, 2.25}


def test_784_pixels_in_a_row_are_pictures(tmp_path: Path) -> None:
    text = "".join(",".join(str((i * j) % 256) for j in range(784)) + f",{i % 2}\n" for i in range(1, 21))
    dataset = load(written(tmp_path, text))
    assert (dataset.image_shape, dataset.training.inputs.dtype) == ((28, 28), np.uint8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n\n", "is empty"),
        ("a,b\n", "0 rows"),
        (rows(9), "9 rows of data; at least 10"),
        ("1\n2\n3\n", "one column"),
        (rows() + "1,2\n", "line 21: 2 columns, where the first line has 3"),
        (rows() + "1,2,3,4\n", "line 21: 4 columns"),
        (rows() + "1,abc,2\n", "line 21, column 2: 'abc' is not a finite number"),
        ("width,height,kind\n" + rows() + "1,abc,2\n", "line 22, column 2 (height): 'abc'"),
        ("label,width\n" + "a,1\n" * 20 + "b,\n", "line 22, column 2 (width): ''"),
        (rows() + "nan,1,2\n", "line 21, column 1: 'nan' is not a finite number"),
        (rows() + "1,-inf,2\n", "line 21, column 2: '-inf'"),
        (rows() + "1_000,1,2\n", "line 21, column 1: '1_000'"),
        (rows() + "1e300,1,2\n", "must be finite, and below 1e30"),
        (rows(label="{k}.5") + "1,1,nan\n", "line 21: the label is nan"),
        (rows() + "1,1,\n", "line 21: a label has 1 to 60 characters, not 0"),
        (rows() + f"1,1,{'x' * 61}\n", "not 61"),
        (rows(label="same"), "only the label 'same'"),
        (rows(label="\x1b[3{k}m"), "can be printed"),
        (rows() + '1,"1,2\n', "is not a table"),
        (rows().encode() + b"1,1,\xff\xfe\n", "is not UTF-8"),
        (rows().encode("utf-16"), "is not UTF-8"),
        (rows() + "1,2," + "9" * 200_000, "is not a table"),
    ],
)
def test_what_is_wrong_is_located(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    assert "([red]\\)" in refused(tmp_path, "[red]\\,b,label\n" + "x,1,2\n" * 20)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=8),
    tail=st.binary(max_size=20),
    cut=st.none() | st.integers(0, 300),
)
def test_corrupt_bytes_give_a_sentence_or_a_dataset(
    tmp_path: Path, edits: list[tuple[int, int]], tail: bytes, cut: int | None
) -> None:
    content = bytearray(b"width,height,label\n" + rows().encode())
    for place, byte in edits:
        content[place % len(content)] = byte
    path = tmp_path / "mine.csv"
    path.write_bytes(bytes(content[:cut]) + tail)
    try:
        dataset, _ = table.read(path, "mine", "mine")
    except BadInput as problem:
        sentence = str(problem)
        assert sentence.isprintable()
    else:
        assert all(np.isfinite(part.inputs).all() for part in (dataset.training, dataset.validation, dataset.test))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='0123456789.,;\t\n\r"eE+-_naif \x00é', max_size=300))
def test_any_text_gives_a_sentence_or_a_dataset(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(text.encode())
    try:
        table.read(path, "mine", "mine")
    except BadInput as problem:
        sentence = str(problem)
        assert sentence.isprintable()
