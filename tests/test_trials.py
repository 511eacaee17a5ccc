"""Trials answer a question beside the real thing: the numbers of a run, and nothing of the run touched."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab import Experiment, train
from tunelab.experiment.dotted_keys import changed
from tunelab.search import OutOfTime, Trials

SMALL = Experiment(
    data={"train": 100, "evaluation": 50},
    network={"hidden": [8]},
    initialization={"seeds": 2},
    training={"epochs": 3, "eta": 0.5},
)


def test_a_trial_has_the_numbers_that_a_run_has_though_it_is_stacked_with_others() -> None:
    fast = changed(SMALL, {"training.eta": 2.0})
    heard: list[str] = []
    slow_curve, fast_curve = Trials(lambda label, _: heard.append(label)).run({"slow": SMALL, "fast": fast})
    alone = list(train(fast))
    np.testing.assert_array_equal(fast_curve.training_cost, [m.training_cost for m in alone])
    np.testing.assert_array_equal(fast_curve.evaluation_correct, [m.evaluation.correct for m in alone])
    assert slow_curve.training_cost.shape == (3, 2)
    assert sorted(heard) == ["fast"] * 3 + ["slow"] * 3


def test_trials_leave_the_random_streams_of_others_alone() -> None:
    before = list(train(SMALL))
    np.random.seed(1)
    state = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
    Trials().run({"one": changed(SMALL, {"training.eta": 100.0})})
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # type: ignore[index]
    np.testing.assert_array_equal(before[-1].training_cost, list(train(SMALL))[-1].training_cost)


def test_what_diverges_is_said_and_its_curve_has_no_infinities() -> None:
    wild = changed(SMALL, {"training.eta": 1e6, "training.lambda": 1e4})
    (curve,) = Trials().run({"wild": wild})
    assert curve.diverged.all()
    assert not np.isinf(curve.training_cost).any()
    assert (curve.final_scores == 0).all()


def test_different_shapes_are_tried_in_stacks_of_their_own_and_come_back_in_order() -> None:
    wide = changed(SMALL, {"network.hidden": [12]})
    curves = Trials().run({"wide": wide, "small": SMALL, "wide again": changed(wide, {"training.eta": 0.1})})
    assert [curve.label for curve in curves] == ["wide", "small", "wide again"]
    assert (np.diff(curves[0].seconds) > 0).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_where_the_time_is_up_what_was_asked_for_first_has_been_trained(workers: int) -> None:
    """The time is up when the first experiment has been trained; the others would take long."""
    values = [{"network.hidden": [8 + i], "training.epochs": 20_000 if i else 3} for i in range(4)]
    tried = {str(i): changed(SMALL, own) for i, own in enumerate(values)}
    heard: list[str] = []

    def pulse() -> None:
        if heard.count("0") == 3:
            raise OutOfTime

    (curve,) = Trials(lambda label, _: heard.append(label), pulse, workers).run(tried)
    assert curve.label == "0"
    assert len(curve.epochs) == 3


@pytest.mark.parametrize("workers", [1, 2])
def test_where_nothing_was_trained_in_time_or_somebody_says_stop_that_is_raised(workers: int) -> None:
    long = {str(i): changed(SMALL, {"training.epochs": 2000, "network.hidden": [8 + i]}) for i in range(3)}

    def raising(reason: type[Exception]) -> None:
        raise reason

    for reason in (OutOfTime, KeyError):
        with pytest.raises(reason):
            Trials(None, lambda reason=reason: raising(reason), workers).run(long)  # type: ignore[misc]


def test_threads_leave_the_bits_of_every_curve_as_they_are() -> None:
    tried = {str(i): changed(SMALL, {"training.eta": 0.1 * (i + 1)}) for i in range(5)}
    for one, two in zip(Trials(workers=1).run(tried), Trials(workers=3).run(tried), strict=True):
        np.testing.assert_array_equal(one.training_cost, two.training_cost)
        np.testing.assert_array_equal(one.network.weights[0], two.network.weights[0])


def test_what_numpy_trains_beside_the_kernel_in_threads_has_the_same_bits() -> None:
    momentum = changed(SMALL, {"training.momentum": 0.9})
    tried = {"plain": SMALL, "momentum": momentum, "fast": changed(SMALL, {"training.eta": 2.0})}
    for one, two in zip(Trials(workers=1).run(tried), Trials(workers=3).run(tried), strict=True):
        assert one.label == two.label
        np.testing.assert_array_equal(one.network.weights[0], two.network.weights[0])
