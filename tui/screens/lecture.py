"""The lecture, step by step: a text, a question to predict, the experiment beside it, and what its curves answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker
from tunelab.errors import BadInput, CutOff
from tunelab.records import find
from tunelab.records.history import ArmCurves
from tunelab.tui.charts import ChartSpec
from tunelab.tui.charts.from_history import z_chart
from tunelab.tui.charts.picture import ascii_only
from tunelab.tui.lecture import Answer, Progress, Step, judged, lecture
from tunelab.tui.lecture.grading import Seen
from tunelab.tui.lecture.lecture_charts import trials_chart, way_chart
from tunelab.tui.lecture.progress import Outcome
from tunelab.tui.lecture.run_step import sampled, seen_in
from tunelab.tui.lecture.step_text import experiment_line, following, question, verdict
from tunelab.tui.lecture.steps import flowed
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.lecture_contents import ContentsScreen
from tunelab.tui.state.actions import bindings
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.lab_state import Bench
from tunelab.tui.state.run_view import RunView
from tunelab.tui.state.worker_failures import tell_failure
from tunelab.tui.text.run_text import status_line
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.chart_pair import Curves
from tunelab.tui.widgets.key_line import Keys

if TYPE_CHECKING:
    from tunelab.engine import Job

__all__ = ["LectureScreen"]

_SINGLE = ("trials", "way", "z")  # what needs a chart of its own rather than cost and accuracy
_BOTH_CHARTS = 50  # rows from which cost and accuracy can stand above each other


class LectureScreen(Screen[Draft | None]):
    """One step at a time. What was predicted and what came out is kept; one goes on where one stopped."""

    class Answered(LabScreen.RunDone):
        """An experiment has ended and its answer is on the screen."""

    BINDINGS = bindings("lecture")

    def __init__(self, bench: Bench) -> None:
        super().__init__(id="lecture")
        self.bench = bench
        self._progress = Progress.load()
        steps = {step.number: step for step in lecture()}
        self._step = steps.get(self._progress.at, lecture()[0])
        self._job: Job | None = None
        self._view: RunView | None = None
        self._answer: Answer | None = None
        self._seen = Seen()
        self._busy = ""
        self._shown = "accuracy"  # the chart that is shown where there isn't room for both
        self._front = False  # whether a narrow terminal shows the experiment rather than the text

    def compose(self) -> ComposeResult:
        """The text on the left, the experiment on the right; a narrow terminal shows one of them."""
        yield Static(id="status", markup=False)
        with Horizontal(id="main"):
            with VerticalScroll(id="page"):
                yield Static(id="text", markup=False)
            with Vertical(id="right"):
                yield Curves(self.bench.looks, id="charts")
                yield Chart(self.bench.looks, id="single")
                with VerticalScroll(id="answer"):
                    yield Static(id="said", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        """Open where one stopped, and look at the record a few times a second."""
        self.set_interval(1 / self.bench.looks.frames_a_second, self._tick)
        self._open(self._step)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        tell_failure(self.app, event)

    def on_resize(self) -> None:
        """Another size has other room."""
        self.call_after_refresh(self._lay_out)
        self.call_after_refresh(self._show_words)

    @property
    def _wide(self) -> bool:
        return self.app.size.width >= 100 and self.app.size.height >= 24

    # -- a step ---------------------------------------------------------------------------------------------

    def _open(self, step: Step) -> None:
        """Show a step, and the answer that an earlier experiment has given to it."""
        self._stop()
        self._step, self._view, self._answer, self._seen, self._busy = step, None, None, Seen(), ""
        self._progress.at = step.number
        self._progress.save()
        self._front, self._shown = False, step.chart
        outcome = self._progress.outcomes.get(step.number)
        if outcome is not None and outcome.right is not None:
            if step.sampled is not None:
                self._sample(step)
            else:
                self._look_back(step, outcome.run)
        self.query_one("#charts", Curves).forget()
        page = self.query_one("#page", VerticalScroll)
        page.border_title = f"{step.number} {step.title}"
        page.scroll_home(animate=False)
        page.focus()
        self._show_curves()
        self._show_words()
        self._lay_out()

    def _look_back(self, step: Step, name: str) -> None:
        try:
            run = find(name)
        except BadInput:
            return  # somebody has removed it: the step can be done again
        self._view = RunView(run)
        self._view.poll()
        self._judge(step, self._view)

    def _lay_out(self) -> None:
        """Text and experiment side by side, or one of them."""
        asks = self._step.asks
        self.query_one("#page").display = self._wide or not self._front
        self.query_one("#right").display = asks and (self._wide or self._front)
        single = self._step.chart in _SINGLE
        self.query_one("#single").display = single
        charts = self.query_one("#charts", Curves)
        charts.display = not single
        both = self._wide and self.app.size.height >= _BOTH_CHARTS
        charts.cost.display = both or self._shown == "cost"
        charts.accuracy.display = both or self._shown == "accuracy"
        self.refresh_bindings()
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        self.query_one("#charts", Curves).redraw()
        self.query_one("#single", Chart).redraw()

    # -- what is shown --------------------------------------------------------------------------------------

    def _show_words(self) -> None:
        step, outcome = self._step, self._progress.outcomes.get(self._step.number)
        # Reckoned, since the page may be hidden: borders, padding, scrollbar
        width = self.app.size.width // (2 if self._wide else 1) - 7
        parts: list[tuple[str, str]] = [(flowed(step.text), "")]
        if step.asks:
            parts += [
                ("\n\nPredict first  ", "bold $text-accent"),
                (" ".join(step.ask.split()), "bold"),
                (f"\n\n{question(step, outcome, self._answer, width=width)}", ""),
                (f"\n\n{self._next_key(outcome)}", "bold"),
            ]
        if step.more:
            parts.append((f"\n\nTo go on\n{step.more.strip()}", "dim"))
        self._update("#text", Content.assemble(*((self._plain(text), style) for text, style in parts)))
        self._update("#said", self._plain(self._said(outcome)))
        # What was learnt from stands on the run: drawn digits never pass for MNIST
        trained_on = f" · {self._view.title}" if self._view is not None and self._view.title else ""
        self.query_one("#answer").border_title = Content(f"What the run says{trained_on}")
        self._show_status()

    def _next_key(self, outcome: Outcome | None) -> str:
        if outcome is None:
            return f"Press 1 to {len(self._step.choice)}."
        if self._answer is None:
            return "" if self._busy else "Now r runs the experiment."
        return "n goes on." if self._wide else "x shows the run, n goes on."

    def _said(self, outcome: Outcome | None) -> str:
        step = self._step
        if not step.asks:
            return ""
        if self._answer is not None:
            return verdict(step, outcome, self._answer)
        before = "Predict first; then r runs it." if outcome is None else "r runs it."
        return f"{experiment_line(step, self._progress.data)}\n\n{self._busy or before}"

    def _show_status(self) -> None:
        steps = lecture()
        place = f"{steps.index(self._step) + 1}/{len(steps)}  {self._step.section}"
        right = self._progress.tally
        if self._view is not None and self._busy:
            right = status_line(self._view.arms, "● running")
        left = f" The lecture {place}"
        if self.app.size.width < len(left) + len(right) + 3:
            left = f" {place}"
        room = self.app.size.width - len(left) - len(right) - 1
        self._update("#status", self._plain(f"{left}{' ' * max(room, 2)}{right}"))

    def _plain(self, text: str) -> str:
        return ascii_only(text) if self.bench.looks.ascii else text

    def _update(self, where: str, text: str | Content) -> None:
        """Change a text where it is another: what stays the same isn't sent over the line again."""
        static = self.query_one(where, Static)
        if static.content != text:
            static.update(text)

    def _show_curves(self) -> None:
        arms: list[ArmCurves] = self._view.arms if self._view else []
        if self._step.chart == "z":
            empty = ChartSpec("z before training", empty="Nothing sampled yet.")
            self.query_one("#single", Chart).show(z_chart(self._seen.effects) if self._seen.effects else empty)
        elif self._step.chart == "way":
            self.query_one("#single", Chart).show(way_chart(self._seen))
        elif self._step.chart == "trials":
            self.query_one("#single", Chart).show(trials_chart(arms))
        else:
            self.query_one("#charts", Curves).show(arms)

    # -- the experiment -------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Take what the record has gained; when the training has ended, have its curves judged."""
        job, view = self._job, self._view
        if job is None or view is None:
            return
        ended = job.ended  # asked before reading: what was written before the end is then surely read
        if view.poll():
            self._show_curves()
        self._show_status()
        if ended:
            self._job = None
            self._end(job, view)

    def _end(self, job: Job, view: RunView) -> None:
        problem = job.problem()
        if problem is not None or job.run.state() == "stopped":
            self._busy = ""
            self.notify(problem or "Stopped: what there is can't answer the question; r runs it again.", markup=False)
            self._show_words()
            self.post_message(self.Answered())
        else:
            self._judge(self._step, view)

    @work(thread=True, exclusive=True, exit_on_error=False, group="lecture")
    def _start(self, step: Step) -> None:
        """Make the record and start the workers, away from the keys."""
        try:
            job = self.bench.begin(Draft(step.experiment(self._progress.data)))
        except (BadInput, CutOff) as problem:
            self.app.call_from_thread(self._not_started, str(problem))
        else:
            self.app.call_from_thread(self._started, step, job)

    def _not_started(self, sentence: str) -> None:
        self._busy = ""
        self._show_words()
        self.notify(sentence, title="Not trained", severity="warning", markup=False, timeout=10)

    def _started(self, step: Step, job: Job) -> None:
        self.bench.job = job
        if step is not self._step:  # somebody has gone on meanwhile
            job.stop()
            return
        self._job, self._view = job, RunView(job.run)

    @work(thread=True, exclusive=True, exit_on_error=False, group="lecture")
    def _sample(self, step: Step) -> None:
        assert step.sampled is not None
        seen = sampled(step.sampled)
        self.app.call_from_thread(self._answered, step, seen, judged(step, seen), "")

    @work(thread=True, exclusive=True, exit_on_error=False, group="lecture")
    def _judge(self, step: Step, view: RunView) -> None:
        seen = seen_in(step, view.run)
        self.app.call_from_thread(self._answered, step, seen, judged(step, seen), view.run.name)

    def _answered(self, step: Step, seen: Seen, answer: Answer, run: str) -> None:
        fresh = bool(self._busy)  # not an answer that is only looked at again
        outcome = self._progress.outcomes.setdefault(step.number, Outcome())
        outcome.right = outcome.predicted in answer.right
        outcome.run = run
        self._progress.save()
        if step is self._step:
            self._seen, self._answer, self._busy = seen, answer, ""
            self._show_curves()
            self._show_words()
            if self.query_one("#right").display:
                self.query_one("#answer").focus()  # so that ↑ ↓ scroll it
        if fresh:
            self.post_message(self.Answered())

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None

    # -- actions --------------------------------------------------------------------------------------------

    def action_predict(self, place: int) -> None:
        """Make a prediction; once an experiment has answered it, it stands."""
        step = self._step
        if not step.asks or place > len(step.choice):
            return
        if self._answer is not None or self._busy:
            self.notify("The prediction stands: the run has been made.", timeout=3)
            return
        self._progress.outcomes[step.number] = Outcome(place - 1 if place else None)
        self._progress.save()
        self._show_words()

    def action_run(self) -> None:
        """Run the step's experiment, once something is predicted."""
        step = self._step
        if not step.asks:
            self.notify("There is nothing to run here; n goes on.", timeout=3)
        elif step.number not in self._progress.outcomes:
            self.notify(f"Predict first: 1 to {len(step.choice)}, or 0 if you don't know.", timeout=4)
        elif self.bench.training or self._busy:
            self.notify("A training is running; it has to end first.", timeout=3)
        else:
            self._answer, self._busy, self._front = None, "Running.", True
            if step.sampled is not None:
                self._sample(step)
            else:
                self._start(step)
            self._show_words()
            self._lay_out()

    def action_forget(self) -> None:
        """Forget what was predicted and found at this step, so that it can be done anew; its run is kept."""
        if not self._busy and self._progress.outcomes.pop(self._step.number, None) is not None:
            self._open(self._step)

    def action_stop(self) -> None:
        """End the training; what it has measured stays among the runs."""
        if self._job is not None:
            self._job.stop()

    def action_step(self, by: int) -> None:
        """The next step, or the one before."""
        step = following(self._step, by)
        if step is self._step:
            self.notify("This is the last step." if by > 0 else "This is the first step.", timeout=2)
        else:
            self._open(step)

    def action_other(self) -> None:
        """The text, or the experiment, where there isn't room for both."""
        self._front = not self._front
        self._lay_out()
        target = "#answer" if self._front else "#page"
        self.call_after_refresh(self.query_one(target).focus)

    def action_chart(self) -> None:
        """Cost or accuracy, where there isn't room for both."""
        if self._shown in {"cost", "accuracy"}:
            self._shown = "accuracy" if self._shown == "cost" else "cost"
            self._lay_out()

    def action_log_axis(self) -> None:
        """The cost on a logarithmic axis, a linear one, or as fits."""
        self.notify(f"Cost axis: {self.query_one('#charts', Curves).next_axis()}.", timeout=2)

    def action_contents(self) -> None:
        """Choose a step from the list of all."""

        def chosen(number: str | None) -> None:
            if number is not None:
                self._open(next(step for step in lecture() if step.number == number))

        self.app.push_screen(ContentsScreen(self.bench, self._progress), chosen)

    def action_to_lab(self) -> None:
        """Take the step's experiment into the lab, to change it there."""
        if self._step.preset:
            self._stop()
            self.dismiss(Draft(self._step.experiment(self._progress.data)))
        else:
            self.notify("This step has no training to take along.", timeout=3)

    def action_back(self) -> None:
        """Return to the lab; a training that is still running here ends."""
        self._stop()
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Turning over is offered only where there isn't room for both sides."""
        return not (action == "other" and (self._wide or not self._step.asks))
