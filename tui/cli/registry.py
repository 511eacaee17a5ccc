"""Every command: its name, its panel in `tunelab --help`, what it does, and where its options and its code are.

Nothing but this table is loaded before a command is known, so that help answers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["COMMANDS", "GROUPS", "Command"]


class Command(NamedTuple):
    """A command. ``options`` and ``action`` are "module:name" below this package."""

    name: str
    panel: str
    summary: str
    options: str
    action: str

    def options_class(self) -> type[Any]:
        """Return the dataclass of its options."""
        return _load(f"options.{self.options}")

    def run(self, options: Any) -> int:
        """Load the command's code and run it with parsed options; return the exit code."""
        action: Callable[[Any], int | None] = _load(self.action)
        return action(options) or 0


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)


_LAB, _TRAIN, _FIND = "Lab", "Train", "Find hyper-parameters"
_EXPLAIN, _KEPT, _SYSTEM = "Understand", "Runs, presets and data", "Installation"

GROUPS = {
    "runs": "Recorded runs: list, show, compare, export, remove",
    "presets": "Experiments as TOML files: list, show, check, save",
    "data": "Data sets: list, show, fetch, export",
}
"""Commands that have commands of their own, the first of which runs when none is named."""

_TABLE = (
    Command("lab", _LAB, "Open the lab on the screen", "lab:LabOptions", "lab:lab_command"),
    Command("learn", _LAB, "The lecture: predict, run, see the answer", "lab:LearnOptions", "learn:learn_command"),
    Command("serve", _LAB, "The lab in a browser", "lab:ServeOptions", "serve:serve_command"),
    Command("run", _TRAIN, "Train presets without a screen", "training:RunOptions", "run:run_command"),
    Command("resume", _TRAIN, "Continue a stopped run", "training:ResumeOptions", "resume:resume_command"),
    Command("watch", _TRAIN, "Follow a run from any terminal", "training:WatchOptions", "control:watch_command"),
    Command("pause", _TRAIN, "Pause a run", "training:PauseOptions", "control:pause_command"),
    Command("go", _TRAIN, "Let a paused run continue", "training:SteerOptions", "control:go_command"),
    Command("stop", _TRAIN, "Stop a run; it can be resumed", "training:SteerOptions", "control:stop_command"),
    Command("find", _FIND, "One search for η, λ or m", "searching:FindOptions", "find:find_command"),
    Command("tune", _FIND, "The broad strategy, unattended", "searching:TuneOptions", "tune:tune_command"),
    Command("sweep", _FIND, "Many trials over chosen values", "searching:SweepOptions", "sweep:sweep_command"),
    Command("init", _EXPLAIN, "What an initialization does to z", "searching:InitOptions", "init:init_command"),
    Command(
        "diagnose",
        _EXPLAIN,
        "Why a network learns nothing, and what to try",
        "searching:DiagnoseOptions",
        "diagnose:diagnose_command",
    ),
    Command("replay", _EXPLAIN, "Train again and compare", "training:ReplayOptions", "replay:replay_command"),
    Command("book", _EXPLAIN, "The book's figures, trained again", "training:BookOptions", "book:book_command"),
    Command("report", _KEPT, "A run or study as a page", "records:ReportOptions", "report:report_command"),
    Command("runs list", _KEPT, "List every run, newest first", "records:ListOptions", "runs:list_runs"),
    Command("runs show", _KEPT, "How a run ended", "records:ShowRunOptions", "runs:show_run"),
    Command("runs compare", _KEPT, "Compare runs", "records:CompareRunsOptions", "runs:compare_runs"),
    Command(
        "runs export", _KEPT, "Write measurements, parameters, charts", "records:ExportRunOptions", "runs:export_run"
    ),
    Command("runs remove", _KEPT, "Delete runs", "records:RemoveRunsOptions", "runs:remove_runs"),
    Command("presets list", _KEPT, "List every preset", "records:ListOptions", "presets:list_presets"),
    Command("presets show", _KEPT, "Print a preset", "records:ShowPresetOptions", "presets:show_preset"),
    Command("presets check", _KEPT, "Check without training", "records:CheckPresetsOptions", "presets:check_presets"),
    Command("presets save", _KEPT, "Save one of your own", "records:SavePresetOptions", "presets:save_preset"),
    Command("data list", _KEPT, "List the data sets", "records:ListDataOptions", "data:list_data"),
    Command("data show", _KEPT, "Look into a data set", "records:ShowDataOptions", "data:show_data"),
    Command("data fetch", _KEPT, "Download MNIST or Fashion-MNIST", "records:FetchDataOptions", "data:fetch_data"),
    Command("data export", _KEPT, "Write a data set as .npz", "records:ExportDataOptions", "data:export_data"),
    Command("predict", _KEPT, "Predict the rows of a file", "records:PredictOptions", "predict:predict_command"),
    Command(
        "snippet",
        _KEPT,
        "The same network in PyTorch, scikit-learn or Keras",
        "records:SnippetOptions",
        "snippet:snippet_command",
    ),
    Command("doctor", _SYSTEM, "What this installation can do", "records:DoctorOptions", "doctor:doctor_command"),
    Command("schema", _SYSTEM, "The JSON schema of a preset", "records:SchemaOptions", "schema:schema_command"),
)

COMMANDS = {command.name: command for command in _TABLE}
