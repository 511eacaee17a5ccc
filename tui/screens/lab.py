"""The lab: the form on the left, curves in the middle, the log and what tunelab sees below."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Log, Static
from textual.worker import Worker, get_current_worker

from core.curves import ArmCurves
from core.diagnosis import Plan, Verdict, warnings
from core.errors import BadInput
from core.experiment.shape import drawing, parameters
from tui.actions import bindings
from tui.charts.palette import marker
from tui.curves import chart_arm
from tui.failures import tell_failure
from tui.runview import Playback, RunView
from tui.sentences import epoch_line, paragraphs, seen, status_line
from tui.widgets.chart import Chart
from tui.widgets.field import Field
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from tui.app import Tunelab
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
_ROOMS = ("data", "network", "first", "hyper", "cost", "accuracy", "log", "verdict")
_PARTS: tuple[tuple[Part, ...], ...] = (("training", "evaluation"), ("training",), ("evaluation",))


class LabScreen(Screen[None]):
    """Where a network is built, seen and trained."""

    app: Tunelab
    BINDINGS = [*bindings("lab"), Binding("escape", "leave_field", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (50, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (14, "-low"), (30, "-tall")]

    def __init__(self) -> None:
        super().__init__(id="lab")
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
                    yield Panel(title, keys, self.app.draft, id=name)
            with Vertical(id="right"):
                with Horizontal(id="charts"):
                    yield Chart(self.app.looks, id="cost")
                    yield Chart(self.app.looks, id="accuracy")
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
        self.set_interval(1 / self.app.looks.frames_a_second, self._tick)
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
            field.load(self.app.draft)
        self.draft_changed()

    @on(Field.Changed)
    def draft_changed(self) -> None:
        """Say what follows from the form, now and (for what takes time to find out) in a moment."""
        self._show_status()
        self._look_at_data()
        if not self.app.view:
            self._show_verdict()

    @work(thread=True, exclusive=True, group="data", exit_on_error=False)
    def _look_at_data(self) -> None:
        """Load what the form names and see what the first weights do to it, away from the keys."""
        from core.experiment import load_data
        from core.experiment.assembly import initialization_of
        from core.initialization import effects

        worker = get_current_worker()
        base = self.app.draft.base
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
        if self.app.draft.varied("initialization.weights"):
            text += "\n(the arms differ: i shows them)"
        self._if_current(worker, self._show_effects, text, warnings(plan, found))

    def _if_current(self, worker: Any, show: Any, *values: Any) -> None:
        """A newer look has made an older one's answer worthless."""
        if not worker.is_cancelled and self.is_attached:
            self.app.call_from_thread(show, *values)

    def _show_sizes(self, sizes: tuple[int, ...], title: str, n: int) -> None:
        network = self.app.draft.base.network
        text = f"{drawing(sizes, network.activation, network.output)}\n{parameters(sizes):,} parameters"
        self.query_one("#network", Panel).follows(text)
        self.query_one("#data", Panel).follows(f"{title}: n = {n:,}")

    def _show_effects(self, text: str, found: list[Verdict]) -> None:
        self.query_one("#first", Panel).follows(text)
        self._saturation = found
        self.query_one("#hyper", Panel).follows(
            "\n".join(f"⚠ {v.seen} {v.advice}" for v in found if v.code != "saturated-start")
        )
        if not self.app.view:
            self._show_verdict()

    def _show_trouble(self, sentence: str) -> None:
        self.query_one("#data", Panel).follows(f"⚠ {sentence}")

    # -- curves -------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Take what the record has gained since the last look."""
        view = self.app.view
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
        self.app.job_may_have_ended()
        self._show_status()

    def log_events(self, events: list[dict[str, Any]]) -> None:
        """Write measurements into the log."""
        names = [arm.name for arm in self.app.view.arms] if self.app.view else []
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
        if self.app.view is not None:
            self.log_events(self.app.view.poll())
        self.show_curves()
        self._show_status()

    def curves(self) -> list[ArmCurves]:
        """Everything on the charts: the run's arms, then those of old runs laid over it."""
        view = self.app.view
        arms = list(view.arms) if view else []
        for overlay in self.app.overlays:
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
        view = self.app.view
        text = seen(view.arms) if view else ""
        if not text:
            notes = [v.text for v in self._saturation]
            text = "\n\n".join([paragraphs(self.app.draft.preset.description) or "Press r to train.", *notes])
        self.query_one("#sentence", Static).update(text)

    def _show_status(self) -> None:
        view = self.app.view
        draft = self.app.draft
        left = f" tunelab  {draft.name}"
        if view is None:
            right = f"{len(draft.arms)} arm{'s' if len(draft.arms) > 1 else ''} × {draft.base.initialization.seeds} "
            right += "networks · r trains them"
        else:
            right = status_line(view.arms, self._playback_state(view) or self.app.run_state())
            if view.title:
                left += f" · {view.title}"
            if (time_left := self._time_left(view)) is not None:
                right += f"  ~{int(time_left) // 60}:{int(time_left) % 60:02} left"
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

    def _time_left(self, view: RunView) -> float | None:
        if view.ended or self.app.job is None or not 0.02 < view.progress < 1:
            return None
        began = float(self.app.job.run.about["began"])
        return (time.time() - began) * (1 - view.progress) / view.progress

    # -- actions ------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Train every arm."""
        wrong = [
            field
            for field in self.query(Field)
            if field.has_class("-wrong") and not field.draft.varied(field.about.key)
        ]
        if wrong:
            self.app.notify(
                f"{wrong[0].about.key}: mend it first, the sentence is below it.", severity="warning", markup=False
            )
            wrong[0].editor.focus()
            return
        self.app.begin()

    def action_pause(self) -> None:
        """Hold the training, or go on; the same for a playback."""
        if isinstance(self.app.view, Playback):
            self._playing = not self._playing
        else:
            self.app.pause_or_go()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """What only a playback can do is offered only there."""
        if action in {"faster", "slower", "seek"}:
            return isinstance(self.app.view, Playback)
        return True

    def action_faster(self) -> None:
        """Play twice as fast."""
        self._speed = min(self._speed * 2, 64.0)

    def action_slower(self) -> None:
        """Play half as fast."""
        self._speed = max(self._speed / 2, 1 / 16)

    def action_seek(self, by: int) -> None:
        """Go forward or back in a playback by a twentieth."""
        if isinstance(view := self.app.view, Playback):
            back = by < 0
            events = view.seek(view.position + by * view.length / 20)
            if back:
                self.query_one("#log", Log).clear()
            self.log_events(events)
            self.show_curves()

    def action_stop(self) -> None:
        """End the training."""
        self.app.stop_training()

    def action_log_axis(self) -> None:
        """Logarithmic, linear, as fits: in turn."""
        self._log_axis = {None: True, True: False, False: None}[self._log_axis]
        words = {None: "as fits the curves", True: "logarithmic", False: "linear"}
        self.app.notify(f"Cost axis: {words[self._log_axis]}.", timeout=2)
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
            self.app.notify(f"In front: {self.curves()[self._front].name}", timeout=2, markup=False)

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
        self.app.overlays.clear()
        self.show_curves()

    def action_arms(self) -> None:
        """Ask for a parameter and its values."""
        self.app.ask_arms()

    def action_explore(self) -> None:
        """Open the initialization explorer."""
        self.app.open("explorer")

    def action_inside(self) -> None:
        """Open the look inside the trained network."""
        self.app.open("inside")

    def action_presets(self) -> None:
        """Open the browser of presets."""
        self.app.open("presets")

    def action_runs(self) -> None:
        """Open the browser of runs."""
        self.app.open("runs")

    def action_save_preset(self) -> None:
        """Ask for a name, and save the form."""
        self.app.ask_save()
