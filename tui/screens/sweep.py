"""The sweep: trials as they come, the best so far, a map of two parameters, and what to make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker
from tunelab.errors import BadInput
from tunelab.tui.charts.sweep_charts import best_chart, map_axes, slice_chart
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.screens.parameter_editor import ParameterEditor
from tunelab.tui.state.draft import Draft, Trial
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.run_view import RunView
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.status_line import StatusLine
from tunelab.tui.widgets.sweepmap import SweepMap
from tunelab.wording import quantity

if TYPE_CHECKING:
    from tunelab.sweeps import StudyTable, TrialRow
    from tunelab.tui.state.sweep_view import SweepRequest, SweepView

__all__ = ["SweepScreen"]

_HINT = """A parameter and its values: a list such as 0.05, 0.2, 1, a range such as log:0.01..10, lin:0..1, int:10..99.
Lists alone are tried completely; from a range points are drawn at random. Rows may also say trials, seeds,
sampler (grid, random, tpe) and pruner (none, median, hyperband)."""
_EXAMPLE = [("eta", "0.05, 0.2, 0.5, 1, 3"), ("lambda", "0, 0.1, 1, 10")]
_MAX_LISTED = 300  # trials: a longer list takes long to lay out, and nobody reads it


class SweepScreen(BaseScreen["Trial | Draft | None"], where="sweep"):
    """A study, live or old. Enter opens a trial in the lab; n begins another sweep of the form's experiment."""

    class Read(Message):
        """The study has been read again."""

    PANELS = {"pictures": "Map", "best": "Best", "trials": "Trials", "remarks": "Verdict"}

    def __init__(self, state: LabState) -> None:
        super().__init__()
        self.state = state
        self._slice = -1  # the map; else which parameter
        self._newest_first = False
        self._listed: list[int] = []
        self._reading = False
        self._end_reported = False

    def compose_content(self) -> Iterable[Widget]:
        """Pictures on the left, trials and remarks on the right; a small terminal shows one of them."""
        yield StatusLine()
        with Horizontal(id="main"):
            with Vertical(id="sweep-left"):
                with Vertical(id="pictures"):
                    yield SweepMap(self.state.looks)
                    yield Chart(self.state.looks, id="slice")
                yield Chart(self.state.looks, id="best")
            with Vertical(id="sweep-right"):
                yield OptionList(id="trials", markup=False)
                with VerticalScroll(id="remarks"):
                    yield Static(id="sweep-sentences", markup=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say that a background worker failed, and let the study be read again."""
        self._reading = False
        super().on_worker_state_changed(event)

    def on_mount(self) -> None:
        """Show the study that is at hand: the one begun here, else the newest, else ask for one."""
        self.query_one("#map").border_title = "1 Map"
        self.query_one("#trials").border_title = "3 Trials"
        self.query_one("#remarks").border_title = "4 What tunelab sees"
        self._show_picture()
        self.query_one("#trials").focus()
        self.set_interval(1 / self.state.looks.frames_a_second, self.tick)
        if self.state.sweep is None:
            self.run_worker(self._newest, thread=True, exit_on_error=False, group="study")
        else:
            self.tick()

    def _newest(self) -> None:
        from tunelab.sweeps import all_studies
        from tunelab.tui.state.sweep_view import SweepView

        for record in all_studies():
            if record.exists:
                self.app.call_from_thread(self.look_at, SweepView(record))
                return
        self.app.call_from_thread(self.action_new)

    # -- what is shown ------------------------------------------------------------------------------------

    def look_at(self, view: SweepView) -> None:
        """Show another study; one begun here goes on until it is stopped."""
        self.state.sweep = view
        self._end_reported = False
        self._listed = []
        self.tick()

    @property
    def view(self) -> SweepView | None:
        """The study that is shown."""
        return self.state.sweep

    def tick(self) -> None:
        """Read the study again, away from the keys."""
        if self.view is not None and not self._reading:
            self._reading = True
            self.run_worker(self._read, thread=True, exit_on_error=False, group="read")

    def _read(self) -> None:
        view = self.view
        if view is None:
            return
        running = view.running  # asked before: what it wrote before it ended is then read
        try:
            changed = view.read()
        except BadInput as problem:
            self.app.call_from_thread(self._say, str(problem))
            return
        self.app.call_from_thread(self._show, view, changed, running)

    def _show(self, view: SweepView, changed: bool, running: bool) -> None:
        self._reading = False
        if view is not self.view or not self.is_attached:
            return
        table = view.table
        if table is not None and (changed or not self._listed):
            self._draw(view, table)
        self._show_status(view)
        if not running and not self._end_reported and view.process is not None and not view.running:
            self._end_reported = True
            if (problem := view.process.problem()) is not None:
                self.notify(problem, title="The sweep was cut off", severity="error", markup=False, timeout=20)
        self.post_message(self.Read())

    def _show_status(self, view: SweepView) -> None:
        table = view.table
        left = f" {view.name}"
        if table is None:
            right = "reading"
        else:
            right = f"{view.state()}  {table.ended}/{quantity(table.plan.trials, 'trial')}"
            if table.plan.seeds > 1:
                right += f" × {quantity(table.plan.seeds, 'seed')}"
            if table.best is not None and table.best.value is not None:
                right += f"  best {table.metric.text(table.best.value, digits=1)}"
            left += f" · {table.plan.sampler}"
        self.query_one(StatusLine).show(left, right)

    def _draw(self, view: SweepView, table: StudyTable) -> None:
        from tunelab.tui.text.sweep_text import remarks

        over = table.plan.over
        has_map = map_axes(table) is not None
        if self._slice < 0 and not has_map:
            self._slice = 0
        self._show_picture()
        self.query_one(SweepMap).show(table)
        if self._slice >= 0:
            self.query_one("#slice", Chart).show(slice_chart(table, over[self._slice % len(over)]))
        self.query_one("#best", Chart).show(best_chart(table))
        self._list(table)
        self._say("\n\n".join(remarks(table, view.importance)) or "No trial has ended yet.")

    def _say(self, text: str) -> None:
        self._reading = False
        self.update_text("#sweep-sentences", text)

    def _list(self, table: StudyTable) -> None:
        """The trials, the best first or the newest first; the one under the cursor stays there."""
        from tunelab.tui.text.sweep_text import value_text

        rows = self._ordered(table)[:_MAX_LISTED]
        near = {row.number for row in table.within_noise}
        listed = self.query_one("#trials", OptionList)
        at = self._listed[listed.highlighted] if listed.highlighted and self._listed else None  # the first is no choice
        lines = []
        for row in rows:
            sign = "★" if row is table.best else "=" if row.number in near else " "
            result = value_text(row) if row.state == "complete" else row.state
            if row.state == "pruned":
                result += f" at epoch {row.epochs:g}"
            lines.append(Option(f"{sign}{row.number:>4}  {result:<16} {table.label(row)}"))
        self._listed = [row.number for row in rows]
        listed.clear_options()
        listed.add_options(lines)
        listed.highlighted = self._listed.index(at) if at in self._listed else 0 if rows else None
        order = "newest first" if self._newest_first else "best first"
        listed.border_subtitle = order if len(rows) < _MAX_LISTED else f"{order}, {_MAX_LISTED} of {len(table.rows):,}"

    def _ordered(self, table: StudyTable) -> list[TrialRow]:
        rows = [row for row in table.rows if row.state != "waiting"]
        if self._newest_first:
            return sorted(rows, key=lambda row: -row.number)
        order = {"complete": 0, "running": 1, "pruned": 2, "diverged": 3, "failed": 4}
        return sorted(rows, key=lambda row: (order.get(row.state, 5), -(row.value or 0.0), row.number))

    # -- panels ---------------------------------------------------------------------------------------------

    def _show_picture(self) -> None:
        """The map, or what one parameter alone says."""
        self.query_one("#map").display = self._slice < 0
        self.query_one("#slice").display = self._slice >= 0

    def panel_widget(self, name: str) -> Widget:
        """The first panel is the map or what one parameter says."""
        return (
            self.query_one("#map" if self._slice < 0 else "#slice")
            if name == "pictures"
            else self.query_one(f"#{name}")
        )

    # -- actions --------------------------------------------------------------------------------------------

    def action_view(self) -> None:
        """The map, then what each parameter alone says, in turn."""
        table = self.view.table if self.view is not None else None
        if table is None:
            return
        first = -1 if map_axes(table) is not None else 0
        self._slice = self._slice + 1 if self._slice + 1 < len(table.plan.over) else first
        self.show_panel("pictures")
        if self.view is not None:
            self.call_after_refresh(self._draw, self.view, table)

    def action_order(self) -> None:
        """The best first, or the newest first."""
        self._newest_first = not self._newest_first
        if self.view is not None and self.view.table is not None:
            self._list(self.view.table)

    def action_stop(self) -> None:
        """Stop the sweep that was begun here."""
        if self.view is not None and self.view.running:
            self.view.stop()
            self.notify("Stopping; every trial that ended is kept, and g resumes it.", timeout=4)

    def action_resume(self) -> None:
        """Train what is left of a study that isn't complete."""
        view = self.view
        if view is None:
            self.action_new()
        elif view.running or view.elsewhere:
            self.notify("It is running.", timeout=2)
        elif view.table is not None and view.table.ended >= view.table.plan.trials:
            self.notify("All its trials have ended; n begins another sweep.", timeout=4)
        else:
            self._end_reported = False
            self._start(view.go_on)

    def action_new(self) -> None:
        """Ask what to sweep over, and begin."""
        from tunelab.tui.state.sweep_view import OPTIONS, begin, sweep_request

        if self.view is not None and self.view.running:
            self.notify("A sweep is running: s stops it.", timeout=3)
            return
        preset = self.state.draft.preset

        def answered(request: SweepRequest | None) -> None:
            if request is None:
                if self.view is None:
                    self._say("Nothing to look at yet: n begins a sweep of the form's experiment.")
                return
            self._start(lambda: begin(preset, request))

        title = f"Sweep {preset.name}"
        editor = ParameterEditor(title, _HINT, _EXAMPLE, sweep_request, more=OPTIONS, count=3)
        self.app.push_screen(editor, answered)

    def _start(self, make: Callable[[], SweepView | None]) -> None:
        """Have a study made or resumed away from the keys, and look at a new one."""
        self.query_one(StatusLine).update(" Starting …")
        self.in_background(make, self._started, failed=lambda sentence: self.warn(sentence, "Not swept"))

    def _started(self, view: SweepView | None) -> None:
        if view is not None:
            self.look_at(view)

    def action_studies(self) -> None:
        """Choose another study to look at."""
        from tunelab.tui.screens.study_browser import StudyBrowser

        if self.view is not None and self.view.running:
            self.notify("A sweep is running: s stops it.", timeout=3)
            return

        def chosen(view: SweepView | None) -> None:
            if view is not None:
                self.look_at(view)

        self.app.push_screen(StudyBrowser(self.state), chosen)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        """Open a trial in the lab."""
        event.stop()
        if event.option_index < len(self._listed):
            self._open_trial(self._listed[event.option_index])

    @on(SweepMap.TrialChosen)
    def _cell_chosen(self, event: SweepMap.TrialChosen) -> None:
        """Go to the trial of a cell in the list; a second click opens it in the lab."""
        event.stop()
        listed = self.query_one("#trials", OptionList)
        if event.number not in self._listed or listed.highlighted == self._listed.index(event.number):
            self._open_trial(event.number)
        else:
            listed.highlighted = self._listed.index(event.number)

    def _open_trial(self, number: int) -> None:
        view = self.view
        if view is None or view.table is None:
            return
        row = next(row for row in view.table.rows if row.number == number)
        self.in_background(lambda: _opened(view, row), self._open, failed=self.warn)

    def _open(self, opened: tuple[Trial, str]) -> None:
        trial, problem = opened
        if problem:
            self.notify(f"{problem}; r trains it here", markup=False)
        self.dismiss(trial)


def _opened(view: SweepView, row: TrialRow) -> tuple[Trial, str]:
    """Return a trial as the lab takes it, and a sentence where its curves can't be had."""
    from tunelab.sweeps.trial_events import as_run

    draft = Draft(view.record.plan.preset_of(row.number, row.params, f"trial-{row.number}"))
    try:
        return Trial(draft, RunView(as_run(view.record, row)) if row.ended else None), ""
    except BadInput as problem:
        return Trial(draft, None), str(problem)
