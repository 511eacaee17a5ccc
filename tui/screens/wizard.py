"""The wizard: one stage a screen, with its question, what is being tried, the evidence, and what can be decided."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.preset import resolved
from tunelab.strategy.state import StageState
from tunelab.strategy.trial_curves import by_cost
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.screens.dialogs import Choose
from tunelab.tui.screens.parameter_editor import ParameterEditor
from tunelab.tui.screens.prompts import ask_file, ask_name
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.state.assignments import Assignment, values
from tunelab.tui.state.draft import Draft, ToTrain
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.prediction_files import prediction_page
from tunelab.tui.state.reports import save_study_page
from tunelab.tui.state.strategy_files import WINNER, write_report
from tunelab.tui.state.strategy_session import Guide
from tunelab.tui.text.journal_text import journal_text, plain_values, so_far, way
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.chart_pair import ChartPair
from tunelab.tui.widgets.finale import Finale

__all__ = ["WizardScreen"]

_VALUES_HINT = "What is recommended stands there; write what you want in its place. Empty rows take other parameters."
_LATE = 1.5  # times the seconds that a stage was expected to take, from which on it says so


class WizardScreen(BaseScreen["Draft | ToTrain | None"], where="wizard"):
    """Shows where a strategy stands, live; dismissed with a draft for the lab, or None."""

    class Done(Message):
        """The strategy has come to its end, or the one question has its answer."""

    def __init__(self, state: LabState, guide: Guide) -> None:
        super().__init__()
        self.state, self.guide = state, guide
        self._shown = ""
        self._told = False
        self._view = ""  # which chart a person chose: cost, accuracy, response
        self._began = time.monotonic()
        self._complained = ""
        self._evidence: tuple[Any, ...] = ()
        self._preset: Path | None = None  # the winner's, once it is written

    def compose_content(self) -> Iterable[Widget]:
        """The way, the stage in words, the chart of what is tried, where it has come to."""
        yield Static(id="way", markup=False)
        with Horizontal(id="stage"):
            with VerticalScroll(id="words"):
                yield Static(id="question", markup=False)
                yield Static(id="advice", markup=False)
                yield Static(id="evidence", markup=False)
                yield Static(id="teaching", markup=False)
            with Vertical(id="tried"):
                yield ChartPair(self.state.looks, id="charts")
                yield Chart(self.state.looks, id="response")
        yield Finale(self.state.looks)
        yield Static(id="so-far", markup=False)

    def on_mount(self) -> None:
        """Begin, or go on, and look at the journal a few times a second."""
        self.query_one("#words").focus()
        self.set_interval(1 / self.state.looks.frames_a_second, self._tick)
        self._draw()
        self._advance()
        self._show()

    # -- following ----------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Show what the journal has gained."""
        new = self.guide.poll()
        guide = self.guide
        if not guide.working and guide.problem and guide.problem != self._complained:
            self._complained = guide.problem
            self.notify(guide.problem, title="Not worked out", severity="error", markup=False, timeout=20)
        elif guide.alone and guide.state.asks:
            self._decide("accept")
        elif not guide.working and not self._complained:
            self._advance()
        if new:
            self._draw()
        self._show()
        ended = guide.finished or (guide.single and guide.state.asks)
        if ended and not self._told:
            self._told = True
            if guide.state.done is not None:
                self._end()
            self.post_message(self.Done())

    def _end(self) -> None:
        """Write the report and the winner beside the journal, and show the finale."""
        directory, state = self.guide.directory, self.guide.state

        def written(_: object) -> None:
            self._preset = directory / WINNER
            self._show_finale()

        self._show_finale()
        self.in_background(lambda: write_report(directory, state), written, failed=self.warn)

    def _show_finale(self) -> None:
        self.query_one("#stage").display = self.query_one("#so-far").display = False
        finale = self.query_one(Finale)
        finale.display = True
        finale.show(self.guide.state, self._preset)
        self.call_after_refresh(finale.focus_words)

    def _advance(self) -> None:
        if not self.guide.working:
            self._began = time.monotonic()
            self.guide.go_on()

    def _draw(self) -> None:
        charts, response = self.query_one(ChartPair), self.query_one("#response", Chart)
        judged_by_cost = by_cost(self.guide.stage.name)
        spec = self.guide.response(cost=judged_by_cost) if self._view == "response" else None
        charts.display, response.display = spec is None, spec is not None
        if spec is not None:
            self.call_after_refresh(response.show, spec)
            return
        cost = judged_by_cost if self._view in ("", "response") else self._view == "cost"
        charts.cost.display, charts.accuracy.display = cost, not cost
        charts.only("training" if cost else "evaluation")  # what the stage is judged by; both would be a tangle
        charts.show(self.guide.arms)

    def _show(self) -> None:
        """Words for where it stands."""
        guide, stage = self.guide, self.guide.stage
        names = list(guide.state.stages)
        title = stage.title or stage.name
        number = f"{names.index(stage.name) + 1} · " if len(names) > 1 else ""
        self.query_one("#words").border_title = Text(f"{number}{title}")
        self.update_text("#way", way(guide.state, self.app.size.width - 2))
        self.update_text("#question", stage.question)
        self.update_text("#teaching", stage.teaching)
        self._show_evidence(stage)
        self.update_text("#advice", self._advice())
        self.update_text("#so-far", so_far(guide.state))
        state = f"{stage.name}{stage.status}{guide.finished}{guide.working}"
        if state != self._shown:
            self._shown = state
            self.refresh_bindings()
            # The question and what is recommended come first, so that the smallest terminal shows them
            self.call_after_refresh(self.query_one("#words", VerticalScroll).scroll_home, animate=False)

    def _show_evidence(self, stage: StageState) -> None:
        """A row for everything tried, its words in a column of their own; before that, what will be run."""
        rows = [(str(row["label"]), str(row["text"])) for row in stage.rows]
        shown = (stage.name, len(rows), stage.plan)
        if shown == self._evidence:
            return
        self._evidence = shown
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="bold" if rows else "")
        table.add_column()
        for label, text in rows or [("", line) for line in stage.plan]:
            table.add_row(Text(label), Text(text))
        self.query_one("#evidence", Static).update(table)

    def _advice(self) -> str:
        guide, stage = self.guide, self.guide.stage
        if stage.status in ("working", "ahead", "stale") or (stage.tries and guide.working):
            passed = time.monotonic() - self._began
            if stage.seconds < 1 or stage.status != "working":
                return f"● at work, {passed:.0f} s"
            if passed > _LATE * stage.seconds + 1:
                # In a new home data are drawn or read first, which nothing could know
                return f"● at work, {passed:.0f} s: longer than the {stage.seconds:.0f} s that it usually takes"
            return f"● at work, {passed:.0f} s of about {stage.seconds:.0f} s"
        if stage.recommendation is None:
            return ""
        advice = stage.recommendation
        chosen = plain_values(advice["chosen"])
        parts = [f"Recommended: {chosen}" if chosen else "", advice["because"], advice["sure"], advice.get("tried", "")]
        others = [f"  or {other['text']}" for other in advice["alternatives"]]
        if others:
            parts.append("\n".join(others))
        return "\n\n".join(part for part in parts if part)

    # -- deciding -----------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only what can be decided now is offered."""
        guide = self.guide
        asks, whole, ended = guide.state.asks, not guide.single, guide.state.done is not None
        offered = {
            "accept": asks or (guide.finished and not ended),
            "take": ended,
            "other": asks,
            "attempt": asks and whole,
            "skip": asks and whole,
            "back_to": whole,
            "alone": whole and not guide.finished,
            "journal": whole,
            "why": not ended,
            "other_chart": not ended,
        }
        if action in {"save_preset", "report", "train", "predict"}:
            return ended
        return offered.get(action, True)

    def action_accept(self) -> None:
        """Take the recommendation, and continue; one question alone ends with that."""
        if self.guide.finished or (self._decide("accept") and self.guide.single):
            self.dismiss(self._draft())

    def action_take(self) -> None:
        """Take the winner's settings into the lab."""
        self.dismiss(self._draft())

    def action_train(self) -> None:
        """Take the winner's settings into the lab, and train them at full length."""
        self.dismiss(ToTrain(self._draft()))

    def action_save_preset(self) -> None:
        """Ask for a name, and save the winner as a preset."""

        def saved(name: str | None) -> None:
            if name is not None:
                self.notify(f"Saved; `tunelab {name}` opens it.", markup=False)

        self.app.push_screen(ask_name(self._draft()), saved)

    def action_report(self) -> None:
        """Write the report as a page to take home."""
        self.in_background(
            lambda: save_study_page(self.guide.directory),
            lambda path: self.notify(f"Written to {path}", markup=False, timeout=10),
            failed=self.warn,
        )

    def action_predict(self) -> None:
        """Ask for a file, and predict its rows with the winner's networks."""
        trained = self.guide.winner_arm()
        if trained is None:
            self.notify("There are no networks of the full problem: that stage was skipped or left out.", timeout=6)
            return

        def answered(path: str | None) -> None:
            if path:
                self.in_background(
                    lambda: prediction_page(trained, Path(path)),
                    lambda page: self.app.push_screen(TextViewer("Prediction", page)),
                    failed=self.warn,
                )

        self.app.push_screen(ask_file("Predict the rows of a file"), answered)

    def action_why(self) -> None:
        """Show why the stage does what it does."""
        stage = self.guide.stage
        text = "\n\n".join(part for part in (stage.question, stage.teaching) if part)
        self.app.push_screen(TextViewer(stage.title or stage.name, text))

    def action_other(self) -> None:
        """Ask for another value, and go on with it."""

        def answered(values: dict[str, Any] | None) -> None:
            if values is not None and self._decide("change", values) and self.guide.single:
                self.dismiss(self._draft())

        self.app.push_screen(self._ask("Another value"), answered)

    def action_attempt(self) -> None:
        """Ask for something to be tried beside the recommendation."""

        def answered(values: dict[str, Any] | None) -> None:
            if values is not None:
                self._decide("try", values)

        self.app.push_screen(self._ask("Try as well"), answered)

    def action_skip(self) -> None:
        """Leave everything as it was in this stage, and go on."""
        self._decide("skip")

    def action_back_to(self) -> None:
        """Go back to a stage; those after it will be asked again."""
        passed = [s for s in self.guide.state.stages.values() if s.status in ("decided", "skipped", "left-out")]
        if not passed:
            self.notify("This is the first stage.", timeout=3)
            return
        choices = [(chr(ord("a") + n), s.name, s.title) for n, s in enumerate(passed)]

        def answered(name: str | None) -> None:
            if name is not None:
                self.guide.alone = self._told = False
                self.query_one(Finale).display = False
                self.query_one("#stage").display = self.query_one("#so-far").display = True
                self._decide("back", stage=name)

        question = "What was decided after it is asked again."
        self.app.push_screen(Choose("Back to which stage?", question, choices), answered)

    def action_alone(self) -> None:
        """Let it go on by itself, accepting every recommendation; the same key stops that."""
        self.guide.alone = not self.guide.alone
        said = "It goes on by itself; the same key holds it." if self.guide.alone else "It waits for you again."
        self.notify(said, timeout=4)

    def action_other_chart(self) -> None:
        """The cost, the accuracy, and what they end at by the value of the parameter, in turn."""
        views = ["cost", "accuracy"] + ["response"] * (self.guide.response(cost=True) is not None)
        now = self._view or ("cost" if by_cost(self.guide.stage.name) else "accuracy")
        self._view = views[(views.index(now) + 1) % len(views)] if now in views else views[0]
        self._draw()

    def action_journal(self) -> None:
        """Everything decided so far, and why."""
        self.app.push_screen(TextViewer("Journal", journal_text(self.guide.state)))

    def action_back(self) -> None:
        """Return to the lab; the journal is kept, and w goes on with it."""
        self.guide.alone = False
        self.guide.stop()
        self.dismiss(None)

    def _decide(self, action: str, values: dict[str, Any] | None = None, stage: str | None = None) -> bool:
        try:
            self.guide.decide(action, values, stage)
        except BadInput as problem:
            self.notify(str(problem), severity="warning", markup=False)
            return False
        if not (self.guide.single and action in {"accept", "change"}):
            self._advance()
        self._show()
        return True

    def _ask(self, title: str) -> ParameterEditor[dict[str, Any]]:
        def accept(rows: list[Assignment]) -> dict[str, Any]:
            read = values(rows)
            changed(self.guide.experiment(), read)  # what can't be is said while it can be mended
            return read

        rows = self.guide.recommended_rows()
        return ParameterEditor(title, _VALUES_HINT, rows, accept, count=len(rows) + 1)

    def _draft(self) -> Draft:
        experiment = self.guide.experiment()
        tables = experiment.to_dict()
        base = self.state.draft.preset
        preset: Preset = resolved(base.name, {"title": base.title} | tables, "the wizard")
        draft = Draft(preset)
        draft.changed = True
        return draft
