"""The log of epochs: lines that come by the hundred a second, shown without laying the screen out again.

Textual's own log gives every line to the layout of the whole screen, 15 ms that a key would have to wait.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from tunelab.tui.charts.picture import fitted

__all__ = ["EpochLog"]

_MAX_LINES = 2000


class EpochLog(Widget, can_focus=True):
    """Shows the last lines, and keeps some thousand: ↑ ↓ page up, page down, home and end look at earlier ones."""

    ALLOW_MAXIMIZE = True
    BINDINGS = [
        Binding("up", "look(-1)", "up", show=False),
        Binding("down", "look(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "first", "first", show=False),
        Binding("end", "last", "last", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.lines: list[str] = []
        self.marker_styles: dict[str, Style] = {}
        """The colours of the arms' markers, which stand in the lines."""
        self._top: int | None = None  # the first line shown; None follows the end

    def write_lines(self, lines: Iterable[str]) -> None:
        """Add lines at the end."""
        self.lines += lines
        if (gone := len(self.lines) - _MAX_LINES) > 0:
            del self.lines[:gone]
            self._top = None if self._top is None else max(self._top - gone, 0)
        self._show(self._top)

    def clear(self) -> None:
        """Begin again, following the end."""
        self.lines.clear()
        self._show(None)

    def plain(self) -> str:
        """All lines as text."""
        return "\n".join(self.lines)

    def render_line(self, y: int) -> Strip:
        """One of the lines shown."""
        width = self.size.width
        at = (self._end if self._top is None else self._top) + y
        text = self.lines[at] if at < len(self.lines) else ""
        text = fitted(text, width)
        place, style = next(
            ((text.index(marker), style) for marker, style in self.marker_styles.items() if marker in text), (0, None)
        )
        pieces = [(text[:place], None), (text[place : place + 1], style), (text[place + 1 :], None)]
        return Strip([Segment(part, self.rich_style + (own or Style())) for part, own in pieces if part], width)

    @property
    def _end(self) -> int:
        """The first line that is shown where the end is."""
        return max(len(self.lines) - self.size.height, 0)

    def _show(self, top: int | None) -> None:
        self._top = None if top is None or top >= self._end else max(top, 0)
        held = "" if self._top is None else f"line {self._top + 1:,} of {len(self.lines):,}, end: newest"
        if held != (self.border_subtitle or ""):
            self.border_subtitle = held
        self.refresh(Region(0, 0, *self.size))  # without the border, which hasn't changed

    def action_look(self, by: int) -> None:
        """A few lines up or down."""
        self._show((self._end if self._top is None else self._top) + by)

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.action_look(by * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        """The oldest line kept."""
        self._show(0)

    def action_last(self) -> None:
        """The newest lines again."""
        self._show(None)

    def on_mouse_scroll_up(self) -> None:
        """The wheel looks back."""
        self.action_look(-3)

    def on_mouse_scroll_down(self) -> None:
        """The wheel looks forward."""
        self.action_look(3)
