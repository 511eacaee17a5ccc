"""Whether the installed files of tunelab are those that were installed: each against the hash in its RECORD."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ["Installation", "check_installation"]


@dataclass(frozen=True)
class Installation:
    """How many files were compared with their hashes, and which of them are changed or missing."""

    checked: int
    changed: tuple[str, ...] = ()
    editable: bool = False
    """Whether the files are a checkout's, of which no hashes are kept."""

    @property
    def sentence(self) -> str:
        """It in words."""
        if self.editable:
            return "editable: its files are the checkout's, and aren't compared"
        if not self.checked:
            return "no hashes were kept of its files"
        if not self.changed:
            return f"{self.checked:,} files are as they were installed"
        more = f" and {len(self.changed) - 3} more" if len(self.changed) > 3 else ""
        return f"changed since they were installed: {', '.join(self.changed[:3])}{more}; install tunelab again"


def check_installation(name: str = "tunelab") -> Installation:
    """Compare the files of an installed distribution with the SHA-256 that its RECORD has of each."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return Installation(0)
    files = [file for file in distribution.files or [] if file.hash is not None and file.hash.mode == "sha256"]
    sources = [file for file in files if file.suffix == ".py"]
    if not sources:
        return Installation(0, editable=True)
    changed = [str(file) for file in files if _digest(Path(str(file.locate()))) != (file.hash and file.hash.value)]
    return Installation(len(files), tuple(changed))


def _digest(path: Path) -> str:
    """Return a file's SHA-256 as a RECORD has it; an empty text where there is no such file."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return ""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
