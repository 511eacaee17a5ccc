"""The lab's first picture: its panels as the preset's file says, while what the lab needs is being loaded."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static
from tunelab.tui.state.first_picture import Sketch
from tunelab.tui.widgets.status_line import StatusLine

__all__ = ["OpeningScreen"]


class OpeningScreen(Screen[None]):
    """Panels without anything behind them yet. Keys that are pressed meanwhile wait for the lab."""

    def __init__(self, sketch: Sketch) -> None:
        super().__init__(id="opening")
        self._sketch = sketch
        self.keys: list[str] = []

    def compose(self) -> ComposeResult:
        """The lab's panels, as many as fit."""
        yield StatusLine()
        wide = self.app.size.width >= 100 and self.app.size.height >= 24
        with Horizontal(id="opening-main"):
            if wide:
                with Vertical(id="opening-form"):
                    for title, rows in self._sketch.panels.items():
                        yield self._panel(title, "\n".join(f"{name[:11]:<12}{value}" for name, value in rows))
            with Vertical(id="opening-right"):
                with Horizontal(id="opening-charts"):
                    yield self._panel("5 Cost", "", "chart")
                    if wide:
                        yield self._panel("6 Accuracy", "", "chart")
                if wide:
                    yield self._panel("7 Epochs", "", "log")
        yield self._panel("8 What tunelab sees", self._sketch.description, "verdict")
        yield Static(" Loading …", id="opening-keys", markup=False)

    def _panel(self, title: str, text: str, kind: str = "panel") -> Static:
        panel = Static(text, classes=f"opening-{kind} opening", markup=False)
        panel.border_title = title
        return panel

    def on_mount(self) -> None:
        """Say what is being opened."""
        name = self._sketch.name
        self.query_one(StatusLine).show(f" tunelab  {name}", "opening", short=f" {name}")

    def on_key(self, event: events.Key) -> None:
        """Keep a key for the lab."""
        if event.key not in ("ctrl+q", "ctrl+c"):
            event.stop()
            self.keys.append(event.key)
