"""The editor of parameters and values: a row each, for the arms of a preset, a sweep, and a decision of the wizard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Label, Static
from tunelab.errors import BadInput
from tunelab.experiment.fields import described
from tunelab.tui.screens.base import Dialog
from tunelab.tui.state.assignments import Assignment, assignments

__all__ = ["ParameterEditor"]

Answer = TypeVar("Answer")


class _Line(Input):
    """A line of text; lines of a paste are rows, where Textual's own input would take the first alone."""

    def on_paste(self, event: events.Paste) -> None:
        """Take all lines."""
        lines = event.text.strip().splitlines()
        if len(lines) > 1:
            event.stop()
            event.prevent_default()
            self.value = ";".join(lines)


class _Row(Horizontal):
    """A parameter on the left, its values on the right."""

    def __init__(self, assignment: Assignment, suggestions: Sequence[str]) -> None:
        super().__init__(classes="assignment")
        self._assignment, self._suggestions = assignment, suggestions

    def compose(self) -> ComposeResult:
        """The two inputs."""
        name, values = self._assignment
        suggester = SuggestFromList(self._suggestions, case_sensitive=False)
        yield _Line(name, placeholder="parameter", suggester=suggester, classes="parameter", compact=True)
        yield Label("=")
        yield _Line(values, placeholder="values", classes="values", compact=True)

    @property
    def name_input(self) -> Input:
        """Where the parameter is named."""
        return self.query_one(".parameter", Input)

    @property
    def values_input(self) -> Input:
        """Where its values stand."""
        return self.query_one(".values", Input)

    @property
    def assignment(self) -> Assignment:
        """What has been typed."""
        return self.name_input.value.strip(), self.values_input.value.strip()

    def fill(self, assignment: Assignment) -> None:
        """Show another parameter and other values."""
        for field, text in zip((self.name_input, self.values_input), assignment, strict=True):
            with self.prevent(Input.Changed):
                field.value = text
            field.cursor_position = len(text)


class ParameterEditor(Dialog[Answer | None], Generic[Answer]):
    """Rows of a parameter and its values; dismissed with what ``accept`` makes of them, or with None.

    ``=`` leads from the parameter to its values and ``;`` to the next row, so ``eta = 0.1, 1; lambda = 0`` can be typed
    or pasted as it is. ``accept`` may refuse with :class:`BadInput`; the sentence is shown below.
    """

    def __init__(
        self,
        title: str,
        hint: str,
        rows: Sequence[Assignment],
        accept: Callable[[list[Assignment]], Answer],
        *,
        more: Sequence[str] = (),
        count: int = 1,
    ) -> None:
        """``more``: names beside the parameters that a row may have. ``count``: how many rows there are at least."""
        super().__init__(title, "enter: do it   tab: next field   esc: cancel")
        self._question, self._accept, self._rows, self._count = hint, accept, list(rows), count
        keys = [key.rsplit(".", 1)[-1] for key in described()]
        self._suggestions = [*more, *dict.fromkeys(keys)]

    def compose_content(self) -> Iterable[Widget]:
        """The question, the rows, the complaint."""
        yield Static(self._question, markup=False)
        empty = [("", "")] * max(self._count - len(self._rows), 0)
        for row in [*self._rows, *empty]:
            yield _Row(row, self._suggestions)
        yield Label("", classes="complaint", markup=False)

    def on_mount(self) -> None:
        """Begin at the first values, selected where there are some; at the parameter where none is named."""
        first = self.query(_Row).first()
        field = first.values_input if first.name_input.value else first.name_input
        field.focus()

    @property
    def rows(self) -> list[Assignment]:
        """What has been typed, without the empty rows."""
        return [row.assignment for row in self.query(_Row) if any(row.assignment)]

    @on(Input.Changed)
    async def _typed(self, event: Input.Changed) -> None:
        event.stop()
        field = event.input
        row = next(node for node in field.ancestors if isinstance(node, _Row))
        text = field.value
        if field.has_class("values") and "=" not in text and ";" not in text:
            return
        if not any(sign in text for sign in "=;\n"):
            return
        name = row.name_input.value if field.has_class("values") and "=" not in text.partition(";")[0] else ""
        await self._distribute(row, assignments(f"{name} = {text}" if name else text), text.rstrip())

    async def _distribute(self, row: _Row, parts: list[Assignment], typed: str) -> None:
        """Put what was typed or pasted into the rows from one on, and go to where one types on."""
        rows = list(self.query(_Row))
        at = rows.index(row)
        while len(rows) - at < len(parts) + typed.endswith(";"):
            new = _Row(("", ""), self._suggestions)
            await self.mount(new, after=rows[-1])
            rows.append(new)
        named = {name for name, _ in parts}
        for other in [*rows[:at], *rows[at + len(parts) :]]:
            if other.assignment[0] in named:  # what is typed last counts
                other.fill(("", ""))
        for place, part in zip(rows[at:], parts or [("", "")], strict=False):
            place.fill(part)
        if typed.endswith(";"):
            rows[at + len(parts)].name_input.focus()
        elif parts:
            rows[at + len(parts) - 1].values_input.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            answer = self._accept(self.rows)
        except BadInput as problem:
            self.query_one(".complaint", Label).update(str(problem))
            return
        self.dismiss(answer)
