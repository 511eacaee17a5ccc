"""Drawn digits: a few at once, all of them from the cache, the same ones either way."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab import paths
from tunelab.data import counts, digits, digits_dataset, load
from tunelab.errors import BadInput


@pytest.fixture
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 300, 60 and 60, so that drawing all of them takes a moment only."""
    parts = {"training": range(300), "validation": range(50_000, 50_060), "test": range(60_000, 60_060)}
    monkeypatch.setattr(digits_dataset, "_PARTS", parts)
    monkeypatch.setattr(digits_dataset, "FEW", 100)


def test_the_first_thousand_need_no_cache() -> None:
    dataset = load("digits", training=1000, evaluation=100)
    assert (len(dataset.training), len(dataset.validation)) == (1000, 100)
    assert (dataset.title, dataset.image_shape, dataset.outputs) == ("drawn digits", (28, 28), 10)
    images, labels = digits.draw(np.arange(1000))
    np.testing.assert_array_equal(dataset.training.inputs, images)
    np.testing.assert_array_equal(dataset.training.targets, labels)
    assert not paths.datasets().exists()


@pytest.mark.usefixtures("fewer")
@pytest.mark.parametrize("classes", [None, [8, 3]])
def test_drawn_on_the_spot_or_cached_they_are_the_same(classes: list[int] | None) -> None:
    few = load("digits", training=40, evaluation=5, classes=classes)
    assert not paths.datasets().exists()
    heard: list[tuple[str, int, int]] = []
    load("digits", report=lambda *said: heard.append(said))
    assert heard[-1][1:] == (420, 420)
    assert (paths.datasets() / "digits" / "dataset.json").exists()
    cached = load("digits", training=40, evaluation=5, classes=classes)
    assert few.classes == cached.classes
    for part in ("training", "validation", "test"):
        np.testing.assert_array_equal(getattr(few, part).inputs, getattr(cached, part).inputs)
        np.testing.assert_array_equal(getattr(few, part).targets, getattr(cached, part).targets)


@pytest.mark.usefixtures("fewer")
def test_a_cache_from_another_pen_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    load("digits")
    monkeypatch.setattr(digits, "VERSION", "another")
    heard: list[str] = []
    load("digits", report=lambda what, *_: heard.append(what))
    assert heard
    heard.clear()
    load("digits", report=lambda what, *_: heard.append(what))
    assert not heard


@pytest.mark.usefixtures("fewer")
def test_without_a_home_that_can_be_written_they_are_drawn_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNELAB_HOME", f"{__file__}/home")
    heard: list[tuple[str, int]] = []
    dataset = load("digits", report=lambda what, _done, total: heard.append((what, total)))
    assert len(dataset.training) == 300
    assert any("can't be kept" in what for what, total in heard if total == 0)


def test_counting_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "draw", None)
    assert counts("digits") == (50_000, 10_000)
    training, validation = counts("digits", [0, 1])
    assert 9_000 < training < 11_000
    assert 1_800 < validation < 2_200
    with pytest.raises(BadInput, match="no class 'x'"):
        counts("digits", ["x", 1])


@pytest.mark.usefixtures("fewer")
def test_more_of_a_class_than_there_are() -> None:
    there = counts("digits", [3, 8])[1]
    with pytest.raises(BadInput, match=f"data.evaluation is {there + 1}, but there are {there}"):
        load("digits", training=10, evaluation=there + 1, classes=[3, 8])
