"""Trials answer a question beside the real thing: the numbers of a run, and nothing of the run touched."""

from __future__ import annotations

import numpy as np
from tunelab import Experiment, train
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Trials

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
