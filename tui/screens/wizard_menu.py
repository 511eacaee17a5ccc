"""What the wizard can be asked: the whole way, one question alone, or to go on where one left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from textual import on
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from tunelab.strategy import journal
from tunelab.strategy.questions import QUESTIONS
from tunelab.strategy.runner import begin
from tunelab.strategy.single_search import ask
from tunelab.tui.screens.base import Dialog, in_background
from tunelab.tui.screens.wizard import WizardScreen
from tunelab.tui.state.draft import Draft, ToTrain
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.strategy_session import Guide, unfinished

__all__ = ["WizardMenu"]

_WHOLE = "whole"
_MAX_UNFINISHED = 5
_KEPT = "kept:"


class WizardMenu(Dialog[Draft | ToTrain | None]):
    """Asks what the wizard shall do with the form as it is; dismissed with a draft for the lab, or None."""

    def __init__(self, state: LabState) -> None:
        super().__init__("Take me through it", "enter: begin   esc: cancel")
        self.state = state
        self._starting = False

    def compose_content(self) -> Iterable[Widget]:
        """The choices, those that were begun first."""
        training = self.state.draft.base.training
        yield Static(
            f"From the form as it is: η = {training.eta:g}, λ = {training.lmbda:g}, m = {training.mini_batch}. "
            "Nothing here changes a run or the form until you take a result.",
            markup=False,
        )
        options = [Option("The whole way: from better than chance to a tuned network, step by step", id=_WHOLE)]
        options += [Option(question.title, id=question.name) for question in QUESTIONS]
        options += [Option(f"Resume {name}", id=f"{_KEPT}{name}") for name in unfinished(_MAX_UNFINISHED)]
        yield OptionList(*options, markup=False)
        yield Static("", classes="complaint", markup=False)

    def on_mount(self) -> None:
        """Ready for the arrow keys."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        what = event.option.id or _WHOLE
        if self._starting:
            return
        self._starting = True
        self.query_one(".complaint", Static).update("Reading the data …")
        in_background(self, lambda: self._guide(what), self._open, failed=self._not_started)

    def _not_started(self, sentence: str) -> None:
        self._starting = False
        self.query_one(".complaint", Static).update(sentence)

    def _guide(self, what: str) -> Guide:
        executor = self.state.executor()
        if what.startswith(_KEPT):
            return Guide(journal.find(what.removeprefix(_KEPT)), executor)
        name = "tune" if what == _WHOLE else what
        directory = journal.find(_unused(f"{name}-{time.strftime('%Y%m%d-%H%M%S')}", lambda n: n in journal.studies()))
        if what == _WHOLE:
            begin(directory, self.state.draft.base)
        else:
            ask(directory, what, self.state.draft.base)
        return Guide(directory, executor)

    def _open(self, guide: Guide) -> None:
        self.app.push_screen(WizardScreen(self.state, guide), self.dismiss)


def _unused(name: str, used: Callable[[str], bool]) -> str:
    """The name, or with a number behind it where it is taken."""
    number, unused = 2, name
    while used(unused):
        number, unused = number + 1, f"{name}-{number}"
    return unused
