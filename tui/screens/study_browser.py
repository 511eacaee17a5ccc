"""The browser of studies."""

from __future__ import annotations

import time

from tunelab.errors import BadInput
from tunelab.sweeps import all_studies, find
from tunelab.tui.screens.list_browser import ListBrowser
from tunelab.tui.state.sweep_view import SweepView
from tunelab.tui.text.sweep_text import summary

__all__ = ["StudyBrowser"]


class StudyBrowser(ListBrowser[SweepView], where="studies"):
    """Every sweep under the home, the last worked on first; enter shows one."""

    HINT = "enter shows, / filters"

    def items(self) -> list[tuple[str, str]]:
        """Every study by name, and when it was last worked on."""
        return [(record.name, f"{_when(record.touched)}  {record.name}") for record in all_studies()]

    def preview(self, name: str) -> str:
        """What it came to."""
        try:
            table = find(name).table()
            return f"{' × '.join(d.text() for d in table.plan.over)}\n\n{summary(table, {})}"
        except BadInput as problem:
            return str(problem)

    def take(self, name: str) -> None:
        """Show a study."""
        try:
            self.dismiss(SweepView(find(name)))
        except BadInput as problem:
            self.notify(str(problem), severity="warning", markup=False)


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
