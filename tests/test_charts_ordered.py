"""Arms that are values of one parameter: a ramp of colours, and what they end at by value."""

from __future__ import annotations

import pytest
from screens import written_run
from tunelab.training.metrics import METRICS
from tunelab.tui.charts import ChartSpec, Series
from tunelab.tui.charts.emphasis import emphasized
from tunelab.tui.charts.ordered_arms import order_of, response_chart
from tunelab.tui.charts.palette import RAMPS, Style, ink, ramp

SIX = "\n".join(f'[[arm]]\nname = "η = {eta}"\ntraining.eta = {eta}' for eta in ("0.01", "30", "0.1", "1", "3", "10"))
PRESET = f'[data]\nname = "digits"\ntrain = 1000\n[network]\nhidden = []\n[initialization]\nseeds = 3\n{SIX}\n'


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["η = 0.1", "η = 1", "η = 1e1"], ("η", {"η = 0.1": 0.1, "η = 1": 1.0, "η = 1e1": 10.0})),
        (["λ = 0", "λ = 1", "λ = 2", "your own"], ("λ", {"λ = 0": 0.0, "λ = 1": 1.0, "λ = 2": 2.0})),
        (["η = 0.1", "η = 1"], None),
        (["old", "new", "third"], None),
        (["η = 1", "η = 2", "η = 3", "a", "b", "c", "d"], None),
    ],
)
def test_an_order_is_read_off_labels_of_one_parameter(
    labels: list[str], order: tuple[str, dict[str, float]] | None
) -> None:
    assert order_of(labels) == order


def test_many_values_take_a_ramp_by_their_order_not_by_their_place() -> None:
    values = (0.01, 30.0, 0.1, 1.0, 3.0, 10.0)
    curves = [Series([0, 1], [1, 1 / n], f"η = {value:g}", n) for n, value in enumerate(values, 1)]
    spec = emphasized(ChartSpec("Cost", series=(*curves, Series([0, 1], [1, 9], "your own", 7))), "η = 1", [])
    colour = {round(each.y[-1], 6): each.colour for each in spec.series}
    assert [colour[round(1 / n, 6)] for n in (1, 3, 4, 5, 6, 2)] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert {each.label for each in spec.series if each.label} == {"η = 0.01", "η = 30", "η = 1"}
    assert spec.series[-1].label == "η = 1"
    assert next(each.colour for each in spec.series if each.y == [1, 9]) == "muted"
    assert "6 values of η from 0.01" in spec.title


def test_the_ramp_grows_brighter_and_is_one_of_sixteen_colours_where_there_are_no_more() -> None:
    colours = [colour for share in (0.0, 0.3, 0.6, 1.0) if isinstance(colour := ramp(share, "dark"), tuple)]
    bright = [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in colours]
    assert len(bright) == 4
    assert bright == sorted(bright)
    assert all(ramp(share, "ansi") in RAMPS["ansi"] for share in (0.0, 0.5, 1.0, 7.0))
    assert ink(0.5, Style(colour=False)).colour is None


def test_the_response_is_what_each_value_ends_at_with_its_spread_and_the_choice() -> None:
    run = written_run(preset=PRESET)
    spec = response_chart(run.histories(), METRICS["accuracy"], cost=False, chosen=1.0)
    assert spec is not None
    assert spec.x.log
    line, *bars = spec.series
    assert line.x == [0.01, 0.1, 1.0, 3.0, 10.0, 30.0]
    assert len(bars) == 6
    assert (bars[0].y[1] - bars[0].y[0]) == pytest.approx(6.0)  # 3 points up and 3 down
    assert [mark.x for mark in spec.marks] == [1.0]
    assert response_chart(run.histories()[:2], METRICS["accuracy"], cost=True) is None
