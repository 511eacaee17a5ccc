"""Help: what the parameter in focus means, and what every key does, both from their one declaration."""

from __future__ import annotations

from collections.abc import Iterable

from tunelab.experiment.fields import Described, described
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.state.actions import Action, actions_of
from tunelab.tui.text.tables import aligned

__all__ = ["HelpScreen"]

_NUMBERS = "In a number: ↑ ↓ times 2 or divided by 2, shift+↑ ↓ by 10. On a chart: ← → crosshair, + − zoom, 0 all."


class HelpScreen(TextViewer):
    """The help of one screen, the parameter in focus first."""

    def __init__(self, where: str, keys: dict[str, str], focus: Described | None) -> None:
        """``keys``: the key in force for each action's id, where a person has changed it."""
        self._where, self._keys, self._focus = where, keys, focus
        super().__init__("Help", self._help())

    def _help(self) -> str:
        parts = []
        if self._focus is not None:
            parts.append(explained(self._focus))
        parts += ["Keys here", self._table(actions_of(self._where)), "Keys everywhere", self._table(actions_of("app"))]
        if self._where == "lab":
            parts += [_NUMBERS, "Every parameter"]
            parts += [explained(about) for about in described().values() if about is not self._focus]
        return "\n\n".join(parts)

    def _table(self, actions: Iterable[Action]) -> str:
        rows = [["key", "does", ""]]
        rows += [[self._keys.get(action.id, _shown(action.key)), action.label, action.help] for action in actions]
        return aligned(rows)


def explained(about: Described) -> str:
    """A parameter in a paragraph: what it is called, what it is, what it may be."""
    name = f"{about.symbol}  {about.key}" if about.symbol else about.key
    choices = f" One of: {', '.join(about.choices)}." if about.choices else ""
    return f"{name}\n  {about.help}{choices}"


def _shown(key: str) -> str:
    names = {"question_mark": "?", "space": "space", "equals_sign": "=", "plus": "+", "minus": "−"}
    return " ".join(names.get(part, part) for part in key.split(",")[:1])
