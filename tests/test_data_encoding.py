"""What a data set's encoder makes of other rows: by column name, in any order, with what training knew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tunelab.data import load
from tunelab.data.encoding import EncodedRows, encode_rows, encoder_of
from tunelab.data.options import FileOptions
from tunelab.data.tables import describe_table
from tunelab.errors import BadInput

HEADER = "age,colour,id,grade,kind"


def row(i: int) -> str:
    age = "" if i % 9 == 0 else f"{20 + i % 31}.5"
    return f"{age},{['red', 'blue', 'green', ''][i % 4]},{i},{i % 3 + 1},{'ab'[i % 2]}"


TRAINING = "\n".join([HEADER, *map(row, range(120))]) + "\n"


def encoder(tmp_path: Path, text: str = TRAINING, **options: Any) -> dict[str, Any]:
    """As a record holds it: through JSON."""
    path = tmp_path / "train.csv"
    path.write_text(text)
    return json.loads(json.dumps(encoder_of(load(str(path), options=FileOptions(**options)))))


def encoded(tmp_path: Path, known: dict[str, Any], text: str, name: str = "new.csv") -> EncodedRows:
    (tmp_path / name).write_text(text)
    return encode_rows(known, tmp_path / name)


def inputs(rows: EncodedRows) -> np.ndarray:
    return rows.scaled(slice(None))


def test_the_training_rows_come_out_as_they_were_trained_on(tmp_path: Path) -> None:
    known = encoder(tmp_path)
    dataset = load(str(tmp_path / "train.csv"))
    rows = encode_rows(known, tmp_path / "train.csv")
    parts = [dataset.training.inputs, dataset.validation.inputs, dataset.test.inputs]
    assert sorted(inputs(rows).tolist()) == sorted(np.vstack(parts).tolist())
    assert rows.notes == ("Left aside: kind",)


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    known = encoder(tmp_path)
    usual = inputs(encoded(tmp_path, known, f"{HEADER}\n{row(1)}\n{row(2)}\n"))
    shuffled = "Grade;extra;COLOUR;age\n2;x;blue;21,5\n3;y;green;22,5\n"
    rows = encoded(tmp_path, known, shuffled)
    np.testing.assert_array_equal(inputs(rows), usual)
    assert rows.notes == ("Left aside: extra",)


def test_one_row_or_one_column_is_a_table_too(tmp_path: Path) -> None:
    known = encoder(tmp_path)
    assert inputs(encoded(tmp_path, known, "age,colour,grade\n30,red,1\n")).shape == (1, 7)
    single = encoder(tmp_path, "size,price\n" + "".join(f"{i % 17},{i * 1.5}\n" for i in range(60)))
    assert inputs(encoded(tmp_path, single, "size\n3\n4\n")).shape == (2, 1)


def test_a_category_never_seen_and_a_missing_cell_work_and_are_said(tmp_path: Path) -> None:
    known = encoder(tmp_path)
    rows = encoded(tmp_path, known, "age,colour,grade\n30,violet,1\n?,,2\nold,red,NA\n")
    made = inputs(rows)
    np.testing.assert_array_equal(made[:, 2:6], [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    np.testing.assert_array_equal(made[:, 1], [0, 1, 1])  # age is missing
    assert any("'violet', never seen in training" in note for note in rows.notes)
    assert any("1 cell that is no number counts as missing" in note for note in rows.notes)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    known = encoder(tmp_path)
    with pytest.raises(BadInput, match="has no column 'colour', which the network was trained on"):
        encoded(tmp_path, known, "age,grade\n30,1\n31,2\n")
    with pytest.raises(BadInput, match=r"no column 'age' \(and 1 more\)"):
        encoded(tmp_path, known, "ages,grade,colours\n30,1,red\n31,2,blue\n")


def test_without_a_header_columns_are_taken_by_their_place(tmp_path: Path) -> None:
    headless = "\n".join(map(row, range(120)))
    known = encoder(tmp_path, headless)
    usual = inputs(encoded(tmp_path, known, "\n".join(map(row, range(5)))))
    without_label = "\n".join(row(i).rpartition(",")[0] for i in range(5))
    np.testing.assert_array_equal(inputs(encoded(tmp_path, known, without_label)), usual)
    with_header = encoder(tmp_path)
    np.testing.assert_array_equal(inputs(encoded(tmp_path, with_header, without_label)), usual)
    with pytest.raises(BadInput, match="has 2 columns, and the network was trained on a table of 5"):
        encoded(tmp_path, known, "1,2\n3,4\n")


def test_numbers_called_a_category_are_known_in_any_form(tmp_path: Path) -> None:
    known = encoder(tmp_path, columns={"grade": "category"})
    made = inputs(encoded(tmp_path, known, "age,colour,grade\n30,red,1.0\n30,red,1\n30,red,03\n"))
    np.testing.assert_array_equal(made[0], made[1])
    np.testing.assert_array_equal(made[:, -3:], [[1, 0, 0], [1, 0, 0], [0, 0, 1]])


def test_a_column_without_any_value_is_encoded_as_missing(tmp_path: Path) -> None:
    known = encoder(tmp_path, columns={"grade": "category"})
    made = inputs(encoded(tmp_path, known, "age,colour,grade\n30,,\n31,,\n"))
    assert made[:, -4:].tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]


def test_parquet_rows_are_encoded_too(tmp_path: Path) -> None:
    import polars as pl

    known = encoder(tmp_path)
    frame = pl.DataFrame({"grade": [2, None], "colour": ["blue", None], "age": [21.5, None]})
    frame.write_parquet(tmp_path / "new.parquet")
    made = inputs(encode_rows(known, tmp_path / "new.parquet"))
    usual = inputs(encoded(tmp_path, known, f"{HEADER}\n{row(1)}\n"))
    np.testing.assert_array_equal(made[:1], usual)


def test_arrays_and_images_are_encoded_as_they_were_trained_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 4, 4)).astype(np.uint8)
    np.savez(
        tmp_path / "images.npz", x_train=pixels, y_train=np.arange(60) % 2, x_test=pixels[:9], y_test=np.arange(9) % 2
    )
    images = json.loads(json.dumps(encoder_of(load(str(tmp_path / "images.npz")))))
    expected = pixels[:9].reshape(9, 16) / np.float32(255)
    np.testing.assert_allclose(inputs(encode_rows(images, tmp_path / "images.npz")), expected, rtol=1e-6)
    for x in (pixels[:9] / 255, pixels[:9].astype(float)):
        np.savez(tmp_path / "x.npz", x=x)
        np.testing.assert_allclose(inputs(encode_rows(images, tmp_path / "x.npz")), expected, rtol=1e-6)
    np.savez(tmp_path / "wrong.npz", x=rng.normal(size=(3, 5)))
    with pytest.raises(BadInput, match="5 numbers a row, and the network was trained on images of 4×4"):
        encode_rows(images, tmp_path / "wrong.npz")
    np.savez(tmp_path / "none.npz", a=pixels, b=pixels)
    with pytest.raises(BadInput, match="neither x nor x_test"):
        encode_rows(images, tmp_path / "none.npz")

    x = rng.normal(50, 9, (60, 3))
    np.savez(tmp_path / "numbers.npz", x_train=x, y_train=np.arange(60) % 2, x_test=x[:9], y_test=np.arange(9) % 2)
    numbers = load(str(tmp_path / "numbers.npz"))
    known = json.loads(json.dumps(encoder_of(numbers)))
    np.testing.assert_allclose(inputs(encode_rows(known, tmp_path / "numbers.npz")), numbers.test.inputs, rtol=1e-5)
    text = "".join(",".join(f"{v!r}" for v in r) + "\n" for r in x[:9].tolist())
    np.testing.assert_allclose(inputs(encoded(tmp_path, known, text)), numbers.test.inputs, rtol=1e-5)


@pytest.mark.parametrize("name", ["gone.csv", "new.xlsx"])
def test_what_is_no_file_of_rows_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "new.xlsx").write_bytes(b"PK")
    with pytest.raises(BadInput, match=name):
        encode_rows(encoder(tmp_path), tmp_path / name)


# -- what is in a table -------------------------------------------------------------------------------------


def test_a_table_is_described_column_by_column(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAINING)
    said = json.loads(json.dumps(describe_table(tmp_path / "train.csv")))
    assert (said["rows"], said["label"], said["task"]) == (120, "kind", "classification")
    assert said["classes"] == {"a": 60, "b": 60}
    assert said["parts"] == {"training": 84, "validation": 18, "test": 18}
    by_name = {column["name"]: column for column in said["columns"]}
    assert [column["name"] for column in said["columns"]] == HEADER.split(",")
    assert [by_name[name]["kind"] for name in HEADER.split(",")] == [
        "number",
        "category",
        "left-out",
        "number",
        "label",
    ]
    age, colour = by_name["age"], by_name["colour"]
    assert (age["missing"], age["min"], age["max"]) == (14, 20.5, 50.5)
    assert sum(age["histogram"]) == 106
    assert (colour["missing"], colour["distinct"]) == (30, 3)
    assert colour["values"] == {"red": 30, "blue": 30, "green": 30}
    assert any("Left out: id" in note for note in said["notes"])


def test_what_a_person_should_look_at_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(
        "a,b,kind\n" + "".join(f"{0 if i < 9 else 50 + i % 23},{i % 7},{'x' if i < 4 else 'y'}\n" for i in range(99))
    )
    warnings = describe_table(path)["warnings"]
    assert any("9 zeros far below" in warning for warning in warnings)
    assert any("96.0 % of the rows are 'y'" in warning for warning in warnings)
    assert any("'x' 4" in warning for warning in warnings)
