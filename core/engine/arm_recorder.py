"""One arm's share of a stack, and its record: what is new is written, what is there already must come out again."""

from __future__ import annotations

import json
from typing import Any

from tunelab.data.encoding import encoder_of
from tunelab.errors import BadInput, printable
from tunelab.experiment import StackedTraining
from tunelab.experiment.nested_tables import flattened
from tunelab.experiment.stacked_training import Member, State
from tunelab.records import ArmWriter
from tunelab.records.checkpoint import Checkpoint, fingerprint
from tunelab.records.events import HEAD, printable_values
from tunelab.records.history import LIVE, History
from tunelab.records.measure_events import arm_reason, better, measure_fields, per_class
from tunelab.records.parameters import weights_sha256
from tunelab.training import Measurement

__all__ = ["ArmRecorder"]


class ArmRecorder:
    """Writes what happens to the replicates of one arm.

    After a break (``saved``, or nothing where training begins again) measurements that the record holds already
    aren't written twice; they must be the same to the last bit, or :class:`BadInput` says what differs.
    """

    def __init__(self, writer: ArmWriter, training: StackedTraining, member: Member, saved: Checkpoint | None) -> None:
        self.ended = False
        self._writer, self._training, self._member = writer, training, member
        self._known = {(e["event"], e["examples"]): e for e in writer.events if e["event"] in ("initial", "measure")}
        self._measures, self._before = (saved.measures, saved.seconds) if saved else (0, 0.0)
        self._history = History("", limit=LIVE)
        self._final: dict[str, Any] | None = None
        self._best: dict[str, Any] | None = None
        for event in [e for e in writer.events if e["event"] == "initial"]:
            self._history.add(event)
        for event in [e for e in writer.events if e["event"] == "measure"][: self._measures]:
            self._take(_plain(event))

    def begin(self, untrained: Measurement | None) -> None:
        """Say what is trained and from where on, and how it does ``untrained``."""
        about = self._training.description(self._member)
        self._history.add({"event": "start"} | about)
        started = [event for event in self._writer.events if event["event"] == "start"]
        if started:
            self._must_agree("start", about, started[0])
            self._writer.write("resume", {"epoch": self._training.epoch, "examples": self._training.examples})
        else:
            self._writer.save_encoder(encoder_of(self._training.dataset))
            self._writer.write("start", about)
        if untrained is not None:
            self._note("initial", measure_fields(untrained, self._member.replicates))

    def measure(self, measurement: Measurement) -> None:
        """Record a measurement, and the arm's end where all its replicates have come to theirs."""
        if self.ended:
            return
        fields = measure_fields(measurement, self._member.replicates)
        self._note("measure", fields)
        self._measures += 1
        self._take(fields)
        if self._training.has_ended(self._member):
            self.done()

    def save(self, state: State) -> None:
        """Write ``state``, where the arm stands, to the disk."""
        if not self.ended:
            experiment = fingerprint(self._member.experiment)
            self._writer.save_checkpoint(Checkpoint(experiment, self._measures, self._seconds(), state))

    def done(self) -> None:
        """Save the parameters and say how it ended."""
        self.ended = True
        reasons = self._training.reasons(self._member)
        network = self._training.network(self._member)
        self._writer.save_parameters(network)
        ending = {"event": "done", "reason": arm_reason(reasons) if all(reasons) else "stopped"}
        if all(reasons):
            self._history.add(ending)
            recorded = {(e["code"], e["text"]) for e in self._writer.events if e["event"] == "verdict"}
            for verdict in self._history.verdicts():
                if (verdict.code, verdict.text) in recorded:  # a process that was killed had come so far already
                    continue
                self._writer.write("verdict", verdict.to_dict())
        self._writer.write(
            "done",
            {
                "reason": ending["reason"],
                "reasons": [reason or "stopped" for reason in reasons],
                "examples": self._training.examples,
                "final": self._final,
                "best": self._best,
                **({"per_class": recalls} if (recalls := per_class(self._final or {}, self._history.start)) else {}),
                "weights_sha256": weights_sha256(network),
                "seconds": round(self._seconds(), 6),
            },
        )
        if all(reasons):
            self._writer.drop_checkpoint()

    def _seconds(self) -> float:
        return self._before + self._training.elapsed

    def _take(self, fields: dict[str, Any]) -> None:
        self._final = fields
        self._history.add({"event": "measure"} | fields)
        if better(fields, self._best):
            self._best = fields

    def _note(self, kind: str, fields: dict[str, Any]) -> None:
        if kind == "initial":
            self._history.add({"event": kind} | fields)
        recorded = self._known.get((kind, fields["examples"]))
        if recorded is None:
            self._writer.write(kind, fields)
        else:
            self._must_agree(kind, fields, recorded)

    def _must_agree(self, kind: str, fields: dict[str, Any], recorded: dict[str, Any]) -> None:
        now, then = flattened(printable_values(json.loads(json.dumps(fields)))), flattened(_plain(recorded))
        for key in [key for key in now if key in then]:  # a record of another version may lack what is measured today
            if now[key] != then[key]:
                where = f" after {fields['epoch']:g} epochs" if kind == "measure" else ""
                raise BadInput(
                    f"the arm '{printable(recorded['arm'], 60)}' of {printable(recorded['run'])} can't go on: "
                    f"its record says {key} {printable(then.get(key), 60)}{where}, and now it is "
                    f"{printable(now.get(key), 60)}, so its data or this installation have changed since"
                )


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in HEAD}
