"""The events of a record: every kind with its fields, and the one place where a line becomes an event.

The lines are those that ``tunelab run --json`` prints. A record may be damaged, or come from elsewhere: whatever
passes :func:`parse_event` has the fields declared here, of their types, numbers that are finite, and no character
that could move a terminal's cursor. Fields that aren't declared (of a newer tunelab) stay as they are.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic takes typing's from Python 3.12 on only
)

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import from_json
from tunelab.experiment import Experiment
from typing_extensions import TypedDict

__all__ = ["HEAD", "MEASURE", "MEASURES", "Event", "parse_event", "printable_values"]

Event = dict[str, Any]
"""An event as it stands in a record: one of the kinds declared below."""


def _whole(value: Any) -> Any:
    """A float without a fraction as an integer; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Measure = _Number | None  # None: it wasn't finite
_Count = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
_Total = Annotated[_Count, BeforeValidator(_whole)]  # studies of an earlier tunelab hold it as 600.0
_Tally = _Count | _Number | None  # a count, or a mean of counts
_Text = Annotated[str, Field(strict=True)]
_LAX = ConfigDict(extra="allow")


def _trainable(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables of an experiment as they are, where they make one."""
    Experiment.model_validate(tables)
    return tables


class Head(TypedDict):
    """What every event has. ``time`` is in seconds of work since the run began."""

    __pydantic_config__ = _LAX  # type: ignore[misc]  # pydantic's own way of configuring a TypedDict

    event: _Text
    run: _Text
    arm: _Text
    time: _Number


class Measures(TypedDict):
    """One arm at one moment: means over its seeds, with ``…_std`` beside them where there are several.

    Costs hold their regularization term, ``…_data_cost`` don't; accuracies are fractions. Classes have accuracies, and
    balanced ones where they are unequal; numbers have R² and the root mean squared error in the label's unit, and
    accuracies only where the data say how near is right. ``replicates`` holds every seed's own numbers,
    ``evaluation_answers`` how often each class was answered, ``evaluation_class_correct`` how often rightly (summed
    over seeds), ``layer_…`` a number a layer, as they were every
    10,000 examples.
    ``diverged`` is there, and true, where a number isn't finite.
    """

    __pydantic_config__ = _LAX  # type: ignore[misc]

    epoch: _Number
    examples: _Count
    evaluation_total: _Total
    training_total: NotRequired[_Total]
    eta: _Measure
    eta_std: NotRequired[_Measure]
    training_cost: _Measure
    training_cost_std: NotRequired[_Measure]
    training_data_cost: _Measure
    training_data_cost_std: NotRequired[_Measure]
    training_accuracy: NotRequired[_Measure]
    training_accuracy_std: NotRequired[_Measure]
    training_balanced_accuracy: NotRequired[_Measure]
    training_balanced_accuracy_std: NotRequired[_Measure]
    training_correct: NotRequired[_Tally]
    training_correct_std: NotRequired[_Tally]
    training_r2: NotRequired[_Measure]
    training_r2_std: NotRequired[_Measure]
    training_rmse: NotRequired[_Measure]
    training_rmse_std: NotRequired[_Measure]
    evaluation_cost: _Measure
    evaluation_cost_std: NotRequired[_Measure]
    evaluation_data_cost: _Measure
    evaluation_data_cost_std: NotRequired[_Measure]
    evaluation_accuracy: NotRequired[_Measure]
    evaluation_accuracy_std: NotRequired[_Measure]
    evaluation_balanced_accuracy: NotRequired[_Measure]
    evaluation_balanced_accuracy_std: NotRequired[_Measure]
    evaluation_correct: NotRequired[_Tally]
    evaluation_correct_std: NotRequired[_Tally]
    evaluation_r2: NotRequired[_Measure]
    evaluation_r2_std: NotRequired[_Measure]
    evaluation_rmse: NotRequired[_Measure]
    evaluation_rmse_std: NotRequired[_Measure]
    replicates: NotRequired[dict[str, list[_Tally]]]
    evaluation_answers: NotRequired[list[_Count]]
    evaluation_class_correct: NotRequired[list[_Count]]
    layer_z_rms: NotRequired[list[_Measure]]
    layer_saturated_share: NotRequired[list[_Measure]]
    layer_gradient_norm: NotRequired[list[_Measure]]
    layer_update_ratio: NotRequired[list[_Measure]]
    layer_similarity: NotRequired[list[_Measure]]
    diverged: NotRequired[bool]


class ColumnSummary(TypedDict):
    """How a table's column was read: ``kind`` is number, category or left-out, ``missing`` counts its empty cells."""

    __pydantic_config__ = _LAX  # type: ignore[misc]

    name: _Text
    kind: _Text
    missing: _Count
    why: _Text


class DataSummary(TypedDict):
    """What a start event says of the data: ``classes`` is None for regression; a table has columns and a label."""

    __pydantic_config__ = _LAX  # type: ignore[misc]

    title: _Text
    classes: NotRequired[list[_Text] | None]
    training: NotRequired[_Count]
    evaluation: NotRequired[_Count]
    class_counts: NotRequired[dict[str, list[_Count]]]
    chance: NotRequired[_Measure]
    constant_cost: NotRequired[_Measure]
    metric: NotRequired[_Text]
    metric_chance: NotRequired[_Measure]
    metric_total: NotRequired[_Count]
    evaluated_on: NotRequired[_Text]
    task: NotRequired[_Text]
    label: NotRequired[_Text]
    label_why: NotRequired[_Text]
    columns: NotRequired[list[ColumnSummary]]


class Start(Head):
    """A training begins: its experiment in full, parameters in all, seeds, neurons a layer, and its data."""

    experiment: Annotated[dict[str, Any], AfterValidator(_trainable)]
    parameters: _Count
    seeds: list[_Count]
    sizes: list[_Count]
    data: DataSummary


class Resume(Head):
    """It goes on after a break."""

    epoch: _Number
    examples: _Count


class Measured(Head, Measures):
    """A measurement: ``initial`` before the first step, ``measure`` while it trains."""


class VerdictEvent(Head):
    """What the curves show, in words."""

    code: _Text
    text: _Text


class ClassRecall(TypedDict):
    """How one class fared on evaluation data: the share answered right, and of how many examples."""

    recall: _Measure
    count: _Count


class Done(Head):
    """It has ended: ``final`` and ``best`` measurements, the recall of each class, and the hash of its parameters."""

    reason: _Text
    final: Measures | None
    best: Measures | None
    per_class: NotRequired[dict[str, ClassRecall]]
    weights_sha256: _Text
    seconds: _Number


_KINDS: dict[str, Any] = {
    "start": Start,
    "resume": Resume,
    "initial": Measured,
    "measure": Measured,
    "verdict": VerdictEvent,
    "done": Done,
}

HEAD = frozenset(Head.__annotations__)
"""The fields that every event has."""

_COMPOSITE = {"replicates", "evaluation_answers", "evaluation_class_correct", "diverged"}
MEASURES = frozenset(Measures.__annotations__) - _COMPOSITE
"""The fields of a measurement that are a number, or a number a layer."""

_HUGE = re.compile(rb"[eE]\+?[0-9]{3}")  # a number that may be beyond all bounds
MEASURE = b'{"event": "measure", '  # how nearly every line begins


def parse_event(line: bytes) -> Event | None:
    """Return the event in a line of a record, or None where there is none."""
    try:
        plain = line.isascii() and not (b"\\" in line or b"\x7f" in line or _HUGE.search(line))
        if plain and line.startswith(MEASURE) and b"NaN" not in line and b"Infinity" not in line:
            # Read and validated in one pass, twice as fast; JSON itself allows no other control characters
            measured: Event = _adapter(Measured).validate_json(line)
            return measured if measured["event"] == "measure" else None
        event = from_json(line, allow_inf_nan=False)
        if not plain and (b"\\" in line or _HUGE.search(line) or not line.decode().isprintable()):
            event = printable_values(event)
        valid: Event = _adapter(_KINDS.get(event["event"], Head)).validate_python(event)
        return valid
    except (ValueError, TypeError, KeyError):  # not JSON, not an object, or not such an event
        return None


@cache
def _adapter(declared: Any) -> TypeAdapter[Any]:
    """What validates a kind of event, made when the first is read: a worker that begins a run only writes them."""
    return TypeAdapter(declared)


def printable_values(value: Any) -> Any:
    """Return plain values with every character that isn't printable replaced, in keys and texts, however deep.

    Raises ValueError for a number that isn't finite: 1e999 is read as infinity.
    """
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() else "�" for c in value)
    if isinstance(value, list):
        return [printable_values(inner) for inner in value]
    if isinstance(value, dict):
        return {printable_values(key): printable_values(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number beyond all bounds")
    return value
