"""What importing the core drags in: never the screen, and next to nothing where a command only reports an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCREEN = {"tui", "textual", "rich", "plotext", "typer", "click"}


def imported_by(program: str) -> set[str]:
    """The top-level modules there are after running ``program`` in a Python of its own."""
    told = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            f"{program}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return set(told.stdout.split())


def test_no_module_of_the_core_needs_a_screen() -> None:
    everything = """
import importlib, pkgutil
import core
names = [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]
assert {"core.network", "core.training.loop", "core.data.dataset"} <= set(names)
for name in names:
    importlib.import_module(name)
"""
    modules = imported_by(everything)
    assert "numpy" in modules
    assert not modules & SCREEN


def test_an_error_can_be_told_without_waiting_for_numpy() -> None:
    assert not imported_by("import core, core.errors, core.home") & (SCREEN | {"numpy", "pydantic"})
