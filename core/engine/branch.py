"""Going on from where a run was stopped with other hyper-parameters, as a run of its own that says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.experiment.assembly import is_plain
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.preset import Preset, resolved
from tunelab.kernel import COMPILED, NUMPY
from tunelab.records import Run, create_run
from tunelab.records.checkpoint import fingerprint

__all__ = ["CHANGEABLE", "branch", "branched"]

CHANGEABLE = (
    "training.eta",
    "training.lambda",
    "training.mini_batch",
    "training.epochs",
    "training.momentum",
    "training.l1",
    "training.dropout",
    "training.clip_norm",
)
"""What can be another from here on: anything that leaves the network and its data as they are. A velocity
that nothing was gathered in begins at 0."""


def branch(run: Run, values: dict[str, Any]) -> Run:
    """A new run that stands where ``run`` was stopped, with some dotted keys changed; `resume` trains it.

    Every arm takes the new values. The record begins with what ``run`` had measured, and ``run.json`` says where it
    came from. Raises :class:`BadInput` where a key can't change or the run left nothing to go on from.
    """
    preset = branched(run.preset, values)
    saved = [record.checkpoint() for record in run.arms]
    standing = [checkpoint for checkpoint in saved if checkpoint is not None]
    if len(standing) < len(saved):
        raise BadInput(f"{run.name} has left nothing to go on from: only a run that was stopped on its way can branch")
    examples = [int(checkpoint.state["examples"]) for checkpoint in standing]
    new_run = create_run(preset, origin={"run": run.name, "examples": examples, "values": values}, engine=run.engine)
    arms = zip(run.preset.arms, preset.arms, strict=True)
    for old, new, (before, arm), checkpoint in zip(run.arms, new_run.arms, arms, standing, strict=True):
        lines = []
        for event in old.events():
            if event["event"] in {"start", "initial", "measure"}:
                if event["event"] == "start":
                    event = _start(event, before.experiment, arm.experiment)
                lines.append(json.dumps(event | {"run": new_run.name}, ensure_ascii=False, allow_nan=False))
        paths.write_whole(new.events_path, "".join(f"{line}\n" for line in lines).encode())
        moved = replace(checkpoint, experiment=fingerprint(arm.experiment))
        paths.write_whole(new.checkpoint_path, moved.packed())
    return new_run


def _start(event: dict[str, Any], before: Experiment, after: Experiment) -> dict[str, Any]:
    """Return how an arm's record begins with other settings, which the kernel may know while it didn't know ``before``.

    Numpy goes on where it doesn't know them; where it may, nothing is said of what does the arithmetic.
    """
    event = event | {"experiment": after.to_dict()}
    if is_plain(before.training) == is_plain(after.training):
        return event
    if is_plain(after.training):
        return {key: value for key, value in event.items() if key != "engine"}
    return event | {"engine": NUMPY if event.get("engine") == COMPILED else event.get("engine")}


def branched(preset: Preset, values: dict[str, Any]) -> Preset:
    """The preset with other values in every arm; :class:`BadInput` where one can't be, or can't change on the way."""
    for key in values:
        if key not in CHANGEABLE:
            raise BadInput(f"{printable(key)} can't change on the way; {', '.join(CHANGEABLE)} can")
    tables = placed(preset.tables, values)
    for key, value in values.items():
        own = preset.overridden(key)
        if own:
            tables["arm"] = [placed(arm, {key: value}) if arm["name"] in own else arm for arm in tables["arm"]]
    tables.pop("expect", None)  # what was expected of the whole says nothing of a part
    return resolved(preset.name, tables, "the branch")
