"""What holds the house together: who may import whom, and what a command drags in before it answers."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

import pytest
from commandline import ROOT, environment
from tunelab.tui.cli.registry import COMMANDS

HEAVY = [
    *("numpy", "pydantic", "textual", "plotext", "optuna", "polars"),
    *("tunelab.experiment", "tunelab.records", "tunelab.engine"),
]


def modules_after(*arguments: str) -> tuple[set[str], str]:
    """The modules there are when a command has ended in a process of its own, and what it printed."""
    program = (
        "import sys\n"
        "from tunelab.tui.cli.main import main\n"
        "file, sys.argv = sys.argv[1], ['tunelab', *sys.argv[2:]]\n"
        "try: main()\n"
        "finally: open(file, 'w').write(' '.join(sys.modules))\n"
    )
    file = Path(os.environ["TUNELAB_HOME"]).with_suffix(".modules")
    done = subprocess.run(
        [sys.executable, "-c", program, str(file), *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(file.read_text().split()), done.stdout


def test_dependencies_point_one_way() -> None:
    """The contracts of import-linter, in pyproject.toml."""
    pytest.importorskip("importlinter", reason="import-linter comes with the test tools")
    # In a process of its own, since it configures the logging of the one that it runs in
    program = "import sys; from importlinter import cli; sys.exit(cli.lint_imports('pyproject.toml', no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept, 0 broken" in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["runs", "--help"], ["--version"]], ids=" ".join)
def test_help_answers_before_anything_heavy_is_imported(arguments: list[str]) -> None:
    modules, printed = modules_after(*arguments)
    assert "tunelab" in printed
    assert "tunelab.tui.cli.main" in modules
    # Of a command's own options some versions of typer make pydantic types.
    allowed = {"pydantic"} if len(arguments) > 1 else set()
    assert not [name for name in HEAVY if name in modules - allowed]


def test_every_command_has_its_code_and_takes_its_options() -> None:
    for command in COMMANDS.values():
        options = command.options_class()
        assert is_dataclass(options), command.name
        assert options.__doc__, command.name
        module, _, name = command.action.partition(":")
        action = getattr(import_module(f"tunelab.tui.cli.{module}"), name)
        (parameter,) = inspect.signature(action).parameters.values()
        assert parameter.annotation == options.__name__, command.name  # a text: what it names may be for types alone


def test_help_has_a_line_for_every_command_in_panels() -> None:
    _, printed = modules_after("--help")
    assert re.findall(r"^(\S.*)$", printed, re.M)[-1] == "Options"
    for name in COMMANDS:
        assert re.search(rf"^  {name.partition(' ')[0]} +\S", printed, re.M), name
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["presets"], ["runs"], ["schema"]], ids=" ".join)
def test_commands_without_a_screen_import_no_screen(arguments: list[str]) -> None:
    modules, _ = modules_after(*arguments)
    assert "pydantic" in modules
    assert not [name for name in ("textual", "plotext") if name in modules]


def test_only_the_charts_import_plotext() -> None:
    """One seam: whatever plotext does next, it is met in one place."""
    importing = set()
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "tui").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "plotext" for name in names):
                importing.add(path.relative_to(ROOT).parent.as_posix())
    assert importing <= {"tui/charts"}


def test_nothing_committed_names_a_place_on_somebodys_machine() -> None:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout")
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".toml", ".md", ".yml", ".txt", ".tcss", ""} and path.is_file():
            text = path.read_text("utf-8", "replace")
            assert "/home" + "/" not in text, name
            assert str(Path.home()) + "/" not in text, name
