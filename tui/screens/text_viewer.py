"""A text to be read: scrolled with the arrows, closed with escape."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static
from tunelab.tui.screens.base import Dialog
from tunelab.tui.widgets.ascii_filter import spelled

__all__ = ["TextViewer"]


class TextViewer(Dialog[None]):
    """Shows a text in front of the screen."""

    BINDINGS = [Binding("q,question_mark", "back", "close", show=False)]
    TALL = True

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__(title)
        self._text = text

    @property
    def text(self) -> str:
        """What is shown."""
        return self._text

    def compose_content(self) -> Iterable[Widget]:
        """The text."""
        yield Static(spelled(self, self.text), markup=False)

    def on_mount(self) -> None:
        """Ready for the arrow keys."""
        self.query_one(VerticalScroll).focus()
