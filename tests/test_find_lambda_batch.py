"""λ by the book's rule and m against elapsed time: what is chosen, what is tied, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from tunelab import Experiment
from tunelab.data import Dataset
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, OutOfTime, SearchResult, Trials, find_lambda, find_mini_batch
from tunelab.search.lambda_cv import find_lambda_from_below, folds_of
from tunelab.search.lambda_search import noise_threshold

SMALL = Experiment(data={"train": 300, "evaluation": 200}, network={"hidden": []}, training={"eta": 0.25})


def test_a_crushing_lambda_is_not_chosen_and_the_tied_ones_are_named() -> None:
    found = find_lambda(SMALL, Trials(), seeds=3, epochs=6)
    scores = {row.value: row.score or 0.0 for row in found.rows}
    assert found.chosen in scores
    assert scores[found.chosen] > max(scores.values()) - 0.03
    assert found.bracket[0] <= found.chosen <= found.bracket[1]
    assert {row.value for row in found.rows if row.good} >= {found.bracket[0], found.bracket[1]}
    assert 0.0 in scores
    assert "λ/n" in found.because


class FewTrials(Trials):
    """Trials whose time is up after so many trainings."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        in_time = dict(list(tried.items())[: self._most])
        self._most -= len(in_time)
        if not in_time:
            raise OutOfTime
        return super().run(in_time, dataset)


def _lambda(trials: Trials) -> SearchResult:
    return find_lambda(SMALL, trials, seeds=1, epochs=1)


def _mini_batch(trials: Trials) -> SearchResult:
    return find_mini_batch(SMALL, trials, seeds=1, epochs=2)


@pytest.mark.parametrize("search", [_lambda, _mini_batch])
@pytest.mark.parametrize("most", [0, 1, 2, 3, 5, 7])
def test_whenever_the_time_is_up_what_was_tried_decides(search: Callable[[Trials], SearchResult], most: int) -> None:
    try:
        result = search(FewTrials(most))
    except OutOfTime:
        assert most < 2 or search is _mini_batch  # one value is none to compare
        return
    assert most >= 2
    assert result.is_cut_short or (search is _mini_batch and len(result.rows) == 5)
    assert 2 <= len(result.rows) <= most
    assert result.chosen in [row.value for row in result.rows]


def test_a_difference_that_every_seed_shows_is_no_luck_and_one_that_turns_is() -> None:
    base = np.array([0.90, 0.91, 0.89, 0.92])
    assert noise_threshold(base, base - 0.05, 10_000) < 0.05
    assert noise_threshold(base, base + np.array([0.05, -0.06, 0.04, -0.05]), 10_000) > 0.02
    assert noise_threshold(base, base - 0.01, 100) > 0.01  # a hundred examples can't tell a hundredth apart


def test_mini_batches_have_the_same_time_and_eta_goes_along() -> None:
    found = find_mini_batch(SMALL, Trials(), seeds=2, epochs=3)
    assert found.settings["training.mini_batch"] == found.chosen
    assert found.settings["training.eta"] == SMALL.training.eta * found.chosen / SMALL.training.mini_batch
    assert {row.value for row in found.rows} == {1, 2, 5, 10, 20}
    assert max(row.value for row in found.rows) <= 300 / 10  # larger ones would make too few steps an epoch


def test_seconds_count_training_and_not_what_is_done_with_its_measurements() -> None:
    inside = []

    def slow(_label: str, _fields: object) -> None:
        began = time.perf_counter()
        sum(range(100_000))
        inside.append(time.perf_counter() - began)

    began = time.perf_counter()
    (curve,) = Trials(slow).run({"a": SMALL})
    assert len(inside) == 30
    assert curve.seconds[-1] <= time.perf_counter() - began - sum(inside[:-1])  # however busy the machine is


def test_from_below_every_example_is_judged_once_and_learnt_from_otherwise() -> None:
    dataset = Trials().dataset(SMALL)
    parts = list(folds_of(dataset, 5))
    assert sum(len(part.validation) for part in parts) == len(dataset.training)
    for part in parts:
        judged = {row.tobytes() for row in np.asarray(part.validation.inputs)}
        assert judged.isdisjoint(row.tobytes() for row in np.asarray(part.training.inputs))


def test_from_below_of_what_is_tied_the_smoothest_is_taken() -> None:
    below = find_lambda_from_below(SMALL, Trials(), folds=3, epochs=5)
    steepness = {label: way.steepness for label, way in below.ways}
    tied = [row for row in below.result.rows if row.good]
    assert below.result.chosen == min(tied, key=lambda row: steepness[row.label]).value
    largest = max(below.result.rows, key=lambda row: row.value)
    assert not largest.good
    assert steepness[largest.label] < steepness["λ = 0.0001"]


def test_from_below_a_fold_learns_with_the_share_of_lambda_that_its_examples_are() -> None:
    heard: dict[str, list[float]] = {}
    whole = changed(SMALL, {"training.mini_batch": 300})  # more than a fold has

    class Listening(Trials):
        def run(self, tried, dataset=None):  # type: ignore[no-untyped-def]
            for label, experiment in tried.items():
                assert experiment.training.mini_batch <= len(dataset.training)
                heard.setdefault(label, []).append(experiment.training.lmbda / len(dataset.training))
            return super().run(tried, dataset)

    find_lambda_from_below(whole, Listening(), folds=3, epochs=2)
    assert heard["λ = 0.01"] == [0.01 / 300] * 3
