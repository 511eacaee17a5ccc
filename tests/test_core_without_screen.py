"""What importing the core drags in: never the screen, and next to nothing where a command only reports an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCREEN = {"tunelab.tui", "textual", "rich", "plotext", "typer", "click"}


def imported_by(program: str) -> set[str]:
    """The top-level modules there are after running ``program`` in a Python of its own."""
    told = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            f"{program}\nimport sys\nprint(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    modules = set(told.stdout.split())
    return {m.split(".")[0] for m in modules} | (modules & {"tunelab.tui"})


def test_no_module_of_the_core_needs_a_screen() -> None:
    everything = """
import importlib, pkgutil
import tunelab
parts = [module.name for module in pkgutil.iter_modules(tunelab.__path__, "tunelab.") if module.name != "tunelab.tui"]
packages = [name for name in parts if hasattr(importlib.import_module(name), "__path__")]
names = parts + [module.name for name in packages
                 for module in pkgutil.walk_packages(importlib.import_module(name).__path__, name + ".")]
assert {"tunelab.network", "tunelab.training.loop", "tunelab.data.dataset"} <= set(names)
for name in names:
    importlib.import_module(name)
"""
    modules = imported_by(everything)
    assert "numpy" in modules
    assert not modules & SCREEN


def test_an_error_can_be_told_without_waiting_for_numpy() -> None:
    assert not imported_by("import tunelab, tunelab.errors, tunelab.paths") & (SCREEN | {"numpy", "pydantic"})
