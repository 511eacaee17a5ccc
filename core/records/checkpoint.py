"""Where an arm's training stands, as a file: everything needed to go on to the same bits.

An arm is saved apart from those it was stacked with, so that arms can be taken up again in other company: the
bits of a network don't depend on the networks beside it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.experiment.stacked_training import State
from tunelab.records import npz_arrays

__all__ = ["FILE", "Checkpoint", "fingerprint", "read"]

FILE = "checkpoint.npz"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """An arm's share of :meth:`tunelab.training.Training.state`, and what it belongs to.

    ``experiment`` is a :func:`fingerprint`, ``measures`` how many measurements had been recorded, ``seconds`` how
    long had been trained.
    """

    experiment: str
    measures: int
    seconds: float
    state: State

    @property
    def point(self) -> tuple[int, int]:
        """(examples seen, examples seen at the last measurement): arms that agree in it can be stacked."""
        return int(self.state["examples"]), int(self.state["measured"])

    def packed(self) -> bytes:
        """The content of its file."""
        about = {
            "format": FORMAT,
            "experiment": self.experiment,
            "measures": self.measures,
            "seconds": self.seconds,
        }
        return npz_arrays.packed(self.state | {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)})


def read(path: Path, experiment: Experiment) -> Checkpoint | None:
    """The checkpoint in a file, or None where there is none.

    Raises :class:`BadInput` where it belongs to another experiment or a newer tunelab, or is damaged.
    """
    try:
        state = npz_arrays.unpacked(path)
        about = json.loads(state.pop("about").tobytes())
        form, owner = int(about["format"]), str(about["experiment"])
        if form <= FORMAT:
            found = Checkpoint(owner, int(about["measures"]), float(about["seconds"]), state)
            found.point  # noqa: B018 (it raises where the state lacks it)
    except FileNotFoundError:
        return None
    except (npz_arrays.Damaged, KeyError, TypeError, ValueError, RecursionError, OverflowError) as problem:
        raise damaged(path, str(problem)) from None
    if form > FORMAT:
        raise BadInput(f"{printable(path)} was written by a newer tunelab (format {form}, this one reads {FORMAT})")
    if owner != fingerprint(experiment):
        raise BadInput(
            f"{printable(path)} belongs to another experiment; "
            "remove it, and resuming trains this one again from the beginning"
        )
    return found


def damaged(path: Path, why: str) -> BadInput:
    """What to say of a checkpoint that can't be used."""
    return BadInput(
        f"{printable(path)} is damaged ({printable(why, 80)}); `tunelab doctor --repair` sets it aside, "
        "and resuming then trains again from the beginning, to the same numbers"
    )


def fingerprint(experiment: Experiment) -> str:
    """SHA-256 of everything that decides what a training does."""
    return hashlib.sha256(json.dumps(experiment.to_dict(), sort_keys=True).encode()).hexdigest()
