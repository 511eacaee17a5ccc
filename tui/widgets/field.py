"""One parameter on the form: the widget that fits its declaration, checked as it is typed."""

from __future__ import annotations

from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Select
from tunelab.data.catalogue import NAMED
from tunelab.errors import BadInput
from tunelab.experiment.fields import Described, value_text
from tunelab.tui.state.draft import Draft
from tunelab.tui.widgets.value_input import ValueInput

__all__ = ["Field"]

_STEPPED = {"whole", "number"}
_CHOSEN = {"data.name", "data.label"}  # from a list that the declaration doesn't know
_OF_TABLES = {"data.label", "data.task"}
_A_FILE = "…"
_BLANKS = {
    "data.train": "all",
    "data.evaluation": "all",
    "data.classes": "all",
    "data.evaluate_on": "as usual",
    "training.early_stopping.patience": "off",
}
_NAMES = {
    "data.name": "data set",
    "data.train": "training n",
    "data.evaluation": "evaluation",
    "data.evaluate_on": "judge on",
    "data.validation_share": "validation",
    "data.test_share": "test",
    "data.class_weights": "weighting",
    "training.eta": "η",
    "training.lambda": "λ",
    "training.mini_batch": "m",
    "training.monitor_every": "measure",
    "training.schedule.rule": "η falls",
    "training.momentum": "μ momentum",
    "training.beta1": "β₁",
    "training.beta2": "β₂",
    "training.epsilon": "ε",
    "training.l1": "L1",
    "training.schedule.warm_up": "warm-up",
    "training.schedule.factor": "divide by",
    "training.schedule.patience": "after",
    "training.schedule.stop_at": "down to 1/",
    "training.early_stopping.patience": "early stop",
    "initialization.seeds": "networks",
}


