"""How good networks are on judged examples: the metric's error is the luck of which examples and weights there are."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab.data import Dataset
from tunelab.data.dataset import Examples
from tunelab.strategy.evaluation import Evaluation, evaluation_of

CLASSES = ("common", "rare")


def plain(counts: tuple[int, int], recalls: tuple[float, float], rng: np.random.Generator) -> Evaluation:
    """The same, judged by accuracy."""
    one = balanced(counts, recalls, rng)
    assert one.labels is not None
    part = Examples(np.zeros((one.total, 1), np.float32), one.labels)
    return evaluation_of(one.hits * 1.0, one.hits, part, Dataset("d", "d", part, part, part, CLASSES), "accuracy")


def balanced(counts: tuple[int, int], recalls: tuple[float, float], rng: np.random.Generator) -> Evaluation:
    """A network that is right with these probabilities on so many examples of two classes."""
    targets = np.repeat([0, 1], counts)
    hits = (rng.random(len(targets)) < np.take(recalls, targets))[None]
    part = Examples(np.zeros((len(targets), 1), np.float32), targets)
    weights = len(targets) / (2 * np.take(counts, targets))
    dataset = Dataset("d", "d", part, part, part, CLASSES)
    return evaluation_of(hits * weights, hits, part, dataset, "balanced_accuracy")


@pytest.mark.parametrize(
    ("counts", "recalls"), [((500, 500), (0.8, 0.8)), ((900, 50), (0.95, 0.6)), ((300, 20), (0.5, 0.9))]
)
def test_the_error_of_a_balanced_accuracy_is_its_spread_over_samples(
    counts: tuple[int, int], recalls: tuple[float, float]
) -> None:
    rng = np.random.default_rng(3)
    samples = [balanced(counts, recalls, rng) for _ in range(400)]
    spread = np.std([sample.value for sample in samples], ddof=1)
    assert np.mean([sample.error for sample in samples]) == pytest.approx(spread, rel=0.15)


def test_where_every_example_is_right_the_error_is_that_of_the_next_few() -> None:
    every = balanced((900, 50), (1.0, 1.0), np.random.default_rng(0))
    assert every.value == pytest.approx(1.0)
    assert every.error < 1 / 50
    assert every.better_than_chance()
    guessing = balanced((900, 50), (1.0, 0.0), np.random.default_rng(0))
    assert guessing.value == pytest.approx(0.5)
    assert not guessing.better_than_chance()


def test_answers_that_go_with_the_labels_are_better_than_chance_though_no_more_are_right() -> None:
    rng = np.random.default_rng(1)
    signal = plain((171, 72), (0.88, 0.42), rng)
    assert signal.better_than_chance()
    assert "go with the labels" in signal.chance_text
    assert not plain((171, 72), (1.0, 0.0), rng).better_than_chance()  # always the frequent class


def test_answers_at_random_are_seldom_better_than_chance_whatever_the_classes_shares() -> None:
    rng = np.random.default_rng(2)
    for counts in ((100, 100), (171, 72), (300, 10)):
        for guess in (0.5, 0.9):  # of the frequent class
            found = sum(plain(counts, (guess, 1 - guess), rng).better_than_chance() for _ in range(500))
            assert found <= 4  # of 500 at a level of one in a thousand
