"""Lay out the package ``tunelab`` for an editable install: links to what stands in core/, tui/ and presets/.

A wheel maps the three folders itself (``sources`` in pyproject.toml). An editable install needs one folder that *is*
the package, for the import system as for mypy and import-linter, so ``build/dev/tunelab`` holds a relative link to
each entry. ``python .ci/build_hook.py`` renews the links; ``make`` does that before it runs anything.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface as _Hook
except ImportError:  # run by make, to renew the links
    _Hook = object  # type: ignore[assignment, misc]


def link_package(root: Path) -> None:
    """Make ``build/dev/tunelab`` hold a link to each entry of core/, to tui/ and to presets/, and to nothing else."""
    package = root / "build" / "dev" / "tunelab"
    package.mkdir(parents=True, exist_ok=True)
    entries = {path.name: path for path in (root / "core").iterdir() if path.name != "__pycache__"}
    entries |= {name: root / name for name in ("tui", "presets")}
    for link in package.iterdir():
        if link.is_symlink() and link.name not in entries:
            link.unlink()
    for name, path in entries.items():
        link = package / name
        target = os.path.relpath(path, package)
        if not link.is_symlink() or os.readlink(link) != target:  # noqa: PTH115 (pathlib's gives a Path)
            link.unlink(missing_ok=True)
            link.symlink_to(target)


class CustomBuildHook(_Hook):
    """What hatchling calls before it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the interface's)
        """Lay the links where the install is editable."""
        if version == "editable":
            link_package(Path(self.root))


if __name__ == "__main__":
    link_package(Path(__file__).resolve().parents[1])
