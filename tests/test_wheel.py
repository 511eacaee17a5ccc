"""What `pip install` puts into an environment: one package, with its presets, its types and the compiled kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
from tunelab import BadInput, Experiment, Preset, Run, compare, find_eta, load_data, train
import tunelab
assert "site" in tunelab.__file__, tunelab.__file__
experiment = Experiment(data={"train": 60, "evaluation": 30}, network={"hidden": [4]}, training={"epochs": 2})
for measurement in train(experiment.changed({"training.eta": 0.1}), load_data(experiment)):
    print(measurement.epoch)
print(len(Preset.load("first-look").arms))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that this checkout makes."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_it_holds_one_package_and_little(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names, size = archive.namelist(), sum(member.file_size for member in archive.infolist())
    assert {name.split("/")[0] for name in names} == {"tunelab", "tunelab-0.1.0.dist-info"}
    assert {"tunelab/py.typed", "tunelab/presets/first-look.toml", "tunelab/kernel/kernel.c"} <= set(names)
    assert size < 3_000_000
    compiled = [name for name in names if name.endswith(".so")]
    assert wheel.name.endswith("-none-any.whl") == (not compiled)  # what is compiled is for one platform


def test_a_script_works_where_only_the_wheel_is(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (tmp_path / "script.py").write_text(SCRIPT)

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        variables = os.environ | {"PYTHONPATH": str(site)}
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)

    done = python("-W", "error", "script.py")
    assert (done.stdout.split(), done.stderr) == (["1.0", "2.0", "2"], "")
    for name in ("core", "tui", "presets"):
        assert "ModuleNotFoundError" in python("-c", f"import {name}").stderr
