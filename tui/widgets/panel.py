"""A panel of the form: some parameters of one table, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from tunelab.experiment.fields import described
from tunelab.tui.state.draft import Draft
from tunelab.tui.widgets.field import Field

__all__ = ["Panel"]


class Panel(Vertical):
    """A bordered group of fields with lines of consequences below (a drawing, a count, σ_z, warnings)."""

    ALLOW_MAXIMIZE = True

    def __init__(self, title: str, keys: Sequence[str], draft: Draft, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = title
        self._keys, self._draft = keys, draft

    def compose(self) -> ComposeResult:
        """Its fields, then its consequences."""
        for key in self._keys:
            yield Field(described()[key], self._draft)
        yield Static("", classes="follows", markup=False)

    def follows(self, text: str) -> None:
        """Say what follows from the parameters."""
        consequences = self.query_one(".follows", Static)
        consequences.update(text)
        consequences.display = bool(text)
