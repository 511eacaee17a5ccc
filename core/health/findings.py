"""Everything that is wrong under the home: runs, studies, data sets, presets, and what ended processes left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tunelab import paths
from tunelab.data import store
from tunelab.errors import BadInput, printable
from tunelab.experiment import preset as presets
from tunelab.files import MaxBytes
from tunelab.health.repair import Finding, irregular, is_abandoned, is_old, is_own, leftover, mended, put_aside
from tunelab.health.runs import in_run
from tunelab.health.studies import in_study
from tunelab.records import Run

__all__ = ["findings"]

_OF_THE_HOME = ("config.toml", "session.json", "lecture.json", "last-error.txt")


def findings() -> Iterator[Finding]:
    """Yield everything that is wrong under the home. What is being worked on just now is left alone."""
    for name in _OF_THE_HOME:
        path = paths.home() / name
        if not (path.is_symlink() and path.is_file()):  # a person may keep settings elsewhere
            yield from irregular(path, MaxBytes.DESCRIPTION)
    for folder, look in ((paths.runs(), in_run), (paths.studies(), in_study), (paths.datasets(), _in_dataset)):
        for directory in _entries(folder):
            if directory.is_symlink():
                text = f"{printable(directory, 300)} is a link: what it points to is left alone"
                yield Finding("link", directory, text)
            elif directory.is_dir():
                yield from look(directory)
    yield from _presets()
    for folder in (paths.home(), paths.presets()):
        yield from _parts(folder)
    for pattern in ("scratch/replay-*", "datasets/.*.tmp"):
        for path in sorted(paths.home().glob(pattern)):
            if is_own(path) and is_old(path) and not _being_trained(path):
                yield leftover(path, "was left by a process that was ended")


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted((path for path in folder.iterdir() if not path.name.startswith(".")), reverse=True)
    except OSError:
        return []


def _in_dataset(place: Path) -> Iterator[Finding]:
    def mend() -> str:
        with mended(place):
            return put_aside(place, paths.home() / "set-aside")

    try:
        store.read(place)
        if store.verify(place):
            return
        text = f"The prepared data set '{printable(place.name, 60)}' has changed since it was written"
    except FileNotFoundError:
        text = f"{printable(place, 300)} isn't a prepared data set: it has no {store.DESCRIPTION}"
        if not is_old(place):
            return
    except BadInput as problem:
        text = str(problem)
    yield Finding("dataset", place, text, "set it aside; it is prepared, or fetched, again when it is wanted", mend)


def _presets() -> Iterator[Finding]:
    folder = paths.presets()
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            presets.find(str(path))
        except BadInput as problem:
            yield Finding("preset", path, str(problem))


def _parts(folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob(".*.part")) if folder.is_dir() else ():
        if is_own(path) and is_abandoned(path.name):
            yield leftover(path, "was being written by a process that was ended")


def _being_trained(directory: Path) -> bool:
    with contextlib.suppress(BadInput):
        return Run(directory).is_running()
    return False
