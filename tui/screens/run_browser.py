"""The browser of recorded runs: look, lay over, play back, train again, delete."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tunelab.errors import BadInput
from tunelab.records import Run, all_runs
from tunelab.tui.screens.dialogs import Choose
from tunelab.tui.screens.list_browser import ListBrowser
from tunelab.tui.screens.prompts import ask_file
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.state.draft import Draft, ToTrain
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.text.run_rows import RUN_COLUMNS, run_row, state_text
from tunelab.tui.text.tables import results_table

__all__ = ["RunBrowser"]

_WITH_RESULTS = 60  # runs whose results are read for the list


class RunBrowser(ListBrowser[RunView | ToTrain], where="runs"):
    """Every run under the home, newest first; enter shows one in the lab, live if it is being trained."""

    HINT = "enter shows, / filters"
    HEADER = RUN_COLUMNS

    def items(self) -> Iterator[tuple[str, str]]:
        """Every run at once by name and age; then how the latest stand and what they reached, which takes longer."""
        overlaid = {view.run.name for view in self.state.overlays}
        runs = list(all_runs())
        for run in runs:
            yield run.name, run_row(run, overlaid=run.name in overlaid)
        for run in runs[:_WITH_RESULTS]:
            with contextlib.suppress(BadInput):
                yield run.name, run_row(run, [arm.history() for arm in run.arms], overlaid=run.name in overlaid)

    def preview(self, name: str) -> str:
        """Its title, state and results."""
        try:
            run = Run(name)
            resume = f"`tunelab resume {name}` resumes it." if run.state() == "cut off" else ""
            head = f"{name}\n{state_text(run)}"
            return "\n\n".join(part for part in [head, run.preset.title, resume, results_table(run, width=40)] if part)
        except BadInput as problem:
            return str(problem)

    def take(self, name: str) -> None:
        """Show a run in the lab."""
        if (run := self._run_named(name)) is not None:
            self.dismiss(RunView(run))

    def _run_named(self, name: str | None) -> Run | None:
        if name is None:
            return None
        try:
            return Run(name)
        except BadInput as problem:
            self.notify(str(problem), severity="warning", markup=False)
            return None

    def action_overlay(self) -> None:
        """Lay the run over the charts of the lab, or take it off again."""
        run = self._run_named(self.chosen)
        if run is None:
            return
        there = [view for view in self.state.overlays if view.run.name == run.name]
        if there:
            self.state.overlays.remove(there[0])
        else:
            self.state.overlays.append(RunView(run))
        self.reload()
        self.notify(f"{run.name} {'taken off' if there else 'overlaid on'} the charts.", timeout=3, markup=False)

    def action_compare(self) -> None:
        """Compare the run with those on the charts; its own arms where there are none."""
        from tunelab.tui.screens.comparison import ComparisonScreen

        if (run := self._run_named(self.chosen)) is not None:
            self.app.push_screen(ComparisonScreen(self.state, [run]))

    def action_playback(self) -> None:
        """Play the run again as if it were live."""
        if (run := self._run_named(self.chosen)) is not None:
            self.dismiss(Playback(run))

    def action_predict(self) -> None:
        """Ask for a file, and predict its rows with the run's network."""
        run = self._run_named(self.chosen)

        def answered(path: str | None) -> None:
            if path and run is not None:
                self.in_background(lambda: _predicted(run, Path(path)), self._show_prediction, failed=self.warn)

        if run is not None:
            self.app.push_screen(ask_file("Predict the rows of a file"), answered)

    def _show_prediction(self, page: str) -> None:
        self.app.push_screen(TextViewer("Prediction", page))

    def action_replay(self) -> None:
        """Train the run's experiment again."""
        if (run := self._run_named(self.chosen)) is not None:
            self.dismiss(ToTrain(Draft(run.preset)))

    def action_remove(self) -> None:
        """Delete the run, asking first."""
        run = self._run_named(self.chosen)
        if run is None:
            return

        def answered(choice: str | None) -> None:
            if choice == "delete":
                try:
                    run.remove()
                except BadInput as problem:
                    self.notify(str(problem), severity="warning", markup=False)
                self.reload()

        question = f"{run.name} and everything it measured will be gone."
        self.app.push_screen(Choose("Delete the run?", question, [("d", "delete", "delete it")]), answered)


def _predicted(run: Run, path: Path) -> str:
    """What the run's best arm predicts for each row of a file."""
    from tunelab.prediction import find_arm
    from tunelab.tui.state.prediction_files import prediction_page

    arm, choice = find_arm(run.name)
    return prediction_page(arm, path, choice)
