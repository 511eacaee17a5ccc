"""The bottom line: the keys that work here, as many as fit, help and quit always among them.

Textual's own footer makes a widget of every key and lays the screen out again whenever the focus moves: 90 ms of work
a key pressed, where this line needs less than one.
"""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

__all__ = ["KeyLine"]

_BETWEEN = "  "
_ALWAYS = ("help", "ask_quit", "back")


class KeyLine(Widget):
    """One line of keys and their words. A click on one is as good as the key."""

    COMPONENT_CLASSES = {"keys--key"}

    def __init__(self) -> None:
        super().__init__()
        self._all: list[tuple[str, str, str, bool]] = []
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Other keys work where the focus is elsewhere."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def _look(self, screen: Screen[object]) -> None:
        """Find what can be pressed now; drawn again only where that is something else."""
        if not self.is_attached or screen is not self.screen:
            return
        keys: dict[str, tuple[str, str, str, bool]] = {}
        for _, binding, enabled, _ in screen.active_bindings.values():
            if binding.show and enabled and binding.action not in keys:
                always = binding.action.rpartition(".")[2] in _ALWAYS
                keys[binding.action] = (binding.key, self.app.get_key_display(binding), binding.description, always)
        if (current := list(keys.values())) != self._all:
            self._all = current
            self.refresh()

    def render(self) -> Content:
        """The keys that fit, in the order of their declaration."""
        room = self.size.width - 1
        needed = [len(display) + 1 + len(words) + len(_BETWEEN) for _, display, words, _ in self._all]
        room -= sum(n for n, (*_, always) in zip(needed, self._all, strict=True) if always)
        style = self.get_visual_style("keys--key")
        line, at = Content(" "), 1
        self._places = []
        for length, (key, display, words, always) in zip(needed, self._all, strict=True):
            if not always:
                if length > room:
                    room = 0  # none further on either: which keys are there should not depend on their length
                    continue
                room -= length
            self._places.append((at, at + length - len(_BETWEEN), key))
            line += Content.styled(display, style) + Content(f" {words}{_BETWEEN}")
            at += length
        return line

    def on_click(self, event: events.Click) -> None:
        """Press what was clicked on."""
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key)
