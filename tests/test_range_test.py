"""The range test: its slope is in log η, and neither a spike nor what isn't finite fools it."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab import Experiment
from tunelab.search import Trials, find_eta
from tunelab.search.range_test import _points, range_test

ETAS = np.geomspace(1e-4, 100, 300)


def falling(middle: float, burst: float = np.inf) -> np.ndarray:
    """A cost that falls by 2 around an η, and bursts at another."""
    costs = 3 - 2 / (1 + (middle / ETAS) ** 2)
    return np.where(burst <= ETAS, costs * (ETAS / burst) ** 2, costs)


def test_the_steepest_point_is_where_the_cost_falls_fastest_in_log_eta() -> None:
    steepest, lowest = _points(ETAS, falling(0.01, burst=1.0))
    assert steepest == pytest.approx(0.01, rel=0.4)
    assert 0.1 < lowest < 1.5


def test_a_spike_at_the_beginning_is_no_trend() -> None:
    spiked = falling(0.01)
    spiked[8] = 500.0
    spiked[40] = 0.0
    assert _points(ETAS, spiked)[0] == pytest.approx(0.01, rel=0.4)


def test_nothing_after_the_first_number_that_is_not_finite_counts() -> None:
    broken = falling(0.01)
    broken[220:] = np.nan
    broken[230:] = 0.0
    assert _points(ETAS, broken)[0] == pytest.approx(0.01, rel=0.4)
    assert _points(ETAS, broken)[1] < ETAS[220]


def test_a_cost_that_never_falls_has_no_points() -> None:
    assert np.isnan(_points(ETAS, 1 + ETAS)).all()


def test_on_drawn_digits_it_comes_near_the_threshold_rule_and_is_its_second_opinion() -> None:
    base = Experiment(data={"train": 1000, "evaluation": 200}, network={"hidden": [30]})
    found = find_eta(base, Trials())
    suggested = range_test(base, Trials()).suggested
    assert 1 / 6 < suggested / found.chosen < 6
    assert "range test" in found.second
