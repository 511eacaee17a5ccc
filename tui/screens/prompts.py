"""What the lab asks before it acts: values for arms, another η to go on with, a name to save by."""

from __future__ import annotations

from typing import Any

from textual.suggester import Suggester
from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.experiment.preset import save
from tunelab.tui.screens.dialogs import AskText
from tunelab.tui.screens.parameter_editor import ParameterEditor
from tunelab.tui.state.assignments import Assignment, values
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.lab_state import LabState

__all__ = ["PathSuggester", "ask_again", "ask_arms", "ask_file", "ask_name"]

_ARMS_HINT = """A parameter and its values, one arm each: a list such as 0.025, 0.25, 2.5, a range such as log:0.01..1.
Without values it is a single network again."""
_AGAIN_HINT = """The run stops where it is, and a new one goes on from there, with this changed in every arm.
Both are kept, and the new record says where it came from."""
_FILE_HINT = """A table (.csv, .tsv, .txt, .data, .parquet, also .gz), an .npz, or a directory of IDX files.
→ completes what is suggested."""


class PathSuggester(Suggester):
    """Completes a path by the first name in its directory that begins so."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the path completed, or None."""
        folder, _, beginning = value.rpartition("/")
        place = paths.expanded(folder or ("/" if value.startswith("/") else "."))
        try:
            names = sorted(entry.name + "/" * entry.is_dir() for entry in place.iterdir())
        except OSError:
            return None
        name = next((n for n in names if n.startswith(beginning) and (beginning or not n.startswith("."))), None)
        return None if name is None else value[: len(value) - len(beginning)] + name


def ask_file(title: str = "Data from a file") -> AskText[str]:
    """A path to data; answers it, absolute."""

    def accept(text: str) -> str:
        path = paths.expanded(text.strip())
        if not text.strip() or not path.exists():
            raise BadInput(f"there is no file '{printable(text.strip())}'")
        return str(path.resolve())

    return AskText(title, _FILE_HINT, accept, suggester=PathSuggester())


def ask_arms(state: LabState) -> ParameterEditor[bool]:
    """A parameter and its values: the draft gets an arm for each. Answers True once it has them."""

    def accept(rows: list[Assignment]) -> bool:
        if len(rows) > 1:
            raise BadInput("arms differ in one parameter; g sweeps over several")
        if rows and rows[0][1]:
            state.draft.vary(*rows[0])
        else:
            state.draft.drop_arms()
        return True

    return ParameterEditor("Arms", _ARMS_HINT, [state.draft.variation()], accept)


def ask_again(state: LabState) -> ParameterEditor[dict[str, Any]]:
    """Another η or λ with which the run on the charts can go on: its dotted key and value."""

    def accept(rows: list[Assignment]) -> dict[str, Any]:
        read = values(rows)
        state.check_branch(read)
        return read

    eta = state.draft.base.training.eta
    return ParameterEditor("Go on from here with", _AGAIN_HINT, [("η", f"{eta / 2:g}")], accept)


def ask_name(draft: Draft) -> AskText[str]:
    """A name, under which the draft is saved as a preset; answers it."""

    def accept(text: str) -> str:
        save(draft.preset, text.strip(), replace_old=True)
        return text.strip()

    return AskText("Save as a preset", "A name of letters, digits and -", accept)
