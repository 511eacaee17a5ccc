"""The lab: the form on the left, curves in the middle, the log and what tunelab sees below."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Log, Static
from textual.worker import Worker, get_current_worker

from core.curves import ArmCurves
from core.diagnosis import Plan, Verdict, warnings
from core.errors import BadInput
from core.experiment.preset import save
from core.experiment.shape import drawing, parameters
from tui.actions import bindings
from tui.bench import Bench
from tui.charts.palette import marker
from tui.curves import chart_arm
from tui.draft import Draft
from tui.failures import tell_failure
from tui.runview import Playback, RunView
from tui.screens.dialogs import AskText
from tui.sentences import epoch_line, paragraphs, seen, status_line
from tui.widgets.chart import Chart
from tui.widgets.field import Field
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from core.engine import Job
    from tui.charts.training import Part

__all__ = ["LabScreen"]

_PANELS = (
    ("1 Data", "data", ("data.name", "data.train", "data.evaluation", "data.classes")),
    ("2 Network", "network", ("network.hidden", "network.activation", "network.output", "network.cost")),
    ("3 First weights", "first", ("initialization.weights", "initialization.biases", "initialization.seeds")),
    (
        "4 Hyper-parameters",
        "hyper",
        (
            "training.eta",
            "training.lambda",
            "training.mini_batch",
            "training.epochs",
            "training.monitor_every",
            "training.schedule.rule",
            "training.early_stopping.patience",
        ),
    ),
)
_ARMS_HINT = """A parameter and its values, one arm each:
  eta = 0.025, 0.25, 2.5
  initialization.weights = standard, scaled
