"""The pictures beside the lecture's text: what they draw is so, and they stand where they should."""

from __future__ import annotations

import numpy as np
import pytest
from commandline import run_cli
from screens import driven, opened
from tunelab.tui.charts.spec import floats
from tunelab.tui.lecture import LectureProgress, lecture
from tunelab.tui.lecture.pictures import descent, minima, valley


def test_starts_on_two_sides_end_in_two_minima_of_the_curve() -> None:
    curve, *ways = minima().series
    w, cost = floats(curve.x), floats(curve.y)
    lowest = np.flatnonzero((cost[1:-1] < cost[:-2]) & (cost[1:-1] < cost[2:])) + 1
    assert len(lowest) == 2
    ends = [float(floats(way.x)[-1]) for way in ways]
    assert {int(np.argmin(np.abs(w[lowest] - end))) for end in ends} == {0, 1}
    for way in ways:
        assert np.all(np.diff(floats(way.y)) <= 1e-3)  # downhill all the way, but for the steps across a narrow bottom
        assert np.min(np.abs(w[lowest] - floats(way.x)[-1])) < 0.2
        assert f"C = {floats(way.y)[-1]:.3f}" in way.label


def test_in_the_valley_momentum_gets_further_in_as_many_steps() -> None:
    plain, momentum = valley().series[-2:]
    assert len(plain.x) == len(momentum.x)
    assert abs(momentum.x[-1]) < abs(plain.x[-1]) / 10
    assert np.all(np.sign(plain.y[1:9]) == -np.sign(plain.y[:8]))  # from one side to the other


def test_a_descent_follows_the_two_formulas() -> None:
    way = descent(lambda w: 2 * w, np.array([1.0]), 0.1, 2, 0.5)
    v = 2.0
    first = 1.0 - 0.1 * v
    v = 0.5 * v + 2 * first
    assert way[:, 0] == pytest.approx([1.0, first, first - 0.1 * v])


def test_a_step_in_plain_text_has_its_picture() -> None:
    printed = run_cli("learn", "9.2").out
    assert "narrow valley, η = 0.045" in printed
    assert "μ = 0.7: C = 0.0021 after 30 steps" in printed


@driven
async def test_a_step_has_its_picture_until_there_are_curves() -> None:
    step = next(step for step in lecture() if step.picture == "minima")
    LectureProgress(at=step.number).save()
    async with opened(size=(80, 24)) as lab:
        await lab.press("t")
        await lab.quiet()
        assert "x shows the picture" in lab.picture
        await lab.press("x")
        assert "The cost over one weight" in lab.picture
        await lab.pilot.resize_terminal(120, 40)
        await lab.quiet()
        assert "The cost over one weight" in lab.picture
        assert "x shows the picture" not in lab.picture
        await lab.press("n", "n")  # a step without one
        assert not lab.app.screen.has_class("-own-chart")
