"""Charts as a person sees them: what is on them, what never happens, and how long they take."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tunelab.tui.charts import (
    Axis,
    Bars,
    ChartSpec,
    Level,
    Mark,
    Picture,
    Series,
    Zone,
    aligned,
    build,
    legend,
    sheet,
)
from tunelab.tui.charts.palette import Style
from tunelab.tui.charts.picture import cells
from tunelab.tui.charts.raster import BRAILLE, Grid, stroke, thinned

BRAILLE_CELLS = {chr(c) for c in range(0x2801, 0x2900)}


def chart(*series: Series, **given: Any) -> ChartSpec:
    defaults: dict[str, Any] = {"x": Axis("epoch", (0, 30)), "y": Axis("cost", (0, 1))}
    return ChartSpec(series=series, **(defaults | given))


def canvas(picture: Picture) -> list[str]:
    """The rows of a chart inside its axes."""
    place = picture.place
    assert place is not None, picture.plain()
    rows = picture.plain().split("\n")[place.top : place.top + place.rows]
    return [row[place.left :] for row in rows]


def columns_drawn(picture: Picture) -> set[int]:
    return {i for row in canvas(picture) for i, c in enumerate(row) if c != " "}


def assert_size(picture: Picture, width: int, height: int) -> None:
    assert len(picture.rows) == height
    assert [sum(cells(text) for text, _ in row) for row in picture.rows] == [width] * height


# ---- what is on a chart


def test_a_falling_curve_falls() -> None:
    x = np.linspace(0, 30, 200)
    rows = canvas(build(chart(Series(x, 1 - x / 30, points=False)), 60, 20))
    where = [max(i for i, c in enumerate(row) if c != " ") for row in rows if row.strip()]
    assert where == sorted(where)
    assert rows[0][0] != " "
    assert rows[-1][-1] != " "


def test_axes_have_nice_ticks_and_the_label_of_x() -> None:
    text = build(chart(Series([0, 30], [0, 1])), 80, 22).plain().split("\n")
    assert text[-1].split() == ["0", "5", "10", "15", "20", "25", "epoch", "30"]
    left = [line.replace("│", "┤").split("┤")[0].strip() for line in text[:-2]]
    assert [label for label in left if label] == ["1.0", "0.8", "0.6", "0.4", "0.2", "0"]


def test_a_log_axis_is_labelled_with_the_numbers_themselves() -> None:
    spec = chart(Series([0, 30], [5.0, 0.002]), y=Axis("cost", (0.001, 10), log=True))
    text = build(spec, 80, 22).plain()
    for label in ("0.001┤", " 0.01┤", "  0.1┤", "    1┤", "   10┤"):
        assert label in text


def test_a_tick_stands_in_the_row_of_its_value() -> None:
    for height in range(8, 40):
        picture = build(chart(Series([0, 30], [0.5, 0.5], points=False), y=Axis("", (0.0, 1.0))), 40, height)
        for row, line in enumerate(picture.plain().split("\n")[:-2]):
            if line.startswith("0.5"):
                assert canvas(picture)[row].strip()


def test_a_gap_shows_where_a_number_is_not_finite() -> None:
    x = np.arange(31.0)
    y = np.full(31, 0.5)
    y[10:20] = [np.nan, np.inf, -np.inf, np.nan, np.nan, np.inf, np.nan, np.nan, np.nan, np.nan]
    drawn = columns_drawn(build(chart(Series(x, y, points=False)), 64, 12))
    place = build(chart(Series(x, y)), 64, 12).place
    assert place is not None
    inside = {c for c in range(place.columns) if 10 <= place.x_at(c + place.left) <= 19}
    assert not drawn & inside
    assert len(drawn) >= place.columns - len(inside) - 4


def test_a_spike_of_one_point_among_many_stays() -> None:
    x = np.linspace(0, 30, 20_000)
    y = np.full(20_000, 0.1)
    y[12_345] = 1.0
    assert canvas(build(chart(Series(x, y, points=False)), 80, 20))[0].strip()


def test_thinning_sets_the_dots_that_all_points_would_set() -> None:
    random = np.random.default_rng(3)
    u = np.linspace(0, 1, 5_000)
    v = np.clip(np.cumsum(random.normal(0, 0.01, 5_000)) + 0.5, 0, 1)
    grid = Grid(40, 12, BRAILLE)
    few = thinned(u, v, grid.wide)
    assert len(few[0]) <= 4 * grid.wide
    every = np.zeros((grid.high, grid.wide), dtype=bool)
    for i in range(len(u) - 1):
        every |= stroke(grid, u[i : i + 2], v[i : i + 2], dashed=False)
    assert (stroke(grid, u, v, dashed=False) == every).all()


def test_a_line_is_cut_where_it_crosses_the_limit_and_an_arrow_says_so() -> None:
    # from 0 at epoch 0 to 2 at epoch 30: it leaves 0 … 1 at epoch 15
    rows = canvas(build(chart(Series([0, 30], [0, 2], points=False)), 65, 20))
    drawn = {i for row in rows for i, c in enumerate(row) if c in BRAILLE_CELLS}
    assert abs(max(drawn) - len(rows[0]) // 2) <= 1
    assert abs(rows[0].index("↑") - len(rows[0]) // 2) <= 1


def test_zero_on_a_log_axis_leaves_the_chart_below() -> None:
    spec = chart(Series([0, 15, 30], [0.5, 0.0, 0.5]), y=Axis("", (0.01, 1.0), log=True))
    rows = canvas(build(spec, 60, 16))
    assert "↓" in rows[-1]


def test_a_single_point_is_seen() -> None:
    assert "●" in build(chart(Series([15], [0.5])), 60, 16).plain()
    assert columns_drawn(build(chart(Series([15], [0.5], points=False)), 60, 16))


def test_the_series_in_focus_lies_above_the_others() -> None:
    x, y = np.linspace(0, 30, 50), np.full(50, 0.5)
    both = (Series(x, y, "a", 0, points=False), Series(x, y, "b", 1, points=False))
    for name, number in (("a", 0), ("b", 1)):
        alone = build(chart(both[number]), 60, 16)
        assert build(chart(*both, focus=name), 60, 16).ansi() == alone.ansi()


def test_a_band_surrounds_its_curve() -> None:
    x = np.linspace(0, 30, 50)
    line = Series(x, np.full(50, 0.5), points=False)
    banded = replace(line, low=np.full(50, 0.3), high=np.full(50, 0.7))
    for ascii in (False, True):
        filled = [bool(row.strip()) for row in canvas(build(chart(line), 60, 22, style=Style(ascii=ascii)))]
        wide = [bool(row.strip()) for row in canvas(build(chart(banded), 60, 22, style=Style(ascii=ascii)))]
        assert sum(filled) == 1
        assert 7 <= sum(wide) <= 10


def test_a_dashed_curve_is_drawn_with_gaps() -> None:
    x, y = np.linspace(0, 30, 50), np.full(50, 0.5)
    for ascii in (False, True):
        solid = build(chart(Series(x, y, points=False)), 60, 16, style=Style(ascii=ascii))
        dashed = build(chart(Series(x, y, points=False, dashed=True)), 60, 16, style=Style(ascii=ascii))
        dots = [sum(_dots(c) for row in canvas(p) for c in row) for p in (solid, dashed)]
        assert 0.3 * dots[0] < dots[1] < 0.7 * dots[0]


def _dots(character: str) -> int:
    code = ord(character)
    return (code - 0x2800).bit_count() if 0x2800 <= code < 0x2900 else int(character != " ")


def test_marks_levels_and_zones_are_labelled_on_the_canvas() -> None:
    spec = chart(
        Series([0, 30], [0.0, 0.1]),
        marks=(Mark(12, "η ÷2"),),
        levels=(Level(0.6, "chance 10 %"),),
        zones=(Zone(20, np.inf, "saturated"),),
    )
    text = build(spec, 80, 22).plain()
    for shown in ("┊η ÷2", "chance 10 %", "saturated"):
        assert shown in text
    assert "|eta /2" in build(spec, 80, 22, style=Style(ascii=True)).plain()


def test_words_never_hide_a_curve() -> None:
    x = np.linspace(0, 30, 400)
    wild = Series(x, 0.5 + 0.5 * np.sin(x * 40), points=False)
    text = build(chart(wild, levels=(Level(0.5, "chance"),)), 60, 12).plain()
    assert "chance" not in text


def test_bars_stand_on_the_bottom_as_high_as_they_are() -> None:
    spec = ChartSpec(x=Axis("z", (0, 3)), y=Axis("", (0, 1)), bars=(Bars([0, 1, 2, 3], [0.25, 1.0, 0.5]),))
    rows = canvas(build(spec, 64, 22))
    heights = [sum(row[i] != " " for row in rows) for i in range(len(rows[0]))]
    third = len(heights) // 3
    assert [heights[third // 2], heights[third + third // 2], heights[-third // 2]] == [5, 20, 10]


def test_charts_below_each_other_share_their_columns() -> None:
    specs = [
        chart(Series([0, 30], [0, 1]), y=Axis("", (0, 1))),
        chart(Series([0, 30], [0, 1]), y=Axis("", (0, 0.0002))),
    ]
    apart = [build(spec, 60, 10).place for spec in specs]
    together = [build(spec, 60, 10).place for spec in aligned(specs, [10, 10])]
    assert len({place.left for place in apart if place}) == 2
    assert len({place.left for place in together if place}) == 1


def test_the_crosshair_reads_the_x_of_a_column() -> None:
    place = build(chart(Series([0, 30], [0, 1])), 80, 20).place
    assert place is not None
    assert place.x_at(place.left) == 0
    assert place.x_at(place.left + place.columns - 1) == 30
    assert place.x_at(0) == 0


# ---- beside the chart


def test_the_legend_explains_every_arm_once_and_wraps() -> None:
    spec = chart(
        *(Series([0], [0], name, n, d, part) for n, name in enumerate(["scaled 1/√n", "old: N(0, 1)"])
          for d, part in ((False, "training"), (True, "evaluation")))
    )  # fmt: skip
    wide, narrow = legend(spec, 100).plain(), legend(spec, 30)
    assert wide.strip() == "●○ scaled 1/√n   ■□ old: N(0, 1)   ── training   ┈┈ evaluation"
    assert_size(narrow, 30, 3)
    assert "●○ scaled 1/√n" not in build(spec, 80, 20).plain()


def test_a_label_from_outside_cannot_break_the_terminal() -> None:
    spec = chart(Series([0, 30], [0, 1], "\x1b[31mred\n\x07 中文 arm" * 20))
    for ascii in (False, True):
        key = legend(spec, 40, style=Style(ascii=ascii))
        assert_size(key, 40, 1)
        assert "\x1b" not in key.plain()
        assert key.plain().isascii() or not ascii


def test_a_sheet_holds_title_legend_and_chart() -> None:
    spec = chart(Series([0, 30], [0, 1], "arm"), title="Cost")
    page = sheet(spec, 80, 24)
    assert_size(page, 80, 24)
    lines = page.plain().split("\n")
    assert lines[0].strip() == "Cost"
    assert "arm" in lines[1]
    assert page.place is not None
    assert page.place.top == 2


# ---- every kind of terminal


def test_without_colour_there_is_none_and_markers_tell_arms_apart() -> None:
    x = np.linspace(0, 30, 50)
    spec = chart(*(Series(x, np.full(50, 0.1 + 0.1 * n), str(n), n) for n in range(8)))
    picture = build(spec, 100, 30, style=Style(colour=False))
    assert all(ink.colour is None and ink.background is None for row in picture.rows for _, ink in row)
    assert "38;2" not in picture.ansi()
    assert "\x1b" not in picture.plain()
    found = {c for row in canvas(picture) for c in row if c != " " and c not in BRAILLE_CELLS}
    assert len(found) == 8


def test_an_ascii_terminal_gets_ascii_and_a_character_an_arm() -> None:
    x = np.linspace(0, 30, 50)
    spec = chart(
        *(Series(x, np.full(50, 0.1 + 0.1 * n), f"η {n}", n, low=x * 0, high=x * 0 + 0.05) for n in range(8)),
        title="σ′(z) — λ",
        marks=(Mark(3, "η ÷2"),),
        levels=(Level(2.0, "é"),),
        zones=(Zone(-9, 3, "|z| ≥ 4"),),
    )
    page = sheet(spec, 100, 30, style=Style(ascii=True))
    assert page.plain().isascii()
    assert set("ox+*#%@&") <= set(page.plain())
    assert build(ChartSpec(empty="η isn't known…"), 60, 9, style=Style(ascii=True)).plain().isascii()


def test_sixteen_colours_are_asked_for_by_number() -> None:
    spec = chart(*(Series([0, 30], [0.1 * n, 1], str(n), n) for n in range(8)))
    written = build(spec, 80, 24, style=Style(palette="ansi")).ansi()
    assert "38;" not in written
    assert "\x1b[36m" in written


# ---- what never happens


def test_nothing_to_draw_is_said_in_a_sentence() -> None:
    for spec in (
        ChartSpec(),
        chart(),
        chart(Series([], [])),
        chart(Series([1, 2], [np.nan, np.inf])),
        chart(Series([None, None], [1, 2])),
    ):
        picture = build(spec, 60, 12)
        assert_size(picture, 60, 12)
        assert picture.plain().strip() == "No numbers yet."
        assert picture.place is None


def test_too_little_room_is_said_in_a_sentence() -> None:
    text = build(chart(Series([0, 30], [0, 1])), 15, 9).plain()
    assert " ".join(text.split()) == "A chart needs 16 columns and 5 rows."


def test_what_goes_wrong_is_logged_and_said_in_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        picture = build(chart(Series([0, 1, 2], [0, 1])), 60, 12)
    assert "This chart can't be drawn" in picture.plain()
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("size", [1.7e308, 1e307, 1e300, 1e-300, 5e-324, 0.0])
@pytest.mark.parametrize("room", [16, 26, 60, 200])
def test_the_largest_and_the_smallest_numbers_have_axes(size: float, room: int) -> None:
    for values in ([-size, size], [size, size], [0.0, size]):
        for log in (False, True):
            picture = build(ChartSpec(y=Axis(log=log), series=(Series(values, values),)), room, room // 3)
            assert "can't be drawn" not in picture.plain()


numbers = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, -0.0, 1e300, -1e300, 5e-324, 1e-310, float("nan"), float("inf"), 1.7e308, -1.7e308]),
    st.floats(-1, 1),
)


@st.composite
def any_spec(draw: st.DrawFn) -> ChartSpec:
    made = []
    for number in range(draw(st.integers(0, 3))):
        n = draw(st.one_of(st.integers(0, 40), st.integers(0, 2000)))
        array = hnp.arrays(np.float64, n, elements=numbers, fill=numbers)
        x = draw(st.one_of(array, st.just(np.arange(n, dtype=float))))
        low, high = (draw(array), draw(array)) if draw(st.booleans()) else (None, None)
        made.append(Series(x, draw(array), "arm", number, draw(st.booleans()), "", low, high))
    limits = st.one_of(st.none(), st.tuples(numbers, numbers))
    return ChartSpec(
        x=Axis("epoch", draw(limits), draw(st.booleans()), draw(st.booleans())),
        y=Axis("cost", draw(limits), draw(st.booleans())),
        series=tuple(made),
        bars=(Bars([0, 1, 2], [draw(numbers), draw(numbers)]),) if draw(st.booleans()) else (),
        marks=(Mark(draw(numbers), "mark"),),
        levels=(Level(draw(numbers), "level"),),
        zones=(Zone(draw(numbers), draw(numbers), "zone"),),
    )


@settings(max_examples=150, deadline=3000, suppress_health_check=[HealthCheck.too_slow])
@given(any_spec(), st.integers(1, 200), st.integers(1, 200), st.booleans())
def test_any_numbers_at_any_size_make_a_chart_in_bounded_time(
    spec: ChartSpec, width: int, height: int, ascii: bool
) -> None:
    picture = build(spec, width, height, style=Style(ascii=ascii))
    assert_size(picture, width, height)
    assert "can't be drawn" not in picture.plain()


@pytest.mark.parametrize("far", [1e3, 1e9, 1e300])
def test_numbers_far_outside_the_limits_take_no_longer(far: float) -> None:
    x = np.linspace(0, 30, 2000)
    y = np.where(np.arange(2000) % 2, far, -far)
    build(chart(Series(x, y)), 200, 60)
    start = time.process_time()
    build(chart(Series(x, y)), 200, 60)
    assert time.process_time() - start < 0.5


def test_a_live_chart_is_built_in_milliseconds() -> None:
    x = np.linspace(0, 30, 400)
    spec = chart(*(Series(x, np.exp(-x / (5 + n)), str(n), n) for n in range(4)))
    build(spec, 118, 38)
    taken = []
    for _ in range(10):
        start = time.process_time()
        build(spec, 118, 38)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.02  # 4 ms; of processor time, so that a busy machine does not fail it


def test_more_points_change_few_rows_of_a_live_chart() -> None:
    x = np.linspace(0, 30, 400)
    y = np.exp(-x / 5)
    before, after = (build(chart(Series(x[:n], y[:n])), 118, 38) for n in (300, 310))
    changed = sum(a != b for a, b in zip(before.rows, after.rows, strict=True))
    assert changed <= 4


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tunelab.tui.charts", ["plotext", "textual", "rich"]),
        ("tunelab.tui.charts.training_charts", ["plotext", "textual", "rich"]),
    ],
)
def test_plotext_is_not_loaded_before_a_chart_is_built(module: str, absent: list[str]) -> None:
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
