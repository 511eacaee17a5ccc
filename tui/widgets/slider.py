"""A number that is slid along a line, with the keys or the mouse."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Slider"]


class Slider(Widget, can_focus=True):
    """A whole number between two limits. ← → move by a hundredth, shift+← → by a tenth; a click sets it."""

    BINDINGS = [
        Binding("left", "move(-0.01)", "less", show=False),
        Binding("right", "move(0.01)", "more", show=False),
        Binding("shift+left", "move(-0.1)", "much less", show=False),
        Binding("shift+right", "move(0.1)", "much more", show=False),
    ]

    class Moved(Message):
        """The slider stands at another number."""

        def __init__(self, slider: Slider, value: int) -> None:
            self.slider, self.value = slider, value
            super().__init__()

        @property
        def control(self) -> Slider:
            """The slider."""
            return self.slider

    def __init__(self, label: str, low: int, high: int, value: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label, self._low, self._high, self.value = label, low, high, value

    def limit(self, high: int) -> None:
        """Give it another upper limit."""
        self._high = max(high, self._low)
        self.value = min(self.value, self._high)
        self.refresh()

    def action_move(self, share: float) -> None:
        """Move by a share of the whole range, at least by one."""
        step = max(1, round(abs(share) * (self._high - self._low)))
        self._set(self.value + (step if share > 0 else -step))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Jump to where the line was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 1:
            self._set(self._low + round((self._high - self._low) * offset.x / max(self.size.width - 1, 1)))

    def _set(self, value: int) -> None:
        value = min(max(value, self._low), self._high)
        if value != self.value:
            self.value = value
            self.refresh()
            self.post_message(self.Moved(self, value))

    def render_line(self, y: int) -> Strip:
        """The name and number, and below them the line."""
        width = self.size.width
        if y == 0:
            number = f"{self.value:,}"
            text = f"{self._label}{number:>{max(width - len(self._label), 0)}}"
        else:
            at = round((width - 1) * (self.value - self._low) / max(self._high - self._low, 1))
            text = "━" * at + "●" + "─" * (width - 1 - at)
        return Strip([Segment(text[:width], self.rich_style)]).adjust_cell_length(width, self.rich_style)
