"""What is installed: every dependency is locked by a hash, and the doctor compares the files with theirs."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import tomllib
from pathlib import Path

import pytest
from commandline import ROOT, run_cli
from tunelab.health import installation
from tunelab.health.installation import check_installation


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_every_dependency_is_locked_by_a_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {_name(each) for each in [*project["dependencies"], *project["optional-dependencies"]["test"]]}
    blocks = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", (ROOT / "requirements.lock").read_text("utf-8"), flags=re.M))
    locked = {_name(block) for block in blocks if re.match(r"[\w.-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", block)}
    assert len(locked) == len([block for block in blocks if block.strip()])
    assert wanted <= locked


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution of two files."""
    package, info = tmp_path / "thing", tmp_path / "thing-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    lines = []
    for name in ("__init__.py", "more.py"):
        (package / name).write_text(f"# {name}\n")
        digest = hashlib.sha256((package / name).read_bytes()).digest()
        lines.append(f"thing/{name},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},12")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text("\n".join([*lines, "thing-1.0.dist-info/RECORD,,", ""]))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return package


@pytest.mark.usefixtures("installed")
def test_files_as_they_were_installed() -> None:
    assert check_installation("thing").sentence == "2 files are as they were installed"


@pytest.mark.parametrize("what", ["changed", "missing"])
def test_a_file_that_is_not_as_it_was_installed_is_named(installed: Path, what: str) -> None:
    path = installed / "more.py"
    path.unlink() if what == "missing" else path.write_text("# other\n")
    assert check_installation("thing").changed == ("thing/more.py",)
    assert "thing/more.py" in check_installation("thing").sentence


def test_the_doctor_says_how_the_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = installation.Installation(9, ("tunelab/network.py",))
    monkeypatch.setattr("tunelab.tui.cli.doctor.check_installation", lambda: changed)
    (fact,) = [event for event in run_cli("doctor", "--json").events if event.get("name") == "files"]
    assert not fact["good"]
    assert "tunelab/network.py" in fact["value"]
    assert check_installation("no such distribution").checked == 0
