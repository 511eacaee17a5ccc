"""The form: fields that show a value until they are edited, take it, give it back, and undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens import Lab, driven, opened
from textual.widgets import Input, Label, Select
from tunelab.tui.screens.prompts import PathSuggester
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.widgets.field import Field
from tunelab.tui.widgets.value_input import ValueInput


def eta(lab: Lab) -> ValueInput:
    editor = lab.field("training.eta").editor
    assert isinstance(editor, ValueInput)
    return editor


def complaint(lab: Lab, key: str) -> str:
    field = lab.field(key)
    return str(field.query_one(".complaint", Label).content) if field.has_class("-wrong") else ""


@driven
async def test_digits_lead_to_panels_until_a_value_is_edited() -> None:
    async with opened() as lab:
        await lab.press("4")
        assert lab.app.focused is eta(lab)
        assert eta(lab).selected_text == "0.5"
        await lab.press("2")
        assert lab.app.focused is not eta(lab)
        assert lab.state.draft.text("training.eta") == "0.5"
        await lab.press("4", "enter", "0", ".", "2", "enter")
        assert lab.state.draft.text("training.eta") == "0.2"
        assert eta(lab).selected_text == "0.2"


@driven
@pytest.mark.parametrize(("keys", "value"), [([".", "2", "5"], "0.25"), (["backspace", "3"], "3")])
async def test_a_sign_a_dot_or_backspace_begin_a_new_value(keys: list[str], value: str) -> None:
    async with opened() as lab:
        await lab.press("4", *keys, "tab")
        assert lab.state.draft.text("training.eta") == value


@driven
async def test_escape_gives_the_old_value_back_and_then_leaves() -> None:
    async with opened() as lab:
        await lab.press("4", "enter", "7", "7", "escape")
        assert eta(lab).value == "0.5"
        assert lab.state.draft.text("training.eta") == "0.5"
        assert lab.app.focused is eta(lab)
        await lab.press("escape")
        assert lab.app.focused is not eta(lab)


@driven
async def test_what_is_wrong_is_said_beside_the_field_and_stops_a_run() -> None:
    async with opened() as lab:
        await lab.press("4", "enter", "-", "1", "enter")
        assert "greater than 0" in complaint(lab, "training.eta") or "at least" in complaint(lab, "training.eta")
        assert lab.state.draft.text("training.eta") == "0.5"
        await lab.press("r")
        assert "training.eta" in lab.notifications
        assert not lab.state.training
        await lab.press("escape")
        assert complaint(lab, "training.eta") == ""
        assert eta(lab).value == "0.5"


@driven
async def test_a_command_takes_the_value_that_is_edited() -> None:
    async with opened() as lab:
        await lab.press("4", "enter", "2", "question_mark")
        assert "training.eta" in lab.picture
        await lab.press("escape")
        assert lab.state.draft.text("training.eta") == "2"


@driven
async def test_u_takes_the_last_changes_back_one_by_one() -> None:
    async with opened() as lab:
        await lab.press("4", "up", "enter", "3", "enter")
        assert lab.state.draft.text("training.eta") == "3"
        await lab.press("u")
        assert eta(lab).value == "1"
        await lab.press("u")
        assert eta(lab).value == "0.5"
        assert not lab.state.draft.changed
        await lab.press("u")
        assert "Nothing to undo" in lab.notifications


@driven
async def test_a_paste_of_several_lines_is_its_first_line() -> None:
    from textual import events

    async with opened() as lab:
        await lab.press("4")
        eta(lab).post_message(events.Paste("0.125\n0.25\nrm -rf"))
        await lab.pilot.pause()
        await lab.press("enter")
        assert lab.state.draft.text("training.eta") == "0.125"


@driven
async def test_the_label_of_a_table_is_chosen_from_its_columns(tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},{'yes' if n % 2 else 'no'},{n % 3}\n" for n in range(120))
    path = tmp_path / "people.csv"
    path.write_text("height,ill,group\n" + rows)
    async with opened() as lab:
        assert not lab.field("data.label").display
        lab.field("data.name").post_message(Field.FileWanted())
        await lab.pilot.pause()
        await lab.type(str(tmp_path / "nobody.csv"))
        await lab.press("enter")
        assert "there is no file" in lab.picture
        assert await PathSuggester().get_suggestion(str(tmp_path / "peo")) == str(path)
        await lab.type(str(path))
        await lab.press("enter")
        await lab.quiet()
        assert not isinstance(lab.app.screen.focused, Input)
        assert lab.state.draft.text("data.name") == str(path)
        label = lab.field("data.label")
        assert label.display
        assert isinstance(label.editor, Select)
        assert "3 classes of group" in lab.picture
        label.editor.value = "ill"
        await lab.pilot.pause()
        await lab.quiet()
        assert lab.state.draft.text("data.label") == "ill"
        assert "2 classes of ill" in lab.picture
        await lab.press("d")
        await lab.quiet()
        assert isinstance(lab.app.screen, TextViewer)
        assert "height" in lab.picture
        assert "50.0 %" in lab.picture
