"""The browser of presets."""

from __future__ import annotations

from collections.abc import Iterator

from tunelab.errors import BadInput
from tunelab.experiment.preset import available, find
from tunelab.tui.screens.list_browser import ListBrowser
from tunelab.tui.state.draft import Draft
from tunelab.tui.text.run_text import paragraphs

__all__ = ["PresetBrowser"]


class PresetBrowser(ListBrowser[Draft], where="presets"):
    """Experiments that come with tunelab, and a person's own; enter loads one into the form."""

    HINT = "enter loads, / filters"

    def items(self) -> Iterator[tuple[str, str]]:
        """Every preset by name and title."""
        for name in available():
            try:
                yield name, f"{name}  {find(name).title}"
            except BadInput as problem:
                yield name, f"{name}  (can't be used: {problem})"

    def preview(self, name: str) -> str:
        """Title, source, description, and the arms."""
        try:
            preset = find(name)
        except BadInput as problem:
            return str(problem)
        parts = [preset.title, str(preset.tables.get("source", "")), paragraphs(preset.description)]
        arms = "\n".join(f"  {arm.name}" for arm in preset.arms)
        return "\n\n".join(part for part in [*parts, f"Arms\n{arms}", preset.to_toml()] if part)

    def take(self, name: str) -> None:
        """Load a preset into the form."""
        try:
            self.dismiss(Draft(find(name)))
        except BadInput as problem:
            self.notify(str(problem), severity="warning", markup=False)
