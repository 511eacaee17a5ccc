"""What the wizard can be asked: the whole way, one question alone, or to go on where one left."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker
from tunelab.errors import BadInput
from tunelab.strategy import journal
from tunelab.strategy.questions import QUESTIONS
from tunelab.strategy.runner import begin
from tunelab.strategy.single_search import ask
from tunelab.tui.screens.wizard import WizardScreen
from tunelab.tui.state.actions import bindings
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.lab_state import Bench
from tunelab.tui.state.strategy_session import Guide, unfinished
from tunelab.tui.state.worker_failures import tell_failure

__all__ = ["GuidesScreen"]

_WHOLE = "whole"
_SHOWN = 5  # unfinished strategies
_KEPT = "kept:"


class GuidesScreen(ModalScreen[Draft | None]):
    """Asks what the wizard shall do with the form as it is; dismissed with a draft for the lab, or None."""

    BINDINGS = bindings("guides")

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self._starting = False

    def compose(self) -> ComposeResult:
        """The choices, those that were begun first."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Take me through it"
            dialog.border_subtitle = "enter: begin   esc: cancel"
            training = self.bench.draft.base.training
            yield Static(
                f"From the form as it is: η = {training.eta:g}, λ = {training.lmbda:g}, m = {training.mini_batch}. "
                "Nothing here changes a run or the form until you take a result.",
                markup=False,
            )
            options = [Option("The whole way: from better than chance to a tuned network, step by step", id=_WHOLE)]
            options += [Option(question.title, id=question.name) for question in QUESTIONS]
            options += [Option(f"Go on with {name}", id=f"{_KEPT}{name}") for name in unfinished(_SHOWN)]
            yield OptionList(*options, markup=False)
            yield Static("", classes="complaint", markup=False)

    def on_mount(self) -> None:
        """Ready for the arrow keys."""
        self.query_one(OptionList).focus()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        tell_failure(self.app, event)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        what = event.option.id or _WHOLE
        if self._starting:
            return
        self._starting = True
        self.query_one(".complaint", Static).update("Reading the data …")
        self.run_worker(lambda: self._begin(what), thread=True, exit_on_error=False)

    def _begin(self, what: str) -> None:
        """Write what is asked down, away from the keys: the data may have to be drawn or unpacked first."""
        try:
            guide = self._guide(what)
        except BadInput as problem:
            self._starting = False
            self.app.call_from_thread(self.query_one(".complaint", Static).update, str(problem))
        else:
            self.app.call_from_thread(self._open, guide)

    def _guide(self, what: str) -> Guide:
        executor = self.bench.executor()
        if what.startswith(_KEPT):
            return Guide(journal.find(what.removeprefix(_KEPT)), executor)
        name = "tune" if what == _WHOLE else what
        directory = journal.find(_unused(f"{name}-{time.strftime('%Y%m%d-%H%M%S')}", lambda n: n in journal.studies()))
        if what == _WHOLE:
            begin(directory, self.bench.draft.base)
        else:
            ask(directory, what, self.bench.draft.base)
        return Guide(directory, executor)

    def _open(self, guide: Guide) -> None:
        self.app.push_screen(WizardScreen(self.bench, guide), self.dismiss)

    def action_back(self) -> None:
        """Return to the lab."""
        self.dismiss(None)


def _unused(name: str, used: Callable[[str], bool]) -> str:
    """The name, or with a number behind it where it is taken."""
    number, found = 2, name
    while used(found):
        number, found = number + 1, f"{name}-{number}"
    return found
