"""The end of a strategy: how it began and ended, stage by stage on one problem, what was left out, what can be done."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static
from tunelab.strategy.state import State
from tunelab.tui.charts.strategy_charts import stages_chart
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.text import strategy_outcome as outcome
from tunelab.tui.widgets.ascii_filter import spelled
from tunelab.tui.widgets.chart import Chart

__all__ = ["Finale"]


class Finale(Container):
    """Words and a table of the stages on the left or above, their scores with error bars beside or below."""

    def __init__(self, looks: Looks) -> None:
        super().__init__(id="finale")
        self._looks = looks
        self.display = False

    def compose(self) -> ComposeResult:
        """The outcome, the table, what was left out and the commands; the chart."""
        with VerticalScroll(id="finale-words"):
            yield Static(id="outcome", markup=False)
            yield Static(id="outcome-notes", markup=False)
            yield Static(id="stages", markup=False)
            yield Static(id="again", markup=False)
        yield Chart(self._looks, id="stage-scores")

    def show(self, state: State, preset: Path | None) -> None:
        """Show how a strategy ended; ``preset`` is the winner's file, once it is written."""
        self.query_one("#finale-words").border_title = "The end"
        self._say("outcome", outcome.headline(state))
        changed = outcome.changes_text(state)
        notes = [outcome.test_text(state), f"Changed: {changed}." if changed else "", outcome.error_note(state)]
        self._say("outcome-notes", "\n".join(note for note in notes if note))
        scores = outcome.stage_scores(state)
        self.query_one("#stages", Static).update(self._table(scores))
        again = "\n".join(f"{does}:\n  {command}" for command, does in outcome.commands(state, preset))
        last = [outcome.reason_text(state), outcome.left_out_text(state), f"Do it again: {again}"]
        self._say("again", "\n".join(part for part in last if part))
        done = state.done or {}
        points = [(each.number, each.score) for each in scores if each.score and each.whole and not each.test]
        self.query_one(Chart).show(stages_chart(points, done.get("began"), done.get("ended")))

    def focus_words(self) -> None:
        """Let the arrow keys scroll the words."""
        self.query_one("#finale-words").focus()

    def _say(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(spelled(self, text))

    def _table(self, scores: list[outcome.StageScore]) -> Table:
        """A row a stage; a score about another problem isn't in the column of those about this one."""
        table = Table.grid(padding=(0, 2, 0, 0))
        for style in ("", "", "bold"):
            table.add_column(style=style)
        table.add_row(*(Text(head, style="dim") for head in ("stage", "decided", "on your problem")))
        for score in scores:
            text = score.text if score.whole else "a smaller problem" if score.score else ""
            cells = (f"{score.number} {score.title}", score.decided, text)
            table.add_row(*(Text(spelled(self, cell)) for cell in cells))
        return table
