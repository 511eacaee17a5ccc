"""A list with a filter and a preview: what the browsers of presets and of runs have in common."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Generic, TypeVar

from textual import on, work
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.state.lab_state import LabState

__all__ = ["ListBrowser"]

Chosen = TypeVar("Chosen")

_FIRST_PAGE = 60  # what a screen shows at once, and so waits for
_DELIVERY_SECONDS = 0.5  # between two looks at a list that is being read
_MAX_LISTED = 500  # lines in the list; the filter finds the others


class ListBrowser(BaseScreen[Chosen | None], Generic[Chosen]):
    """Type to filter, ↑ ↓ to look, enter to take. Subclasses say what there is; they dismiss with what was
    chosen, or None.
    """

    BINDINGS = [
        Binding("down", "to_list", show=False),
        Binding("slash", "to_filter", "filter", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]
    HINT = "type / to filter"
    HEADER = ""
    """What the columns of a line are."""
    first: str | None = None
    """The name on which the list opens; its first one if None."""

    def __init__(self, state: LabState) -> None:
        super().__init__()
        self.state = state
        self._items: list[tuple[str, str]] = []
        self._listed: list[tuple[str, str]] = []

    def items(self) -> Iterable[tuple[str, str]]:
        """(name, line in the list) of everything there is; asked for in another thread, for it may take long.

        A name may come again with a fuller line, which then takes the place of the first.
        """
        raise NotImplementedError

    def preview(self, name: str) -> str:
        """What the preview says of one."""
        raise NotImplementedError

    def take(self, name: str) -> None:
        """Do what enter means for one."""
        raise NotImplementedError

    def compose_content(self) -> Iterable[Widget]:
        """Filter, list, preview."""
        with Vertical(classes="browser"):
            yield Input(placeholder="filter", compact=True)
            with Horizontal():
                with Vertical(classes="list"):
                    yield Static(f"  {self.HEADER}", classes="header", markup=False)
                    yield OptionList(markup=False)
                with VerticalScroll(classes="preview"):
                    yield Static("", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self.reload()
        self.query_one(OptionList).focus()

    def reload(self) -> None:
        """Read again what there is, keeping the filter and the place."""
        self._read()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _read(self) -> None:
        """Read what there is: a page at once, the rest as it comes."""
        worker = get_current_worker()
        items: dict[str, str] = {}
        delivered = time.monotonic()
        for name, line in self.items():
            if worker.is_cancelled or not self.is_attached:
                return
            items[name] = line
            if len(items) == _FIRST_PAGE or time.monotonic() - delivered > _DELIVERY_SECONDS:
                delivered = time.monotonic()
                self.app.call_from_thread(self._take_in, list(items.items()))
        if not worker.is_cancelled and self.is_attached:
            self.app.call_from_thread(self._take_in, list(items.items()))

    def _take_in(self, items: list[tuple[str, str]]) -> None:
        self._items = items
        self._fill(self.query_one(Input).value)

    def _fill(self, query: str) -> None:
        listed = self.query_one(OptionList)
        words = query.lower().split()
        fit = [(n, line) for n, line in self._items if all(word in f"{n} {line}".lower() for word in words)]
        count = f"{len(fit):,} of {len(self._items):,}"
        visible = fit[:_MAX_LISTED]
        if len(fit) > _MAX_LISTED:
            count = f"the first {_MAX_LISTED} of {len(fit):,}"
        listed.border_subtitle = f"{count}, {self.HINT}"
        if visible == self._listed:
            return
        names = [name for name, _ in visible]
        if names == [name for name, _ in self._listed]:  # only lines have changed
            for (name, line), old in zip(visible, self._listed, strict=True):
                if line != old[1]:
                    listed.replace_option_prompt(name, line)
            self._listed = visible
            return
        place = listed.highlighted
        if place is None:
            place = names.index(self.first) if self.first in names else 0
        self._listed = visible
        listed.clear_options()
        listed.add_options([Option(line, id=name) for name, line in visible])
        listed.highlighted = min(place, len(visible) - 1) if visible else None
        if not visible:
            self.query_one(".preview Static", Static).update("")

    @property
    def chosen(self) -> str | None:
        """The name that is highlighted."""
        listed = self.query_one(OptionList)
        return listed.get_option_at_index(listed.highlighted).id if listed.highlighted is not None else None

    @on(Input.Changed)
    def _filtered(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        name = event.option.id
        self.query_one(".preview Static", Static).update(self.preview(name) if name else "")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            self.take(event.option.id)

    def action_to_list(self) -> None:
        """From the filter down into the list."""
        self.query_one(OptionList).focus()

    def action_to_filter(self) -> None:
        """Up to the filter."""
        self.query_one(Input).focus()

    def action_move(self, by: int) -> None:
        """Move in the list, as the arrows do."""
        listed = self.query_one(OptionList)
        listed.focus()
        listed.action_cursor_down() if by > 0 else listed.action_cursor_up()

    def action_back(self) -> None:
        """Drop the filter; without one return to the screen before."""
        query = self.query_one(Input)
        if query.value:
            query.value = ""
            self.query_one(OptionList).focus()
        else:
            self.dismiss(None)
