"""Where tunelab keeps things: TUNELAB_HOME, else the platform's user data directory."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from tunelab import files
from tunelab.errors import BadInput, os_error_sentence, printable

__all__ = ["checked_name", "datasets", "expanded", "home", "keep_private", "presets", "runs", "studies", "write_whole"]


def home() -> Path:
    """The directory under which everything is kept; it need not exist yet.

    Raises :class:`tunelab.BadInput` where nobody says where it is: in a container, say, whose user has no directory.
    """
    if given := os.environ.get("TUNELAB_HOME"):
        return expanded(given).absolute()
    import platformdirs  # only where it is needed: `--help` need not wait for it

    try:
        directory = Path(platformdirs.user_data_dir("tunelab", appauthor=False))
    except (RuntimeError, KeyError):  # a user who has neither HOME nor an entry in the system's list
        directory = Path()
    if not directory.is_absolute():
        raise BadInput("this user has no home directory: set TUNELAB_HOME to a directory where tunelab can keep things")
    return directory


_umask = 0o022


def keep_private() -> None:
    """From now on only their owner can read the files and directories that this process and its workers create."""
    global _umask
    before = os.umask(0o077)
    if before != 0o077:
        _umask = before | 0o022  # nothing of ours is writable by others, whatever the umask was


def runs() -> Path:
    """The directory of runs, one directory each."""
    return home() / "runs"


def studies() -> Path:
    """The directory of studies (sweeps and strategies), one directory each."""
    return home() / "studies"


def datasets() -> Path:
    """The directory of data sets, one directory each."""
    return home() / "datasets"


def presets() -> Path:
    """The directory of a person's own presets."""
    return home() / "presets"


def expanded(typed: str) -> Path:
    """A path as typed, ``~`` being the person's directory; a ``~name`` that nobody has stays what it is."""
    path = Path(typed)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


_NAME = re.compile(r"[\w][\w.+-]{0,99}", re.ASCII)


def checked_name(name: str, what: str) -> str:
    """``name`` if it can name a file or directory of ours and nothing outside; else :class:`BadInput`."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise BadInput(
            f"'{printable(name, 60)}' can't name {what}: "
            "use letters, digits, '.', '-' and '_', beginning with a letter or digit, at most 100"
        )
    return name


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file whole or not at all: under a temporary name, synced, then renamed. Pieces are written one by one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)  # of a process that had our number and was killed
        descriptor = files.open_regular(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        if home() not in path.absolute().parents:  # what a person asked for elsewhere is as readable as any other file
            beside.chmod(0o666 & ~_umask)
        beside.replace(path)
    except FileExistsError:  # from mkdir: something that is no directory has a directory's name
        raise BadInput(f"{printable(path)} can't be written: {printable(path.parent)} isn't a directory") from None
    except OSError as error:
        raise BadInput(os_error_sentence(error, path)) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
