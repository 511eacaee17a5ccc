"""Odd surroundings of the lab: a theme that doesn't exist, a run that is removed while it is shown, no room at all."""

from __future__ import annotations

import pytest
from screens import driven, opened, written_run
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.state.settings import Config


@driven
async def test_a_theme_that_doesnt_exist_is_named_and_another_one_used() -> None:
    async with opened(config=Config(theme="textual-dakr")) as lab:
        assert lab.app.theme == "textual-dark"
        (note,) = lab.app._notifications
        assert "there is no theme 'textual-dakr' (did you mean 'textual-dark'?)" in note.message
        assert "there is no theme" in lab.picture


@driven
@pytest.mark.parametrize("key", ["x", "c", "o", "f", "e", "r", "space", "s"])
async def test_a_run_removed_while_it_is_shown_leaves_its_curves_and_a_sentence_where_it_is_wanted(key: str) -> None:
    run = written_run(ended=False)
    async with opened(draft=Draft(run.preset)) as lab:
        lab.lab.look_at(RunView(run))
        await lab.pilot.pause()
        drawn = len(lab.state.view.arms[0]) if lab.state.view else 0
        run.remove()
        for _ in range(2):
            await lab.lab._tick()
        assert lab.state.view is not None
        assert len(lab.state.view.arms[0]) == drawn
        await lab.press(key)
        await lab.quiet()
        assert lab.app.is_running
        assert "Something went wrong" not in lab.picture + lab.notifications
        await lab.press("escape", "escape")
        if lab.state.job is not None:
            await lab.stopped()


@driven
async def test_a_run_removed_before_its_playback_ends_plays_on() -> None:
    run = written_run()
    async with opened(draft=Draft(run.preset)) as lab:
        view = Playback(run)
        lab.lab.look_at(view)
        run.remove()
        view.seek(view.length)
        lab.lab.new_view()
        assert len(view.arms[0]) == 20


@driven
async def test_where_there_is_no_room_a_sentence_says_how_much_is_needed() -> None:
    async with opened(size=(20, 5)) as lab:
        assert "tunelab needs at" in lab.picture
        await lab.press("quotation_mark")  # the text twin needs no room
        assert isinstance(lab.app.screen, TextViewer)
        await lab.press("escape")
        for size in ((1, 1), (2, 40), (200, 2), (120, 40)):
            await lab.pilot.resize_terminal(*size)
            await lab.quiet()
        assert isinstance(lab.app.screen, LabScreen)
        assert "5 Cost" in lab.picture
