"""The screen that compares the run on the charts with those laid over it: verdict, numbers, settings, curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import work
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker
from tunelab.errors import BadInput
from tunelab.records import Run
from tunelab.run_comparison import Comparison, Side, compare, sides_of, with_unique_names
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.text.comparison_text import comparison_text
from tunelab.tui.widgets.chart_pair import ChartPair

__all__ = ["ComparisonScreen"]

_HOW = "Overlay another run first: b opens the runs, o overlays one, escape returns, c compares."


class ComparisonScreen(BaseScreen[None], where="compare"):
    """Every arm of the run on the charts, of those laid over it, and of ``more``."""

    VERTICAL_BREAKPOINTS = [(0, "-flat"), (14, "-short"), (34, "-tall")]

    def __init__(self, state: LabState, more: Sequence[Run] = ()) -> None:
        super().__init__()
        views = [view for view in (state.view, *state.overlays) if view is not None]
        self._runs = [*(view.run for view in views), *more]
        self._state = state
        self._comparison: Comparison | None = None

    def compose_content(self) -> Iterable[Widget]:
        """Words above, curves below; a small terminal shows one of them."""
        with VerticalScroll(id="words"):
            yield Static("Comparing …", id="comparison", markup=False)
        yield ChartPair(self._state.looks, id="charts")

    def on_mount(self) -> None:
        """Read the records away from the keys."""
        self.query_one("#words").border_title = "Comparison: ± is a 95 % interval"
        self.query_one("#words").focus()
        self._compare()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _compare(self) -> None:
        worker = get_current_worker()
        try:
            if not self._runs:
                raise BadInput(_HOW)
            sides = with_unique_names([side for run in self._runs for side in sides_of(run)])
            comparison = compare(sides)
        except BadInput as problem:
            several = len(self._runs) > 1 or any(len(run.arms) > 1 for run in self._runs)
            self.app.call_from_thread(self._say, str(problem) if several else _HOW)
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show, sides, comparison)

    def _show(self, sides: Sequence[Side], comparison: Comparison) -> None:
        self._comparison = comparison
        self.query_one(ChartPair).show([side.history.renamed(side.name) for side in sides])
        self._write()

    def _write(self) -> None:
        if self._comparison is not None:
            self._say(comparison_text(self._comparison, max(self.app.size.width - 5, 20)))

    def _say(self, text: str) -> None:
        self.update_text("#comparison", text)

    def on_resize(self) -> None:
        """Tables are made for the width there is."""
        self._write()

    def action_curves(self) -> None:
        """Words or curves, where there isn't room for both."""
        self.toggle_class("-curves")
