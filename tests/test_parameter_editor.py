"""Parameters and values as typed: one grammar for arms, sweeps and decisions, and the rows that take it."""

from __future__ import annotations

import pytest
from screens import Lab, driven, opened
from textual import events
from textual.widgets import Input
from tunelab.errors import BadInput
from tunelab.tui.screens.parameter_editor import ParameterEditor
from tunelab.tui.state.assignments import assignments, dimension, one_value, values


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("eta = 0.1, 1", [("eta", "0.1, 1")]),
        ("eta = 0.1, 1; lambda = 0", [("eta", "0.1, 1"), ("lambda", "0")]),
        ("eta = 0.1, lambda = 0", [("eta", "0.1"), ("lambda", "0")]),
        ("η=0.1\nhidden = [100, 30], 10\n", [("η", "0.1"), ("hidden", "[100, 30], 10")]),
        ("", []),
    ],
)
def test_a_line_is_split_into_parameters_and_their_values(typed: str, parts: list[tuple[str, str]]) -> None:
    assert assignments(typed) == parts


def test_a_parameter_is_known_by_its_key_its_last_part_or_its_symbol() -> None:
    assert {dimension(name, "0.1, 1").key for name in ("eta", "η", "training.eta")} == {"training.eta"}
    assert len(dimension("eta", "log:0.01..1").grid()) == 5
    assert dimension("hidden", "10, [100, 30]").setting("[100, 30]") == [100, 30]
    assert one_value("λ", "0.5") == ("training.lambda", 0.5)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("", "1", "name the parameter"),
        ("eta", "", "has no value yet"),
        ("eta", "fast", "training.eta: 'fast' isn't a number"),
        ("etta", "1", "there is no parameter 'etta'"),
        ("eta", "log:1..0.1", "the first number must be the smaller one"),
    ],
)
def test_what_cant_be_is_said_without_an_option_of_the_command_line(name: str, typed: str, sentence: str) -> None:
    with pytest.raises(BadInput) as problem:
        dimension(name, typed)
    assert sentence in str(problem.value)
    assert "--over" not in str(problem.value)


def test_rows_without_a_value_to_decide_are_refused() -> None:
    with pytest.raises(BadInput, match="write a parameter and its value"):
        values([("", "")])


def editor(lab: Lab) -> ParameterEditor[object]:
    screen = lab.app.screen
    assert isinstance(screen, ParameterEditor)
    return screen


@driven
async def test_arms_are_offered_as_they_are_and_typed_keys_lead_from_name_to_values_to_the_next_row() -> None:
    async with opened() as lab:
        await lab.press("a")
        assert editor(lab).rows == [("weights", "standard, scaled")]  # in which the arms differ now
        field = editor(lab).query(Input).first()
        await lab.focus(field)
        await lab.type("")
        await lab.press(*"eta", "equals_sign", *"0.1", "comma", *"1", "enter")
        assert [arm.name for arm in lab.state.draft.arms] == ["η = 0.1", "η = 1"]
        await lab.press("a")
        assert editor(lab).rows == [("η", "0.1, 1")]
        await lab.type("")
        await lab.press("enter")
        assert len(lab.state.draft.arms) == 1


@driven
async def test_several_lines_are_pasted_as_rows_and_what_is_wrong_is_said_below() -> None:
    async with opened() as lab:
        await lab.press("g")
        await lab.until(lambda: isinstance(lab.app.screen, ParameterEditor))
        field = editor(lab).query(Input).first()
        await lab.focus(field)
        field.post_message(events.Paste("eta = 0.1, 1\nlambda = 0, 1\nhidden = 5\nseeds = two"))
        await lab.pilot.pause()
        assert editor(lab).rows == [("eta", "0.1, 1"), ("lambda", "0, 1"), ("hidden", "5"), ("seeds", "two")]
        await lab.press("enter")
        assert "seeds is a number of at least 1" in lab.picture


@driven
async def test_a_parameter_that_is_typed_again_takes_the_place_of_its_row() -> None:
    async with opened() as lab:
        await lab.press("g")
        await lab.until(lambda: isinstance(lab.app.screen, ParameterEditor))
        field = editor(lab).query(Input).last()
        await lab.focus(field)
        await lab.type("eta = 3, 4; hidden = 5")
        assert dict(editor(lab).rows) == {"lambda": "0, 0.1, 1, 10", "eta": "3, 4", "hidden": "5"}
