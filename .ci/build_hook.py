"""Lay out the package ``tunelab`` for an editable install, and compile the kernel for every install.

A wheel maps the three folders itself (``sources`` in pyproject.toml). An editable install needs one folder that *is*
the package, for the import system as for mypy and import-linter, so ``build/dev/tunelab`` holds a relative link to
each entry. ``python .ci/build_hook.py`` renews the links, and the kernel where its sources have changed; ``make`` does
that before it runs anything.

The kernel is compiled by the C compiler that is there, else by zig's from the package registry, else not at all: then
numpy does its work, and ``tunelab doctor`` says why.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface as _Hook
except ImportError:  # run by make, to renew the links
    _Hook = object  # type: ignore[assignment, misc]

_ZIG = "ziglang>=0.13"
_ZIG_SYSTEMS = {"linux", "darwin"}
_ZIG_MACHINES = {"x86_64", "aarch64", "arm64"}


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


def build_kernel(root: Path) -> Path | None:
    """Compile the kernel into ``build/kernel`` where it isn't there; None where it can't be, said on stderr."""
    compiling = _compiling(root)
    try:
        built: Path = compiling.build(root / "build" / "kernel")
    except compiling.BuildFailed as problem:
        print(f"The kernel isn't compiled, numpy does its work: {problem}.", file=sys.stderr)
        return None
    return built


def _compiling(root: Path) -> ModuleType:
    """core/kernel/build.py, which needs nothing of tunelab."""
    spec = util.spec_from_file_location("tunelab_kernel_build", root / "core" / "kernel" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CustomBuildHook(_Hook):
    """What hatchling calls before it builds."""

    def dependencies(self) -> list[str]:
        """What building needs besides hatchling: zig's compiler where there is no other."""
        if self.target_name == "sdist" or _compiling(Path(self.root)).compiler() is not None:
            return []
        return [_ZIG] if sys.platform in _ZIG_SYSTEMS and platform.machine() in _ZIG_MACHINES else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernel; lay the links where the install is editable, else take the library into the wheel."""
        root = Path(self.root)
        if self.target_name == "sdist":
            return
        library = build_kernel(root)
        if version == "editable":
            link_package(root)
            return
        if library is None:
            reason = root / "build" / "kernel" / "not-built.txt"
            if reason.exists():
                build_data["force_include"][str(reason)] = "tunelab/kernel/not-built.txt"
            return
        from packaging.tags import sys_tags  # hatchling needs it too

        here = next(
            tag.platform for tag in sys_tags() if "manylinux" not in tag.platform and "musl" not in tag.platform
        )
        build_data["force_include"][str(library)] = f"tunelab/kernel/{library.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{here}"


if __name__ == "__main__":
    checkout = Path(__file__).resolve().parents[1]
    link_package(checkout)
    build_kernel(checkout)
