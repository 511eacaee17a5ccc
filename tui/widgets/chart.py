"""A chart on the screen: draws only the rows that changed, with a crosshair and a zoom of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from tunelab.tui.charts import ChartSpec, Mark, Picture, build, legend
from tunelab.tui.charts.spec import floats
from tunelab.tui.charts.strips import strips
from tunelab.tui.charts.terminal import Looks

__all__ = ["Chart"]


class Chart(Widget, can_focus=True):
    """Shows a :class:`ChartSpec`. With the focus, ← → move a crosshair and + − zoom along x.

    The title stands in the border, the legend above the canvas. Posts :class:`Pointed` as the crosshair moves.
    """

    ALLOW_MAXIMIZE = True
    BINDINGS = [
        Binding("left", "point(-1)", "crosshair left", show=False),
        Binding("right", "point(1)", "crosshair right", show=False),
        Binding("shift+left", "point(-10)", "crosshair far left", show=False),
        Binding("shift+right", "point(10)", "crosshair far right", show=False),
        Binding("plus,equals_sign", "scale(0.5)", "zoom in", show=False),
        Binding("minus", "scale(2)", "zoom out", show=False),
        Binding("0", "whole", "whole range", show=False),
    ]

    class Pointed(Message):
        """The crosshair stands at ``x`` (None: it is gone)."""

        def __init__(self, chart: Chart, x: float | None) -> None:
            self.chart, self.x = chart, x
            super().__init__()

        @property
        def control(self) -> Chart:
            """The chart."""
            return self.chart

    class LabelChosen(Message):
        """A label of the legend was clicked."""

        def __init__(self, label: str) -> None:
            self.label = label
            super().__init__()

    def __init__(self, looks: Looks, *, id: str | None = None, key: str = "") -> None:
        """``key`` leads to the chart, and stands before its title."""
        super().__init__(id=id)
        self._key = key
        self._looks = looks
        self._spec = ChartSpec()
        self._picture = Picture(())
        self._strips: list[Strip] = []
        self._title = ""
        self._legend: list[str] = []
        self._column: int | None = None
        self._range: tuple[float, float] | None = None

    def on_mount(self) -> None:
        """Another theme wants other colours."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.redraw())

    @property
    def spec(self) -> ChartSpec:
        """What is shown, without crosshair and zoom."""
        return self._spec

    def plain(self) -> str:
        """The picture as text, with title and what the crosshair points at."""
        return f"{self._title}\n{self._picture.plain()}"

    def numbers(self) -> str:
        """The curves in words: what each begins and ends at."""
        lines = [str(self._spec.title)]
        for series in self._spec.series:
            y = floats(series.y)
            known = np.flatnonzero(np.isfinite(y))
            if series.label and len(known):
                part = f" ({series.part})" if series.part else ""
                ends = f"{y[known[0]]:.4g} at first, {y[known[-1]]:.4g} at last"
                lines.append(f"{series.label}{part}: {ends}, {y[known].min():.4g} to {y[known].max():.4g}")
        return "\n".join(lines if len(lines) > 1 else [*lines, self._spec.empty])

    def show(self, spec: ChartSpec) -> None:
        """Draw another chart in this one's place."""
        self._spec = spec
        self.redraw()

    def redraw(self) -> None:
        """Build the picture again, and repaint the rows in which it differs."""
        if not self.is_attached or self.size.width == 0 or not self.display:
            return
        width, height = self.size
        spec = self._spec
        if self._range is not None:
            spec = replace(spec, x=replace(spec.x, limits=self._range))
        x = self.pointed_at
        if x is not None:
            spec = replace(spec, marks=(*spec.marks, Mark(x, colour="plain")))
        style = self._looks.style(self.app.theme, dark=self.app.current_theme.dark)
        key = legend(spec if x is None else self._with_values(spec, x, width), width, style)
        room = len(key.rows) if height >= 8 and (spec.series or spec.bars) else 0
        self._legend = ["".join(text for text, _ in row) for row in key.rows[:room]]
        chart = build(spec, width, height - room, style)
        picture = Picture(key.rows[:room]).over(chart)
        old, self._strips = self._picture.rows, strips(picture)
        place = chart.place
        self._picture = Picture(picture.rows, place and replace(place, top=place.top + room))
        self._entitle(spec.title if x is None else f"{spec.x.label} {self._nearest(x):.4g}")
        if len(old) != len(picture.rows):
            self.refresh()
            return
        for row, (before, now) in enumerate(zip(old, picture.rows, strict=True)):
            if before != now:
                self.refresh(Region(0, row, width, 1))

    def _entitle(self, title: str) -> None:
        # Setting a title repaints the whole widget, so only another one is set; as Content, since a name in it may
        # hold what would be markup.
        if title != self._title:
            self._title = title
            self.border_title = Content(f"{self._key} {title}" if self._key else title)

    def render_line(self, y: int) -> Strip:
        """One row of the picture."""
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)
        return Strip.blank(self.size.width, self.rich_style)

    def on_show(self) -> None:
        """Draw what came while the chart was hidden."""
        self.redraw()

    def on_resize(self) -> None:
        """Another size wants another picture."""
        self._picture = Picture(())
        self.redraw()

    # -- crosshair and zoom -------------------------------------------------------------------------------

    @property
    def pointed_at(self) -> float | None:
        """The x under the crosshair."""
        place = self._picture.place
        return None if self._column is None or place is None else place.x_at(self._column)

    def action_point(self, by: int) -> None:
        """Move the crosshair by some columns; the first time it appears at the right end."""
        place = self._picture.place
        if place is None:
            return
        last = place.left + place.columns - 1
        start = last + 1 if by < 0 else place.left - 1
        column = (self._column if self._column is not None else start) + by
        self._point(min(max(column, place.left), last))

    def _point(self, column: int | None) -> None:
        self._column = column
        self.redraw()
        self.post_message(self.Pointed(self, self.pointed_at))

    def point_at(self, x: float | None) -> None:
        """Put the crosshair where another chart has its own, or take it away."""
        place = self._picture.place
        column = None if x is None or place is None else place.column_at(x)
        if column != self._column:
            self._column = column
            self.redraw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click sets the crosshair; on a label of the legend it chooses that."""
        place = self._picture.place
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._legend):
            self._choose(self._legend[offset.y], offset.x)
        elif place is not None and offset is not None and offset.x >= place.left:
            self._point(offset.x)

    def _choose(self, row: str, x: int) -> None:
        """Post the label that stands at a column of a row of the legend."""
        known = sorted({series.label for series in self._spec.series if series.label}, key=len, reverse=True)
        for label in known:
            at = row.find(label)
            if at >= 0 and at - 3 <= x < at + len(label):
                self.post_message(self.LabelChosen(label))
                return

    def key_escape(self, event: events.Key) -> None:
        """Take the crosshair away; without one escape belongs to the screen."""
        if self._column is not None:
            event.stop()
            self._point(None)
        elif self._range is not None:
            event.stop()
            self.action_whole()

    def action_scale(self, factor: float) -> None:
        """Zoom along x, around the crosshair or the middle."""
        place = self._picture.place
        if place is None:
            return
        low, high = place.x
        centre = self.pointed_at if self._column is not None else (low + high) / 2
        assert centre is not None
        whole = self._whole()
        half = (high - low) * factor / 2
        left = max(whole[0], centre - half)
        right = min(whole[1], left + 2 * half)
        left = max(whole[0], right - 2 * half)
        self._range = None if (left, right) == whole else (left, right)
        self.redraw()

    def _whole(self) -> tuple[float, float]:
        if self._spec.x.limits is not None:
            return self._spec.x.limits
        values = np.concatenate([floats(series.x) for series in self._spec.series] or [np.zeros(1)])
        values = values[np.isfinite(values)]
        return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)

    def action_whole(self) -> None:
        """Show the whole range again."""
        self._range = None
        self.redraw()

    def _nearest(self, x: float) -> float:
        """The x of a measurement next to the crosshair."""
        values = np.concatenate([floats(series.x) for series in self._spec.series] or [np.array([x])])
        return float(values[np.argmin(np.abs(values - x))]) if len(values) else x

    def _with_values(self, spec: ChartSpec, x: float, width: int) -> ChartSpec:
        """The legend under the crosshair: behind each label its values, training first. A long label gives way."""
        values: dict[str, list[str]] = {}
        for series in self._spec.series:
            xs, ys = floats(series.x), floats(series.y)
            if series.label and len(xs):
                y = ys[int(np.argmin(np.abs(xs - x)))]
                values.setdefault(series.label, []).insert(0, f"{y:.3g}" if np.isfinite(y) else "not finite")
        named = {}
        for label, texts in values.items():
            numbers = "  " + " / ".join(texts)
            room = max(width - 4 - len(numbers), 4)
            named[label] = (label if len(label) <= room else label[: room - 1] + "…") + numbers
        lines = tuple(replace(series, label=named.get(series.label, "")) for series in spec.series)
        return replace(spec, series=lines, focus=named.get(spec.focus or ""))
