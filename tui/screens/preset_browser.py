"""The browser of presets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tunelab.data.catalogue import NAMED, entries
from tunelab.errors import BadInput
from tunelab.experiment.preset import available, find
from tunelab.tui.screens.list_browser import ListBrowser
from tunelab.tui.state.draft import Draft
from tunelab.tui.text.run_text import paragraphs

__all__ = ["PresetBrowser"]

_WIDTH = 30  # columns for a preset's name


class PresetBrowser(ListBrowser[Draft], where="presets"):
    """Experiments that come with tunelab, and a person's own; enter loads one into the form."""

    HINT = "enter loads, / filters"
    HEADER = f"{'preset':<{_WIDTH}}  data           arms  title"

    def items(self) -> Iterator[tuple[str, str]]:
        """Every preset by name and title."""
        for name in available():
            try:
                preset = find(name)
                data = preset.arms[0].experiment.data.name
                here = " " if _is_here(data) else "✗"
                yield name, f"{name:<{_WIDTH}}  {here}{Path(data).name:<13.13}  {len(preset.arms):>4}  {preset.title}"
            except BadInput as problem:
                yield name, f"{name}  (can't be used: {problem})"

    def preview(self, name: str) -> str:
        """Title, source, description, and the arms."""
        try:
            preset = find(name)
        except BadInput as problem:
            return str(problem)
        data = preset.arms[0].experiment.data.name
        missing = (
            ""
            if _is_here(data)
            else (
                f"{NAMED[data].title} isn't on this machine: `tunelab data fetch {data}` gets it. "
                "d loads this preset with drawn digits instead, which need no download."
            )
        )
        parts = [missing, preset.title, str(preset.tables.get("source", "")), paragraphs(preset.description)]
        arms = "\n".join(f"  {arm.name}" for arm in preset.arms)
        return "\n\n".join(part for part in [*parts, f"Arms\n{arms}", preset.to_toml()] if part)

    def action_with_digits(self) -> None:
        """Load the preset with drawn digits in place of its data."""
        if self.chosen is not None:
            draft = Draft(find(self.chosen))
            try:
                draft.set("data.name", "digits")
            except BadInput as problem:
                self.warn(str(problem))
            else:
                self.dismiss(draft)

    def take(self, name: str) -> None:
        """Load a preset into the form."""
        try:
            self.dismiss(Draft(find(name)))
        except BadInput as problem:
            self.notify(str(problem), severity="warning", markup=False)


def _is_here(data: str) -> bool:
    """Whether a preset's data can be had without a download."""
    return data not in NAMED or all(entry.state != "missing" for entry in entries() if entry.name == data)
