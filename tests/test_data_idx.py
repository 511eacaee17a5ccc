"""IDX directories: MNIST's format is read exactly, and whatever isn't it is refused in one sentence."""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tunelab.data import Dataset, idx, load
from tunelab.data.dataset import Array
from tunelab.errors import BadInput


def as_idx(array: Array) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def contents(n_train: int = 12, n_test: int = 5, side: int = 3) -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    arrays = (
        rng.integers(0, 256, (n_train, side, side)),
        np.arange(n_train) % 3,
        rng.integers(0, 256, (n_test, side, side)),
        np.arange(n_test) % 3,
    )
    return {name: as_idx(array) for name, array in zip(idx.FILES, arrays, strict=True)}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "mine"
    place.mkdir()
    for name, content in contents().items():
        (place / name).write_bytes(content)
    return place


def refused(directory: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load(str(directory))
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_the_last_sixth_of_training_is_kept_for_validation(directory: Path) -> None:
    dataset = load(str(directory))
    assert (len(dataset.training), len(dataset.validation), len(dataset.test)) == (10, 2, 5)
    assert dataset.classes == ("0", "1", "2")
    assert dataset.image_shape == (3, 3)
    assert dataset.training.scale == pytest.approx(1 / 255)
    original = np.frombuffer(contents()[idx.FILES[0]], np.uint8, offset=16).reshape(12, 9)
    assert dataset.training.inputs.dtype == np.uint8
    np.testing.assert_array_equal(np.vstack([dataset.training.inputs, dataset.validation.inputs]), original)


@pytest.mark.parametrize("spelling", ["{}.gz", "dotted"])
def test_packed_and_dotted_names_give_the_same(directory: Path, spelling: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name, content in contents().items():
        if spelling == "dotted":
            (other / name.replace("-idx", ".idx")).write_bytes(content)
        else:
            (other / spelling.format(name)).write_bytes(gzip.compress(content))
    np.testing.assert_array_equal(load(str(other)).training.inputs, load(str(directory)).training.inputs)


def test_labels_that_leave_numbers_out_become_dense_positions(directory: Path) -> None:
    (directory / idx.FILES[1]).write_bytes(as_idx(np.array([7, 3] * 6)))
    (directory / idx.FILES[3]).write_bytes(as_idx(np.array([3, 7, 7, 9, 3])))
    dataset = load(str(directory))
    assert dataset.classes == ("3", "7", "9")
    np.testing.assert_array_equal(dataset.test.targets, [0, 1, 1, 2, 0])


def test_a_missing_file_is_named(directory: Path) -> None:
    (directory / idx.FILES[3]).unlink()
    assert "has no t10k-labels-idx1-ubyte" in refused(directory)


@pytest.mark.parametrize("cut", [1, 3, 10, 15, 16, 40])
def test_a_truncated_file_is_refused(directory: Path, cut: int) -> None:
    path = directory / idx.FILES[0]
    path.write_bytes(path.read_bytes()[:cut])
    assert idx.FILES[0] in refused(directory)


def test_a_truncated_gz_is_refused(directory: Path) -> None:
    path = directory / idx.FILES[0]
    content = gzip.compress(path.read_bytes())
    path.unlink()
    path.with_name(path.name + ".gz").write_bytes(content[: len(content) // 2])
    assert "cut short" in refused(directory)


def test_more_than_the_header_announces_is_refused(directory: Path) -> None:
    path = directory / idx.FILES[0]
    path.write_bytes(path.read_bytes() + b"\0")
    assert "more than the 108 bytes" in refused(directory)


def test_no_more_is_unpacked_than_the_header_announces(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small .gz that unpacks to 64 MB behind a header of 108 bytes: one byte too many is enough to refuse it."""
    path = directory / idx.FILES[0]
    bomb = gzip.compress(path.read_bytes() + bytes(64 << 20))
    path.unlink()
    path.with_name(path.name + ".gz").write_bytes(bomb)
    unpacked = 0
    read = gzip.GzipFile.read

    def counting(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        nonlocal unpacked
        piece = read(self, size)
        unpacked += len(piece)
        return piece

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    assert "more than the 108 bytes" in refused(directory)
    assert unpacked == 16 + 108 + 1


def test_a_header_that_announces_gigabytes_costs_nothing(directory: Path) -> None:
    path = directory / idx.FILES[0]
    path.write_bytes(struct.pack(">HBB3I", 0, 8, 3, 60_000, 200, 200) + b"abc")
    assert "announces 2,400,000,000 bytes, 3 are there" in refused(directory)
    path.write_bytes(struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3) + b"abc")
    assert "are not read" in refused(directory)


def test_wrong_magic_dimensions_and_counts_are_refused(directory: Path) -> None:
    images, labels = directory / idx.FILES[0], directory / idx.FILES[1]
    good = images.read_bytes(), labels.read_bytes()
    images.write_bytes(b"\0\0\x0d" + good[0][3:])  # float elements
    assert "must begin with 00 00 08" in refused(directory)
    images.write_bytes(good[1])
    assert "1 dimensions where images (3 dimensions)" in refused(directory)
    images.write_bytes(good[0])
    labels.write_bytes(as_idx(np.arange(11) % 3))
    assert re.search("12 images .* 11 labels", refused(directory))
    labels.write_bytes(as_idx(np.zeros(12)))
    (directory / idx.FILES[3]).write_bytes(as_idx(np.zeros(5)))
    assert "only the label '0'" in refused(directory)
    images.write_bytes(as_idx(np.zeros((12, 0, 3))))
    assert "0×3" in refused(directory)


def test_pictures_of_two_sizes_are_refused(directory: Path) -> None:
    (directory / idx.FILES[2]).write_bytes(contents(side=4)[idx.FILES[2]])
    assert re.search("3×3, .* of 4×4", refused(directory))


def test_too_few_examples_are_refused(directory: Path) -> None:
    for name, content in contents(n_train=5).items():
        (directory / name).write_bytes(content)
    assert "5 training" in refused(directory)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from(range(4)),
    packed=st.booleans(),
    edits=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=6),
    cut=st.none() | st.integers(0, 140),
)
def test_corrupt_bytes_give_a_sentence_or_a_dataset(
    directory: Path, which: int, packed: bool, edits: list[tuple[int, int]], cut: int | None
) -> None:
    for left in directory.iterdir():
        left.unlink()
    for position, (name, content) in enumerate(contents().items()):
        stored = gzip.compress(content, mtime=0) if packed else content
        if position == which:
            spoilt = bytearray(stored)
            for place, byte in edits:
                spoilt[place % len(spoilt)] = byte
            stored = bytes(spoilt[:cut])
        (directory / (f"{name}.gz" if packed else name)).write_bytes(stored)
    try:
        dataset, _ = idx.read_directory(directory, "mine", "mine")
    except BadInput as problem:
        sentence = str(problem)
        assert sentence.isprintable()
    else:
        assert isinstance(dataset, Dataset)
        assert dataset.classes is not None
        assert int(dataset.training.targets.max()) < len(dataset.classes)


def test_a_sorted_set_is_shuffled_so_that_validation_holds_nothing_unseen(directory: Path) -> None:
    (directory / idx.FILES[1]).write_bytes(as_idx(np.repeat(np.arange(3), 4)))
    heard: list[str] = []
    dataset = load(str(directory), report=lambda what, _done, _total: heard.append(what))
    assert set(dataset.validation.targets.tolist()) <= set(dataset.training.targets.tolist()) == {0, 1, 2}
    assert any("sorted" in what for what in heard)


def test_emnists_names_are_known_and_its_images_set_upright(directory: Path) -> None:
    before = load(str(directory))
    for path in list(directory.iterdir()):
        path.rename(directory / f"emnist-letters-{path.name.replace('t10k', 'test')}")
    dataset = load(str(directory))
    images = before.training.inputs.reshape(-1, 3, 3)
    np.testing.assert_array_equal(dataset.training.inputs.reshape(-1, 3, 3), images.transpose(0, 2, 1))
    np.testing.assert_array_equal(dataset.training.targets, before.training.targets)
    (directory / "emnist-digits-train-images-idx3-ubyte").write_bytes(b"")
    assert "files of several data sets" in refused(directory)
