"""Momentum and dropout searched, and η for the optimizer at hand: on scores that are written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from test_find_eta import EASY, Scripted, valley
from tunelab import BadInput, Experiment
from tunelab.data import Dataset
from tunelab.data.dataset import Examples
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, OutOfTime, Trials, find_dropout, find_eta, find_momentum
from tunelab.search.range_test import range_test
from tunelab.search.value_search import effective_eta


class ByScript:
    """A trainer whose validation accuracy is a function of the experiment, a little off from seed to seed."""

    def __init__(self, accuracy: Callable[[Experiment], float], most: int = 1000) -> None:
        self._accuracy, self._most = accuracy, most
        self.tried: list[Experiment] = []
        small = changed(EASY, {"data.train": 10, "data.evaluation": 10, "training.epochs": 1})
        (self._curve,) = Trials().run({"": small})

    def dataset(self, _experiment: Experiment) -> Dataset:
        part = Examples(np.zeros((1000, 2), np.float32), np.arange(1000) % 2)
        return Dataset("d", "d", part, part, part, ("a", "b"))

    def run(self, tried: Mapping[str, Experiment], _dataset: Dataset | None = None) -> list[Curve]:
        if self._most <= 0:
            raise OutOfTime
        curves = []
        for label, experiment in list(tried.items())[: self._most]:
            self._most -= 1
            self.tried.append(experiment)
            R = experiment.initialization.seeds
            accuracy = np.full((4, R), self._accuracy(experiment)) + 0.001 * np.arange(R)
            cost, zero = 1 - accuracy, np.zeros(R, bool)
            curves.append(
                replace(
                    self._curve,
                    label=label,
                    experiment=experiment,
                    epochs=np.arange(1.0, 5.0),
                    seconds=np.arange(4.0),
                    training_cost=cost,
                    training_data_cost=cost,
                    training_accuracy=accuracy,
                    evaluation_cost=cost,
                    evaluation_data_cost=cost,
                    evaluation_accuracy=accuracy,
                    diverged=zero,
                    first_cost=np.ones(R),
                    metric_values=accuracy,
                    metric_total=1000,
                )
            )
        return curves


def test_momentum_is_taken_where_it_is_better_and_eta_moves_along() -> None:
    trainer = ByScript(lambda e: 0.5 + 0.4 * e.training.momentum - (0.3 if e.training.momentum > 0.9 else 0))
    result = find_momentum(changed(EASY, {"training.eta": 0.4}), trainer, seeds=3)
    assert result.chosen == 0.9
    assert result.settings == {"training.momentum": 0.9, "training.eta": pytest.approx(0.04)}
    assert "η/(1 − μ) = 0.4" in result.because
    assert "more than noise" in result.because
    first = [e for e in trainer.tried if e.training.momentum != 0.9][:5]
    assert all(effective_eta(e.training.eta, e.training.momentum) == pytest.approx(0.4) for e in first)


def test_what_larger_steps_bring_is_not_momentums_doing() -> None:
    """Where only η/(1 − μ) counts, μ stays and η doubles."""
    trainer = ByScript(lambda e: 0.7 + 0.2 * effective_eta(e.training.eta, e.training.momentum))
    result = find_momentum(changed(EASY, {"training.eta": 0.2}), trainer, seeds=3)
    assert result.settings == {"training.momentum": 0.0, "training.eta": 0.4}
    a_hair = ByScript(
        lambda e: 0.7 + 0.2 * effective_eta(e.training.eta, e.training.momentum) + 0.001 * e.training.momentum
    )
    result = find_momentum(changed(EASY, {"training.eta": 0.2}), a_hair, seeds=3)
    assert result.settings == {"training.momentum": 0.0, "training.eta": 0.4}
    assert "by the size of the steps alone" in result.because


def test_a_gain_within_noise_leaves_the_present_value() -> None:
    result = find_dropout(
        Experiment(training={"dropout": 0.1}), ByScript(lambda e: 0.9 + 0.001 * e.training.dropout), seeds=3
    )
    assert result.chosen == 0.1
    assert "within noise, so dropout = 0.1 stays" in result.because
    assert {row.value for row in result.rows} == {0.0, 0.1, 0.2, 0.3, 0.5, 0.7}


def test_a_gain_beyond_noise_is_taken() -> None:
    result = find_dropout(Experiment(), ByScript(lambda e: 0.8 - abs(e.training.dropout - 0.3)), seeds=3)
    assert (result.chosen, result.settings) == (0.3, {"training.dropout": 0.3})


def test_out_of_time_concludes_from_what_was_tried() -> None:
    result = find_dropout(Experiment(), ByScript(lambda e: 0.5 + e.training.dropout, most=3), seeds=3)
    assert result.is_cut_short
    assert result.chosen == 0.2  # of 0, 0.1 and 0.2


def test_what_has_neither_is_said() -> None:
    with pytest.raises(BadInput, match="adam has its own momentum, beta1"):
        find_momentum(changed(EASY, {"training.optimizer": "adam"}), ByScript(lambda _: 0.5))
    with pytest.raises(BadInput, match="without a hidden layer there are no neurons to leave out"):
        find_dropout(EASY, ByScript(lambda _: 0.5))


@pytest.mark.parametrize(
    ("settings", "times"), [({"training.optimizer": "adam"}, 0.01), ({"training.momentum": 0.9}, 0.1)]
)
def test_the_grid_of_eta_is_the_optimizers_own(
    settings: dict[str, object], times: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunelab.search.eta.range_test", lambda *_, **__: type("T", (), {"text": "second"}))
    result = find_eta(changed(EASY, settings), Scripted(valley(times)))
    assert result.chosen == pytest.approx(times / 2)
    assert [row.value for row in result.rows] == pytest.approx(
        [times * v for v in (3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)]
    )
    assert ("η/(1 − μ) = 0.5 in the long run" in result.because) == ("training.momentum" in settings)
    assert f"The lecture's climb ({0.01 * times:g}," in result.because


def test_the_second_opinion_takes_the_optimizers_own_steps() -> None:
    """A hundredth of plain η is about where Adam's lies: the same ramp bursts earlier, or ends elsewhere."""
    plain, adam = (
        range_test(changed(EASY, {"training.optimizer": name}), Trials(), seeds=1) for name in ("sgd", "adam")
    )
    assert not np.array_equal(plain.costs, adam.costs)
