"""Making the directory of a new run."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.experiment.preset import Preset
from tunelab.records.environment import environment
from tunelab.records.run import FORMAT, Run

__all__ = ["create_run"]


def create_run(
    preset: Preset, out: Path | None = None, origin: dict[str, Any] | None = None, *, engine: str | None = None
) -> Run:
    """Make a new run's directory for a preset: under the home, or at ``out``, which must be new or empty.

    ``origin`` says of a run that goes on from another which, from where, and what is changed. ``engine`` is what is to
    train it, what trains here if not given.
    """
    began = time.time()
    directory = _new_directory(preset, began) if out is None else _empty_directory(out)
    name = directory.name
    about = {
        "format": FORMAT,
        "name": name,
        "preset": preset.name,
        "title": preset.title,
        "began": began,
        "arms": [arm.name for arm in preset.arms],
    } | ({"origin": origin} if origin else {})
    try:
        paths.write_whole(directory / "preset.toml", preset.to_toml().encode())
        paths.write_whole(directory / "environment.json", json.dumps(environment(engine), indent=1).encode())
        # Last, since a directory without it isn't a run yet.
        paths.write_whole(directory / "run.json", json.dumps(about, indent=1, ensure_ascii=False).encode())
    except BadInput:
        shutil.rmtree(directory, ignore_errors=True)  # it was empty
        raise
    return Run(directory)


def _new_directory(preset: Preset, began: float) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(began))
    word = re.sub(r"[^A-Za-z0-9.]+", "-", preset.name).strip("-.")[:50] or "run"
    for attempt in range(1, 1000):
        directory = paths.runs() / (f"{stamp}-{word}" + (f"-{attempt}" if attempt > 1 else ""))
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            cure = "; set TUNELAB_HOME to a directory of yours"
            raise BadInput(os_error_sentence(error, paths.runs()).removesuffix(cure) + cure) from None
        return directory
    raise BadInput(f"{printable(paths.runs())} has a thousand runs of this second; wait a moment")


def _empty_directory(out: Path) -> Path:
    out = paths.expanded(str(out)).absolute()
    paths.checked_name(out.name, "a run (the last part of --out)")
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise BadInput(f"--out: {printable(out)} isn't empty; name a new directory")
    except OSError as error:
        raise BadInput(f"--out: {os_error_sentence(error, out)}") from None
    return out
