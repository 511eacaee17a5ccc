"""A training in the background: a process of its own, which outlives the one that began it."""

from __future__ import annotations

import subprocess
import sys

from tunelab.records import Run

__all__ = ["resume_detached"]


def resume_detached(run: Run) -> subprocess.Popen[bytes]:
    """Go on with a run that was stopped, in the background; the terminal may be closed meanwhile.

    ``tunelab watch`` follows it. What goes wrong there shows in the record: the run is cut off again.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "tunelab.engine", str(run.directory)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
