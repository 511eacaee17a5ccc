"""A text to be read: scrolled with the arrows, closed with escape."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

__all__ = ["Reading"]


class Reading(ModalScreen[None]):
    """Shows a text in front of the screen."""

    BINDINGS = [Binding("escape,q", "dismiss(None)", "close")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """The text in a frame."""
        with VerticalScroll(classes="dialog tall") as page:
            page.border_title = self._title
            page.border_subtitle = "esc: close"
            yield Static(self._text, markup=False)

    def on_mount(self) -> None:
        """Ready for the arrow keys."""
        self.query_one(VerticalScroll).focus()
