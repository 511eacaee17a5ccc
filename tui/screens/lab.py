"""The lab: the form on the left, curves in the middle, the log and what tunelab sees below."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker
from tunelab.diagnosis import Verdict
from tunelab.errors import BadInput, CutOff
from tunelab.records.history import ArmCurves
from tunelab.tui.charts.palette import marker
from tunelab.tui.screens.prompts import ask_again, ask_arms, ask_name
from tunelab.tui.state.actions import bindings
from tunelab.tui.state.draft import Draft, ToTrain, Trial
from tunelab.tui.state.lab_state import Bench
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.state.worker_failures import tell_failure
from tunelab.tui.text.run_text import epoch_line, paragraphs, status_line, verdict_text
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.chart_pair import Curves
from tunelab.tui.widgets.epoch_log import Epochs
from tunelab.tui.widgets.field import Field
from tunelab.tui.widgets.form import PANELS, Form
from tunelab.tui.widgets.key_line import Keys
from tunelab.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from tunelab.engine import Job

__all__ = ["LabScreen"]

_SAY_EVERY = 1.5  # seconds between two verdicts: a sentence must stand long enough to be read
_ROOMS = (*PANELS, "cost", "accuracy", "log", "verdict")


class LabScreen(Screen[None]):
    """Where a network is built, seen and trained."""

    class RunDone(Message):
        """A training begun here has ended, one way or another."""

    BINDINGS = [*bindings("lab"), Binding("escape", "leave_field", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (50, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (14, "-low"), (30, "-tall")]

    def __init__(self, bench: Bench) -> None:
        super().__init__(id="lab")
        self.bench = bench
        self._starting = False
        self._told_end = True
        self._room = "cost"
        self._ticked = self._said = time.monotonic()
        self._known: list[Verdict] = []

    def compose(self) -> ComposeResult:
        """Everything a size may show; what is shown is decided by :meth:`lay_out`."""
        yield Static(id="status", markup=False)
        with Horizontal(id="main"):
            yield Form(self.bench, id="form")
            with Vertical(id="right"):
                yield Curves(self.bench.looks, id="charts")
                with Horizontal(id="below"):
                    yield Epochs(id="log")
                    with VerticalScroll(id="verdict"):
                        yield Static(id="sentence", markup=False)
        yield Static("tunelab needs at least 50 × 14 characters; this terminal has less.", id="too-small")
        yield Keys()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        tell_failure(self.app, event)

    def on_mount(self) -> None:
        """Begin to look at the record a few times a second."""
        self.query_one("#log").border_title = "7 Epochs"
        self.query_one("#verdict").border_title = "8 What tunelab sees"
        self.query_one("#cost", Chart).focus()
        self.set_interval(1 / self.bench.looks.frames_a_second, self._tick)
        self.lay_out()
        self.show_curves()
        self._show_status()

    @property
    def form(self) -> Form:
        """The form on the left."""
        return self.query_one(Form)

    @property
    def charts(self) -> Curves:
        """The two charts."""
        return self.query_one(Curves)

    def on_screen_resume(self) -> None:
        """Draw what came while another screen was in front."""
        self.show_curves()

    def on_resize(self) -> None:
        """A narrow terminal shows one room at a time."""
        self.call_after_refresh(self.lay_out)

    # -- rooms --------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Show the rooms that fit: all of them side by side, or one at a time with the verdict below."""
        width, height = self.app.size
        tiny = width < 50 or height < 14
        wide = width >= 100 and height >= 24
        in_form = self._room in PANELS
        self.set_class(wide, "-all-rooms")
        self.query_one("#too-small").display = tiny
        self.query_one("#main").display = not tiny
        self.query_one(Keys).display = not tiny
        self.query_one("#form").display = wide or in_form
        self.query_one("#right").display = wide or not in_form
        below = self._room in {"log", "verdict"}
        show = {"cost": self._room != "accuracy", "accuracy": self._room == "accuracy"}
        for name, shown in show.items():
            self.query_one(f"#{name}").display = wide or shown
        self.query_one("#charts").display = wide or not below
        self.query_one("#log").display = wide or self._room == "log"
        self.query_one("#verdict").display = wide or self._room != "log"
        self.set_class(not wide and below, "-below-only")
        self.call_after_refresh(self.charts.redraw)

    def action_room(self, number: int) -> None:
        """Go to one of the eight rooms; a narrow terminal shows it instead of the others."""
        self._room = _ROOMS[number - 1]
        room = self.query_one(f"#{self._room}")
        target: Widget = room.query(Field).first().editor if isinstance(room, Panel) else room
        if self.has_class("-all-rooms"):
            target.focus()  # it is there already, and laying out takes longer than a key should
        else:
            self.lay_out()
            self.call_after_refresh(target.focus)

    def action_leave_field(self) -> None:
        """Escape goes from a field back to the chart."""
        if self.maximized is not None:
            self.minimize()
        elif self._room in PANELS:
            self.action_room(5)
        else:
            self.query_one("#cost", Chart).focus()

    def action_zoom(self) -> None:
        """Make the chart in focus (or the one shown) fill the screen."""
        if self.maximized is not None:
            self.minimize()
            return
        focused = self.focused if isinstance(self.focused, Chart) else None
        chart = focused or self.query_one("#accuracy" if self._room == "accuracy" else "#cost", Chart)
        chart.focus()
        self.maximize(chart)

    # -- the form -----------------------------------------------------------------------------------------

    @on(Form.Changed)
    def _draft_changed(self) -> None:
        self._show_status()
        if not self.bench.view:
            self._show_verdict()

    @on(Form.Looked)
    def _looked(self, message: Form.Looked) -> None:
        self._known = message.found
        if not self.bench.view:
            self._show_verdict()

    # -- curves -------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """Take what the record has gained since the last look, in steps between which a key can be answered."""
        view, job = self.bench.view, self.bench.job
        # Asked before reading: what a training wrote before it ended is then surely read.
        ended = job is not None and job.ended
        now = time.monotonic()
        passed, self._ticked = now - self._ticked, now
        if view is not None:
            events = view.advance(passed) if isinstance(view, Playback) else view.poll()
            self.log_events(events)
            if self.is_current:
                if events:
                    for draw in self.charts.steps(self.curves()):
                        await asyncio.sleep(0)
                        if view is not self.bench.view:
                            return
                        draw()
                    if view.ended or now - self._said > _SAY_EVERY:
                        self._show_verdict()
                self._show_status()
        if ended and job is not None and not self._told_end:
            self._tell_end(job)

    def log_events(self, events: list[dict[str, Any]]) -> None:
        """Write measurements into the log."""
        names = [arm.name for arm in self.bench.view.arms] if self.bench.view else []
        lines = []
        for event in events:
            sign = marker(names.index(event["arm"]), dashed=False) if len(names) > 1 else ""
            if event["event"] == "measure":
                lines.append(epoch_line(event, sign))
            elif event["event"] == "done":
                lines.append(f"{sign} {event['arm']} ended: {event['reason']}")
        if lines:
            self.query_one("#log", Epochs).write_lines(lines)

    def new_view(self) -> None:
        """Another run is looked at: an empty log, its curves from the beginning."""
        self.charts.forget()
        self._ticked = time.monotonic()
        self.query_one("#log", Epochs).clear()
        if self.bench.view is not None:
            self.log_events(self.bench.view.poll())
        self.show_curves()
        self._show_status()
        self.refresh_bindings()

    def curves(self) -> list[ArmCurves]:
        """Everything on the charts: the run's arms, then those of old runs laid over it."""
        view = self.bench.view
        arms = list(view.arms) if view else []
        for overlay in self.bench.overlays:
            overlay.poll()
            arms += overlay.arms
        return arms

    def show_curves(self) -> None:
        """Draw both charts and say what they show."""
        self.charts.show(self.curves())
        self._show_verdict()

    def _show_verdict(self) -> None:
        self._said = time.monotonic()
        view = self.bench.view
        text = verdict_text(view.arms) if view else ""
        if not text:
            notes = [v.text for v in self._known]
            text = "\n\n".join([paragraphs(self.bench.draft.preset.description) or "Press r to train.", *notes])
        self._update("#sentence", text, layout=True)

    def _show_status(self) -> None:
        view = self.bench.view
        draft = self.bench.draft
        left = f" tunelab  {draft.name}"
        if view is None:
            right = f"{len(draft.arms)} arm{'s' if len(draft.arms) > 1 else ''} × {draft.base.initialization.seeds} "
            right += "networks · r trains them"
        else:
            right = status_line(view.arms, view.state if isinstance(view, Playback) else self.bench.state())
            if view.title:
                left += f" · {view.title}"
            if (left_over := self.bench.seconds_left()) is not None:
                right += f"  ~{int(left_over) // 60}:{int(left_over) % 60:02} left"
        room = self.app.size.width - len(left) - len(right) - 1
        if room < 2:
            left = f" {draft.name}"
            room = self.app.size.width - len(left) - len(right) - 1
        if room < 2:  # how many arms and seeds there are stands on the chart, too
            right = right.rpartition("  ")[0]
            room = self.app.size.width - len(left) - len(right) - 1
        self._update("#status", f"{left}{' ' * max(room, 2)}{right}")

    def _update(self, where: str, text: str, *, layout: bool = False) -> None:
        """Change a text where it is another: what stays the same isn't sent over the line again."""
        static = self.query_one(where, Static)
        if static.content != text:
            static.update(text, layout=layout)

    # -- training -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Train the draft, unless a training is at work."""
        if self.bench.training:
            self.notify("A training is running: s stops it, space holds it.", timeout=3)
            return
        draft = self.bench.draft
        self._start(lambda: self.bench.begin(draft))

    def _start(self, make: Callable[[], Job]) -> None:
        if not self._starting:
            self._starting = True
            self.run_worker(lambda: self._make(make), thread=True, exit_on_error=False, group="start")

    def _make(self, make: Callable[[], Job]) -> None:
        """Check, make the record and start the workers, away from the keys."""
        try:
            job = make()
        except (BadInput, CutOff) as problem:
            self.app.call_from_thread(self._not_started, str(problem))
        else:
            self.app.call_from_thread(self._started, job)
        finally:
            self._starting = False

    def _not_started(self, sentence: str) -> None:
        self.notify(sentence, title="Not trained", severity="warning", markup=False, timeout=10)

    def _started(self, job: Job) -> None:
        self.bench.show(job)
        self._told_end = False
        self.new_view()

    def _tell_end(self, job: Job) -> None:
        """Say that a training begun here has ended, and what went wrong if a worker came to grief."""
        self._told_end = True
        self.refresh_bindings()
        if (problem := job.problem()) is not None:
            self.notify(problem, title="The training was cut off", severity="error", markup=False, timeout=20)
        self.post_message(self.RunDone())

    def look_at(self, view: RunView) -> None:
        """Show a run's curves: an old one, a playback, or another terminal's."""
        self.bench.view = view
        self.new_view()

    def edit(self, draft: Draft) -> None:
        """Edit another experiment, with empty charts."""
        self.bench.draft = draft
        self.bench.view = None
        self.form.load()
        self.new_view()

    # -- actions ------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Train every arm."""
        if (wrong := self.form.wrong()) is not None:
            sentence = f"{wrong.about.key}: mend it first, the sentence is below it."
            self.notify(sentence, severity="warning", markup=False)
            wrong.editor.focus()
            return
        self.begin()

    def action_pause(self) -> None:
        """Hold the training, or go on; the same for a playback."""
        if isinstance(self.bench.view, Playback):
            self.bench.view.playing = not self.bench.view.playing
        else:
            self.bench.pause_or_go()
        self._show_status()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """What only a playback can do is offered only there; holding and stopping, where something goes on."""
        view = self.bench.view
        if action in {"faster", "slower", "seek"}:
            return isinstance(view, Playback)
        if action in {"pause", "stop"}:
            return view is not None and (isinstance(view, Playback) or not view.ended)
        return True

    def action_faster(self) -> None:
        """Play twice as fast."""
        if isinstance(view := self.bench.view, Playback):
            view.speed = min(view.speed * 2, 64.0)
            self._show_status()

    def action_slower(self) -> None:
        """Play half as fast."""
        if isinstance(view := self.bench.view, Playback):
            view.speed = max(view.speed / 2, 1 / 16)
            self._show_status()

    def action_seek(self, by: int) -> None:
        """Go forward or back in a playback by a twentieth."""
        if isinstance(view := self.bench.view, Playback):
            events = view.seek(view.position + by * view.length / 20)
            if by < 0:
                self.query_one("#log", Epochs).clear()
            self.log_events(events)
            self.show_curves()
            self._show_status()

    def action_stop(self) -> None:
        """End the training."""
        self.bench.stop()

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
        self.bench.overlays.clear()
        self.show_curves()

    def action_arms(self) -> None:
        """Ask for a parameter and its values."""
        self.app.push_screen(ask_arms(self.bench), lambda done: self.form.load() if done else None)

    def action_again(self) -> None:
        """Ask for another η or λ, and go on from here with it."""

        def answered(values: dict[str, Any] | None) -> None:
            if values is not None:
                self._start(lambda: self.bench.branch(values))

        self.app.push_screen(ask_again(self.bench), answered)

    def action_save_preset(self) -> None:
        """Ask for a name, and save the form."""

        def saved(name: str | None) -> None:
            if name is not None:
                self.notify(f"Saved; `tunelab {name}` opens it.", markup=False)

        self.app.push_screen(ask_name(self.bench), saved)

    def action_open(self, name: str) -> None:
        """Open another screen, given as module.Class, and do what it hands back.

        Each is made with the bench, and imported when it is first wanted: first paint doesn't wait for all.
        """
        module, _, screen = name.partition(".")
        made = getattr(importlib.import_module(f"tunelab.tui.screens.{module}"), screen)(self.bench)
        self.app.push_screen(made, self.take)

    def take(self, choice: Draft | ToTrain | Trial | RunView | None) -> None:
        """Edit, train or look at what another screen has handed back."""
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
            self.show_curves()  # what is laid over may have changed
