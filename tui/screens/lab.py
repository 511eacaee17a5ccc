"""The lab: the form on the left, curves in the middle, the log and the verdict below."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from tunelab.diagnosis import Verdict
from tunelab.errors import BadInput
from tunelab.experiment import load_data
from tunelab.records.history import History
from tunelab.tui.charts.palette import ink, marker
from tunelab.tui.charts.strips import rich_style
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.screens.playback_keys import PlaybackKeys
from tunelab.tui.screens.prompts import ask_again, ask_arms, ask_file, ask_name
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.state.draft import Draft, ToTrain, Trial
from tunelab.tui.state.lab_state import LabState, still_training
from tunelab.tui.state.reports import save_run_page
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.text.data_text import data_page
from tunelab.tui.text.journal_text import plain_values
from tunelab.tui.text.run_text import end_reason, epoch_line, paragraphs, verdict_text
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.chart_pair import ChartPair
from tunelab.tui.widgets.epoch_log import EpochLog
from tunelab.tui.widgets.field import Field
from tunelab.tui.widgets.form import PANELS, Form
from tunelab.tui.widgets.panel import Panel
from tunelab.tui.widgets.status_line import StatusLine
from tunelab.tui.widgets.verdict_panel import VerdictPanel

if TYPE_CHECKING:
    from tunelab.engine import Job
    from tunelab.records import Run

__all__ = ["LabScreen"]

_VERDICT_SECONDS = 1.5  # between two verdicts: a sentence must stand long enough to be read


class LabScreen(PlaybackKeys, BaseScreen[None], where="lab"):
    """Where a network is built, watched and trained."""

    class RunDone(Message):
        """A training begun here has ended, one way or another."""

    AUTO_FOCUS = "#cost"
    FIRST_PANEL = "cost"
    BINDINGS = [Binding("escape", "leave_field", show=False)]
    PANELS = {
        **dict(zip(PANELS, ("Data", "Net", "Init", "Hyper"), strict=True)),
        "cost": "Cost",
        "accuracy": "Acc",
        "log": "Log",
        "verdict": "Verdict",
    }

    def __init__(self, state: LabState) -> None:
        super().__init__()
        self.state = state
        self._starting = False
        self._end_reported = True
        self._last_tick = self._last_verdict = time.monotonic()
        self._warnings: list[Verdict] = []
        self._curable = False  # whether a verdict on the charts has a cure to try
        self._unwatched: Run | None = None  # it trains without this screen

    def compose_content(self) -> Iterable[Widget]:
        """Everything that a size may show."""
        yield StatusLine()
        with Horizontal(id="main"):
            yield Form(self.state, id="form")
            with Vertical(id="right"):
                yield Static(id="overlays", markup=False)
                yield ChartPair(self.state.looks, id="charts")
                yield EpochLog(id="log")
        yield VerdictPanel()

    def on_mount(self) -> None:
        """Begin to look at the record a few times a second."""
        self.query_one("#log").border_title = "7 Epochs"
        self.set_interval(1 / self.state.looks.frames_a_second, self._tick)
        self.show_curves()
        self.show_status()
        self.in_background(still_training, self._offer_watching, failed=lambda _: None)

    @property
    def form(self) -> Form:
        """The form on the left."""
        return self.query_one(Form)

    @property
    def charts(self) -> ChartPair:
        """The two charts."""
        return self.query_one(ChartPair)

    def on_screen_resume(self) -> None:
        """Draw what came while another screen was in front."""
        self.show_curves()

    # -- panels -------------------------------------------------------------------------------------------

    def panel_widget(self, name: str) -> Widget:
        """A panel of the form is entered at its first field."""
        panel = self.query_one(f"#{name}")
        return panel.query(Field).first().editor if isinstance(panel, Panel) else panel

    def action_leave_field(self) -> None:
        """Go from a field back to the chart."""
        if self.maximized is not None:
            self.minimize()
        elif self.panel in PANELS:
            self.action_panel(5)
        else:
            self.query_one("#cost", Chart).focus()

    def action_more(self) -> None:
        """Show the further parameters of the panel in focus, of the hyper-parameters where it is none of the form's."""
        panels = [panel for panel in self.query(Panel) if panel.has_pseudo_class("focus-within")]
        self.action_more_of(panels[0].id if panels else "hyper")

    def action_more_of(self, name: str | None) -> None:
        """Show the further parameters of a panel, or hide them again."""
        number = list(PANELS).index(str(name)) + 1
        self.action_panel(number)
        self.query_one(f"#{name}", Panel).turn()

    def action_zoom(self) -> None:
        """Make the panel in focus (or the one shown) fill the screen."""
        if self.maximized is not None:
            self.minimize()
            return
        if self.focused is None:
            self.panel_widget(self.panel).focus()
        if self.focused is not None:
            self.maximize(self.focused)

    # -- the form -----------------------------------------------------------------------------------------

    @on(Form.Changed)
    def _draft_changed(self) -> None:
        self.show_status()
        if not self.state.view:
            self._show_verdict()

    @on(Form.Checked)
    def _draft_checked(self, message: Form.Checked) -> None:
        self._warnings = message.warnings
        self.charts.plan(message.planned)
        if not self.state.view:
            self._show_verdict()

    @on(Field.FileWanted)
    def _file_wanted(self) -> None:
        def answered(path: str | None) -> None:
            if path:
                self.state.draft.learn_from(path)
                self.form.load()

        self.app.push_screen(ask_file(), answered)

    def action_data(self) -> None:
        """Show what is known of the form's data: columns, classes, warnings."""
        base = self.state.draft.base
        self.in_background(
            lambda: data_page(load_data(base)),
            lambda text: self.app.push_screen(TextViewer("Data", text)),
            failed=self.warn,
        )

    def action_fix(self) -> None:
        """Train the arm that a verdict has a cure for once more, as it was and cured, side by side."""
        view, cure = self.state.view, self.state.cure()
        if view is None or cure is None:
            self.notify("No verdict on the charts has a cure to try.", timeout=4)
            return
        self.state.stop_own()
        draft = Draft(view.run.preset)
        try:
            draft.cure(*cure)
        except BadInput as problem:
            self.warn(str(problem))
            return
        job = self.state.job
        self.in_background(lambda: job.wait() if job else None, lambda _: self.take(ToTrain(draft)), failed=self.warn)

    # -- curves -------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """Take what the record has gained since the last look, in steps between which a key can be answered."""
        view, job = self.state.view, self.state.job
        # Asked before reading: what a training wrote before it ended is then surely read.
        ended = job is not None and job.ended
        now = time.monotonic()
        passed, self._last_tick = now - self._last_tick, now
        if view is not None:
            events = view.advance(passed) if isinstance(view, Playback) else view.poll()
            self.log_events(events)
            if self.is_current:
                if events:
                    for draw in self.charts.steps(self.curves()):
                        await asyncio.sleep(0)
                        if view is not self.state.view:
                            return
                        draw()
                    if view.ended or now - self._last_verdict > _VERDICT_SECONDS:
                        self._show_verdict()
                self.show_status()
        if ended and job is not None and not self._end_reported:
            self._report_end(job)

    def log_events(self, events: list[dict[str, Any]]) -> None:
        """Write measurements into the log."""
        names = [arm.name for arm in self.state.view.arms] if self.state.view else []
        lines = []
        for event in events:
            sign = marker(names.index(event["arm"]), dashed=False) if len(names) > 1 else ""
            if event["event"] == "measure":
                lines.append(epoch_line(event, sign))
            elif event["event"] == "done":
                lines.append(f"{sign} {event['arm']} ended: {end_reason(str(event['reason']))}")
        if lines:
            log, style = (
                self.query_one(EpochLog),
                self.state.looks.style(self.app.theme, dark=self.app.current_theme.dark),
            )
            log.marker_styles = {marker(n, dashed=False): rich_style(ink(n, style)) for n in range(len(names))}
            log.write_lines(lines)

    def clear_log(self) -> None:
        """Empty the log of epochs."""
        self.query_one(EpochLog).clear()

    def new_view(self) -> None:
        """Begin with another run: an empty log, its curves from the beginning."""
        self.charts.forget()
        self._last_tick = time.monotonic()
        self.clear_log()
        if self.state.view is not None:
            self.log_events(self.state.view.poll())
        self.show_curves()
        self.show_status()
        self.refresh_bindings()

    def curves(self) -> list[History]:
        """Return everything on the charts: the run's arms, then those of old runs laid over it."""
        view = self.state.view
        arms = list(view.arms) if view else []
        for overlay in self.state.overlays:
            overlay.poll()
            arms += overlay.arms
        return arms

    def show_curves(self) -> None:
        """Draw both charts and the verdict on what they show."""
        self._show_overlays()
        self.charts.show(self.curves())
        self._show_verdict()

    def _show_overlays(self) -> None:
        """Say which old runs lie over the charts, and how to drop them."""
        names = [overlay.run.name for overlay in self.state.overlays]
        chip = self.query_one("#overlays")
        chip.display = bool(names)
        if names:
            self.update_text(
                "#overlays", f" Overlaid: {', '.join(names)} (backspace drops {'them' if names[1:] else 'it'})"
            )
        self.refresh_bindings()

    def _show_verdict(self) -> None:
        self._last_verdict = time.monotonic()
        view = self.state.view
        text = verdict_text(view.arms) if view else ""
        if not text:
            notes = [warning.text for warning in self._warnings]
            about = paragraphs(self.state.draft.preset.description) or "Press r to train."
            watch = [f"{self._unwatched.name} is still training: Enter watches it."] if self._unwatched else []
            text = "\n\n".join([*watch, about, *notes])
        cure = self.state.cure()
        if bool(cure) is not self._curable:
            self._curable = bool(cure)
            self.refresh_bindings()
        hint = (
            f"f trains {cure[0] if view and len(view.arms) > 1 else 'it'} with {plain_values(cure[1])}" if cure else ""
        )
        self.query_one(VerdictPanel).show(text, hint)

    def show_status(self) -> None:
        """Show what is trained, and how that stands."""
        left, right, short = self.state.status()
        self.query_one(StatusLine).show(left, right, short=short)

    def _offer_watching(self, run: Run | None) -> None:
        """Say that a run left behind still trains."""
        if run is not None and self.state.view is None:
            self._unwatched = run
            self._show_verdict()
            self.refresh_bindings()

    def action_watch(self) -> None:
        """Follow the run that still trains."""
        if self._unwatched is not None:
            self.look_at(RunView(self._unwatched))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if action == "watch":
            return self._unwatched is not None and self.state.view is None
        if action == "fix":
            return self._curable
        if action == "clear_overlays":
            return bool(self.state.overlays)
        return super().check_action(action, parameters)

    # -- training -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Train the draft, unless a training is running."""
        if self.state.training:
            self.notify("A training is running: s stops it, space pauses it.", timeout=3)
            return
        draft = self.state.draft
        self._start(lambda: self.state.begin(draft))

    def _start(self, make: Callable[[], Job]) -> None:
        if not self._starting:
            self._starting = True
            self.in_background(make, self._started, failed=self._not_started)

    def _not_started(self, sentence: str) -> None:
        self._starting = False
        self.warn(sentence, "Not trained")

    def _started(self, job: Job) -> None:
        self._starting = False
        self.state.show(job)
        self._end_reported = False
        self.new_view()

    def _report_end(self, job: Job) -> None:
        """Say that a training begun here has ended, and what went wrong if a worker came to grief."""
        self._end_reported = True
        self.refresh_bindings()
        if (problem := job.problem()) is not None:
            self.notify(problem, title="The training was cut off", severity="error", markup=False, timeout=20)
        self.post_message(self.RunDone())

    def look_at(self, view: RunView) -> None:
        """Show a run's curves: an old one, a playback, or another terminal's."""
        self.state.view = view
        self.new_view()

    def edit(self, draft: Draft) -> None:
        """Edit another experiment, with empty charts."""
        self.state.draft = draft
        self.state.view = None
        self.form.load()
        self.new_view()

    # -- actions ------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Train every arm."""
        if (wrong := self.form.wrong()) is not None:
            self.warn(f"{wrong.about.key}: mend it first, the sentence is below it.")
            wrong.editor.focus()
            return
        self.begin()

    def action_undo(self) -> None:
        """Take the last change of the form back."""
        what = self.state.draft.undo()
        if what:
            self.form.load()
        self.notify(f"Taken back: the change of {what}." if what else "Nothing to undo.", timeout=3, markup=False)

    def action_pause(self) -> None:
        """Pause the training or the playback, or resume it."""
        if isinstance(self.state.view, Playback):
            self.state.view.playing = not self.state.view.playing
        else:
            self.state.pause_or_resume()
        self.show_status()

    def action_stop(self) -> None:
        """End the training."""
        self.state.stop()

    def action_log_axis(self) -> None:
        """Logarithmic, linear, as fits: in turn."""
        self.notify(f"Cost axis: {self.charts.next_axis()}.", timeout=2)

    def action_parts(self) -> None:
        """Training and evaluation, one of them, the other."""
        self.charts.next_parts()

    def action_next_arm(self) -> None:
        """Bring the next arm to the front."""
        if name := self.charts.next_arm():
            self.notify(f"In front: {name}", timeout=2, markup=False)

    def action_hide_arm(self) -> None:
        """Hide the arm in front; when that leaves none, show all."""
        self.charts.hide_arm()

    def action_clear_overlays(self) -> None:
        """Take old runs off the charts."""
        self.state.overlays.clear()
        self.show_curves()

    def action_arms(self) -> None:
        """Ask for a parameter and its values."""
        self.app.push_screen(ask_arms(self.state), lambda done: self.form.load() if done else None)

    def action_again(self) -> None:
        """Ask for another η or λ, and continue from here with it."""

        def answered(values: dict[str, Any] | None) -> None:
            if values is not None:
                self._start(lambda: self.state.branch(values))

        self.app.push_screen(ask_again(self.state), answered)

    def action_save_preset(self) -> None:
        """Ask for a name, and save the form."""

        def saved(name: str | None) -> None:
            if name is not None:
                self.notify(f"Saved; `tunelab {name}` opens it.", markup=False)

        self.app.push_screen(ask_name(self.state.draft), saved)

    def action_report(self) -> None:
        """Write the run on the charts as a page to take home."""
        view = self.state.view
        if view is None:
            self.notify("Nothing is on the charts yet: r trains the form.", timeout=4)
            return
        self.in_background(
            lambda: save_run_page(view.run),
            lambda path: self.notify(f"Written to {path}", markup=False, timeout=10),
            failed=self.warn,
        )

    def action_open(self, name: str) -> None:
        """Open another screen, given as module.Class, and do what it hands back.

        Each is made with the lab's state, and imported when it is first wanted: first paint doesn't wait for all.
        """
        module, _, name = name.partition(".")
        screen = getattr(importlib.import_module(f"tunelab.tui.screens.{module}"), name)(self.state)
        self.app.push_screen(screen, self.take)

    def take(self, choice: Draft | ToTrain | Trial | RunView | None) -> None:
        """Edit, train or look at what another screen has handed back."""
        if isinstance(choice, Draft | ToTrain | Trial | Playback):
            self.state.overlays.clear()  # what was laid over another experiment says nothing about this one
        if isinstance(choice, Draft):
            self.edit(choice)
        elif isinstance(choice, ToTrain):
            self.edit(choice.draft)
            self.begin()
        elif isinstance(choice, Trial):
            self.edit(choice.draft)
            if choice.view is not None:
                self.look_at(choice.view)
        elif choice is not None:
            self.look_at(choice)
        else:
            self.show_curves()  # the overlays may have changed
