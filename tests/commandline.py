"""The command line as tests use it: in this process where speed counts, in one of its own where that matters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from tunelab.data.dataset import Examples
from tunelab.tui.cli.main import main

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Outcome:
    """What a command gave: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout; every line must be one, and strict: no NaN."""
        return [json.loads(line, parse_constant=_no_json) for line in self.out.splitlines()]

    def of(self, kind: str, arm: str | None = None) -> list[dict[str, Any]]:
        """The events of one kind, and of one arm."""
        return [e for e in self.events if e["event"] == kind and arm in (None, e["arm"])]


def _no_json(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


class Inline(Executor):
    """Does what it is given at once, here."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as problem:
            future.set_exception(problem)
        return future


def run_cli(*arguments: str | Path) -> Outcome:
    """Run a command here, its trainings too."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.object(sys, "argv", ["tunelab", *map(str, arguments)]),
        mock.patch("tunelab.engine.process_pool", return_value=Inline()),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Outcome(int(ended.value.code or 0), *said)


def command(*arguments: str | Path) -> list[str]:
    """The command line that runs tunelab in a process of its own."""
    return [sys.executable, "-m", "tunelab.tui.cli.main", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Ours, with a path to the checkout, one thread, and ``more``."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"} | more


def tunelab_process(*arguments: str | Path, **more: str) -> Outcome:
    """Run a command in a process of its own, with its worker processes; ``more`` goes into the environment."""
    done = subprocess.run(
        command(*arguments), env=environment(**more), capture_output=True, timeout=100, stdin=subprocess.DEVNULL
    )
    return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def write_npz(path: Path, training: Examples, test: Examples) -> Path:
    """Square pictures as a person's own data set; its last sixth of training examples becomes validation."""
    side = round(training.inputs.shape[1] ** 0.5)
    parts = {}
    for name, part in (("train", training), ("test", test)):
        parts[f"x_{name}"] = np.asarray(part.inputs).reshape(-1, side, side)
        parts[f"y_{name}"] = np.asarray(part.targets)
    np.savez(path, allow_pickle=False, **parts)
    return path


def recorded() -> list[str]:
    """Names of everything under the home's runs."""
    runs = Path(os.environ["TUNELAB_HOME"]) / "runs"
    return sorted(entry.name for entry in runs.iterdir()) if runs.is_dir() else []


def refused(outcome: Outcome) -> str:
    """The sentence of a command that found bad input, having held it to the contract: nothing else is left behind."""
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("tunelab: ")
    assert outcome.err.count("\n") == 1
    assert outcome.err.endswith("\n")
    sentence = outcome.err.removeprefix("tunelab: ").removesuffix("\n")
    assert sentence.isprintable()
    assert "Traceback" not in sentence
    assert recorded() == []
    return sentence
