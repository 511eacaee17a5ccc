"""Schedules that depend on the steps made: their values, their ends, and in a training."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab import Experiment, train
from tunelab.experiment.assembly import planned_eta, schedule_of
from tunelab.training.schedules import Constant, Cosine, Linear, Plateau, Stairs, WarmUp


def values(schedule: Cosine | Linear | Stairs | WarmUp, steps: int) -> np.ndarray:
    return 1 / schedule.divisors(np.arange(steps + 1))


def test_cosine_and_linear_fall_to_their_end() -> None:
    cosine, linear = values(Cosine(0, 100, 1000.0), 100), values(Linear(0, 100, 1000.0), 100)
    assert cosine[0] == linear[0] == 1
    np.testing.assert_allclose([cosine[100], linear[100]], 1 / 1000)
    np.testing.assert_allclose([cosine[50], linear[50]], (1 + 1 / 1000) / 2)
    np.testing.assert_allclose(cosine[25], 0.001 + 0.999 * (1 + np.cos(np.pi / 4)) / 2)
    assert (np.diff(cosine) < 0).all()
    np.testing.assert_allclose(np.diff(linear), -0.999 / 100)


def test_stairs_divide_where_an_epoch_begins() -> None:
    stairs = Stairs(10.0, 2, 1000.0, steps_an_epoch=5)
    assert values(stairs, 20).tolist() == pytest.approx([1.0] * 10 + [0.1] * 10 + [0.01])
    ended = []
    for epoch in range(1, 8):
        stairs.see(epoch, 0.5)
        ended.append(stairs.ended)
    assert ended == [False] * 5 + [True, True]


def test_a_warm_up_rises_by_equal_steps_and_then_follows_the_rule() -> None:
    warm = WarmUp(Cosine(10, 110, 1000.0), 10, 2)
    found = values(warm, 110)
    np.testing.assert_allclose(found[:10], np.arange(1, 11) / 10)
    np.testing.assert_allclose(found[10:], values(Cosine(0, 100, 1000.0), 100))


def test_a_plateau_sees_nothing_of_the_warm_up() -> None:
    warm = WarmUp(Plateau(2.0, 2, 1024.0), 10, 3)
    found = []
    for epoch in range(1, 8):
        warm.see(epoch, 0.5 if epoch > 1 else 0.9)
        found.append(float(warm.divisors(np.array([1000]))[0]))
    assert found == [1, 1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ({"warm_up": 2}, Constant),
        ({"warm_up": 2, "rule": "linear"}, Linear),
        ({"warm_up": 2, "patience": 3}, Plateau),
        ({"warm_up": 1, "rule": "step"}, Stairs),
    ],
)
def test_a_warm_up_alone_is_followed_by_a_constant_eta(section: dict[str, object], kind: type) -> None:
    schedule = schedule_of(Experiment(training={"schedule": section}).training, 100)
    assert isinstance(schedule, WarmUp)
    assert isinstance(schedule.schedule, kind)


def test_what_is_planned_can_be_drawn_before_training() -> None:
    training = Experiment(training={"eta": 0.5, "epochs": 10, "schedule": {"rule": "linear", "warm_up": 2}}).training
    epochs, eta = planned_eta(training, 100)
    assert (epochs[0], epochs[-1]) == (0, 10)
    assert eta[0] == pytest.approx(0.5 / 20)  # the first of 20 steps of warm-up
    assert eta.max() == pytest.approx(0.5)
    assert epochs[eta.argmax()] == pytest.approx(2, abs=0.2)
    assert eta[-1] == pytest.approx(0.5 / 1024)
    held = Experiment(training={"eta": 0.5, "schedule": {}}).training
    assert set(planned_eta(held, 100)[1]) == {0.5}


def etas(**training: object) -> tuple[list[float], str]:
    data = {"train": 100, "evaluation": 50}
    measurements = list(train(Experiment(data=data, network={"hidden": []}, training={"eta": 0.1, **training})))
    return [float(m.eta[0]) for m in measurements], measurements[-1].reasons[0]


def test_measurements_say_the_eta_in_force() -> None:
    schedule = {"rule": "cosine", "warm_up": 1, "stop_at": 100.0}
    found, reason = etas(epochs=5, schedule=schedule)
    wave = [0.001 + 0.099 * (1 + np.cos(np.pi * p)) / 2 for p in (0, 0.25, 0.5, 0.75, 1)]
    np.testing.assert_allclose(found, wave)
    assert reason == "epochs"
    found, reason = etas(epochs=9, schedule={"rule": "step", "every": 2, "factor": 10.0, "stop_at": 100.0})
    np.testing.assert_allclose(found, [0.1, 0.01, 0.01, 0.001])
    assert reason == "schedule-end"


def test_early_stopping_ends_a_training_whose_eta_falls() -> None:
    found, reason = etas(epochs=60, schedule={"rule": "linear"}, early_stopping={"patience": 2})
    assert reason == "early-stop"
    assert len(found) < 60
    np.testing.assert_allclose(found[0], 0.1 * (1 / 1024 + (1 - 1 / 1024) * 59 / 60))
