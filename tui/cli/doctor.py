"""`tunelab doctor`: what this terminal, machine and installation can do, and what is wrong with what is kept."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.tui.cli.options import Json, say

if TYPE_CHECKING:
    from tunelab.records.health import Finding

__all__ = ["doctor_command"]

_LITTLE_SPACE = 100e6  # bytes; prepared MNIST takes 55 MB


def doctor_command(
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can be put right without losing anything.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what this terminal, machine and installation can do, and what should be put right."""
    facts = [*_installation(), *_terminal(), *_home()]
    width = max(len(name) for name, _, _ in facts)
    for name, value, good in facts:
        if as_json:
            _line("fact", name=name, value=value, good=good)
        else:
            print(f"{name:<{width}}  {value}")
    from tunelab.errors import BadInput
    from tunelab.records.health import findings

    found = mended = 0
    for finding in findings():
        found += 1
        done = ""
        if repair and finding.mend is not None:
            try:
                finding.mend()
                mended, done = mended + 1, "done"
            except BadInput as problem:
                done = str(problem)
        _tell(finding, done, as_json=as_json)
    if as_json:
        return
    if not found:
        say("Nothing is wrong with what is kept.")
    elif mended:
        say(f"{mended} of {found} put right.")
    elif not repair:
        say("`tunelab doctor --repair` does what stands after the arrows.")


def _tell(finding: Finding, done: str, *, as_json: bool) -> None:
    if as_json:
        _line(
            "finding",
            code=finding.code,
            path=str(finding.path),
            text=finding.text,
            remedy=finding.remedy or None,
            repaired=done == "done",
        )
        return
    print(f"\n{finding.text}")
    if finding.remedy:
        print(f"  → {finding.remedy}{f': {done}' if done else ''}")


Fact = tuple[str, str, bool]


def _installation() -> Iterator[Fact]:
    from tunelab.engine import usable_cores
    from tunelab.records.environment import environment

    for key, value in environment().items():
        if value is not None:
            yield key, str(value), True
    count = usable_cores()
    yield "processors", f"{count}, so {count} training{'s' if count > 1 else ''} side by side", True


def _terminal() -> Iterator[Fact]:
    from rich.console import Console
    from tunelab.tui.charts.terminal import looks

    if not sys.stdout.isatty():
        yield "terminal", "stdout is none; the lab needs one, everything else does without", True
    else:
        size = shutil.get_terminal_size()
        roomy = size.columns >= 60 and size.lines >= 20
        word = "" if roomy else "; the lab wants 60×20 at least"
        yield "terminal", f"{os.environ.get('TERM', 'of no name')}, {size.columns}×{size.lines}{word}", roomy
    colours = Console().color_system
    shown = {"standard": "16", "256": "256", "truecolor": "16 million", "windows": "16"}.get(colours or "", "none")
    told = " (NO_COLOR is set)" if "NO_COLOR" in os.environ else ""
    yield "colours", shown + told, True
    seen = looks()
    letters = "ASCII only: charts are drawn with letters" if seen.ascii else "UTF-8: braille charts, η and λ"
    yield "characters", letters, not seen.ascii


def _home() -> Iterator[Fact]:
    from tunelab import paths
    from tunelab.data.catalogue import entries
    from tunelab.errors import printable
    from tunelab.records.run import run_directories

    place = paths.home()
    why = _unwritable(place)
    said = "TUNELAB_HOME" if os.environ.get("TUNELAB_HOME") else "the default; TUNELAB_HOME moves it"
    yield "home", f"{printable(place, 300)} ({said}){f': {why}' if why else ''}", not why
    free = shutil.disk_usage(_existing(place)).free
    little = "; that is little" if free < _LITTLE_SPACE else ""
    yield "free space", f"{free / 1e9:,.1f} GB{little}", not little
    for entry in entries():
        words = {"kept": "here", "made": "made when asked for", "missing": "not here", "damaged": "damaged"}
        yield f"data {entry.name}", words[entry.state], entry.state != "damaged"
    yield "runs", f"{sum((path / 'run.json').is_file() for path in run_directories()):,}", True


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _unwritable(place: Path) -> str:
    """Why nothing can be kept at ``place``, or nothing."""
    from tunelab.records import locks

    try:
        with tempfile.TemporaryDirectory(dir=_existing(place)) as folder:
            held = locks.hold(Path(folder) / "lock", 0.0)
            if held is not None:
                held.release()
    except OSError as error:
        return f"nothing can be written there, {(error.strerror or str(error)).lower()}"
    return ""


def _line(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event} | fields, ensure_ascii=False))
