"""Help: what the parameter in focus means, and what every key does, both from their one declaration."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from textual.binding import Binding
from tunelab.experiment.fields import Described, described
from tunelab.tui.charts.picture import cells
from tunelab.tui.lecture.steps import steps_of_causes
from tunelab.tui.screens.text_viewer import TextViewer
from tunelab.tui.state.actions import Action, actions_of
from tunelab.tui.text.diagnosis_text import causes_text

__all__ = ["HelpScreen"]

_NUMBERS = """On a field: Enter edits, Enter takes it, Escape gives the old value back, u undoes.
On a number: ↑ ↓ times 2 or divided by 2, shift+↑ ↓ by 10.
On a share, such as μ: ↑ halves what is missing to 1, ↓ doubles it.
m: the further parameters of a panel; dim ones stand at their default.
On a chart: ← → crosshair, + − zoom along x, 0 all of it, Tab walks the arms."""


class HelpScreen(TextViewer):
    """The help of one screen, the parameter in focus first."""

    def __init__(self, where: str, keys: dict[str, str], focus: Described | None) -> None:
        """``keys``: the key in force for each action's id, where a person has changed it."""
        super().__init__("Help")
        self._where, self._keys, self._focus = where, keys, focus

    @property
    def text(self) -> str:
        """The parameter in focus, the keys of the screen, those of every screen, then all parameters."""
        parts = []
        if self._focus is not None:
            parts.append(explained(self._focus))
        parts += ["Keys here", self._table(actions_of(self._where)), "Keys everywhere", self._table(actions_of("app"))]
        if self._where == "lab":
            parts += [_NUMBERS, "Every parameter"]
            parts += [explained(about) for about in described().values() if about is not self._focus]
            parts += ["When a network learns nothing: every cause", causes_text(steps=steps_of_causes())]
        return "\n\n".join(parts)

    def _table(self, actions: Iterable[Action]) -> str:
        """A line an action: its key, its label, its help, which breaks in its own column."""
        rows = []
        for action in actions:
            key = self._keys.get(action.id, action.key)
            shown = self.app.get_key_display(Binding(key.partition(",")[0], ""))
            rows.append((shown, action.label, action.help))
        keys, labels = (max((cells(row[n]) for row in rows), default=0) for n in (0, 1))
        room = max(min(self.app.size.width * 95 // 100, 100) - 8 - keys - labels - 4, 16)
        lines = []
        for key, label, help in rows:
            first, *rest = textwrap.wrap(help, room) or [""]
            lines.append(f"{key:<{keys}}  {label:<{labels}}  {first}")
            lines += [" " * (keys + labels + 4) + line for line in rest]
        return "\n".join(lines)


def explained(about: Described) -> str:
    """A parameter in a paragraph: what it is called, what it is, what it may be."""
    name = f"{about.symbol}  {about.key}" if about.symbol else about.key
    choices = f" One of: {', '.join(about.choices)}." if about.choices else ""
    return f"{name}\n  {about.help}{choices}"
