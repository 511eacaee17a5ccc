"""What all screens share: keys and help from one declaration, breakpoints, numbered panels, work in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker
from tunelab.errors import BadInput, CutOff
from tunelab.tui.state.actions import bindings
from tunelab.tui.state.worker_failures import notify_failure
from tunelab.tui.widgets.ascii_filter import spelled
from tunelab.tui.widgets.key_line import KeyLine
from tunelab.tui.widgets.tab_strip import TabStrip

__all__ = ["BaseScreen", "Dialog", "in_background"]

Result = TypeVar("Result")
Value = TypeVar("Value")


class BaseScreen(Screen[Result], Generic[Result]):
    """A screen with a line of keys, which shows all of its panels where they fit, and else one at a time.

    A subclass is declared with ``where=NAME``, its name in :mod:`tunelab.tui.state.actions`: the screen's id, its
    keys and its help follow from it. What is shown at which size is decided by the style sheet alone: a screen has
    the classes ``-tiny``, ``-narrow`` or ``-wide``, ``-flat``, ``-short`` or ``-tall``, and ``-NAME`` of the panel
    that a person chose last.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (50, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (14, "-short"), (24, "-tall")]
    PANELS: ClassVar[dict[str, str]] = {}
    """The panels' ids, in the order of their number keys, each with the label on its tab."""
    FIRST_PANEL: ClassVar[str] = ""
    """The panel that a small terminal shows at first, where it isn't the first one."""
    WHERE: ClassVar[str] = ""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As Textual has it, but that a screen isn't drawn anew as a whole whenever the focus moves."""

    def __init_subclass__(cls, *, where: str = "", **kwargs: Any) -> None:
        if where:
            cls.WHERE = where
            cls.BINDINGS = [*bindings(where), *cls.__dict__.get("BINDINGS", ())]
        super().__init_subclass__(**kwargs)

    def __init__(self) -> None:
        self.panel = self.FIRST_PANEL or next(iter(self.PANELS), "")
        super().__init__(id=self.WHERE, classes=f"-{self.panel}" if self.panel else None)

    def compose(self) -> ComposeResult:
        """The screen's own widgets, the line of keys, and a sentence in place of all where there is no room."""
        self._classify_size()  # before there are widgets: each class that comes later styles all of them again
        yield from self.compose_content()
        if self.PANELS:
            yield TabStrip(tuple(self.PANELS.values()), list(self.PANELS).index(self.panel))
        yield KeyLine()
        yield Static("tunelab needs at least 50 × 14 characters; this terminal has less.", id="too-small")

    def compose_content(self) -> Iterable[Widget]:
        """Yield the widgets of the screen, but for the line of keys."""
        raise NotImplementedError

    @property
    def wide(self) -> bool:
        """Whether all panels are shown side by side."""
        return self.app.size.width >= 100 and self.app.size.height >= 24

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say that a background worker failed."""
        notify_failure(self.app, event)

    # -- panels ---------------------------------------------------------------------------------------------

    def show_panel(self, name: str) -> None:
        """Make a panel the one that a small terminal shows."""
        classes = {f"-{self.panel}": False} | {f"-{name}": True}
        self.panel = name
        # Styling every widget anew takes longer than a key should, and where all panels are shown it changes nothing
        self.update_classes(classes, update=not self.wide, animate=False)
        self.query_one(TabStrip).show(list(self.PANELS).index(name))

    def _classify_size(self) -> None:
        """Take the classes of the terminal's size, which Textual sets at the first resize."""
        size = self.app.size
        rows = [(size.width, self.HORIZONTAL_BREAKPOINTS), (size.height, self.VERTICAL_BREAKPOINTS)]
        for length, breakpoints in rows:
            for name in self._get_breakpoint_classes(length, breakpoints or []):
                self.add_class(name, update=False)

    def panel_widget(self, name: str) -> Widget:
        """Return what gets the focus when a person goes to a panel."""
        return self.query_one(f"#{name}")

    def action_panel(self, number: int) -> None:
        """Go to a panel by its number."""
        self.show_panel(list(self.PANELS)[number - 1])
        target = self.panel_widget(self.panel)
        if self.wide:
            target.focus()  # it is displayed already, and a layout takes longer than a key should
        else:
            self.call_after_refresh(target.focus)

    def action_back(self) -> None:
        """Return to the screen before."""
        self.dismiss(None)

    # -- texts and background work ----------------------------------------------------------------------------

    def update_text(self, selector: str, text: str | Content, *, layout: bool = True) -> None:
        """Change a text where it is another one: what stays the same isn't sent over the line again."""
        static = self.query_one(selector, Static)
        text = spelled(self, text) if isinstance(text, str) else text
        if static.content != text:
            static.update(text, layout=layout)

    def in_background(
        self, work: Callable[[], Value], done: Callable[[Value], object], *, failed: Callable[[str], object]
    ) -> None:
        """Do ``work`` in a thread: see :func:`in_background`."""
        in_background(self, work, done, failed=failed)

    def warn(self, sentence: str, title: str = "") -> None:
        """Show a sentence for as long as it takes to read it."""
        self.notify(sentence, title=title, severity="warning", markup=False, timeout=10)


class Dialog(ModalScreen[Result], Generic[Result]):
    """A framed question or text in front of a screen; escape closes it."""

    BINDINGS = [Binding("escape", "back", "close")]
    TALL: ClassVar[bool] = False

    def __init__(self, title: str, hint: str = "esc: close") -> None:
        super().__init__()
        self._title, self._hint = title, hint

    def compose(self) -> ComposeResult:
        """A frame around the content."""
        frame = VerticalScroll(classes="dialog tall") if self.TALL else Vertical(classes="dialog")
        with frame:
            frame.border_title, frame.border_subtitle = Content(self._title), self._hint
            yield from self.compose_content()

    def compose_content(self) -> Iterable[Widget]:
        """Yield the widgets inside the frame."""
        raise NotImplementedError

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say that a background worker failed."""
        notify_failure(self.app, event)

    def action_back(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


def in_background(
    screen: Screen[Any], work: Callable[[], Value], done: Callable[[Value], object], *, failed: Callable[[str], object]
) -> None:
    """Do ``work`` in a thread, and hand its result to ``done`` in the thread of the screen.

    Where it raises :class:`BadInput` or :class:`CutOff`, ``failed`` gets the sentence.
    """

    def run() -> None:
        try:
            value = work()
        except (BadInput, CutOff) as problem:
            screen.app.call_from_thread(failed, str(problem))
        else:
            screen.app.call_from_thread(done, value)

    screen.run_worker(run, thread=True, exit_on_error=False, group="work")
