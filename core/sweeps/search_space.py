"""What is swept over: ``KEY=SPEC`` as a person types it, a dimension of values that a trial takes one of."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.experiment.dotted_keys import full_key
from tunelab.experiment.fields import Described, described
from tunelab.wording import quantity

__all__ = ["Dimension", "parse_over", "parse_overs"]

Value = float | int | str

_RANGE = re.compile(r"(log|lin|int):(.*)", re.IGNORECASE)
_HINT = "write 0.01,0.1,1 (values), log:1e-3..10, lin:0..1 or int:10..100"
_LARGEST = 1e30  # end of a range; its inverse is the smallest of a logarithmic one
_MOST = 1000  # values of one list, and points of one range in a grid
_DECADE = 2  # points of a logarithmic range a decade, where a grid wants some
_POINTS = 5  # points of another range


@dataclass(frozen=True)
class Dimension:
    """One parameter and what it may be.

    ``kind``: 'list' has ``values``; 'log', 'lin' and 'int' are ranges from ``low`` to ``high``, both included. A
    value that is a list itself (hidden layers) is kept as text such as ``[100, 30]``. ``points`` is how many points
    of a range a grid takes.
    """

    key: str
    kind: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    points: int = 0

    @property
    def about(self) -> Described:
        """The parameter's declaration."""
        return described()[self.key]

    @property
    def name(self) -> str:
        """What charts and tables call it: its symbol where it has one."""
        return self.about.symbol or self.about.name

    @property
    def whole(self) -> bool:
        """Whether a range holds whole numbers only."""
        return self.kind == "int" or (self.kind != "list" and self.about.kind in ("whole", "list"))

    @property
    def log(self) -> bool:
        """Whether values are best seen on a logarithmic axis."""
        if self.kind != "list":
            return self.kind == "log"
        numbers = [v for v in self.values if not isinstance(v, str)]
        # Values that are multiples of each other; λ = 0 beside them has no place there and is drawn at the edge
        positive = [v for v in numbers if v > 0]
        return len(numbers) == len(self.values) and len(positive) > 2 and max(positive) / min(positive) >= 20

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, which have an order."""
        return self.kind != "list" or not any(isinstance(v, str) for v in self.values)

    def grid(self) -> tuple[Value, ...]:
        """The values that a grid takes: all of a list, and points of a range, evenly spaced on its scale."""
        if self.kind == "list":
            return self.values
        count = max(self.points, 2)
        if self.kind == "log":
            low, high = math.log10(self.low), math.log10(self.high)
            raw = [10 ** (low + (high - low) * i / (count - 1)) for i in range(count)]
        else:
            raw = [self.low + (self.high - self.low) * i / (count - 1) for i in range(count)]
        # Ends as typed, and what is between to four figures: 0.03162 says as much as 0.03162277660168379
        rounded = [self.low, *(float(f"{v:.4g}") for v in raw[1:-1]), self.high]
        return tuple(dict.fromkeys(round(v) if self.whole else v for v in rounded))

    def setting(self, value: Value) -> Any:
        """What a preset holds for one of the values."""
        if self.about.kind != "list":
            return value
        return json.loads(value) if isinstance(value, str) and value.startswith("[") else [value]

    def text(self) -> str:
        """The dimension as it would be typed."""
        if self.kind == "list":
            texts = (str(value).lower() if isinstance(value, bool) else str(value) for value in self.values)
            return f"{self.key}={(';' if self._nested else ',').join(texts)}"
        ends = (int(self.low), int(self.high)) if self.whole else (self.low, self.high)
        return f"{self.key}={self.kind}:{ends[0]:g}..{ends[1]:g}:{self.points}"

    @property
    def _nested(self) -> bool:
        return any(isinstance(v, str) and "," in v for v in self.values)


def parse_overs(texts: list[str]) -> tuple[Dimension, ...]:
    """Several ``KEY=SPEC``; :class:`BadInput` where one key comes twice."""
    found: dict[str, Dimension] = {}
    for text in texts:
        dimension = parse_over(text)
        if dimension.key in found:
            raise BadInput(f"--over {dimension.key} is there twice; put all its values in one")
        found[dimension.key] = dimension
    if not found:
        raise BadInput(f"say what to sweep over: --over eta=log:1e-3..10; {_HINT}")
    return tuple(found.values())


def parse_over(text: str) -> Dimension:
    """``KEY=SPEC`` as a dimension; a range may end in ``:N``, the points that a grid takes of it."""
    typed, equals, spec = text.partition("=")
    spec = spec.strip().replace("−", "-")
    if not equals or not typed.strip() or not spec:
        raise BadInput(f"--over takes KEY=SPEC, not '{printable(text)}': {_HINT}")
    key = full_key(typed.strip())
    match = _RANGE.fullmatch(spec)
    return _range(key, match[1].lower(), match[2]) if match else Dimension(key, "list", _values(key, spec))


def _range(key: str, kind: str, rest: str) -> Dimension:
    about = described()[key]
    typed_range = f"--over {key}={kind}:{printable(rest, 40)}"
    if about.kind in ("choice", "text"):
        choices = f": {', '.join(about.choices)}" if about.choices else ""
        raise BadInput(f"{typed_range}: {key} takes words, so list them{choices}")
    match = re.fullmatch(r"\s*([^.\s]\S*?|\.\d\S*?)\s*\.\.\s*([^:\s]+)\s*(?::\s*(\d+))?\s*", rest)
    if match is None:
        raise BadInput(
            f"{typed_range}: a range is LOW..HIGH, such as {kind}:{'10..100' if kind == 'int' else '0.01..1'}"
        )
    low, high = _number(match[1], typed_range), _number(match[2], typed_range)
    if low >= high:
        raise BadInput(f"{typed_range}: the first number must be the smaller one")
    if max(abs(low), abs(high)) > _LARGEST or (kind == "log" and 0 < low < 1 / _LARGEST):
        raise BadInput(f"{typed_range}: the ends must lie within {1 / _LARGEST:g} and {_LARGEST:g}")
    if kind == "log" and low <= 0:
        raise BadInput(f"{typed_range}: a logarithmic range begins above 0; add 0 by a list, or take lin:")
    whole = kind == "int" or about.kind in ("whole", "list")
    if whole and (low != int(low) or high != int(high)):
        raise BadInput(f"{typed_range}: {key} takes whole numbers here")
    if match[3]:
        points = int(match[3])
        if not 2 <= points <= _MOST:
            raise BadInput(f"{typed_range}: a grid takes 2 to {_MOST} points of a range")
    elif kind == "log":
        points = max(2, round(_DECADE * math.log10(high / low)) + 1)
    else:
        points = min(_POINTS, int(high - low) + 1) if whole else _POINTS
    return Dimension(key, kind, (), low, high, points)


def _values(key: str, spec: str) -> tuple[Value, ...]:
    about = described()[key]
    if about.kind == "list":
        if ";" in spec:
            parts = spec.split(";")
        elif "[" in spec:
            parts = re.findall(r"\[[^\]]*\]|[^,\[\]\s]+", spec)
        else:
            parts = spec.split(",")
        words = [part.strip().strip("[]") for part in parts]
        return _few(key, [json.dumps(about.read(word)) for word in words])
    read = [about.read(word) for word in spec.split(",") if word.strip()]
    if about.kind in ("number", "whole"):
        for value in read:
            if isinstance(value, str) and value not in about.choices:
                raise BadInput(f"--over {key}: '{printable(value, 40)}' isn't a number; {_HINT}")
    return _few(key, read)


def _few(key: str, values: list[Any]) -> tuple[Value, ...]:
    distinct = tuple(dict.fromkeys(values))
    if not distinct:
        raise BadInput(f"--over {key} names no value; {_HINT}")
    if len(distinct) > _MOST:
        raise BadInput(
            f"--over {key} lists {quantity(len(distinct), 'value')}, and at most {_MOST:,} are taken; use a range"
        )
    return distinct


def _number(text: str, typed_range: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"{typed_range}: '{printable(text, 40)}' isn't a number")
    return value
