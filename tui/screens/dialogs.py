"""Small questions: a line of text, or one of a few choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static
from tunelab.errors import BadInput

__all__ = ["AskText", "Choose"]

Answer = TypeVar("Answer")


class AskText(ModalScreen[Answer | None], Generic[Answer]):
    """Asks for a line of text, and is dismissed with what ``accept`` makes of it, or with None.

    ``accept`` may refuse a text with :class:`BadInput`; the sentence is shown below.
    """

    BINDINGS = [Binding("escape", "dismiss(None)", "cancel")]

    def __init__(self, title: str, hint: str, accept: Callable[[str], Answer], initial: str = "") -> None:
        super().__init__()
        self._title, self._hint, self._accept, self._initial = title, hint, accept, initial

    def compose(self) -> ComposeResult:
        """The question, the line, the hint."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter: do it   esc: cancel"
            yield Static(self._hint, markup=False)
            yield Input(self._initial)
            yield Label("", classes="complaint", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        try:
            answer = self._accept(event.value)
        except BadInput as problem:
            self.query_one(".complaint", Label).update(str(problem))
            return
        self.dismiss(answer)


class Choose(ModalScreen[str | None]):
    """Asks for one of a few choices, each with a key."""

    BINDINGS = [Binding("escape", "dismiss(None)", "cancel")]

    def __init__(self, title: str, question: str, choices: Sequence[tuple[str, str, str]]) -> None:
        """``choices``: (key, id, words) each."""
        super().__init__()
        self._title, self._question, self._choices = title, question, choices

    def compose(self) -> ComposeResult:
        """The question and its choices."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "esc: cancel"
            yield Static(self._question, markup=False)
            yield Static("\n".join(f"  {key}  {words}" for key, _, words in self._choices), markup=False)

    def on_key(self, event: events.Key) -> None:
        """A choice's key chooses it."""
        for key, name, _ in self._choices:
            if event.key == key:
                event.stop()
                self.dismiss(name)
