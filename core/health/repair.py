"""A finding, and how one is repaired: nothing is deleted, nothing outside the home is touched, and it is said what went
where.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tunelab import paths
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.files import MaxBytes, check_regular, open_regular, stream_regular
from tunelab.records.writer import cut_torn_line

__all__ = [
    "Finding",
    "cut_at",
    "cut_torn",
    "irregular",
    "is_abandoned",
    "is_old",
    "is_own",
    "leftover",
    "mended",
    "part_writer",
    "put_aside",
]

_SETTLED = 3600.0  # seconds after which what a living process would have finished belongs to one that died
_PART = re.compile(r"\..*\.(\d+)\.part")
_PIECE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """Something that isn't as it should be.

    ``code`` is for programs, ``text`` a sentence. ``remedy`` says what ``mend`` does; where there is none, a person
    decides. ``mend`` returns where what it changed was put, as a sentence, and raises :class:`BadInput` where it can't.
    """

    code: str
    path: Path
    text: str
    remedy: str = ""
    mend: Callable[[], str] | None = None


@contextlib.contextmanager
def mended(path: Path) -> Iterator[None]:
    """Turn the system's refusal of a repair into a sentence."""
    try:
        yield
    except OSError as error:
        raise BadInput(os_error_sentence(error, path, "repaired")) from None


def is_own(path: Path) -> bool:
    """Return whether ``path`` lies under the home, and no link below the home leads to it."""
    home = paths.home()
    if home not in path.parents:
        return False
    return not any(parent.is_symlink() for parent in [path, *path.parents] if home in parent.parents)


def put_aside(path: Path, folder: Path | None = None) -> str:
    """Rename what is at ``path``, a link itself and not what it points to; return where it is now, as a sentence.

    It stays beside its place as ``NAME.damaged``, or goes to ``folder`` under its own name.
    """
    _check_own(path)
    if folder is not None:
        if folder.is_symlink():
            raise OSError(errno.ELOOP, f"{folder} is a link, and none is followed here")
        folder.mkdir(parents=True, exist_ok=True)
    place = _free(folder / path.name if folder is not None else path.with_name(f"{path.name}.damaged"))
    path.rename(place)
    return f"it is kept as {printable(place, 300)}"


def _check_own(path: Path) -> None:
    if not is_own(path.parent) and path.parent != paths.home():
        raise OSError(errno.EPERM, "it lies outside the home, or a link leads there")


def _free(path: Path) -> Path:
    """Return ``path``, or where something is there the same with a number."""
    for number in range(2, 1000):
        if not os.path.lexists(path):
            return path
        path = path.with_name(f"{path.name.removesuffix(f'-{number - 1}')}-{number}")
    raise OSError(errno.EEXIST, f"there are a thousand of {path.name}")


def cut_at(path: Path, size: int) -> str:
    """Keep the first ``size`` bytes of a file, and the whole of it aside; return where, as a sentence."""
    _check_own(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(target, "wb") as kept, stream_regular(path, MaxBytes.LINES) as file:
        while size > 0 and (piece := file.read(min(size, _PIECE))):
            kept.write(piece)
            size -= len(piece)
        kept.flush()
        os.fsync(kept.fileno())
    where = put_aside(path)
    part.rename(path)
    return where


def cut_torn(path: Path) -> str:
    """Cut what follows the last whole line of a file; return what that was, as a sentence."""
    _check_own(path)
    descriptor = open_regular(path, os.O_RDWR)
    try:
        before = os.fstat(descriptor).st_size
        return f"{before - cut_torn_line(descriptor):,} bytes of an unfinished line"
    finally:
        os.close(descriptor)


def irregular(path: Path, limit: int) -> Iterator[Finding]:
    """Find what isn't a regular file of a size that it can have; nothing where there is nothing, or it is one."""
    try:
        check_regular(path, limit)
    except PermissionError as error:
        yield Finding("irregular", path, os_error_sentence(error, path, "read"))
    except OSError as error:

        def mend() -> str:
            with mended(path):
                return put_aside(path)

        text = os_error_sentence(error, path, "read")
        yield Finding("irregular", path, text, f"set it aside as {path.name}.damaged", mend)


def leftover(path: Path, why: str) -> Finding:
    """Return the finding of something that nobody will use any more."""
    aside = paths.home() / "set-aside"

    def mend() -> str:
        with mended(path):
            return put_aside(path, aside)

    return Finding("leftover", path, f"{printable(path, 300)} {why}", f"move it to {printable(aside, 300)}", mend)


def part_writer(name: str) -> int | None:
    """Return the number of the process that writes, or wrote, a file under this temporary name."""
    match = _PART.fullmatch(name)
    return int(match[1]) if match else None


def is_abandoned(name: str) -> bool:
    """Return whether this is the temporary name of a process that is no more."""
    process = part_writer(name)
    if process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # somebody else's, or no process number at all
    return False


def is_old(path: Path) -> bool:
    """Return whether a living process would have finished what is there long ago."""
    with contextlib.suppress(OSError):
        return time.time() - path.lstat().st_mtime > _SETTLED
    return False
