"""The screen that compares the run on the charts with those laid over it: verdict, numbers, settings, curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, get_current_worker
from tunelab.errors import BadInput
from tunelab.records import Run
from tunelab.run_comparison import Comparison, Side, compare, sides_of, with_unique_names
from tunelab.tui.state.actions import bindings
from tunelab.tui.state.lab_state import Bench
from tunelab.tui.state.worker_failures import tell_failure
from tunelab.tui.text.comparison_text import comparison_text
from tunelab.tui.widgets.chart_pair import Curves
from tunelab.tui.widgets.key_line import Keys

__all__ = ["CompareScreen"]

_HOW = "Lay another run over this one first: b opens the runs, o lays one over, escape returns, c compares."


class CompareScreen(Screen[None]):
    """Every arm of the run on the charts, of those laid over it, and of ``more``."""

    BINDINGS = bindings("compare")

    def __init__(self, bench: Bench, more: Sequence[Run] = ()) -> None:
        super().__init__(id="compare")
        views = [view for view in (bench.view, *bench.overlays) if view is not None]
        self._runs = [*(view.run for view in views), *more]
        self._bench = bench
        self._found: Comparison | None = None
        self._curves_only = False

    def compose(self) -> ComposeResult:
        """Words above, curves below; a small terminal shows one of them."""
        with VerticalScroll(id="words"):
            yield Static("Comparing …", id="comparison", markup=False)
        yield Curves(self._bench.looks, id="charts")
        yield Keys()

    def on_mount(self) -> None:
        """Read the records away from the keys."""
        self.query_one("#words").border_title = "Comparison: ± is a 95 % interval"
        self.query_one("#words").focus()
        self._lay_out()
        self._compare()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        tell_failure(self.app, event)

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _compare(self) -> None:
        worker = get_current_worker()
        try:
            if not self._runs:
                raise BadInput(_HOW)
            found = with_unique_names([side for run in self._runs for side in sides_of(run)])
            comparison = compare(found)
        except BadInput as problem:
            several = len(self._runs) > 1 or any(len(run.arms) > 1 for run in self._runs)
            self.app.call_from_thread(self._say, str(problem) if several else _HOW)
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show, found, comparison)

    def _show(self, found: Sequence[Side], comparison: Comparison) -> None:
        self._found = comparison
        self.query_one(Curves).show([replace(side.curves, name=side.name) for side in found])
        self._write()

    def _write(self) -> None:
        if self._found is not None:
            self._say(comparison_text(self._found, max(self.app.size.width - 5, 20)))

    def _say(self, text: str) -> None:
        self.query_one("#comparison", Static).update(text)

    def on_resize(self) -> None:
        """Tables are made for the width there is."""
        self._lay_out()
        self._write()

    def _lay_out(self) -> None:
        tall = self.app.size.height >= 34
        wide = self.app.size.width >= 100
        self.query_one("#words").display = tall or not self._curves_only
        self.query_one(Curves).display = tall or self._curves_only
        for name in ("cost", "accuracy"):
            self.query_one(f"#{name}").display = wide or name == "accuracy"
        self.call_after_refresh(self.query_one(Curves).redraw)

    def action_back(self) -> None:
        """Return."""
        self.dismiss(None)

    def action_curves(self) -> None:
        """Words or curves, where there isn't room for both."""
        self._curves_only = not self._curves_only
        self._lay_out()
