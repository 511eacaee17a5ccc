"""An input that shows its value until a person edits it."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.message import Message
from textual.widgets import Input

__all__ = ["ValueInput"]

_MOVES = frozenset({"submit", "delete_left", "delete_right", "paste", "copy"})


class ValueInput(Input):
    """A value on a form. With the focus it stands there selected, and keys are commands of the screen.

    Enter edits it, and so does a sign, a dot, or a letter that such a value may begin with; digits stay commands until
    then. While it is edited, Enter takes the new value and Escape gives the old one back. A key that can't be part
    of the value takes it, too, and then does what it does elsewhere. Posts :class:`Taken` when a value is to be
    taken.
    """

    class Taken(Message):
        """The person is done with editing."""

        def __init__(self, control: ValueInput, value: str) -> None:
            super().__init__()
            self.input, self.value = control, value

        @property
        def control(self) -> ValueInput:
            """The input."""
            return self.input

    def __init__(self, value: str, *, characters: str = "", begins: str = "", **options: Any) -> None:
        """``characters`` are what a value may hold (everything if none), ``begins`` what begins an edit."""
        super().__init__(value, compact=True, select_on_focus=False, **options)
        self._characters, self._begins = characters, begins
        self._before = value
        self.editing = False
        self.add_class("-resting")

    def edit(self, text: str | None = None, *, old: str | None = None) -> None:
        """Begin to edit, with ``text`` in place of the value; escape gives ``old`` back, or the value as it is now."""
        if not self.editing:
            self.editing, self._before = True, self.value if old is None else old
            self.remove_class("-resting")
        if text is not None:
            self.value = text
            self.cursor_position = len(text)

    def rest(self, value: str | None = None) -> None:
        """Show the value again, or another one."""
        self.editing = False
        self.add_class("-resting")
        if value is not None and value != self.value:
            self.value = value
        if self.has_focus:
            self.select_all()

    def take(self) -> None:
        """Have the value taken."""
        if self.editing:
            self.rest()
            self.post_message(self.Taken(self, self.value))

    # -- keys -----------------------------------------------------------------------------------------------

    def check_consume_key(self, key: str, character: str | None = None) -> bool:  # noqa: ARG002
        """Whether a key is typed here rather than being a command."""
        if character is None or not character.isprintable():
            return False
        if self.editing:
            return not self._characters or character in self._characters
        return character in self._begins

    async def _on_key(self, event: events.Key) -> None:
        if not event.is_printable:
            return
        if self.check_consume_key(event.key, event.character):
            self.edit(None if self.editing else "")
            return  # Textual types it
        self.take()
        event.prevent_default()  # else Textual types it; so it bubbles to where it is a command

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """At rest the cursor has nowhere to go."""
        return (self.editing or action in _MOVES) and super().check_action(action, parameters)

    async def action_submit(self) -> None:
        """Edit, or take what was edited."""
        if self.editing:
            self.take()
        else:
            self.edit()

    def action_delete_left(self) -> None:
        """At rest: begin with an empty value."""
        if self.editing:
            super().action_delete_left()
        else:
            self.edit("")

    def action_delete_right(self) -> None:
        """At rest: begin with an empty value."""
        if self.editing:
            super().action_delete_right()
        else:
            self.edit("")

    def key_escape(self, event: events.Key) -> None:
        """Give the old value back; at rest escape belongs to the screen."""
        if self.editing:
            event.stop()
            self.rest(self._before)
            self.post_message(self.Taken(self, self._before))

    def on_focus(self) -> None:
        """Show the value selected."""
        if not self.editing:
            self.select_all()

    def on_blur(self) -> None:
        """Leaving takes what was edited."""
        self.take()

    def on_paste(self) -> None:
        """A paste edits; Textual takes its first line."""
        self.edit()

    def on_mouse_up(self) -> None:
        """A click edits."""
        if self.has_focus:
            self.edit()
