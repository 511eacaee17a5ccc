"""A screen as plain text from top to bottom, for screen readers, mails and files: no boxes, no columns side by side."""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList, Select, Static
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.epoch_log import EpochLog
from tunelab.tui.widgets.field import Field

__all__ = ["text_twin"]


def text_twin(screen: Screen[object]) -> str:
    """Return everything that a screen shows at any size: titles, fields with their values, numbers, sentences."""
    parts: list[str] = []
    for widget in screen.walk_children(Widget):
        text = _text_of(widget)
        if text and not _hidden(widget):
            title = str(widget.border_title or "")
            parts.append(f"{title}\n{text}" if title and title not in text else text)
        elif not text and widget.border_title:
            parts.append(f"## {widget.border_title}")
    return "\n".join(parts) + "\n"


def _hidden(widget: Widget) -> bool:
    """Whether it is switched off; what only a small terminal has no room for is told all the same."""
    nodes = [node for node in widget.ancestors_with_self if isinstance(node, Widget)]
    return any(node.styles.inline.get_rule("display", "block") == "none" for node in nodes)


def _text_of(widget: Widget) -> str:
    """What one widget says itself; nothing for those that only hold others."""
    if isinstance(widget, Field):
        return ""
    if any(isinstance(node, Select) for node in widget.ancestors):
        return ""
    if isinstance(widget, Input):
        return _value(widget, widget.value or widget.placeholder)
    if isinstance(widget, Select):
        return _value(widget, str(widget.value))
    if isinstance(widget, Chart):
        return widget.numbers()
    if isinstance(widget, EpochLog):
        return widget.plain()
    if isinstance(widget, OptionList):
        return "\n".join(str(option.prompt) for option in widget.options)
    if isinstance(widget, Static | Label) and not widget.has_class("name") and widget.id != "too-small":
        return str(widget.render()).strip()
    return ""


def _value(editor: Widget, value: str) -> str:
    """A field's value with its name before it."""
    field = next((node for node in editor.ancestors if isinstance(node, Field)), None)
    return f"{field.label}: {value or 'empty'}" if field is not None else value