class Field(Vertical):
    """A parameter: its name, an editor, and a sentence below where a value can't be taken.

    On a number ↑ ↓ multiply by 2 or divide by it, shift+↑ ↓ by 10; on a share they do so to what is missing to 1. Posts
    :class:`Changed` for every value that the draft has taken.
    """

    class Changed(Message):
        """The draft has another value at ``key``."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    class FileWanted(Message):
        """The person wants to learn from a file of their own."""

    def __init__(self, about: Described, draft: Draft) -> None:
        super().__init__(id=f"field-{about.key.replace('.', '-')}")
        self.about = about
        self.draft = draft
        self._columns: list[str] = []
        self._editor: Widget
        self.display = about.key not in _OF_TABLES

    def compose(self) -> ComposeResult:
        """A row of name and editor, and the sentence below."""
        with Horizontal(classes="row"):
            yield Label(self.label, classes="name")
            yield self._make_editor()
        yield Label("", classes="complaint", markup=False)

    def _make_editor(self) -> Widget:
        about, text = self.about, self.draft.text(self.about.key)
        if about.kind == "choice" or about.key in _CHOSEN:
            options = self._options(text)
            value = text or self._default
            self._editor = Select(options, value=value, allow_blank=False, compact=True)
        else:
            letters = "".join(sorted({character for choice in about.choices for character in choice}))
            numeric = about.kind != "text"
            self._editor = ValueInput(
                text,
                characters="0123456789.-+e_" + (", " if about.kind == "list" else "") + letters if numeric else "",
                begins=".-+" + "".join(sorted({choice[0] for choice in about.choices})) if numeric else "",
                placeholder=_BLANKS.get(about.key, ""),
            )
        return self._editor

    @property
    def _default(self) -> str:
        return value_text(self.about.default)

    def _options(self, current: str) -> list[tuple[str, str]]:
        if self.about.key == "data.name":
            names = list(NAMED)
            listed = names if current in names else [*names, current]
            return [*((Path(n).name if n == current else n, n) for n in listed), ("a file …", _A_FILE)]
        if self.about.key == "data.label":
            names = self._columns if current in self._columns or not current else [*self._columns, current]
            return [("as guessed", ""), *((n, n) for n in names)]
        blank = _BLANKS.get(self.about.key)
        return [*([(blank, "")] if blank else []), *((choice, choice) for choice in self.about.choices)]

    @property
    def label(self) -> str:
        """What the form calls the parameter."""
        return _NAMES.get(self.about.key, self.about.name)

    def offer(self, columns: list[str]) -> None:
        """Let the label be chosen from a table's columns."""
        if columns != self._columns:
            self._columns = columns
            self.load(self.draft)

    @property
    def editor(self) -> Widget:
        """The widget that takes the value."""
        return self._editor

    def load(self, draft: Draft) -> None:
        """Show what another draft says, or the same one after a change elsewhere."""
        self.draft = draft
        text = draft.text(self.about.key)
        with self.prevent(Input.Changed, Select.Changed):
            if isinstance(self._editor, Select):
                if self.about.key in _CHOSEN:
                    self._editor.set_options(self._options(text))
                self._editor.value = text or self._default
            elif isinstance(self._editor, ValueInput):
                self._editor.rest(text)
        self.complain("")

    @property
    def at_default(self) -> bool:
        """Whether the draft's value is the default."""
        return (self.draft.text(self.about.key) or self._default) == self._default

    def complain(self, sentence: str) -> None:
        """Show a sentence below the editor, or none."""
        self.set_class(bool(sentence), "-wrong")
        self.query_one(".complaint", Label).update(sentence)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """Say at once what is wrong with a value, before it is taken."""
        event.stop()
        if isinstance(self._editor, ValueInput) and self._editor.editing:
            self.complain(self._problem(event.value))

    @on(ValueInput.Taken)
    def _edited(self, event: ValueInput.Taken) -> None:
        event.stop()
        self._take(event.value)

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        if event.value == _A_FILE:
            self.load(self.draft)
            self.post_message(self.FileWanted())
        else:
            self._take(str(event.value))

    def _problem(self, text: str) -> str:
        """Return what is wrong with a value, in a sentence; nothing where the draft can take it."""
        try:
            self.draft.checked(self.about.key, text)
        except BadInput as problem:
            return str(problem).removeprefix("the form: ").removeprefix(f"{self.about.key} ")
        return ""

    def _take(self, text: str) -> None:
        if text == self.draft.text(self.about.key):
            self.complain("")
            return
        if problem := self._problem(text):
            self.complain(problem)
            if isinstance(self._editor, ValueInput):
                self._editor.edit(
                    old=self.draft.text(self.about.key)
                )  # until it is right, or escape gives the old back
            return
        self.draft.set(self.about.key, text)
        varied = self.draft.varied(self.about.key)
        self.complain("Each arm has its own; what you set here changes nothing." if varied else "")
        self.post_message(self.Changed(self.about.key))

    def on_key(self, event: events.Key) -> None:
        """Steps: ↑ ↓ by 2, with shift by 10."""
        factor = {"up": 2.0, "down": 0.5, "shift+up": 10.0, "shift+down": 0.1}.get(event.key)
        if factor is None or self.about.kind not in _STEPPED or not isinstance(self._editor, ValueInput):
            return
        event.stop()
        event.prevent_default()
        self.step(factor)

    def step(self, factor: float) -> None:
        """Multiply the number, or give it a first value where it is 0 or left out."""
        assert isinstance(self._editor, ValueInput)
        try:
            old = float(self._editor.value)
        except ValueError:
            return
        if self.about.share:
            self._put(f"{max(1 - (1 - old) / factor, 0):.6g}")
            return
        from_nothing = 1.0 if factor > 1 else 0.0
        new = from_nothing if old == 0 and self.about.kind == "number" else old * factor
        if self.about.kind == "whole":
            new = max(round(new), old + 1) if factor > 1 else max(int(new), 1)
        self._put(f"{new:.6g}" if self.about.kind == "number" else f"{int(new)}")

    def _put(self, text: str) -> None:
        assert isinstance(self._editor, ValueInput)
        self._editor.rest(text)
        self._take(text)
