"""What tunelab makes of the curves: one panel as wide as the screen, the most important sentence first."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static
from tunelab.tui.widgets.ascii_filter import spelled

__all__ = ["VerdictPanel"]


class VerdictPanel(VerticalScroll):
    """The verdict from its first sentence on; its border says which key acts on it, and where to read the rest."""

    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="verdict")
        self.border_title = "8 What tunelab sees"
        self._action = ""

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(id="sentence", markup=False)

    def show(self, text: str, action: str = "") -> None:
        """Show another verdict, where it is another; paragraphs stand without empty lines between them."""
        text = spelled(self, text.replace("\n\n", "\n"))
        sentence = self.query_one("#sentence", Static)
        self._action = action
        if sentence.content == text:
            self._hint()
        else:
            sentence.update(text)
            self.scroll_home(animate=False)
            self.call_after_refresh(self._hint)

    def on_resize(self) -> None:
        """Another size has other room."""
        self.call_after_refresh(self._hint)

    def _hint(self) -> None:
        hidden = self.max_scroll_y > 0
        hint = "   ".join(part for part in (self._action, "8 z shows all of it" if hidden else "") if part)
        hint = spelled(self, hint)
        if hint != str(self.border_subtitle or ""):
            self.border_subtitle = Content(hint)
