"""The lecture's steps as a list to choose from."""

from __future__ import annotations

from tunelab.tui.lecture import LectureProgress, lecture
from tunelab.tui.lecture.step_text import contents_line
from tunelab.tui.lecture.steps import flowed
from tunelab.tui.screens.list_browser import ListBrowser
from tunelab.tui.state.lab_state import LabState

__all__ = ["LectureContents"]


class LectureContents(ListBrowser[str], where="contents"):
    """Every step of the lecture, with how it went; enter goes there."""

    HINT = "enter goes there, / filters"

    def __init__(self, state: LabState, progress: LectureProgress) -> None:
        super().__init__(state)
        self._progress = progress
        self.first = progress.at

    def items(self) -> list[tuple[str, str]]:
        """Every step by number, with its title."""
        return [(step.number, contents_line(step, self._progress)) for step in lecture()]

    def preview(self, name: str) -> str:
        """The step's section and text."""
        step = next(step for step in lecture() if step.number == name)
        return f"{step.section}\n\n{flowed(step.text)}"

    def take(self, name: str) -> None:
        """Go to a step."""
        self.dismiss(name)
