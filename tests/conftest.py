"""What many tests share: a home that isn't the person's, small data to learn from, and where MNIST lies."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from tunelab.data import idx
from tunelab.data.dataset import Array, Examples
from tunelab.engine import usable_cores

# The same examples every time, nothing written into the checkout, and no failure because a machine is busy.
hypothesis.settings.register_profile("tunelab", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("tunelab")

MakeExamples = Callable[..., Examples]

# Modules whose tests start processes, drive whole screens or train for seconds
_PROCESS_MODULES = [
    "ascii_filter",
    "book",
    "cli_bad_input",
    "cli_presets_runs",
    "cli_run",
    "contracts",
    "control",
    "digit_drawing",
    "engine",
    "init_command",
    "lab_form",
    "lab_looking",
    "lab_screens",
    "lab_training",
    "lecture",
    "lecture_presets",
    "replay",
    "resume_disk",
    "resume_killed",
    "run_comparison",
    "serve",
    "snapshots",
    "survival",
    "sweep_cluster",
    "sweep_killed",
    "sweep_screen",
    "tune_find",
    "wheel",
    "wizard",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long: ``-m 'not process'`` leaves it out."""
    for item in items:
        if item.path.stem.removeprefix("test_") in _PROCESS_MODULES:
            item.add_marker(pytest.mark.process)


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist there is no such hook
def pytest_xdist_auto_num_workers() -> int:
    """One more worker than cores: tests of processes and screens wait for a part of their time."""
    return usable_cores() + 1


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or touches what the person keeps."""
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def make_examples() -> MakeExamples:
    """A function that makes small "pictures" of a few classes, learnable but not perfectly.

    Every class is a random pattern of ``features`` bytes seen through noise. Parts of one task share
    ``task`` and differ in ``seed``.
    """

    def make(n: int, features: int = 12, classes: int = 3, *, seed: int = 0, task: int = 0) -> Examples:
        patterns = np.random.default_rng([task, features]).integers(0, 256, (classes, features))
        rng = np.random.default_rng([seed, task, n])
        targets = rng.integers(0, classes, n)
        noise = rng.normal(0.0, 90.0, (n, features))
        pixels = np.clip(patterns[targets] + noise, 0, 255).astype(np.uint8)
        return Examples(pixels, targets.astype(np.uint8), 1 / 255)

    return make


@pytest.fixture(scope="session")
def mnist_directory() -> Path:
    """The directory of MNIST's four IDX files; tests that need it are skipped where it isn't there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
    directory = Path(os.environ.get("TUNELAB_MNIST") or beside)
    if not (directory.is_dir() and list(directory.glob("train-images*"))):
        pytest.skip("MNIST isn't on this machine: set TUNELAB_MNIST to the directory of its IDX files")
    return directory


@pytest.fixture(scope="session")
def mnist_inputs(mnist_directory: Path) -> Array:
    """The first 1,000 training images as a network sees them, (1000, 784) float32."""
    images = idx.read_array(idx.files(mnist_directory)[0], 3)
    inputs: Array = images[:1000].reshape(1000, -1) / np.float32(255)
    return inputs
