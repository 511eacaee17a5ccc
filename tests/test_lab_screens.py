"""The screens behind the lab: opened by their keys, used as a person would, and left again."""

from __future__ import annotations

import pytest
from screens import driven, opened
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.state.actions import Action, actions_of

OPENING = [action for action in actions_of("lab") if action.opens]


@driven
@pytest.mark.parametrize("action", OPENING, ids=lambda action: action.id)
async def test_every_screen_opens_with_its_key_and_is_left_with_escape(action: Action) -> None:
    async with opened() as lab:
        await lab.press(action.key)
        assert action.opens.partition(".")[2] in [type(screen).__name__ for screen in lab.app.screen_stack]
        await lab.quiet()
        while len(lab.app.screen_stack) > 2:  # some ask something first
            await lab.press("escape")
        assert isinstance(lab.app.screen, LabScreen)
        assert lab.notifications == ""
