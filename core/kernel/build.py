"""Compile the kernel: with the C compiler that is there, else with zig's. Needs the standard library alone.

The build hook runs it when tunelab is installed (.ci/build_hook.py), so nothing of tunelab may be imported here. What
is built carries a hash of its sources in its name: a library of other sources is never loaded.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path

__all__ = ["REASON_FILE", "BuildFailed", "build", "compiler", "library_name"]

_FOLDER = Path(__file__).resolve().parent
_SOURCES = ("kernel.c", "arithmetic.h")
_FLAGS = ("-O3", "-std=gnu11", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden", "-Wno-psabi")
_SECONDS = 300  # that a compiler may take

REASON_FILE = "not-built.txt"
"""Where the reason stands, in a sentence's end, for which there is no library beside it."""


class BuildFailed(Exception):
    """The kernel can't be built here. The text is the end of a sentence that says why."""


def library_name() -> str:
    """The file name of the library that these sources make."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update((_FOLDER / name).read_bytes())
    digest.update(" ".join(_FLAGS).encode())
    return f"kernel-{digest.hexdigest()[:12]}.so"


def compiler() -> list[str] | None:
    """The command of the C compiler: what CC says, else cc, gcc or clang, else zig's where it is installed."""
    if asked := os.environ.get("CC"):
        return shlex.split(asked)
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler:
        return [compiler]
    return [sys.executable, "-m", "ziglang", "cc"] if util.find_spec("ziglang") else None


def build(folder: Path) -> Path:
    """Compile the kernel into a folder, whole or not at all; what is there already is left alone.

    Raises :class:`BuildFailed`, and leaves the reason in the folder where it can be written.
    """
    target = folder / library_name()
    reason = folder / REASON_FILE
    if target.exists():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _compile(target)
        except BuildFailed as problem:
            reason.write_text(f"{problem}\n", "utf-8")
            raise
        reason.unlink(missing_ok=True)
        for other in folder.glob("kernel-*.so"):
            if other != target:
                other.unlink(missing_ok=True)
    except OSError as error:
        raise BuildFailed(f"{folder} can't be written: {(error.strerror or str(error)).lower()}") from None
    return target


def _compile(target: Path) -> None:
    command = compiler()
    if command is None:
        raise BuildFailed("there is no C compiler")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        built = Path(scratch) / target.name
        # zig takes the processor it runs on for the one it compiles for, unless told otherwise
        baseline = ["-mcpu=baseline"] if "ziglang" in command else []
        try:
            done = subprocess.run(
                [*command, *_FLAGS, *baseline, str(_FOLDER / _SOURCES[0]), "-o", str(built)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BuildFailed(f"the C compiler {command[0]} didn't run: {error}") from None
        if done.returncode or not built.exists():
            complaints = [line.strip() for line in done.stderr.splitlines() if "error" in line] or ["it says nothing"]
            raise BuildFailed(f"the C compiler {command[0]} failed: {complaints[0][:200]}")
        built.replace(target)


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
