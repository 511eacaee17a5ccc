"""Axes: nice limits and ticks for any numbers, and limits that stay where they were."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunelab.tui.charts.scale import label, labels, nice_limits, span_of, sticky, ticks, unit

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=1e-290, max_value=1e300)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0.0, 0.93, (0.0, 1.0)), (0.12, 2.9, (0.0, 3.0)), (81.3, 98.7, (80.0, 100.0)), (-3.2, 4.9, (-4.0, 6.0))],
)
def test_linear_limits_lie_on_steps_of_one_two_or_five(low: float, high: float, wanted: tuple[float, float]) -> None:
    assert nice_limits(low, high) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("low", "high", "wanted"), [(0.013, 2.4, (0.01, 5.0)), (1.0, 1.0, (0.5, 2.0)), (3e-9, 7e4, (2e-9, 1e5))]
)
def test_log_limits_lie_on_one_two_or_five(low: float, high: float, wanted: tuple[float, float]) -> None:
    assert nice_limits(low, high, log=True) == pytest.approx(wanted)


@given(finite, finite)
def test_limits_of_any_numbers_hold_them_and_are_apart(a: float, b: float) -> None:
    low, high = nice_limits(a, b)
    assert low < high
    assert math.isfinite(low)
    assert math.isfinite(high)
    size = max(abs(a), abs(b), 1e-290)
    assert low <= max(min(a, b), -1e300) + size * 1e-9
    assert high >= min(max(a, b), 1e300) - size * 1e-9


@given(positive, positive)
def test_log_limits_of_any_numbers_hold_them(a: float, b: float) -> None:
    low, high = nice_limits(a, b, log=True)
    assert 0 < low < high < math.inf
    assert low <= min(a, b) * (1 + 1e-8)
    assert high >= max(a, b) * (1 - 1e-8)


@given(finite, finite, st.integers(2, 30), st.booleans())
def test_ticks_are_few_inside_and_told_apart(a: float, b: float, room: int, whole: bool) -> None:
    limits = nice_limits(a, b)
    found = ticks(limits, room, whole=whole)
    assert len(found) <= room
    shares = unit(np.array(found), limits)
    assert np.all((shares > -1e-6) & (shares < 1 + 1e-6))
    shown = labels(found)
    assert len(set(shown)) == len(shown)


@given(positive, positive, st.integers(2, 30))
def test_log_ticks_are_few_and_inside(a: float, b: float, room: int) -> None:
    limits = nice_limits(a, b, log=True)
    found = ticks(limits, room, log=True)
    assert 1 <= len(found) <= room + 1
    assert all(limits[0] * (1 - 1e-8) <= tick <= limits[1] * (1 + 1e-8) for tick in found)


def test_labels_read_as_people_write_them() -> None:
    assert [label(v) for v in (0.001, 10, 1e5, 2e-7, 0.5, -3.0, 0)] == ["0.001", "10", "1e5", "2e-7", "0.5", "-3", "0"]
    assert labels([0.0, 0.5, 1.0]) == ["0", "0.5", "1.0"]
    assert labels([0.0, 5.0, 10.0]) == ["0", "5", "10"]
    assert labels([0.0, 2e7]) == ["0", "2e7"]


def test_log_ticks_go_by_decades_and_between_them_by_one_two_five() -> None:
    assert ticks((0.01, 100.0), 6, log=True) == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert ticks((0.5, 5.0), 5, log=True) == pytest.approx([0.5, 1, 2, 5])
    assert len(ticks((1e-5, 1e95), 6, log=True)) <= 6


def test_epochs_have_whole_ticks() -> None:
    assert ticks((0.0, 3.0), 9, whole=True) == [0, 1, 2, 3]


def test_sticky_limits_stay_while_the_numbers_fit_and_fill_them() -> None:
    assert sticky((0.0, 3.0), 0.2, 2.7) == (0.0, 3.0)
    assert sticky((0.0, 3.0), 0.2, 3.1) == nice_limits(0.2, 3.1)
    assert sticky((0.0, 100.0), 40.0, 41.0) == nice_limits(40.0, 41.0)
    assert sticky(None, 0.2, 2.7) == nice_limits(0.2, 2.7)
    assert sticky((0.01, 10.0), 0.02, 5.0, log=True) == (0.01, 10.0)


def test_span_leaves_out_what_is_not_finite_and_on_a_log_axis_what_is_not_above_0() -> None:
    assert span_of([[math.nan, 2, -math.inf], None, [5.0]]) == (2, 5)
    assert span_of([[0.0, -1.0, 0.3]], log=True) == (0.3, 0.3)
    assert span_of([[math.nan], []]) is None


def test_unit_holds_what_lies_far_outside_and_keeps_gaps() -> None:
    shares = unit(np.array([0.0, 0.5, 1e300, -1e300, np.nan, np.inf]), (0.0, 1.0))
    assert shares[:4].tolist() == [0.0, 0.5, 1e6, -1e6]
    assert np.isnan(shares[4:]).all()
    assert unit(np.array([1e-3, 1.0, 0.0]), (1e-3, 1.0), log=True).tolist() == [0.0, 1.0, -1e6]
    assert unit(np.array([-1e308, 0.0, 1e308]), (-1e308, 1e308)).tolist() == [0.0, 0.5, 1.0]
