"""Small questions: a line of text, or one of a few choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from textual import events, on
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Label, Static
from tunelab.errors import BadInput
from tunelab.tui.screens.base import Dialog

__all__ = ["AskText", "Choose"]

Answer = TypeVar("Answer")


class AskText(Dialog[Answer | None], Generic[Answer]):
    """Asks for a line of text, and is dismissed with what ``accept`` makes of it, or with None.

    ``accept`` may refuse a text with :class:`BadInput`; the sentence is shown below.
    """

    def __init__(
        self,
        title: str,
        hint: str,
        accept: Callable[[str], Answer],
        initial: str = "",
        *,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(title, "enter: do it   esc: cancel")
        self._question, self._accept, self._initial, self._suggester = hint, accept, initial, suggester

    def compose_content(self) -> Iterable[Widget]:
        """The question, the line, the complaint."""
        yield Static(self._question, markup=False)
        yield Input(self._initial, suggester=self._suggester)
        yield Label("", classes="complaint", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        try:
            answer = self._accept(event.value)
        except BadInput as problem:
            self.query_one(".complaint", Label).update(str(problem))
            return
        self.dismiss(answer)


class Choose(Dialog[str | None]):
    """Asks for one of a few choices, each with a key."""

    def __init__(self, title: str, question: str, choices: Sequence[tuple[str, str, str]]) -> None:
        """``choices``: (key, id, words) each."""
        super().__init__(title, "esc: cancel")
        self._question, self._choices = question, choices

    def compose_content(self) -> Iterable[Widget]:
        """The question and its choices."""
        yield Static(self._question, markup=False)
        yield Static("\n".join(f"  {key}  {words}" for key, _, words in self._choices), markup=False)

    def on_key(self, event: events.Key) -> None:
        """A choice's key chooses it."""
        for key, name, _ in self._choices:
            if event.key == key:
                event.stop()
                self.dismiss(name)
