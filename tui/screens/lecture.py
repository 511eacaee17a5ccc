"""The lecture, step by step: a text, a question to predict, the experiment beside it, and what its curves answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import work
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static
from tunelab.errors import BadInput
from tunelab.records import Run
from tunelab.records.history import History
from tunelab.tui.charts import ChartSpec
from tunelab.tui.charts.from_history import z_chart
from tunelab.tui.lecture import Answer, LectureProgress, Step, grade, lecture
from tunelab.tui.lecture.grading import Observations
from tunelab.tui.lecture.lecture_charts import path_chart, trials_chart
from tunelab.tui.lecture.progress import Outcome
from tunelab.tui.lecture.run_step import observe, sample_z
from tunelab.tui.lecture.step_text import experiment_line, following, page_text, verdict
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.lecture_contents import LectureContents
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.run_view import RunView
from tunelab.tui.text.run_text import status_line
from tunelab.tui.widgets.ascii_filter import spelled
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.chart_pair import ChartPair
from tunelab.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from tunelab.engine import Job

__all__ = ["LectureScreen"]

_OWN_CHART = ("trials", "way", "z")  # what needs another chart than cost and accuracy


class LectureScreen(BaseScreen[Draft | None], where="lecture"):
    """One step at a time. Predictions and results are kept; the screen opens at the step last looked at."""

    class Answered(LabScreen.RunDone):
        """An experiment has ended and its answer is on the screen."""

    VERTICAL_BREAKPOINTS = [(0, "-flat"), (14, "-short"), (24, "-tall"), (50, "-high")]

    def __init__(self, state: LabState) -> None:
        super().__init__()
        self.state = state
        self._progress = LectureProgress.load()
        steps = {step.number: step for step in lecture()}
        self._step = steps.get(self._progress.at, lecture()[0])
        self._job: Job | None = None
        self._view: RunView | None = None
        self._answer: Answer | None = None
        self._observations = Observations()
        self._busy = ""

    def compose_content(self) -> Iterable[Widget]:
        """The text on the left, the experiment on the right; a narrow terminal shows one of them."""
        yield StatusLine()
        with Horizontal(id="main"):
            with VerticalScroll(id="page"):
                yield Static(id="text", markup=False)
            with Vertical(id="right"):
                yield ChartPair(self.state.looks, id="charts")
                yield Chart(self.state.looks, id="single")
                with VerticalScroll(id="answer"):
                    yield Static(id="result", markup=False)

    def on_mount(self) -> None:
        """Open where the person stopped, and look at the record a few times a second."""
        self.set_interval(1 / self.state.looks.frames_a_second, self._tick)
        self._open(self._step)

    def on_resize(self) -> None:
        """Another size has other room."""
        self.call_after_refresh(self._show_words)
        self.refresh_bindings()

    # -- a step ---------------------------------------------------------------------------------------------

    def _open(self, step: Step) -> None:
        """Show a step, and the answer that an earlier experiment has given to it."""
        self._stop()
        self._step, self._view, self._answer, self._observations, self._busy = step, None, None, Observations(), ""
        self._progress.at = step.number
        self._progress.save()
        self._turn(experiment=False)
        self.set_class(step.asks, "-asks")
        self.set_class(step.chart == "cost", "-cost")
        outcome = self._progress.outcomes.get(step.number)
        if outcome is not None and outcome.right is not None:
            if step.sampled is not None:
                self._sample(step)
            else:
                self._look_back(step, outcome.run)
        self.query_one("#charts", ChartPair).forget()
        page = self.query_one("#page", VerticalScroll)
        page.border_title = f"{step.number} {step.title}"
        page.scroll_home(animate=False)
        page.focus()
        self._show_curves()
        self._show_words()

    def _turn(self, *, experiment: bool) -> None:
        """Bring the experiment or the text to the front, where there isn't room for both."""
        self.set_class(experiment, "-experiment")
        self.refresh_bindings()

    def _look_back(self, step: Step, name: str) -> None:
        try:
            run = Run(name)
        except BadInput:
            return  # somebody has removed it: the step can be done again
        self._view = RunView(run)
        self._view.poll()
        self._grade(step, self._view)

    # -- what is shown --------------------------------------------------------------------------------------

    def _show_words(self) -> None:
        step, outcome = self._step, self._progress.outcomes.get(self._step.number)
        # Computed, since the page may be hidden: borders, padding, scrollbar
        width = self.app.size.width // (2 if self.wide else 1) - 7
        parts = page_text(step, outcome, self._answer, width=width, next_key=self._next_key(outcome))
        self.update_text("#text", Content.assemble(*((spelled(self, text), style) for text, style in parts)))
        self.update_text("#result", self._result(outcome))
        # What was learnt from stands on the run: drawn digits never pass for MNIST
        trained_on = f" · {self._view.title}" if self._view is not None and self._view.title else ""
        self.query_one("#answer").border_title = Content(f"What the run says{trained_on}")
        self._show_status()

    def _next_key(self, outcome: Outcome | None) -> str:
        if outcome is None:
            picture = "" if self.wide or not self._step.picture else "x shows the picture. "
            return f"{picture}Press 1 to {len(self._step.choice)}."
        if self._answer is None:
            return "" if self._busy else "Now r runs the experiment."
        return "n continues." if self.wide else "x shows the run, n continues."

    def _result(self, outcome: Outcome | None) -> str:
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
        self.query_one(StatusLine).show(f" The lecture {place}", right, short=f" {place}")

    def _show_curves(self) -> None:
        arms: list[History] = self._view.arms if self._view else []
        pictured = bool(self._step.picture) and not arms
        self.set_class(pictured or self._step.chart in _OWN_CHART, "-own-chart")
        if pictured:
            from tunelab.tui.lecture.pictures import picture_chart

            self.query_one("#single", Chart).show(picture_chart(self._step.picture))
        elif self._step.chart == "z":
            empty = ChartSpec("z before training", empty="Nothing sampled yet.")
            self.query_one("#single", Chart).show(
                z_chart(self._observations.effects) if self._observations.effects else empty
            )
        elif self._step.chart == "way":
            self.query_one("#single", Chart).show(path_chart(self._observations))
        elif self._step.chart == "trials":
            self.query_one("#single", Chart).show(trials_chart(arms))
        else:
            self.query_one("#charts", ChartPair).show(arms)

    # -- the experiment -------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Take what the record has gained; when the training has ended, have its curves graded."""
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
            self.notify(problem or "Stopped before the question was answered; r runs it again.", markup=False)
            self._show_words()
            self.post_message(self.Answered())
        else:
            self._grade(self._step, view)

    def _start(self, step: Step) -> None:
        """Make the record and start the workers, away from the keys."""
        draft = Draft(step.experiment(self._progress.data))
        self.in_background(
            lambda: self.state.begin(draft), lambda job: self._started(step, job), failed=self._not_started
        )

    def _not_started(self, sentence: str) -> None:
        self._busy = ""
        self._show_words()
        self.warn(sentence, "Not trained")

    def _started(self, step: Step, job: Job) -> None:
        self.state.job = job
        if step is not self._step:  # somebody has gone on meanwhile
            job.stop()
            return
        self._job, self._view = job, RunView(job.run)

    @work(thread=True, exclusive=True, exit_on_error=False, group="lecture")
    def _sample(self, step: Step) -> None:
        assert step.sampled is not None
        observations = sample_z(step.sampled)
        self.app.call_from_thread(self._answered, step, observations, grade(step, observations), "")

    @work(thread=True, exclusive=True, exit_on_error=False, group="lecture")
    def _grade(self, step: Step, view: RunView) -> None:
        observations = observe(step, view.run)
        self.app.call_from_thread(self._answered, step, observations, grade(step, observations), view.run.name)

    def _answered(self, step: Step, observations: Observations, answer: Answer, run: str) -> None:
        fresh = bool(self._busy)  # not an answer that is only looked at again
        outcome = self._progress.outcomes.setdefault(step.number, Outcome())
        outcome.right = outcome.predicted in answer.right
        outcome.run = run
        self._progress.save()
        if step is self._step:
            self._observations, self._answer, self._busy = observations, answer, ""
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
            self.notify("The prediction stands: the experiment has run.", timeout=3)
            return
        self._progress.outcomes[step.number] = Outcome(place - 1 if place else None)
        self._progress.save()
        self._show_words()

    def action_run(self) -> None:
        """Run the step's experiment, once something is predicted."""
        step = self._step
        if not step.asks:
            self.notify("There is nothing to run here; n continues.", timeout=3)
        elif step.number not in self._progress.outcomes:
            self.notify(f"Predict first: 1 to {len(step.choice)}, or 0 if you don't know.", timeout=4)
        elif self.state.training or self._busy:
            self.notify("A training is running; it has to end first.", timeout=3)
        else:
            self._answer, self._busy = None, "Running."
            self._turn(experiment=True)
            if step.sampled is not None:
                self._sample(step)
            else:
                self._start(step)
            self._show_words()

    def action_forget(self) -> None:
        """Forget prediction and result of this step, so that it can be done again; its run is kept."""
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
        self._turn(experiment=not self.has_class("-experiment"))
        target = "#answer" if self.has_class("-experiment") else "#page"
        self.call_after_refresh(self.query_one(target).focus)

    def action_chart(self) -> None:
        """Cost or accuracy, where there isn't room for both."""
        self.toggle_class("-cost")

    def action_log_axis(self) -> None:
        """The cost on a logarithmic axis, a linear one, or as fits."""
        self.notify(f"Cost axis: {self.query_one('#charts', ChartPair).next_axis()}.", timeout=2)

    def action_contents(self) -> None:
        """Choose a step from the list of all."""

        def chosen(number: str | None) -> None:
            if number is not None:
                self._open(next(step for step in lecture() if step.number == number))

        self.app.push_screen(LectureContents(self.state, self._progress), chosen)

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
        return not (action == "other" and (self.wide or not self._step.asks))
