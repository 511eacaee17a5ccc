"""Whether a training came out again: two records side by side, or a record and what its preset expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.experiment import Preset
from tunelab.records import parameters
from tunelab.records.events import HEAD
from tunelab.records.follow import Follower
from tunelab.records.run import ArmRecord, Run, last_end
from tunelab.wording import quantity

__all__ = [
    "COST_TOLERANCE",
    "ExpectedMeasure",
    "ReplayDifference",
    "ReplayResult",
    "compare_records",
    "expected_measures",
    "measure_in_bounds",
    "replay_limits",
]

COST_TOLERANCE = 1e-3  # relative; rounding alone made 1e-6 in 40 epochs where training isn't chaotic
ACCURACY_TOLERANCE = 0.002  # a share of the examples, or
EXAMPLES_TOLERANCE = 2  # so many of them, where that is more


@dataclass(frozen=True)
class ReplayDifference:
    """A number that came out otherwise. ``epoch`` is None for what is said of the end."""

    arm: str
    epoch: float | None
    measure: str
    recorded: Any
    replayed: Any
    within_tolerance: bool

    def sentence(self) -> str:
        """It in words."""
        when = "at the end" if self.epoch is None else f"after {quantity(self.epoch, 'epoch')}"
        then, now = printable(self.recorded, 70), printable(self.replayed, 70)
        return f"arm '{self.arm}', {when}: {self.measure.replace('_', ' ')} was {then} and is {now}"


@dataclass(frozen=True)
class ReplayResult:
    """How many measurements and ends (final parameters) were compared, and every difference in order.

    ``missing`` are sentences about what the record lacks, which therefore couldn't be compared.
    """

    measurements: int
    ends: int
    differences: tuple[ReplayDifference, ...]
    missing: tuple[str, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether everything is there and came out to the last bit."""
        return not self.differences and not self.missing

    @property
    def close(self) -> bool:
        """Whether everything came out within the tolerances for another processor or other versions."""
        return not self.missing and all(difference.within_tolerance for difference in self.differences)


def replay_limits(run: Run) -> list[int | None]:
    """For each arm after how many examples a replay need go no further; None where it came to its own end."""
    return [_limit(arm) for arm in run.arms]


def _limit(arm: ArmRecord) -> int | None:
    events = arm.events()
    end = last_end(events)
    if end is not None and end["reason"] not in ("stopped", "budget"):
        return None
    reached = [event["examples"] for event in events if isinstance(event.get("examples"), int)]
    return max(reached, default=0)


def compare_records(record: Run, replay: Run) -> ReplayResult:
    """Every measurement and every end that ``record`` holds, and what ``replay`` has in its place."""
    measurements = ends = 0
    differences: list[ReplayDifference] = []
    for old, new in zip(record.arms, replay.arms, strict=True):
        recorded, replayed = old.events(), new.events()
        now = {(event["event"], event["examples"]): event for event in replayed if event["event"] in _MEASURED}
        for event in [event for event in recorded if event["event"] in _MEASURED]:
            measurements += 1
            differences += _different(old.name, event, now.get((event["event"], event["examples"])))
        end, again = last_end(recorded), last_end(replayed)
        if end is not None:
            ends += 1
            for key in ("reason", "weights_sha256"):
                came = again[key] if again else None
                if end[key] != came:
                    # Parameters that differ in a bit have another hash: it says nothing of how much they differ
                    differences.append(ReplayDifference(old.name, None, key, end[key], came, key == "weights_sha256"))
    missing = tuple(sentence for arm in record.arms for sentence in _missing(arm))
    return ReplayResult(measurements, ends, tuple(differences), missing)


def _missing(arm: ArmRecord) -> Iterator[str]:
    """Sentences about what an arm's record lacks."""
    follower = Follower(arm.events_path)
    events = follower.new()
    if follower.problem:
        yield follower.problem
    elif not events:
        yield f"{printable(arm.events_path, 300)} is missing or empty: nothing of the arm '{arm.name}' is recorded"
    elif not any(event["event"] == "done" for event in events) and (sentence := arm.lost_end()):
        yield sentence
    end = last_end(events)
    if end is None or not (arm.directory / "lock").exists():  # a sweep keeps its trials' curves, not their parameters
        return
    path = printable(arm.directory / parameters.FILE, 300)
    try:
        network = parameters.read_parameters(arm.directory / parameters.FILE, arm.experiment)
    except FileNotFoundError:
        yield f"{path} is missing"
    except BadInput as problem:
        yield str(problem)
    else:
        if parameters.weights_sha256(network) != end["weights_sha256"]:
            yield f"{path} holds other parameters than those that the training ended with"


_MEASURED = ("initial", "measure")
_TOLERANCES = ("eta", "cost", "data_cost", "accuracy", "balanced_accuracy", "correct", "r2", "rmse")


def _different(arm: str, then: dict[str, Any], now: dict[str, Any] | None) -> Iterator[ReplayDifference]:
    if now is None:
        yield ReplayDifference(arm, then["epoch"], "measurement", "there", "missing", False)
        return
    for key in then:
        # A record of another version may lack what is measured today, or hold what no longer is
        if key not in HEAD and key in now and then[key] != now[key]:
            close = _close(key, then[key], now[key], then["evaluation_total"])
            yield ReplayDifference(arm, then["epoch"], key, then[key], now[key], close)


def _close(key: str, then: Any, now: Any, total: int) -> bool:
    measure = key.removeprefix("training_").removeprefix("evaluation_")
    if measure not in _TOLERANCES:
        return True  # spreads, single seeds and counts follow from what is compared
    if then is None or now is None or key == "eta":
        return False
    if "cost" in measure or measure == "rmse":
        return bool(abs(then - now) <= COST_TOLERANCE * abs(then))
    allowed = max(ACCURACY_TOLERANCE, EXAMPLES_TOLERANCE / max(total, 1))
    return bool(abs(then - now) <= allowed * (total if measure == "correct" else 1))


@dataclass(frozen=True)
class ExpectedMeasure:
    """A measure that a preset expects between ``low`` and ``high``, at an arm's end ('final') or 'best'."""

    arm: str
    at: str
    measure: str
    low: float
    high: float


def expected_measures(preset: Preset) -> list[ExpectedMeasure]:
    """Everything a preset expects; :class:`BadInput` where that is nothing."""
    found = [
        ExpectedMeasure(arm, at, measure, float(low), float(high))
        for arm, ends in preset.expect.items()
        for at, bounds in ends.items()
        if at != "on"
        for measure, (low, high) in bounds.items()
    ]
    elsewhere = sorted({data for ends in preset.expect.values() for data in ends.get("on", {})})
    if not found and elsewhere:
        data = printable(preset.arms[0].experiment.data.name, 60)
        raise BadInput(
            f"{printable(preset.name)} states no expectations for {data}, only for {' and '.join(elsewhere)}; "
            f"`tunelab run {printable(preset.name)}` trains it"
        )
    if not found:
        raise BadInput(
            f"{printable(preset.name)} has no [expect], so there is nothing to check; `tunelab run` trains it"
        )
    return found


def measure_in_bounds(wanted: ExpectedMeasure, run: Run) -> tuple[float | None, bool]:
    """What a run came to (None: not a number, or not there), and whether that is as expected."""
    arm = next(arm for arm in run.arms if arm.name == wanted.arm)
    end = last_end(arm.events())
    value = ((end or {}).get(wanted.at) or {}).get(wanted.measure)
    return value, value is not None and wanted.low <= value <= wanted.high
