"""Going on from where a run was stopped with other hyper-parameters, as a run of its own that says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.preset import Preset, resolved
from tunelab.records import Run, create_run
from tunelab.records.checkpoint import fingerprint

__all__ = ["CHANGEABLE", "branch", "branched"]

CHANGEABLE = ("training.eta", "training.lambda", "training.mini_batch", "training.epochs")
"""What can be another from here on: anything that leaves the network and its data as they are."""


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
    for old, new, arm, checkpoint in zip(run.arms, new_run.arms, preset.arms, standing, strict=True):
        lines = []
        for event in old.events():
            if event["event"] in {"start", "initial", "measure"}:
                about = {"experiment": arm.experiment.to_dict()} if event["event"] == "start" else {}
                lines.append(json.dumps(event | {"run": new_run.name} | about, ensure_ascii=False, allow_nan=False))
        paths.write_whole(new.events_path, "".join(f"{line}\n" for line in lines).encode())
        moved = replace(checkpoint, experiment=fingerprint(arm.experiment))
        paths.write_whole(new.checkpoint_path, moved.packed())
    return new_run


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
