"""Pictures: tables and images of cells, text for terminals, strips for the screen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tunelab.tui.charts import Axis, ChartSpec, Ink, Picture, Series, build
from tunelab.tui.charts.heatmap import heatmap, image
from tunelab.tui.charts.palette import ARMS, PALETTES, Style, ascii_marker, marker
from tunelab.tui.charts.picture import ascii_only, cells, fitted, sentence
from tunelab.tui.charts.strips import strips

DIGITS = [str(d) for d in range(10)]


def confusion() -> np.ndarray:
    counts = np.zeros((10, 10))
    np.fill_diagonal(counts, 98)
    counts[4, 9] = 2
    return counts


def test_a_confusion_matrix_shows_its_numbers_where_there_is_room() -> None:
    lines = heatmap(confusion(), DIGITS, DIGITS, 80, 12, root=True).plain().split("\n")
    assert len(lines) == 11
    assert lines[0].split() == DIGITS
    assert lines[5].split() == ["4", "·", "·", "·", "·", "98", "·", "·", "·", "·", "2"]


def test_a_few_mistakes_are_seen_beside_many_right_answers() -> None:
    def background(root: bool) -> tuple[int, int, int]:
        row = heatmap(confusion(), DIGITS, DIGITS, 80, 12, root=root).rows[5]
        shown = next(ink.background for text, ink in row if text.strip() == "2")
        assert isinstance(shown, tuple)
        return shown

    assert sum(background(True)) > sum(background(False)) + 20


def test_a_matrix_without_room_for_numbers_becomes_half_blocks() -> None:
    picture = heatmap(confusion(), DIGITS, DIGITS, 14, 12)
    assert len(picture.rows) <= 12
    assert all(sum(cells(t) for t, _ in row) <= 14 for row in picture.rows)
    assert "▀" in picture.plain()
    assert picture.plain().split("\n")[0].split() == ["0123456789"]


def test_two_pixels_share_a_cell() -> None:
    digit = np.zeros((28, 28))
    digit[13, 5:20] = 1
    picture = image(digit, 40, 14)
    assert len(picture.rows) == 14
    assert {sum(cells(t) for t, _ in row) for row in picture.rows} == {28}
    bright = [ink for row in picture.rows for text, ink in row if text.strip("▀") == "" and "▀" in text]
    assert len({(ink.colour, ink.background) for ink in bright}) == 1
    assert bright[0].colour != bright[0].background


def test_without_colour_or_with_sixteen_an_image_is_shaded_by_characters() -> None:
    ramp = np.tile(np.linspace(0, 1, 20), (4, 1))
    assert list(dict.fromkeys(image(ramp, 20, 2, style=Style(colour=False)).plain().split("\n")[0])) == list(" ░▒▓█")
    assert (
        image(ramp, 20, 2, style=Style(palette="ansi")).plain() == image(ramp, 20, 2, style=Style(colour=False)).plain()
    )
    assert image(ramp, 20, 2, style=Style(ascii=True)).plain().isascii()
    assert "\x1b" not in image(ramp, 20, 2, style=Style(colour=False)).ansi()


def test_positive_and_negative_weights_have_two_hues_around_0() -> None:
    row = image([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]], 3, 1, signed=True).rows[0]
    below, nothing, above = (ink.background for _, ink in row)
    assert isinstance(below, tuple)
    assert isinstance(nothing, tuple)
    assert isinstance(above, tuple)
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert max(nothing) - min(nothing) < 10


tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    elements=st.one_of(st.floats(), st.sampled_from([0.0, 1e300, -1.7e308, 5e-324])),
)


@settings(deadline=2000)
@given(tables, st.integers(1, 90), st.integers(1, 30), st.booleans(), st.booleans(), st.booleans())
def test_any_table_at_any_size_is_shown(
    table: np.ndarray, width: int, height: int, signed: bool, root: bool, ascii: bool
) -> None:
    labels = [[str(i) for i in range(n)] for n in table.shape]
    for picture in (
        heatmap(table, *labels, width, height, signed=signed, root=root, style=Style(ascii=ascii)),
        image(table, width, height, signed=signed, style=Style(ascii=ascii)),
    ):
        assert "can't be drawn" not in picture.plain()
        assert len(picture.rows) <= height
        assert all(sum(cells(t) for t, _ in row) <= width for row in picture.rows)


def test_a_table_that_makes_no_sense_is_said_in_a_sentence() -> None:
    assert "can't be drawn" in heatmap([[1, 2], [3, 4]], ["only one"], ["a", "b"], 60, 9).plain()
    assert "Nothing to show." in heatmap([[np.nan]], ["a"], ["b"], 60, 9).plain()


def test_ink_is_written_as_sgr_and_ended_on_its_line() -> None:
    picture = Picture(
        (
            (("a", Ink((1, 2, 3), bold=True)), ("b", Ink(9, 4, dim=True))),
            (("c", Ink()),),
        )
    )
    assert picture.ansi() == "\x1b[1;38;2;1;2;3ma\x1b[0m\x1b[2;91;44mb\x1b[0m\nc"
    assert picture.plain() == "ab\nc"


def test_strips_say_what_the_picture_says() -> None:
    x = np.linspace(0, 30, 60)
    spec = ChartSpec("t", Axis("epoch"), Axis(), (Series(x, x, "a"), Series(x, 30 - x, "b", 1)))
    for palette in ("dark", "light", "ansi"):
        picture = build(spec, 80, 24, style=Style(palette=palette))
        made = strips(picture)
        assert [strip.text for strip in made] == picture.plain().split("\n")
        assert {strip.cell_length for strip in made} == {80}
        inks = [ink for row in picture.rows for _, ink in row]
        styles = [segment.style for strip in made for segment in strip]
        for ink, style in zip(inks, styles, strict=True):
            assert style is not None
            assert (style.color is None) == (ink.colour is None)
            assert bool(style.dim) == ink.dim
            if isinstance(ink.colour, int):
                assert style.color is not None
                assert style.color.number == ink.colour
            elif ink.colour is not None:
                assert style.color is not None
                assert style.color.triplet == ink.colour


@given(st.text(max_size=60), st.integers(0, 40))
def test_fitted_text_has_the_width_asked_for_and_no_control_characters(text: str, width: int) -> None:
    shown = fitted(text, width)
    assert cells(shown) == width
    assert shown.isprintable()


@given(st.text(max_size=60))
def test_ascii_only_is(text: str) -> None:
    assert ascii_only(text).isascii()
    assert ascii_only("η ÷2, σ′, é") == "eta /2, sigma', e"


def test_a_sentence_is_broken_between_words_and_stands_in_the_middle() -> None:
    lines = sentence("No numbers yet.", 10, 4).plain().split("\n")
    assert [line.strip() for line in lines] == ["", "No numbers", "yet.", ""]


def test_arms_differ_in_colour_and_marker() -> None:
    for colours in PALETTES.values():
        assert len(set(colours)) == len(colours) == ARMS
    signs = {marker(n, dashed) for n in range(ARMS) for dashed in (False, True)}
    assert len(signs) == 2 * ARMS
    assert len({ascii_marker(n) for n in range(ARMS)}) == ARMS


def luminance(colour: object) -> float:
    """Relative luminance, WCAG 2.2."""
    assert isinstance(colour, tuple)
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("palette", "background"), [("dark", (30, 30, 30)), ("light", (255, 255, 255))])
def test_every_arm_stands_out_from_its_background(palette: str, background: tuple[int, int, int]) -> None:
    for colour in PALETTES[palette]:  # type: ignore[index]
        one, other = sorted((luminance(colour), luminance(background)))
        assert (other + 0.05) / (one + 0.05) >= 3, colour
