"""What tunelab makes of the curves: one panel as wide as the screen, the most important sentence first."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static
from tunelab.tui.widgets.ascii_filter import spelled

__all__ = ["VerdictPanel"]


class VerdictPanel(VerticalScroll):
    """The verdict. It always begins at its first sentence, and says when there is more than it has room for."""

    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="verdict")
        self.border_title = "8 What tunelab sees"

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(id="sentence", markup=False)

    def show(self, text: str) -> None:
        """Show another verdict, where it is another; paragraphs stand without empty lines between them."""
        text = spelled(self, text.replace("\n\n", "\n"))
        sentence = self.query_one("#sentence", Static)
        if sentence.content != text:
            sentence.update(text)
            self.scroll_home(animate=False)
            self.call_after_refresh(self._hint)

    def on_resize(self) -> None:
        """Another size has other room."""
        self.call_after_refresh(self._hint)

    def _hint(self) -> None:
        hidden = self.max_scroll_y > 0
        hint = "8 z shows all of it" if hidden else ""
        if hint != (self.border_subtitle or ""):
            self.border_subtitle = hint
