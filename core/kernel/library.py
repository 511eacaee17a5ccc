"""The compiled kernel as a loaded library: where it is, what it can do here, and why it isn't used where it isn't."""

from __future__ import annotations

import ctypes
import os
import platform
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.files import MaxBytes, read_regular
from tunelab.kernel.build import REASON_FILE, library_name

__all__ = [
    "COMPILED",
    "NUMPY",
    "OLD_NUMPY",
    "Kernel",
    "check_engine",
    "current_engine",
    "describe_build",
    "describe_kernel",
    "engine_for",
    "kernel",
]

VERSION = 1
"""Of the kernel's arithmetic: it goes up with every change of a result's bits."""

NUMPY, OLD_NUMPY, COMPILED = "numpy 2", "numpy 1", f"kernel {VERSION}"

"""What can train, as records name it. 'numpy 1' is that of records which name none: it multiplied float32 weights by
the decay at every step, which a small decay doesn't survive."""

_VARIABLE = "TUNELAB_ENGINE"
_INSTRUCTIONS = {"x86_64": ("SSE2", "AVX2", "AVX-512")}


@dataclass(frozen=True)
class Kernel:
    """The loaded library. ``isa`` is the instruction set that its functions are to use, of those up to ``widest``."""

    library: ctypes.CDLL
    path: Path
    isa: int
    widest: int

    def compiler(self) -> str:
        """What compiled it, with its version."""
        self.library.tl_compiler.restype = ctypes.c_char_p
        return printable(self.library.tl_compiler().decode("utf-8", "replace"), 80)

    def instructions(self) -> str:
        """The name of the instruction set in use."""
        names = _INSTRUCTIONS.get(platform.machine(), ("the processor's own",))
        return names[min(self.isa, len(names) - 1)]


def _folders() -> list[Path]:
    """Where a library may lie: beside this file in an installation, in the checkout's build folder else."""
    return [Path(__file__).parent, Path(__file__).resolve().parents[2] / "build" / "kernel"]


@cache
def _loaded() -> Kernel | str:
    """The kernel, or the reason for which there is none."""
    name = library_name()
    for folder in _folders():
        path = folder / name
        if not path.is_file():
            continue
        try:
            library = ctypes.CDLL(str(path))
            if library.tl_version() != VERSION:
                return f"{path} is of another version"
            widest = library.tl_isa()
        except (OSError, AttributeError) as error:
            return f"{path} doesn't load: {error}"
        return Kernel(library, path, widest, widest)
    for folder in _folders():
        try:
            return printable((folder / REASON_FILE).read_text("utf-8").strip(), 300)
        except OSError:
            continue
    return "it wasn't built; in a checkout `make links` builds it"


def kernel() -> Kernel | None:
    """The compiled kernel, or None where there is none."""
    loaded = _loaded()
    return loaded if isinstance(loaded, Kernel) else None


def _missing_reason() -> str:
    """Why there is no kernel, as the end of a sentence; nothing where there is one."""
    loaded = _loaded()
    return loaded if isinstance(loaded, str) else ""


def _wish() -> tuple[str, str]:
    """Which engine somebody asked for, '' where nobody did, and where: the environment goes before config.toml."""
    if asked := os.environ.get(_VARIABLE, ""):
        return asked, _VARIABLE
    path = paths.home() / "config.toml"
    try:
        settings = tomllib.loads(read_regular(path, MaxBytes.DESCRIPTION, follow=True).decode("utf-8"))
    except (OSError, ValueError):  # `tunelab doctor` says what is wrong with it
        return "", ""
    return str(settings.get("engine", "")), f"engine in {printable(path, 200)}"


def current_engine() -> str:
    """What trains here unless a record says otherwise: the kernel where it is there, unless somebody asked for numpy.

    By ``TUNELAB_ENGINE``, or by ``engine`` in ``config.toml``. Raises :class:`BadInput` where what they ask for isn't.
    """
    asked, where = _wish()
    if asked == "numpy":
        return NUMPY
    if asked not in ("", "kernel"):
        raise BadInput(f'{where} is "numpy", "kernel" or not set, not "{printable(asked, 40)}"')
    if kernel() is None:
        if asked:
            raise BadInput(f'{where} is "kernel", but there is no compiled kernel: {_missing_reason()}')
        return NUMPY
    return COMPILED


def engine_for(recorded: str | None) -> str:
    """What is to train where a record names what trained before: the same where it is here, else what is.

    A record without a name is of the time of 'numpy 1'. TUNELAB_ENGINE goes before the record.
    """
    if os.environ.get(_VARIABLE):
        return current_engine()
    if recorded in (None, OLD_NUMPY, NUMPY):
        return recorded or OLD_NUMPY
    return COMPILED if recorded == COMPILED and kernel() is not None else current_engine()


def check_engine(recorded: str | None) -> None:
    """Raise :class:`BadInput` where what trained a run isn't here to continue it to the same bits."""
    if os.environ.get(_VARIABLE) or engine_for(recorded) == (recorded or OLD_NUMPY):
        return
    why = f"the one here is {COMPILED}" if kernel() is not None else _missing_reason()
    raise BadInput(
        f"it was trained by {printable(recorded, 40)}, which isn't here: {why}; {_VARIABLE}=numpy continues "
        "with numpy, not to the same bits"
    )


def describe_build() -> str:
    """The kernel's instruction set, what compiled it and where it lies; or why there is none, and what to do."""
    loaded = kernel()
    if loaded is None:
        return f"{describe_kernel()}; numpy does its work; install tunelab again where there is a C compiler"
    return f"{describe_kernel()}, version {VERSION}, built by {loaded.compiler()}: {printable(loaded.path, 300)}"


def describe_kernel() -> str:
    """The instruction set that the compiled kernel uses here, or why there is none."""
    loaded = kernel()
    return loaded.instructions() if loaded is not None else f"none: {_missing_reason()}"
