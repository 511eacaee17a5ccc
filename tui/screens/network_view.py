"""A look inside a trained network: what it confuses, what it gets wrong, what its first weights look like."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from textual import work
from textual.containers import VerticalScroll
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker
from tunelab.errors import BadInput
from tunelab.network_inspection import NetworkInspection, inspect_network
from tunelab.tui.charts import Picture, sheet
from tunelab.tui.charts.from_history import layer_charts
from tunelab.tui.charts.heatmap import heatmap, image
from tunelab.tui.charts.palette import Style
from tunelab.tui.charts.picture import Ink, fitted, sentence
from tunelab.tui.charts.strips import strips
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.state.lab_state import LabState

__all__ = ["NetworkView"]

_VIEWS = ("confusion", "mistakes", "weights", "layers")


class Page(Widget, can_focus=True):
    """Shows a picture that may be higher than the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._strips: list[Strip] = []

    def show(self, picture: Picture) -> None:
        """Another picture."""
        self._strips = strips(picture)
        self.styles.height = len(self._strips)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row."""
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)
        return Strip.blank(self.size.width, self.rich_style)


class NetworkView(BaseScreen[None], where="inside"):
    """The network of one arm and seed as the run left it, on the evaluation examples."""

    def __init__(self, state: LabState) -> None:
        super().__init__()
        self._run, self._looks = state.view, state.looks
        self._arm = self._seed = self._view = self._page = 0
        self._inside: NetworkInspection | None = None

    def compose_content(self) -> Iterable[Widget]:
        """One scrolled page."""
        with VerticalScroll(id="page"):
            yield Page()

    def on_mount(self) -> None:
        """Look at the run on the charts."""
        self._say("Looking …")
        self._look()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _look(self) -> None:
        worker = get_current_worker()
        view = self._run
        if view is None:
            self.app.call_from_thread(self._say, "Nothing is trained yet: go back, and press r.")
            return
        try:
            inside = inspect_network(view.run, self._arm, self._seed)
        except BadInput as problem:
            self.app.call_from_thread(self._say, str(problem))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show, inside)

    def _show(self, inside: NetworkInspection) -> None:
        self._inside = inside
        self._draw()

    @property
    def _style(self) -> Style:
        return self._looks.style(self.app.theme, dark=self.app.current_theme.dark)

    def _say(self, text: str) -> None:
        self.query_one(Page).show(sentence(text, max(self.size.width - 4, 20), 5))

    def _draw(self) -> None:
        inside = self._inside
        if inside is None:
            return
        scroll = self.query_one("#page")
        scroll.border_title = f"{inside.arm} · seed {inside.seed} · {_VIEWS[self._view]}"
        draw = {
            "confusion": self._confusion,
            "mistakes": self._mistakes,
            "weights": self._weights,
            "layers": self._layers,
        }
        self.query_one(Page).show(draw[_VIEWS[self._view]](inside))

    def _confusion(self, inside: NetworkInspection) -> Picture:
        if inside.confusion is None:
            return sentence("This network answers with numbers, not classes: nothing to confuse.", 60, 3)
        table = heatmap(
            inside.confusion,
            inside.classes,
            inside.classes,
            max(self.size.width - 6, 20),
            max(self.size.height - 8, 8),
            root=True,
            style=self._style,
        )
        wrong = int(inside.confusion.sum() - np.trace(inside.confusion))
        head = f"Rows: what it is. Columns: what was answered. {wrong} of {inside.confusion.sum():,} wrong."
        worst = ", ".join(f"{a} taken for {b} ({n}×)" for a, b, n in inside.worst(5))
        lines = [head, f"Most often: {worst}." if worst else "No mistakes at all.", ""]
        right = ", ".join(
            f"{name}: {100 * recall:.1f} % of {int(total):,}"
            for name, recall, total in zip(inside.classes, inside.recalls, inside.confusion.sum(axis=1), strict=True)
            if total
        )
        below = ["", *wrap(f"Recall of each class: {right}.", max(self.size.width - 6, 20))]
        return (
            Picture(tuple(((line, Ink()),) for line in lines))
            .over(table)
            .over(Picture(tuple(((line, Ink()),) for line in below)))
        )

    def _mistakes(self, inside: NetworkInspection) -> Picture:
        if inside.image_shape is None or inside.confusion is None:
            return sentence("These examples aren't pictures.", 60, 3)
        rows, columns = inside.image_shape
        across = max(1, (self.size.width - 4) // (columns + 2))
        page_size = across * 3
        start = (self._page * page_size) % max(len(inside.mistakes), 1)
        chosen = inside.mistakes[start : start + page_size]
        if not len(chosen):
            return sentence("No mistakes on these examples.", 60, 3)
        pictures = [inside.images[i].reshape(rows, columns) for i in chosen]
        words = [f"{inside.classes[inside.wanted[i]]} taken for {inside.classes[inside.answers[i]]}" for i in chosen]
        return self._album(pictures, words, across, signed=False)

    def _weights(self, inside: NetworkInspection) -> Picture:
        if inside.image_shape is None:
            return sentence("The inputs aren't pictures, so their weights aren't either.", 60, 3)
        rows, columns = inside.image_shape
        across = max(1, (self.size.width - 4) // (columns + 2))
        page_size = across * 3
        count = inside.first_weights.shape[1]
        start = (self._page * page_size) % count
        chosen = range(start, min(start + page_size, count))
        pictures = [inside.first_weights[:, unit].reshape(rows, columns) for unit in chosen]
        return self._album(pictures, [f"unit {unit + 1}" for unit in chosen], across, signed=True)

    def _layers(self, inside: NetworkInspection) -> Picture:
        """How each layer fared over the training; recorded with every measurement."""
        assert self._run is not None
        curves = self._run.arms[self._arm]
        width = max(self.size.width - 6, 20)
        charts = layer_charts(curves)
        drawn = [sheet(spec, width, 14, self._style) for spec in charts]
        head = f"{inside.arm}, means over its seeds, on 100 training examples."
        return Picture((((head, Ink(dim=True)),),)).over(*drawn)

    def _album(self, pictures: list[NDArray[np.float64]], words: list[str], across: int, signed: bool) -> Picture:
        height, width = pictures[0].shape
        drawn = [image(p, width, height, style=self._style, signed=signed) for p in pictures]
        rows: list[tuple[tuple[str, Ink], ...]] = []
        for start in range(0, len(drawn), across):
            line, captions = drawn[start : start + across], words[start : start + across]
            rows += [
                tuple(piece for p in line for piece in (*p.rows[y], ("  ", Ink()))) for y in range(len(line[0].rows))
            ]
            rows.append(tuple((fitted(word, width) + "  ", Ink(dim=True)) for word in captions))
        return Picture(tuple(rows))

    def action_view(self) -> None:
        """The next way of looking."""
        self._view, self._page = (self._view + 1) % len(_VIEWS), 0
        self._draw()

    def action_more(self) -> None:
        """Further pictures."""
        self._page += 1
        self._draw()

    def action_next_arm(self) -> None:
        """The next arm's network."""
        if self._run is not None:
            self._arm = (self._arm + 1) % len(self._run.arms)
            self._seed = 0
            self._look()

    def action_seed(self) -> None:
        """The network of the next seed."""
        if self._run is not None:
            self._seed = (self._seed + 1) % self._run.arms[self._arm].seeds
            self._look()
