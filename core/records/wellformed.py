"""What a line of a record must be before anything believes it: known events have their fields, of their kinds.

A record may have been damaged, or come from elsewhere. Whoever reads events through this module finds every field
that it counts on, numbers that are finite, and no text that could move a terminal's cursor.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pydantic import ValidationError
from tunelab.experiment import Experiment

__all__ = ["MEASURES", "cleaned", "parsed"]

Check = Callable[[Any], bool]

MEASURES = (
    "eta",
    "training_cost",
    "training_data_cost",
    "training_accuracy",
    "evaluation_cost",
    "evaluation_data_cost",
    "evaluation_accuracy",
    "evaluation_correct",
)


def parsed(line: bytes) -> dict[str, Any] | None:
    """The event in a line of a record, or None where it isn't one."""
    try:
        event = cleaned(json.loads(line, parse_constant=_no_number))
    except (ValueError, RecursionError):  # RecursionError: brackets within brackets without end
        return None
    if not isinstance(event, dict) or not all(key in event and good(event[key]) for key, good in _HEAD.items()):
        return None
    kind = event["event"]
    good = _measure(event) if kind in ("measure", "initial") else _complete(event, _FIELDS.get(kind, {}))
    return event if good else None


def cleaned(value: Any) -> Any:
    """Plain values with every character that isn't printable replaced, in keys and texts, however deep."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() else "�" for c in value)
    if isinstance(value, list):
        return [cleaned(inner) for inner in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number beyond all bounds")  # 1e999 is read as inf
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} isn't JSON")


def _complete(event: dict[str, Any], fields: dict[str, Check]) -> bool:
    return all(key in event and good(event[key]) for key, good in fields.items())


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    # Not too large for a float, as a whole number of 400 digits would be
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _measured(value: Any) -> bool:
    return value is None or _number(value)


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(_measured(number) for number in value)


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(_count(number) for number in value)


def _measure(value: Any) -> bool:
    if not (isinstance(value, dict) and _complete(value, _MEASURE)):
        return False
    seeds = value.get("replicates", {})
    return (
        all(_measured(inner) for key, inner in value.items() if key.endswith("_std"))
        and isinstance(seeds, dict)
        and all(_numbers(each) for each in seeds.values())
        and _counts(value.get("evaluation_answers", []))
        and all(_numbers(inner) for key, inner in value.items() if key.startswith("layer_"))
    )


def _measure_or_none(value: Any) -> bool:
    return value is None or _measure(value)


def _experiment(value: Any) -> bool:
    try:
        Experiment.model_validate(value)
    except ValidationError:
        return False
    return True


def _data(value: Any) -> bool:
    classes = value.get("classes") if isinstance(value, dict) else 0
    return (classes is None or (isinstance(classes, list) and all(map(_text, classes)))) and _text(value.get("title"))


_HEAD: dict[str, Check] = {"event": _text, "run": _text, "arm": _text, "time": _number}

_MEASURE: dict[str, Check] = {"epoch": _number, "examples": _count, "evaluation_total": _count} | dict.fromkeys(
    MEASURES, _measured
)

_FIELDS: dict[str, dict[str, Check]] = {
    "start": {"experiment": _experiment, "parameters": _count, "seeds": _counts, "sizes": _counts, "data": _data},
    "resume": {"epoch": _number, "examples": _count},
    "done": {
        "reason": _text,
        "final": _measure_or_none,
        "best": _measure_or_none,
        "weights_sha256": _text,
        "seconds": _number,
    },
    "verdict": {"code": _text, "text": _text},
}
