"""The charts of a training and of an initialization: which limits, which axis, what is said beside them."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab.tui.charts import Series, Zone, build, sheet
from tunelab.tui.charts.initialization_charts import Density, activation_chart, density_chart, saturated, z_limits
from tunelab.tui.charts.training_charts import Arm, Event, Measure, cost_chart, metric_chart

EPOCHS = np.arange(1.0, 31.0)


def arm(label: str = "arm", *, cost: object = None, accuracy: object = None, **given: object) -> Arm:
    measured = {
        name: Measure(values, np.full(len(EPOCHS), spread))  # type: ignore[arg-type]
        for name, values, spread in (("training_cost", cost, 0.05), ("evaluation_metric", accuracy, 0.02))
        if values is not None
    }
    return Arm(label, EPOCHS, **measured, **given)  # type: ignore[arg-type]


def test_a_cost_that_spans_decades_gets_a_log_axis_and_says_so() -> None:
    steep, flat = np.geomspace(3, 0.01, 30), np.linspace(3, 1, 30)
    assert cost_chart([arm(cost=steep)]).y.log
    assert cost_chart([arm(cost=steep)]).title == "Cost (log)"
    assert not cost_chart([arm(cost=flat)]).y.log
    assert cost_chart([arm(cost=flat)]).y.limits == (0, 3)
    assert cost_chart([arm(cost=np.linspace(6.9, 6.6, 30))]).y.limits == pytest.approx((6.6, 6.9))
    assert cost_chart([arm(cost=flat)], log=True).y.log
    assert not cost_chart([arm(cost=steep)], log=False).y.log


def test_a_cost_of_zero_asks_for_no_log_axis_by_itself() -> None:
    cost = np.linspace(3, 0, 30)
    assert not cost_chart([arm(cost=cost)]).y.log
    forced = cost_chart([arm(cost=cost)], log=True)
    assert forced.y.limits is not None
    assert forced.y.limits[0] > 0
    assert "↓" in build(forced, 80, 20).plain()


def test_a_diverging_arm_leaves_the_chart_and_does_not_flatten_the_others() -> None:
    wild = np.array([3.0, 1e3, 1e95, *[np.nan] * 27])
    events = (Event(3, "diverged"),)
    spec = cost_chart([arm("calm", cost=np.linspace(3, 1, 30)), arm("wild", cost=wild, events=events)])
    assert spec.y.limits is not None
    assert spec.y.limits[1] <= 100
    text = build(spec, 80, 22).plain()
    assert "↑" in text
    assert "diverged" in text


def test_the_x_axis_shows_the_planned_epochs_from_the_start() -> None:
    few = Arm("arm", [1.0, 2.0], Measure([3.0, 2.0]))
    assert cost_chart([few], epochs=30).x.limits == (0, 30)
    assert cost_chart([few]).x.limits == (0, 2)
    assert cost_chart([], epochs=30).series == ()


def test_accuracy_is_in_percent_and_never_leaves_0_to_100() -> None:
    spec = metric_chart([arm(accuracy=np.linspace(0.93, 1.0, 30))], chance=0.1)
    assert spec.y.limits == (92, 100)
    assert spec.title == "Accuracy %, axis from 92"
    series = spec.series[0]
    assert isinstance(series, Series)
    assert max(series.high) <= 100
    assert series.y[0] == pytest.approx(93)


def test_accuracy_near_chance_is_shown_from_0_with_chance() -> None:
    spec = metric_chart([arm(accuracy=np.linspace(0.1, 0.8, 30))], chance=0.1)
    assert spec.y.limits == (0, 80)
    assert spec.title == "Accuracy %"
    assert "chance 10 %" in build(spec, 80, 22).plain()


def test_the_luck_of_one_example_is_not_blown_up() -> None:
    for level in (0.0, 0.5, 1.0):
        spec = metric_chart([arm(accuracy=np.full(30, level))])
        assert spec.y.limits is not None
        assert spec.y.limits[1] - spec.y.limits[0] >= 5
        assert spec.y.limits[0] >= 0
        assert spec.y.limits[1] <= 100


def test_limits_stay_from_one_measurement_to_the_next() -> None:
    cost = np.geomspace(3, 0.2, 30)
    limits = None
    seen = []
    for n in range(2, 31):
        partial = Arm("arm", EPOCHS[:n], Measure(cost[:n]))
        limits = cost_chart([partial], epochs=30, previous=limits).y.limits
        seen.append(limits)
    assert len(set(seen)) <= 3


def test_limits_of_a_linear_axis_are_not_taken_for_a_log_one() -> None:
    spec = cost_chart([arm(cost=np.geomspace(3, 0.01, 30))], previous=(0.0, 3.0))
    assert spec.y.limits is not None
    assert spec.y.limits[0] > 0


def test_training_is_solid_and_evaluation_dashed_in_the_same_colour() -> None:
    both = Arm("arm", EPOCHS, Measure(EPOCHS), Measure(EPOCHS + 1), number=5)
    shown = {series.part: (series.dashed, series.colour) for series in cost_chart([both]).series}
    assert shown == {"training": (False, 5), "evaluation": (True, 5)}
    assert [s.part for s in cost_chart([both], parts=["training"]).series] == ["training"]


def test_what_is_missing_from_a_record_is_a_gap() -> None:
    holes = Arm("arm", [1, 2, 3, 4], Measure([3.0, None, None, 1.0], [0.1, None, None, 0.1]))
    spec = cost_chart([holes], epochs=4)
    assert np.isnan(spec.series[0].y[1:3]).all()
    assert "●" in build(spec, 80, 20).plain()


def test_one_event_of_many_arms_is_marked_once() -> None:
    cut = (Event(12, "η ÷2"),)
    arms = [arm(str(n), cost=np.linspace(3, 1, 30), events=cut) for n in range(3)]
    assert len(cost_chart(arms).marks) == 1
    assert cost_chart(arms).marks[0].colour == "muted"


def test_nothing_measured_yet_is_said() -> None:
    for spec in (cost_chart([]), metric_chart([Arm("arm", [])], chance=0.1)):
        assert "No measurements yet." in sheet(spec, 80, 20).plain()


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e300, -1e300, 0.0])
def test_costs_of_any_kind_are_drawn_or_said(number: float) -> None:
    values = np.linspace(3, 1, 30)
    values[7:9] = number
    for log in (None, True, False):
        for cost in (values, np.full(30, number)):
            assert "can't be drawn" not in build(cost_chart([arm(cost=cost)], log=log), 80, 20).plain()
    assert "can't be drawn" not in build(metric_chart([arm(accuracy=values)], chance=0.1), 80, 20).plain()


# ---- the initialization explorer


def density(label: str, std: float) -> Density:
    edges = np.linspace(-4 * std, 4 * std, 82)
    centres = (edges[1:] + edges[:-1]) / 2
    predicted = np.exp(-0.5 * (centres / std) ** 2) / (std * np.sqrt(2 * np.pi))
    return Density(label, edges, predicted * 1.02, predicted)


def test_old_and_new_initialization_are_both_visible_on_one_axis() -> None:
    spec = density_chart([density("old", 22.4), density("new", 1.22)], zones=saturated(4))
    assert spec.x.limits == (-100, 100)
    assert spec.title.endswith("each as a share of its peak")
    assert [float(np.max(series.y)) for series in spec.series] == pytest.approx([1, 1])
    assert "can't be drawn" not in build(spec, 80, 20).plain()


def test_densities_alike_keep_their_heights() -> None:
    spec = density_chart([density("a", 1.0), density("b", 1.22)])
    assert spec.title == "Density of z"
    assert float(np.max(spec.series[0].y)) == pytest.approx(0.3989, abs=1e-3)
    assert float(np.max(spec.bars[0].heights)) == pytest.approx(0.3989 * 1.02, abs=1e-3)


def test_the_charts_of_the_explorer_share_z_and_shade_the_same() -> None:
    arms = [density("old", 22.4), density("new", 1.22)]
    limits, zones = z_limits(arms), saturated(4)
    below = activation_chart(lambda z: 1 / (1 + np.exp(-z)), "σ(z)", limits, zones=zones)
    assert below.x.limits == limits == (-100, 100)
    assert below.zones == (Zone(-np.inf, -4, "saturated"), Zone(4, np.inf, "saturated"))
    assert build(below, 80, 10).plain().count("saturated") >= 1


def test_no_arm_or_no_numbers_is_said() -> None:
    for spec in (density_chart([]), density_chart([Density("a", [0, 1], [np.nan], [np.nan])])):
        assert "No neuron to look at yet." in build(spec, 80, 20).plain()
