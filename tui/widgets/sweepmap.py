"""The map of two parameters of a sweep, drawn to the size there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from tunelab.tui.charts import Picture
from tunelab.tui.charts.strips import strips
from tunelab.tui.charts.sweep_charts import TrialMap, map_axes, trial_map
from tunelab.tui.charts.terminal import Looks

if TYPE_CHECKING:
    from tunelab.sweeps import StudyTable

__all__ = ["SweepMap"]


class SweepMap(Widget, can_focus=True):
    """What :func:`tunelab.tui.charts.sweep_charts.sweep_map` draws; empty for a study with one parameter."""

    ALLOW_MAXIMIZE = True

    class TrialChosen(Message):
        """A cell was clicked: the trial that it shows."""

        def __init__(self, number: int) -> None:
            self.number = number
            super().__init__()

    def __init__(self, looks: Looks) -> None:
        super().__init__(id="map")
        self._looks = looks
        self._table: StudyTable | None = None
        self._map = TrialMap(Picture(()))
        self._strips: list[Strip] = []

    def show(self, table: StudyTable) -> None:
        """Another table, or the same with more trials."""
        self._table = table
        self.redraw()

    def redraw(self) -> None:
        """Draw it again."""
        axes = map_axes(self._table) if self._table is not None else None
        if axes is None or self._table is None or self.size.width == 0:
            return
        style = self._looks.style(self.app.theme, dark=self.app.current_theme.dark)
        drawn = trial_map(self._table, *axes, self.size.width, self.size.height, style)
        if drawn != self._map:
            self._map, self._strips = drawn, strips(drawn.picture)
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click on a cell chooses its trial."""
        place = event.get_content_offset(self)
        number = self._map.trial_at(place.x, place.y) if place is not None else None
        if number is not None:
            self.post_message(self.TrialChosen(number))

    def on_show(self) -> None:
        """Draw what came while the map was hidden."""
        self.redraw()

    def on_resize(self) -> None:
        """Another size wants another picture."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One row."""
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)
        return Strip.blank(self.size.width, self.rich_style)
