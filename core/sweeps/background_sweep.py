"""A sweep begun by a screen: another process does the work, the screen reads the study."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

from tunelab.errors import printable
from tunelab.files import MaxBytes, open_regular, read_regular
from tunelab.sweeps.studies import StudyRecord

__all__ = ["BackgroundSweep"]

_STDERR = "driver.txt"


class BackgroundSweep:
    """A process that works on a study until it is done, is stopped, or this process ends, however it ends."""

    def __init__(self, record: StudyRecord) -> None:
        self._stderr = record.directory / _STDERR
        self._stderr.unlink(missing_ok=True)
        with os.fdopen(open_regular(self._stderr, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tunelab.sweeps", record.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,  # ctrl+c in the terminal is for the screen
            )

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to stop: trials in hand are given back, those that have ended are kept."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def wait(self) -> None:
        """Return when it has ended."""
        self._process.wait()

    def problem(self) -> str | None:
        """What went wrong, in a sentence; None where nothing did, or it is still at work."""
        if self._process.poll() in (None, 0, 130):
            return None
        try:
            lines = read_regular(self._stderr, MaxBytes.DESCRIPTION).decode("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return printable(lines[-1], 300) if lines else "the process that swept was ended from outside"
