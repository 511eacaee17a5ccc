"""The line that names the panels and the number keys that lead to them, where only one panel is shown at a time."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.widget import Widget

__all__ = ["TabStrip"]


class TabStrip(Widget):
    """One line of numbered names, the one that is shown marked. A click on one is as good as its key."""

    COMPONENT_CLASSES = {"tabs--here"}

    def __init__(self, labels: Sequence[str], here: int) -> None:
        super().__init__(id="tabs")
        self._labels = labels
        self._here = here
        self._places: list[tuple[int, int, str]] = []

    def show(self, here: int) -> None:
        """Mark another panel, counted from 0."""
        if here != self._here:
            self._here = here
            self.refresh()

    def render(self) -> Content:
        """The names, two spaces apart where that fits."""
        names = [f"{number} {label}" for number, label in enumerate(self._labels, 1)]
        between = "  " if sum(map(len, names)) + 2 * len(names) <= self.size.width else " "
        line, column = Content(" "), 1
        self._places = []
        for number, name in enumerate(names):
            here = number == self._here
            line += Content.styled(name, self.get_visual_style("tabs--here")) if here else Content(name)
            line += Content(between)
            self._places.append((column, column + len(name), str(number + 1)))
            column += len(name) + len(between)
        return line

    def on_click(self, event: events.Click) -> None:
        """Press the number of what was clicked on."""
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key)
