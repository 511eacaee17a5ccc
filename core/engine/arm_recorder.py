"""One arm's share of a stack, and its record: what is new is written, what is there already must come out again."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from tunelab.data import Dataset
from tunelab.diagnosis import yardsticks
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.records import ArmWriter, measure_fields
from tunelab.records.checkpoint import Checkpoint, State, fingerprint, share
from tunelab.records.events import HEAD, arm_reason, better, parameter_count, weights_sha256
from tunelab.records.history import ArmCurves
from tunelab.records.wellformed import cleaned
from tunelab.training import Measurement, Training

__all__ = ["ArmRecorder", "arm_recorders"]


class ArmRecorder:
    """Writes what happens to the replicates of one arm.

    After a break (``saved``, or nothing where training begins again) measurements that the record holds already
    aren't written twice; they must be the same to the last bit, or :class:`BadInput` says what differs.
    """

    def __init__(self, writer: ArmWriter, experiment: Experiment, replicates: slice, saved: Checkpoint | None) -> None:
        self.ended = False
        self._replicates, self._writer, self._experiment = replicates, writer, experiment
        self._known = {(e["event"], e["examples"]): e for e in writer.recorded if e["event"] in ("initial", "measure")}
        self._measures, self._before = (saved.measures, saved.seconds) if saved else (0, 0.0)
        self._curves = ArmCurves("")
        self._final: dict[str, Any] | None = None
        self._best: dict[str, Any] | None = None
        for event in [e for e in writer.recorded if e["event"] == "initial"]:
            self._curves.absorb(event)
        for event in [e for e in writer.recorded if e["event"] == "measure"][: self._measures]:
            self._take(_plain(event))
        self._began = time.perf_counter()

    def begin(self, training: Training, dataset: Dataset, untrained: Measurement | None) -> None:
        """Say what is trained and from where on, and how it does ``untrained``."""
        about: dict[str, Any] = {
            "experiment": self._experiment.to_dict(),
            "parameters": parameter_count(training.network),
            "seeds": self._experiment.seeds,
            "sizes": list(training.network.sizes),
            "data": {
                "title": dataset.title,
                "classes": list(dataset.classes) if dataset.classes is not None else None,
                "training": len(dataset.training),
                "evaluation": len(dataset.validation),
                **yardsticks(dataset, self._experiment.network.output, self._experiment.network.cost),
                **({"evaluated_on": said} if (said := self._experiment.data.evaluate_on) else {}),
            },
        }
        self._curves.absorb({"event": "start"} | about)
        started = [event for event in self._writer.recorded if event["event"] == "start"]
        if started:
            known = started[0].get("data", {})  # an older record doesn't say what ignoring the input reaches
            data = {key: value for key, value in about["data"].items() if key in known}
            self._must_agree("start", about | {"data": data}, started[0])
            self._writer.write("resume", {"epoch": training.epoch, "examples": training.examples})
        else:
            self._writer.write("start", about)
        if untrained is not None:
            self._note("initial", measure_fields(untrained, self._replicates))

    def measure(self, training: Training, measurement: Measurement) -> None:
        """Record a measurement, and the arm's end where all its replicates have come to theirs."""
        if self.ended:
            return
        fields = measure_fields(measurement, self._replicates)
        self._note("measure", fields)
        self._measures += 1
        self._take(fields)
        if all(measurement.reasons[self._replicates]):
            self.done(training)

    def save(self, state: State) -> None:
        """Put where the arm stands on the disk. ``state`` is the whole stack's."""
        if not self.ended:
            mine = share(state, self._replicates)
            self._writer.save_checkpoint(
                Checkpoint(fingerprint(self._experiment), self._measures, self._seconds(), mine)
            )

    def done(self, training: Training) -> None:
        """Save the parameters and say how it ended."""
        self.ended = True
        reasons = tuple(training.reasons[self._replicates])
        network = training.parameters(self._replicates)
        self._writer.save_parameters(network)
        ending = {"event": "done", "reason": arm_reason(reasons) if all(reasons) else "stopped"}
        if all(reasons):
            self._curves.absorb(ending)
            told = {(e["code"], e["text"]) for e in self._writer.recorded if e["event"] == "verdict"}
            for verdict in self._curves.verdicts():
                if (verdict.code, verdict.text) in told:  # a process that was killed had come so far already
                    continue
                about = {"code": verdict.code, "text": verdict.text, "evidence": verdict.evidence}
                self._writer.write("verdict", about)
        self._writer.write(
            "done",
            {
                "reason": ending["reason"],
                "reasons": [reason or "stopped" for reason in reasons],
                "examples": training.examples,
                "final": self._final,
                "best": self._best,
                "weights_sha256": weights_sha256(network),
                "seconds": round(self._seconds(), 6),
            },
        )
        if all(reasons):
            self._writer.drop_checkpoint()

    def _seconds(self) -> float:
        return self._before + time.perf_counter() - self._began

    def _take(self, fields: dict[str, Any]) -> None:
        self._final = fields
        self._curves.absorb({"event": "measure"} | fields)
        if better(fields, self._best):
            self._best = fields

    def _note(self, kind: str, fields: dict[str, Any]) -> None:
        if kind == "initial":
            self._curves.absorb({"event": kind} | fields)
        known = self._known.get((kind, fields["examples"]))
        if known is None:
            self._writer.write(kind, fields)
        else:
            self._must_agree(kind, fields, known)

    def _must_agree(self, kind: str, fields: dict[str, Any], recorded: dict[str, Any]) -> None:
        now, then = _flat(cleaned(json.loads(json.dumps(fields)))), _flat(_plain(recorded))
        for key in dict.fromkeys([*now, *then]):
            if now.get(key) != then.get(key):
                where = f" after {fields['epoch']:g} epochs" if kind == "measure" else ""
                raise BadInput(
                    f"the arm '{printable(recorded['arm'], 60)}' of {printable(recorded['run'])} can't go on: "
                    f"its record says {key} {printable(then.get(key), 60)}{where}, and now it is "
                    f"{printable(now.get(key), 60)}, so its data or this installation have changed since"
                )


def _flat(tables: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Nested tables as one, with dotted keys: a sentence about a difference names the one thing that differs."""
    flat: dict[str, Any] = {}
    for key, value in tables.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in HEAD}


def arm_recorders(
    writers: Sequence[ArmWriter], experiments: Sequence[Experiment], saved: Sequence[Checkpoint | None]
) -> list[ArmRecorder]:
    """Each arm with its share of the stack's replicates."""
    logs, first = [], 0
    for writer, experiment, standing in zip(writers, experiments, saved, strict=True):
        count = len(experiment.seeds)
        logs.append(ArmRecorder(writer, experiment, slice(first, first + count), standing))
        first += count
    return logs
