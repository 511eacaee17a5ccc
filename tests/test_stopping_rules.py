"""Schedules and early stopping as objects: what they do with a sequence of validation accuracies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunelab.training import Constant, EarlyStopping, Plateau

HALVE = {"factor": 2.0, "stop_at": 1024.0}
TENS = {"factor": 10.0, "stop_at": 1000.0}


def divisors(rule: Plateau, accuracies: list[float], every: float = 1.0) -> list[float]:
    """What η is divided by after each measurement, one every ``every`` epochs."""
    found = []
    for i, accuracy in enumerate(accuracies, 1):
        rule.see(i * every, accuracy)
        found.append(rule.divisor)
    return found


@pytest.mark.parametrize(("kind", "cuts"), [(HALVE, 10), (TENS, 3)])
def test_schedule_ends_when_eta_has_fallen_by_stop_at(kind: dict[str, float], cuts: int) -> None:
    rule = Plateau(patience=2, **kind)
    found = divisors(rule, [0.5] * (1 + 2 * cuts - 1))
    assert not rule.ended
    levels = sorted(set(found))
    assert levels == [kind["factor"] ** k for k in range(cuts)]  # these are trained
    rule.see(1 + 2 * cuts, 0.5)
    assert rule.ended  # and this one, 1/1024 or 1/1000, isn't
    assert rule.divisor == kind["stop_at"]


def test_eta_is_held_while_accuracy_improves() -> None:
    rule = Plateau(patience=1, **HALVE)
    assert divisors(rule, [0.1, 0.2, 0.3, 0.4]) == [1, 1, 1, 1]
    assert divisors(Plateau(patience=1, **HALVE), [0.1, 0.2, 0.2, 0.3, 0.25]) == [1, 1, 2, 2, 4]


def test_after_a_cut_patience_is_counted_anew_against_the_best_so_far() -> None:
    rule = Plateau(patience=3, **HALVE)
    assert divisors(rule, [0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]) == [1, 1, 1, 2, 2, 2, 4, 4]


def test_an_equal_accuracy_is_no_improvement() -> None:
    rule = EarlyStopping(patience=2)
    ended = []
    for epoch, accuracy in enumerate([0.5, 0.6, 0.6, 0.6], 1):
        rule.see(epoch, accuracy)
        ended.append(rule.ended)
    assert ended == [False, False, False, True]


def test_early_stopping_waits_again_after_each_improvement() -> None:
    rule = EarlyStopping(patience=3)
    for epoch, accuracy in enumerate([0.5, 0.4, 0.4, 0.51, 0.5, 0.5], 1):
        rule.see(epoch, accuracy)
        assert not rule.ended
    assert rule.stalled == 2
    rule.see(7, 0.5)
    assert rule.ended


@pytest.mark.parametrize("per_epoch", [1, 2, 3, 7, 10, 50])
@pytest.mark.parametrize("best_at", [1, 2, 3, 9, 35, 87])
@pytest.mark.parametrize("patience", [1, 5, 10])
def test_patience_is_counted_in_epochs_however_often_is_measured(per_epoch: int, best_at: int, patience: int) -> None:
    """Rounding of k/10 + 10 must not make it a measurement late."""
    stopping, schedule = EarlyStopping(patience), Plateau(patience=patience, **HALVE)
    last = best_at + patience * per_epoch
    for i in range(1, last + 1):
        assert not stopping.ended
        assert schedule.divisor == 1
        for rule in (stopping, schedule):
            rule.see(i / per_epoch, 0.1 + 0.001 * min(i, best_at))
    assert stopping.ended
    assert schedule.divisor == 2


def test_not_a_number_is_no_improvement() -> None:
    stopping, schedule = EarlyStopping(patience=3), Plateau(patience=3, **TENS)
    for epoch, accuracy in enumerate([0.5, math.nan, math.nan, math.nan], 1):
        assert not stopping.ended
        assert schedule.divisor == 1
        for rule in (stopping, schedule):
            rule.see(epoch, accuracy)
    assert stopping.ended
    assert schedule.divisor == 10


def test_not_a_number_from_the_start_ends_too_and_a_number_after_it_is_an_improvement() -> None:
    rule = EarlyStopping(patience=3)
    for epoch in (1, 2):
        rule.see(epoch, math.nan)
    assert not rule.ended
    rule.see(2.5, 0.1)
    assert rule.stalled == 0
    for epoch in (3, 4, 5, 6):
        rule.see(epoch, math.nan)
    assert rule.ended


def test_constant_never_changes_and_never_ends() -> None:
    rule = Constant()
    for epoch in range(50):
        rule.see(epoch, 0.1)
    assert rule.divisors(np.arange(3)).tolist() == [1, 1, 1]
    assert not rule.ended


ACCURACIES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, math.nan])), max_size=60)


@given(
    accuracies=ACCURACIES,
    kind=st.sampled_from([HALVE, TENS]),
    patience=st.integers(1, 5),
    every=st.sampled_from([1.0, 0.5, 0.1]),
)
def test_divisor_is_a_power_of_the_factor_and_never_falls(
    accuracies: list[float], kind: dict[str, float], patience: int, every: float
) -> None:
    rule = Plateau(patience=patience, **kind)
    before = 1.0
    for i, accuracy in enumerate(accuracies, 1):
        rule.see(i * every, accuracy)
        assert rule.divisor in (before, before * kind["factor"])
        assert rule.ended == (rule.divisor >= kind["stop_at"])
        before = rule.divisor
    power = math.log(before, kind["factor"])
    assert power == pytest.approx(round(power))


@given(accuracies=ACCURACIES, cut=st.integers(0, 60), patience=st.integers(1, 4))
def test_going_on_from_a_state_decides_as_if_unbroken(accuracies: list[float], cut: int, patience: int) -> None:
    def rules() -> tuple[Plateau, EarlyStopping, Constant]:
        return Plateau(patience=patience, **HALVE), EarlyStopping(patience), Constant()

    for unbroken, first, second in zip(rules(), rules(), rules(), strict=True):
        for epoch, accuracy in enumerate(accuracies[:cut], 1):
            unbroken.see(epoch, accuracy)
            first.see(epoch, accuracy)
        second.restore(np.array(first.state(), np.float64).tolist())  # as a checkpoint keeps it
        for epoch, accuracy in enumerate(accuracies[cut:], cut + 1):
            unbroken.see(epoch, accuracy)
            second.see(epoch, accuracy)
        assert second == unbroken


@given(accuracies=ACCURACIES, patience=st.integers(1, 4))
def test_early_stopping_ends_exactly_when_the_last_best_is_patience_epochs_ago(
    accuracies: list[float], patience: int
) -> None:
    rule = EarlyStopping(patience)
    best, best_epoch = -math.inf, 0
    for epoch, accuracy in enumerate(accuracies, 1):
        rule.see(epoch, accuracy)
        if not math.isnan(accuracy) and accuracy > best:
            best, best_epoch = accuracy, epoch
        assert rule.ended == (epoch - best_epoch >= patience)
