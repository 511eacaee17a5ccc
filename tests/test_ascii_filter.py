"""What a terminal without Unicode is sent: ASCII, in lines of the length that they had."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from screens import driven, opened
from textual.color import Color
from tunelab.tui.charts.picture import cells
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.widgets.ascii_filter import AsciiFilter


def filtered(*texts: str) -> str:
    segments = AsciiFilter().apply([Segment(text) for text in texts], Color(0, 0, 0))
    return "".join(segment.text for segment in segments)


def test_letters_are_spelled_and_take_their_room_from_the_gap_behind_them() -> None:
    assert filtered("│ η      ", "0.5 │") == "| eta    0.5 |"
    assert filtered("│ 784 → 30 σ      │") == "| 784 -> 30 sigma |"
    assert filtered("│ λ │") == "| la|"


@given(st.lists(st.text(st.sampled_from("ηλσ√→─│●‖ abc…×"), max_size=12), min_size=1, max_size=4))
def test_a_line_stays_as_long_as_it_was(texts: list[str]) -> None:
    line = filtered(*texts)
    assert line.isascii()
    assert "?" not in line
    assert len(line) == cells("".join(texts))


@driven
async def test_no_screen_of_the_lab_asks_for_unicode_where_there_is_none() -> None:
    async with opened(looks=Looks(ascii=True)) as lab:
        for keys in (["question_mark"], ["escape", "i"], ["escape", "p"], ["escape", "escape", "w"], ["escape", "t"]):
            await lab.press(*keys)
            await lab.quiet()
            assert lab.picture.isascii()
