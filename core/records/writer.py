"""One arm's record while it is being written: events as lines, each whole on disk before the next."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from core.errors import BadInput, printable
from core.network import Network

__all__ = ["ArmWriter", "is_being_written"]


class ArmWriter:
    """Appends an arm's events. It holds a lock on the arm, which the system lets go when the process ends.

    So whether an arm is being written is never guessed from a process number: the lock tells.
    """

    def __init__(self, directory: Path, run: str, arm: str, began: float) -> None:
        self._directory, self._run, self._arm, self._began = directory, run, arm, began
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise BadInput(
                f"the arm '{printable(arm, 60)}' of {printable(run)} is being written by another process; "
                f"`tunelab watch {printable(run)}` follows it"
            ) from None
        self._file = os.open(directory / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, event: str, fields: dict[str, Any]) -> None:
        """Append one event. It is in the system's hands, safe from a kill -9, when this returns."""
        head = {"event": event, "run": self._run, "arm": self._arm, "time": round(time.time() - self._began, 6)}
        line = json.dumps(head | fields, ensure_ascii=False, allow_nan=False) + "\n"
        os.write(self._file, line.encode())

    def save_parameters(self, network: Network) -> None:
        """The arm's parameters as ``parameters.npz``: ``weights_0`` (R, fan_in, fan_out), ``biases_0``, …"""
        arrays = {f"weights_{layer}": w for layer, w in enumerate(network.weights)}
        arrays |= {f"biases_{layer}": b for layer, b in enumerate(network.biases)}
        beside = self._directory / ".parameters.npz.part"
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._directory / "parameters.npz")

    def close(self) -> None:
        """Put everything on the disk itself and let go of the arm."""
        os.fsync(self._file)
        os.close(self._file)
        os.close(self._lock)

    def __enter__(self) -> ArmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_being_written(directory: Path) -> bool:
    """Whether a living process writes this arm."""
    try:
        lock = os.open(directory / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
