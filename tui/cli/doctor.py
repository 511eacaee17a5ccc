"""`tunelab doctor`: what this terminal, machine and installation can do, and what is wrong with what is kept."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from pydantic_core import from_json
from rich.console import Console
from tunelab import engine, paths
from tunelab.data.catalogue import entries
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.files import MaxBytes, read_regular
from tunelab.health import Finding, findings
from tunelab.health.installation import check_installation
from tunelab.kernel import describe_build, kernel
from tunelab.records import locks
from tunelab.records.environment import environment
from tunelab.records.run import run_directories
from tunelab.tui.charts.terminal import looks
from tunelab.tui.cli.data import STATE_TEXTS
from tunelab.tui.cli.options.records import DoctorOptions
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.wording import quantity

__all__ = ["doctor_command"]

_LOW_SPACE = 100e6  # bytes; prepared MNIST takes 55 MB


def doctor_command(options: DoctorOptions) -> None:
    """Print what there is and what should be repaired, and with --repair repair it."""
    facts = [*_installation(), *_terminal(), *_home()]
    width = max(len(name) for name, _, _ in facts)
    for name, value, good in facts:
        if options.as_json:
            print_json({"event": "fact", "name": name, "value": value, "good": good})
        else:
            print_text(f"{name:<{width}}  {value}")
    problems = repaired = 0
    for finding in chain(_settings(), findings()):
        problems += 1
        outcome = ""
        if options.repair and finding.mend is not None:
            try:
                outcome = f"done, {finding.mend()}"
                repaired += 1
            except BadInput as problem:
                outcome = str(problem)
        _print_finding(finding, outcome, as_json=options.as_json)
    if options.as_json:
        return
    if not problems:
        say("Nothing is wrong with what is kept.")
    elif repaired:
        say(f"{repaired} of {problems} repaired.")
    elif not options.repair:
        say("`tunelab doctor --repair` does what stands after the arrows.")


def _print_finding(finding: Finding, outcome: str, *, as_json: bool) -> None:
    if as_json:
        about = {"code": finding.code, "path": str(finding.path), "text": finding.text}
        print_json(
            {"event": "finding"}
            | about
            | {"remedy": finding.remedy or None, "repaired": outcome.startswith("done, "), "outcome": outcome or None}
        )
        return
    print_text(f"\n{finding.text}")
    if finding.remedy:
        print_text(f"  → {finding.remedy}{f': {outcome}' if outcome else ''}")


Fact = tuple[str, str, bool]


def _installation() -> Iterator[Fact]:
    for key, value in environment().items():
        if value is not None:
            if key == "kernel":
                yield key, describe_build(), kernel() is not None
                continue
            yield key, str(value), True
    files = check_installation()
    yield "files", files.sentence, not files.changed
    count = engine.usable_cores()
    yield "processors", f"{count}, so {quantity(count, 'training')} side by side", True


def _terminal() -> Iterator[Fact]:
    if not sys.stdout.isatty():
        yield "terminal", "stdout is not a terminal; the lab needs one, everything else works without", True
    else:
        size = shutil.get_terminal_size()
        roomy = size.columns >= 60 and size.lines >= 20
        word = "" if roomy else "; the lab wants 60×20 at least"
        yield "terminal", f"{os.environ.get('TERM', 'of no name')}, {size.columns}×{size.lines}{word}", roomy
    colours = Console().color_system
    shown = {"standard": "16", "256": "256", "truecolor": "16 million", "windows": "16"}.get(colours or "", "none")
    why = " (NO_COLOR is set)" if "NO_COLOR" in os.environ else ""
    yield "colours", shown + why, True
    look = looks()
    letters = "ASCII only: charts are drawn with letters" if look.ascii else "UTF-8: braille charts, η and λ"
    yield "characters", letters, not look.ascii


def _home() -> Iterator[Fact]:
    place = paths.home()
    why = _unwritable(place)
    source = "TUNELAB_HOME" if os.environ.get("TUNELAB_HOME") else "the default; TUNELAB_HOME moves it"
    yield "home", f"{printable(place, 300)} ({source}){f': {why}' if why else ''}", not why
    free = shutil.disk_usage(_existing(place)).free
    low = "; that is low" if free < _LOW_SPACE else ""
    yield "free space", f"{free / 1e9:,.1f} GB{low}", not low
    for entry in entries():
        yield f"data {entry.name}", STATE_TEXTS[entry.state], entry.state != "damaged"
    yield "runs", f"{sum((path / 'run.json').is_file() for path in run_directories()):,}", True


def _settings() -> Iterator[Finding]:
    """What is wrong with the person's settings and with what the lab remembers."""
    from tunelab.tui.state.settings import load_config

    path = paths.home() / "config.toml"
    if path.is_file():
        try:
            load_config()
        except BadInput as problem:
            yield Finding("config", path, str(problem))
    for name in ("session.json", "lecture.json"):
        path = paths.home() / name
        if path.is_file() and not path.is_symlink():
            try:
                from_json(read_regular(path, MaxBytes.DESCRIPTION))
            except (OSError, ValueError):
                text = f"{printable(path, 300)} is damaged; it is written anew when the lab is left"
                yield Finding("remembered", path, text)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _unwritable(place: Path) -> str:
    """Why nothing can be kept at ``place``, or nothing."""
    try:
        with tempfile.TemporaryDirectory(dir=_existing(place)) as folder:
            held = locks.hold(Path(folder) / "lock", 0.0)
            if held is not None:
                held.release()
    except OSError as error:
        return os_error_sentence(error, "it")
    return ""
