"""A panel of the form: some parameters of one table, and what follows from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from tunelab.experiment.fields import described
from tunelab.tui.state.draft import Draft
from tunelab.tui.widgets.field import Field

__all__ = ["Panel"]


class Panel(Vertical):
    """A bordered group of fields with lines of consequences below (a drawing, a count, σ_z, warnings).

    Its ``further`` fields are there while the panel is open, or where their value isn't the default; those that say
    nothing beside the other values never are.
    """

    ALLOW_MAXIMIZE = True

    def __init__(self, title: str, keys: Sequence[str], further: Collection[str], draft: Draft, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = title
        self._keys, self._further, self._draft = keys, frozenset(further), draft
        self._open = False

    def compose(self) -> ComposeResult:
        """Its fields, then its consequences."""
        for key in self._keys:
            yield Field(described()[key], self._draft)
        yield Static("", classes="follows", markup=False)

    def on_mount(self) -> None:
        """Begin with what matters in every experiment."""
        self.show_fields()

    def turn(self) -> None:
        """Show the further fields, the first of them in focus; or hide them again."""
        self._open = not self._open
        self.show_fields(keep_focused=self._open)
        fields = [field for field in self.query(Field) if field.display]
        further = [field for field in fields if field.about.key in self._further]
        first = further[0] if self._open and further else fields[0]
        self.call_after_refresh(self._enter, first)  # once it has its place

    def _enter(self, field: Field) -> None:
        self.scroll_visible(animate=False)
        field.editor.focus()

    def show_fields(self, *, keep_focused: bool = True) -> None:
        """Show the fields that say something, those at their default dim."""
        hidden = 0
        for field in self.query(Field):
            if field.about.key not in self._further:
                continue
            field.set_class(field.at_default, "-default")
            applies = field.draft.applies(field.about.key)
            in_use = field.has_class("-wrong") or (keep_focused and field.has_pseudo_class("focus-within"))
            field.display = applies and (self._open or in_use or not field.at_default)
            hidden += applies and not field.display
        turns = f"{hidden} more" if hidden else "fewer" if self._open else ""
        self.border_subtitle = f"[@click=screen.more_of('{self.id}')]m: {turns}[/]" if turns else ""

    def follows(self, text: str) -> None:
        """Say what follows from the parameters."""
        consequences = self.query_one(".follows", Static)
        consequences.update(text)
        consequences.display = bool(text)
