"""A person's .npz: pictures, labels, regression; and nothing in the file is trusted."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tunelab.data import Dataset, labels, load, npz
from tunelab.data.npz_export import to_npz
from tunelab.data.options import FileOptions
from tunelab.errors import BadInput
from tunelab.training.metrics import metric_for

RNG = np.random.default_rng(0)
GOOD: dict[str, Any] = {
    "x_train": RNG.integers(0, 256, (12, 4, 4)).astype(np.uint8),
    "y_train": np.arange(12) % 3,
    "x_test": RNG.integers(0, 256, (6, 4, 4)).astype(np.uint8),
    "y_test": np.arange(6) % 3,
}


def written(tmp_path: Path, **arrays: Any) -> str:
    path = tmp_path / "mine.npz"
    np.savez(path, **{key: value for key, value in (GOOD | arrays).items() if value is not None})
    return str(path)


def refused(path: str) -> str:
    with pytest.raises(BadInput) as caught:
        load(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


VALIDATION: dict[str, Any] = {"y_validation": np.arange(6) % 3}


def test_images_stay_pixels_and_a_sixth_validates(tmp_path: Path) -> None:
    dataset = load(written(tmp_path))
    assert (len(dataset.training), len(dataset.validation), len(dataset.test)) == (9, 3, 6)
    assert dataset.training.inputs.dtype == np.uint8
    assert (dataset.image_shape, dataset.classes) == ((4, 4), ("0", "1", "2"))
    assert dataset.training.scale == pytest.approx(1 / 255)
    rows = {tuple(x): y for x, y in zip(GOOD["x_train"].reshape(12, 16).tolist(), GOOD["y_train"], strict=True)}
    for part in (dataset.training, dataset.validation):
        assert [rows.pop(tuple(x)) for x in part.inputs.tolist()] == part.targets.tolist()
    assert not rows


def test_sorted_examples_are_shuffled_into_parts_alike(tmp_path: Path) -> None:
    y = np.repeat(np.arange(10), 60)
    arrays = {"x_train": RNG.random((600, 3)), "y_train": y, "x_test": RNG.random((10, 3)), "y_test": np.arange(10)}
    path = written(tmp_path, **arrays)
    first, again, other = (load(path, options=FileOptions(split_seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(np.bincount(first.validation.targets), np.full(10, 10))
    np.testing.assert_array_equal(first.test.targets, np.arange(10))
    np.testing.assert_array_equal(first.training.inputs, again.training.inputs)
    assert not np.array_equal(first.training.inputs, other.training.inputs)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.arange(12) % 3 * 1.0, ("0", "1", "2")),
        (np.arange(12) % 2 * 2 - 1, ("-1", "1")),
        ((np.arange(12) % 3)[:, None], ("0", "1", "2")),
        (np.eye(3)[np.arange(12) % 3], ("0", "1", "2")),
        (np.eye(3, dtype=np.uint8)[np.arange(12) % 3], ("0", "1", "2")),
        (np.arange(12) % 2 == 0, ("False", "True")),
        (np.array(["a", "b"] * 6), ("a", "b")),
    ],
)
def test_labels_in_any_form_are_the_same_classes(tmp_path: Path, y: np.ndarray, classes: tuple[str, ...]) -> None:
    dataset = load(written(tmp_path, y_train=y, y_test=y[:6]))
    assert dataset.classes == classes
    assert set(np.concatenate([dataset.training.targets, dataset.validation.targets])) == set(range(len(classes)))


def test_the_task_can_be_overruled(tmp_path: Path) -> None:
    path = written(tmp_path)
    dataset = load(path, options=FileOptions(task="regression"))
    assert (dataset.classes, dataset.outputs) == (None, 1)
    np.testing.assert_allclose(dataset.unscaled(dataset.test.targets).ravel(), np.arange(6) % 3, atol=1e-6)


@pytest.mark.parametrize("most", [1.0, 255.0])
def test_images_of_floats_are_images_however_they_are_scaled(tmp_path: Path, most: float) -> None:
    x = {part: RNG.random((n, 4, 4, 1)) * most for part, n in (("x_train", 12), ("x_test", 6))}
    dataset = load(written(tmp_path, **x))
    assert dataset.image_shape == (4, 4)
    seen = dataset.test.scaled(slice(None))
    np.testing.assert_allclose(seen, x["x_test"].reshape(6, 16) / most, rtol=1e-5)
    whole = load(written(tmp_path, **{part: np.rint(values * 255 / most) for part, values in x.items()}))
    assert whole.test.inputs.dtype == np.uint8


def test_a_validation_part_is_used_where_there_is_one(tmp_path: Path) -> None:
    path = written(tmp_path, x_validation=GOOD["x_test"][:3], y_validation=GOOD["y_test"][:3])
    assert (len(load(path).training), len(load(path).validation)) == (12, 3)
    assert "has no y_validation" in refused(written(tmp_path, x_validation=GOOD["x_test"][:3]))


def test_784_whole_numbers_in_a_row_are_a_picture(tmp_path: Path) -> None:
    rows = {part: RNG.integers(0, 256, (n, 784)) for part, n in (("x_train", 12), ("x_test", 6))}
    dataset = load(written(tmp_path, **rows))
    assert (dataset.image_shape, dataset.training.inputs.dtype) == ((28, 28), np.uint8)


def test_floats_between_0_and_1_are_left_alone(tmp_path: Path) -> None:
    x = RNG.random((12, 5))
    dataset = load(written(tmp_path, x_train=x, x_test=x[:6], x_validation=x[:6], **VALIDATION))
    np.testing.assert_array_equal(dataset.training.inputs, x.astype(np.float32))
    assert (dataset.image_shape, dataset.training.scale) == (None, 1.0)


def test_other_numbers_are_standardized_by_the_training_part_alone(tmp_path: Path) -> None:
    x = RNG.normal([5, -300, 7], [2, 40, 0], (18, 3))
    heard = []
    path = written(tmp_path, x_train=x[:12], x_test=x[12:], x_validation=x[12:], **VALIDATION)
    dataset = load(path, report=lambda what, _done, _total: heard.append(what))
    np.testing.assert_allclose(dataset.training.inputs[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.training.inputs[:, :2].std(axis=0), 1, atol=1e-6)
    np.testing.assert_array_equal(dataset.training.inputs[:, 2], 0)  # a constant is centred, not divided by 0
    mean, std = x[:12, :2].mean(axis=0), x[:12, :2].std(axis=0)
    np.testing.assert_allclose(dataset.test.inputs[:, :2], (x[12:, :2] - mean) / std, rtol=1e-5)
    assert any("standardized" in what for what in heard)
    origin = npz.read(Path(path), "", "")[1]
    np.testing.assert_allclose(origin.mean[:2], mean)
    np.testing.assert_allclose(origin.std[:2], std)


@pytest.mark.parametrize("shape", [(12,), (12, 1), (12, 2)])
def test_float_targets_are_regression(tmp_path: Path, shape: tuple[int, ...]) -> None:
    y = RNG.normal(5, 2, shape)
    dataset = load(written(tmp_path, y_train=y, y_test=y[:6]))
    assert dataset.classes is None
    assert dataset.outputs == (shape[1] if len(shape) > 1 else 1)
    assert dataset.training.targets.dtype == np.float32
    np.testing.assert_allclose(dataset.training.targets.std(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(dataset.unscaled(dataset.test.targets), y[:6].reshape(6, -1), rtol=1e-5)
    assert metric_for(dataset).name == "r2"


def test_string_labels_and_numbers_in_order_of_value(tmp_path: Path) -> None:
    words = np.array(["cat", "ant", "bee"] * 4)
    assert load(written(tmp_path, y_train=words, y_test=words[:6])).classes == ("ant", "bee", "cat")
    numbers = np.array([10, 9, 2] * 4)
    assert load(written(tmp_path, y_train=numbers, y_test=numbers[:6])).classes == ("2", "9", "10")


def test_by_columns_and_foreign_byte_order(tmp_path: Path) -> None:
    x = RNG.random((12, 5))
    path = written(tmp_path, x_train=np.asfortranarray(x.astype(">f8")), x_test=x[:6].astype(">f4"))
    np.testing.assert_array_equal(load(path).test.inputs, x[:6].astype(np.float32))


def test_what_needs_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (trap,))

    path = written(tmp_path, y_train=np.array([Evil()] * 12, dtype=object))
    assert "pickle" in refused(path)
    # an honest header in front of a pickle, and a pickle without one
    for content in (pickle.dumps(Evil()), _npy("|O", (12,), pickle.dumps(Evil()))):
        _zip(Path(path), y_train=content)
        refused(path)
    assert not trap.exists()


def _npy(descr: str, shape: tuple[int, ...], data: bytes) -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def _zip(path: Path, compress: bool = False, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for key, value in GOOD.items():
            content = io.BytesIO()
            np.save(content, value)
            archive.writestr(f"{key}.npy", members.get(key, content.getvalue()))


@pytest.mark.parametrize("shape", [(10**12, 28, 28), (13, 4, 4), (-12, 4, 4), (11, 4, 4)])
def test_headers_that_disagree_with_the_archive_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "mine.npz"
    _zip(path, x_train=_npy("|u1", shape, bytes(12 * 16)))
    assert "x_train" in refused(str(path))


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "MAX_BYTES", 1 << 20)
    path = tmp_path / "mine.npz"
    _zip(path, compress=True, x_train=_npy("|u1", (2 << 20, 1), bytes(2 << 20)))
    assert path.stat().st_size < 10_000
    assert "would unpack to more than 1,048,576 bytes" in refused(str(path))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"x_test": None}, "has no x_test; it holds x_train, y_train, y_test"),
        ({"y_train": np.arange(11)}, "12 rows in x_train but 11 in y_train"),
        ({"y_train": np.ones((12, 3), int), "y_test": np.ones((6, 3), int)}, "3 columns that aren't one-hot"),
        ({"y_train": np.zeros((12, 3, 2)), "y_test": np.zeros((6, 3, 2))}, "y_train has shape (12, 3, 2)"),
        ({"y_train": np.eye(12, dtype=int)}, "an example of y_test is one number, of y_train 12 numbers"),
        ({"y_train": np.zeros(12, int), "y_test": np.zeros(6, int)}, "only the value '0'"),
        ({"y_train": np.array(["a", "b"] * 6)}, "an example of y_test is one number, of y_train one string;"),
        ({"x_test": np.zeros((6, 5, 4), np.uint8)}, "an example of x_test is 5×4 whole numbers, of x_train 4×4"),
        ({"x_train": np.zeros((12, 4, 4, 3), np.uint8)}, "x_train has shape (12, 4, 4, 3)"),
        ({"x_train": np.zeros((0, 4, 4), np.uint8)}, "x_train is empty"),
        ({"x_train": np.zeros((4, 4, 4), np.uint8), "y_train": np.arange(4)}, "4 training"),
        ({"x_train": np.ones((12, 2), complex)}, "complex128"),
        ({"x_train": np.zeros(12)}, "x_train has shape (12,)"),
        ({"y_train": np.array(["\x1b[31m", "b"] * 6), "y_test": np.array(["b"] * 6)}, "can be printed"),
        ({"y_train": np.full(12, 2**63, np.uint64)}, "beyond 2⁶³"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    assert said in refused(written(tmp_path, **changed))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_located(tmp_path: Path, value: float) -> None:
    x = RNG.random((12, 5))
    x[3, 2] = value
    assert "x_train[3, 2]" in refused(written(tmp_path, x_train=x, x_test=RNG.random((6, 5))))
    y = RNG.random(6)
    y[1] = value
    assert "y_test[1" in refused(written(tmp_path, y_train=RNG.random(12), y_test=y))


def test_too_many_classes(tmp_path: Path) -> None:
    n = labels.MAX_CLASSES + 200
    path = written(tmp_path, x_train=RNG.random((n, 2)), x_test=RNG.random((6, 2)), y_train=np.arange(n))
    assert load(path).classes is None
    with pytest.raises(BadInput, match="too many to be classes"):
        load(path, options=FileOptions(task="classification"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all" * 100, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    refused(str(path))


def test_a_truncated_archive(tmp_path: Path) -> None:
    path = Path(written(tmp_path))
    path.write_bytes(path.read_bytes()[:-200])
    assert "can't be unpacked" in refused(str(path))


def test_a_damaged_member_is_noticed(tmp_path: Path) -> None:
    path = Path(written(tmp_path))
    content = bytearray(path.read_bytes())
    content[content.index(b"NUMPY") + 200] ^= 1  # inside the data of x_train: the checksum differs
    path.write_bytes(bytes(content))
    assert "Bad CRC" in refused(str(path))


def test_an_export_comes_back_as_it_was(tmp_path: Path) -> None:
    dataset = load(written(tmp_path, y_train=np.array([9, 2, 5] * 4), y_test=np.array([9, 2, 5] * 2)))
    to_npz(dataset, tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert sorted(arrays) == sorted(
            f"{letter}_{part}" for letter in "xy" for part in ("train", "validation", "test")
        )
        assert (arrays["x_train"].dtype, arrays["x_train"].shape) == (np.uint8, (9, 4, 4))
        assert sorted(arrays["y_train"].tolist()) == [2, 2, 2, 5, 5, 5, 9, 9, 9]
    again = load(str(tmp_path / "out.npz"))
    for part in ("training", "validation", "test"):
        np.testing.assert_array_equal(getattr(again, part).inputs, getattr(dataset, part).inputs)
        np.testing.assert_array_equal(getattr(again, part).targets, getattr(dataset, part).targets)
    assert again.classes == dataset.classes


def test_an_export_replaces_only_when_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    dataset = load("points", training=10, evaluation=10)
    target = tmp_path / "out.npz"
    target.write_text("mine")
    with pytest.raises(BadInput, match="there already"):
        to_npz(dataset, target)
    assert target.read_text() == "mine"
    to_npz(dataset, target, force=True)
    with pytest.raises(BadInput, match=r"end in \.npz"):
        to_npz(dataset, tmp_path / "out.csv")
    with pytest.raises(BadInput, match="can't be written"):
        to_npz(dataset, tmp_path / "nowhere" / "out.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["out.npz"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    compress=st.booleans(),
    edits=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.none() | st.integers(0, 2000),
)
def test_corrupt_bytes_give_a_sentence_or_a_dataset(
    tmp_path: Path, compress: bool, edits: list[tuple[int, int]], cut: int | None
) -> None:
    path = tmp_path / "mine.npz"
    _zip(path, compress)
    content = bytearray(path.read_bytes())
    for place, byte in edits:
        content[place % len(content)] = byte
    path.write_bytes(bytes(content[:cut]))
    try:
        dataset, _ = npz.read(path, "mine", "mine")
    except BadInput as problem:
        sentence = str(problem)
        assert sentence.isprintable()
    else:
        assert isinstance(dataset, Dataset)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(sorted(GOOD)), edits=st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), max_size=6)
)
def test_headers_with_a_right_checksum_and_wrong_bytes(tmp_path: Path, key: str, edits: list[tuple[int, int]]) -> None:
    """Corruption that the zip's own checksum can't find: the header itself is strange."""
    stored = io.BytesIO()
    np.save(stored, GOOD[key])
    content = bytearray(stored.getvalue())
    for place, byte in edits:
        content[place] = byte
    path = tmp_path / "mine.npz"
    _zip(path, **{key: bytes(content)})
    try:
        npz.read(path, "mine", "mine")
    except BadInput as problem:
        sentence = str(problem)
        assert sentence.isprintable()
