"""The course of η that is planned: drawn before training, in the form and in place of the cost."""

from __future__ import annotations

import numpy as np
from screens import TINY, driven, opened
from tunelab.experiment.preset import parse
from tunelab.tui.charts.schedule_chart import planned_chart

BASE = TINY.partition("[[arm]]")[0]
ARMS = """
[[arm]]
name = "constant"
[[arm]]
name = "constant, other weights"
initialization.weights = "standard"
[[arm]]
name = "cosine"
training.schedule.rule = "cosine"
training.schedule.warm_up = 1
"""


def test_a_constant_eta_needs_no_chart() -> None:
    assert planned_chart(parse(TINY, "p", "a test").arms, 200) is None
    still = BASE + '[training.schedule]\nrule = "constant"\n'
    assert planned_chart(parse(still, "p", "a test").arms, 200) is None


def test_arms_of_one_course_share_a_curve() -> None:
    chart = planned_chart(parse(BASE + ARMS, "p", "a test").arms, 200)
    assert chart is not None
    constant, cosine = chart.series
    assert (constant.label, cosine.label) == ("constant", "cosine")
    assert set(constant.y) == {0.5}
    assert cosine.y[0] < 0.1
    assert abs(cosine.x[np.argmax(cosine.y)] - 1) < 0.06  # the last step of the warm-up
    assert cosine.y[-1] < 0.001


def test_on_a_plateau_the_title_says_that_more_is_decided_later() -> None:
    chart = planned_chart(parse(BASE + "[training.schedule]\n", "p", "a test").arms, 200)
    assert chart is not None
    assert "held until it stalls" in chart.title
    assert set(chart.series[0].y) == {0.5}


@driven
async def test_the_plan_stands_where_the_cost_will_be_until_there_are_curves() -> None:
    async with opened(BASE) as lab:
        assert "No measurements yet" in lab.lab.charts.cost.plain()
        lab.state.draft.set("training.schedule.rule", "cosine")
        lab.lab.form.load()
        await lab.quiet()
        assert "Planned η" in lab.lab.charts.cost.plain()
        assert "█" in lab.text("#hyper .follows")
        assert "η" in lab.text("#hyper .follows")
        await lab.trained()
        assert "Planned η" not in lab.lab.charts.cost.plain()
        assert lab.lab.charts.cost.spec.y.label == "cost"
        await lab.press("u")
        await lab.quiet()
        assert "█" not in lab.text("#hyper .follows")