An empty line goes back to a single network."""
_ROOMS = ("data", "network", "first", "hyper", "cost", "accuracy", "log", "verdict")
_PARTS: tuple[tuple[Part, ...], ...] = (("training", "evaluation"), ("training",), ("evaluation",))


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
        self._log_axis: bool | None = None
        self._parts = 0
        self._front = 0
        self._hidden: set[int] = set()
        self._room = "cost"
        self._zoomed = False
        self._playing = True
        self._speed = 1.0
        self._ticked = time.monotonic()
        self._saturation: list[Verdict] = []

    def compose(self) -> ComposeResult:
        """Everything a size may show; what is shown is decided by :meth:`lay_out`."""
        yield Static(id="status", markup=False)
        with Horizontal(id="main"):
            with VerticalScroll(id="form", can_focus=False):
                for title, name, keys in _PANELS:
                    yield Panel(title, keys, self.bench.draft, id=name)
            with Vertical(id="right"):
                with Horizontal(id="charts"):
                    yield Chart(self.bench.looks, id="cost")
                    yield Chart(self.bench.looks, id="accuracy")
                with Horizontal(id="below"):
                    yield Log(id="log", max_lines=2000, highlight=False)
                    with VerticalScroll(id="verdict"):
                        yield Static(id="sentence", markup=False)
        yield Static("tunelab needs at least 50 × 14 characters; this terminal has less.", id="too-small")
        yield Footer(compact=True, show_command_palette=False)

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
        self.draft_changed()
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
        in_form = self._room in {"data", "network", "first", "hyper"}
        self.set_class(wide, "-all-rooms")
        self.query_one("#too-small").display = tiny
        self.query_one("#main").display = not tiny
        self.query_one(Footer).display = not tiny
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
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        for chart in self.query(Chart):
            chart.redraw()

    def action_room(self, number: int) -> None:
        """Go to one of the eight rooms; a narrow terminal shows it instead of the others."""
        self._room = _ROOMS[number - 1]
        self.lay_out()
        room = self.query_one(f"#{self._room}")
        target: Widget = room.query(Field).first().editor if isinstance(room, Panel) else room
        self.call_after_refresh(target.focus)

    def action_leave_field(self) -> None:
        """Escape goes from a field back to the chart."""
        if self.maximized is not None:
            self.minimize()
        elif self._room in {"data", "network", "first", "hyper"}:
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

    def load_draft(self) -> None:
        """Show another draft in the form."""
        for field in self.query(Field):
            field.load(self.bench.draft)
        self.draft_changed()

    @on(Field.Changed)
    def draft_changed(self) -> None:
        """Say what follows from the form, now and (for what takes time to find out) in a moment."""
        self._show_status()
        self._look_at_data()
        if not self.bench.view:
            self._show_verdict()

    @work(thread=True, exclusive=True, group="data", exit_on_error=False)
    def _look_at_data(self) -> None:
        """Load what the form names and see what the first weights do to it, away from the keys."""
        from core.experiment import load_data
        from core.experiment.assembly import initialization_of
        from core.initialization import effects

        worker = get_current_worker()
        base = self.bench.draft.base
        try:
            dataset = load_data(base)
            start = initialization_of(base, dataset)
            network = base.network
            self._if_current(worker, self._show_sizes, start.sizes, dataset.title, len(dataset.training))
            inputs = dataset.training.scaled(slice(0, 200))
            found = effects(start, inputs, activation=network.activation, output=network.output, quick=True)
        except BadInput as problem:
            self._if_current(worker, self._show_trouble, str(problem))
            return
        plan = Plan(base.training.eta, base.training.lmbda, base.training.mini_batch, len(dataset.training))
        first = found[0]
        text = f"σ_z {first.predicted_std:.3g}, saturated {100 * first.saturated_share:.1f} %"
        if self.bench.draft.varied("initialization.weights"):
            text += "\n(the arms differ: i shows them)"
        self._if_current(worker, self._show_effects, text, warnings(plan, found))

    def _if_current(self, worker: Any, show: Any, *values: Any) -> None:
        """A newer look has made an older one's answer worthless."""
        if not worker.is_cancelled and self.is_attached:
            self.app.call_from_thread(show, *values)

    def _show_sizes(self, sizes: tuple[int, ...], title: str, n: int) -> None:
        network = self.bench.draft.base.network
        text = f"{drawing(sizes, network.activation, network.output)}\n{parameters(sizes):,} parameters"
        self.query_one("#network", Panel).follows(text)
        self.query_one("#data", Panel).follows(f"{title}: n = {n:,}")

    def _show_effects(self, text: str, found: list[Verdict]) -> None:
        self.query_one("#first", Panel).follows(text)
        self._saturation = found
        self.query_one("#hyper", Panel).follows(
            "\n".join(f"⚠ {v.seen} {v.advice}" for v in found if v.code != "saturated-start")
        )
        if not self.bench.view:
            self._show_verdict()

    def _show_trouble(self, sentence: str) -> None:
        self.query_one("#data", Panel).follows(f"⚠ {sentence}")

    # -- curves -------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Take what the record has gained since the last look."""
        view = self.bench.view
        if view is None or not self.is_current:
            return
        now = time.monotonic()
        passed, self._ticked = now - self._ticked, now
        if isinstance(view, Playback):
            events = view.seek(view.position + passed * self._speed) if self._playing else []
        else:
            events = view.poll()
        if events:
            self.log_events(events)
            self.show_curves()
        self._notice_end()
        self._show_status()

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
            self.query_one("#log", Log).write_lines(lines)

    def new_view(self) -> None:
        """Another run is looked at: an empty log, its curves from the beginning."""
        self._hidden.clear()
        self._front = 0
        self._playing, self._speed, self._ticked = True, 1.0, time.monotonic()
        self.query_one("#log", Log).clear()
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
        from tui.charts.training import accuracy_chart, cost_chart

        curves = self.curves()
        shown = [
            chart_arm(arm, number) for number, arm in enumerate(curves) if number not in self._hidden and arm.measures
        ]
        focus = curves[self._front].name if self._front < len(curves) else None
        epochs = max((arm.planned_epochs for arm in curves), default=0.0) or None
        parts = _PARTS[self._parts]
        cost, accuracy = self.query_one("#cost", Chart), self.query_one("#accuracy", Chart)
        chance = next((arm.chance for arm in curves if arm.chance), None)
        before = [chart.spec.y.limits for chart in (cost, accuracy)]
        cost.show(cost_chart(shown, epochs=epochs, parts=parts, log=self._log_axis, focus=focus, previous=before[0]))
        accuracy.show(accuracy_chart(shown, epochs=epochs, parts=parts, chance=chance, focus=focus, previous=before[1]))
        self._show_verdict()

    def _show_verdict(self) -> None:
        view = self.bench.view
        text = seen(view.arms) if view else ""
        if not text:
            notes = [v.text for v in self._saturation]
            text = "\n\n".join([paragraphs(self.bench.draft.preset.description) or "Press r to train.", *notes])
        self.query_one("#sentence", Static).update(text)

    def _show_status(self) -> None:
        view = self.bench.view
        draft = self.bench.draft
        left = f" tunelab  {draft.name}"
        if view is None:
            right = f"{len(draft.arms)} arm{'s' if len(draft.arms) > 1 else ''} × {draft.base.initialization.seeds} "
            right += "networks · r trains them"
        else:
            right = status_line(view.arms, self._playback_state(view) or self.bench.state())
            if view.title:
                left += f" · {view.title}"
            if (left_over := self.bench.seconds_left()) is not None:
                right += f"  ~{int(left_over) // 60}:{int(left_over) % 60:02} left"
        room = self.app.size.width - len(left) - len(right) - 1
        if room < 2:
            left = f" {draft.name}"
            room = self.app.size.width - len(left) - len(right) - 1
        self.query_one("#status", Static).update(f"{left}{' ' * max(room, 2)}{right}")

    def _playback_state(self, view: RunView) -> str:
        if not isinstance(view, Playback):
            return ""
        sign = "▶" if self._playing and view.position < view.length else "‖"
        return f"{sign} playback {self._speed:g}× {view.position:.1f}/{view.length:.1f} s"

    # -- training -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Train the draft, unless a training is at work."""
        if self._starting or self.bench.training:
            self.notify("A training is running: s stops it, space holds it.", timeout=3)
            return
        self._starting = True
        self._start(self.bench.draft)

    @work(thread=True, exit_on_error=False, group="start")
    def _start(self, draft: Draft) -> None:
        """Check, make the record and start the workers, away from the keys."""
        try:
            job = self.bench.begin(draft)
        except BadInput as problem:
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

    def _notice_end(self) -> None:
        """Notice the end of a training begun here, and say so if a worker came to grief."""
        job = self.bench.job
        if job is None or not job.ended or self._told_end:
            return
        self._told_end = True
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
        self.load_draft()
        self.new_view()

    # -- actions ------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Train every arm."""
        wrong = [
            field
            for field in self.query(Field)
            if field.has_class("-wrong") and not field.draft.varied(field.about.key)
        ]
        if wrong:
            self.notify(
                f"{wrong[0].about.key}: mend it first, the sentence is below it.", severity="warning", markup=False
            )
            wrong[0].editor.focus()
            return
        self.begin()

    def action_pause(self) -> None:
        """Hold the training, or go on; the same for a playback."""
        if isinstance(self.bench.view, Playback):
            self._playing = not self._playing
        else:
            self.bench.pause_or_go()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """What only a playback can do is offered only there."""
        if action in {"faster", "slower", "seek"}:
            return isinstance(self.bench.view, Playback)
        return True

    def action_faster(self) -> None:
        """Play twice as fast."""
        self._speed = min(self._speed * 2, 64.0)

    def action_slower(self) -> None:
        """Play half as fast."""
        self._speed = max(self._speed / 2, 1 / 16)

    def action_seek(self, by: int) -> None:
        """Go forward or back in a playback by a twentieth."""
        if isinstance(view := self.bench.view, Playback):
            back = by < 0
            events = view.seek(view.position + by * view.length / 20)
            if back:
                self.query_one("#log", Log).clear()
            self.log_events(events)
            self.show_curves()

    def action_stop(self) -> None:
        """End the training."""
        self.bench.stop()

    def action_log_axis(self) -> None:
        """Logarithmic, linear, as fits: in turn."""
        self._log_axis = {None: True, True: False, False: None}[self._log_axis]
        words = {None: "as fits the curves", True: "logarithmic", False: "linear"}
        self.notify(f"Cost axis: {words[self._log_axis]}.", timeout=2)
        self.show_curves()

    def action_parts(self) -> None:
        """Training and evaluation, one of them, the other."""
        self._parts = (self._parts + 1) % len(_PARTS)
        self.show_curves()

    def action_next_arm(self) -> None:
        """Bring the next arm to the front."""
        count = len(self.curves())
        if count:
            self._front = (self._front + 1) % count
            self.show_curves()
            self.notify(f"In front: {self.curves()[self._front].name}", timeout=2, markup=False)

    def action_hide_arm(self) -> None:
        """Hide the arm in front; when that leaves none, show all."""
        self._hidden.add(self._front)
        if len(self._hidden) >= len(self.curves()):
            self._hidden.clear()
        else:
            self.action_next_arm()
        self.show_curves()

    def action_clear_overlays(self) -> None:
        """Take old runs off the charts."""
        self.bench.overlays.clear()
        self.show_curves()

    def action_arms(self) -> None:
        """Ask for a parameter and its values."""

        def accept(text: str) -> None:
            if text.strip():
                self.bench.draft.vary(text)
            else:
                self.bench.draft.drop_arms()

        def answered(text: str | None) -> None:
            if text is not None:
                self.load_draft()

        self.app.push_screen(AskText("Arms", _ARMS_HINT, accept), answered)

    def action_save_preset(self) -> None:
        """Ask for a name, and save the form."""

        def accept(text: str) -> None:
            save(self.bench.draft.preset, text.strip(), replace_old=True)

        def saved(name: str | None) -> None:
            if name is not None:
                self.notify(f"Saved; `tunelab {name}` opens it.", markup=False)

        self.app.push_screen(AskText("Save as a preset", "A name of letters, digits and -", accept), saved)

    def action_explore(self) -> None:
        """Open the initialization explorer."""
        from tui.screens.explorer import ExplorerScreen

        self.app.push_screen(ExplorerScreen(self.bench.draft, self.bench.looks))

    def action_inside(self) -> None:
        """Open the look inside the trained network."""
        from tui.screens.inside import InsideScreen

        self.app.push_screen(InsideScreen(self.bench.view, self.bench.looks))

    def action_presets(self) -> None:
        """Open the browser of presets, and load what is chosen there."""
        from tui.screens.presets import PresetsScreen

        def chosen(draft: Draft | None) -> None:
            if draft is not None:
                self.edit(draft)

        self.app.push_screen(PresetsScreen(), chosen)

    def action_runs(self) -> None:
        """Open the browser of runs, and do what is chosen there."""
        from tui.screens.runs import RunsScreen, TrainAgain

        def chosen(choice: RunView | TrainAgain | None) -> None:
            if isinstance(choice, TrainAgain):
                self.edit(Draft(choice.preset))
                self.begin()
            elif choice is not None:
                self.look_at(choice)
            else:
                self.show_curves()  # overlays may have changed

        self.app.push_screen(RunsScreen(self.bench.overlays), chosen)
