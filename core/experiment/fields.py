"""The declared parameters as plain descriptions, for whatever shows or asks for them: forms, help, tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from tunelab.errors import BadInput, printable
from tunelab.experiment.declaration import Choice, Experiment, Section
from tunelab.experiment.validation_errors import section_of

__all__ = ["Described", "described", "value_of", "value_text"]

Kind = Literal["choice", "whole", "number", "list", "text"]
_TRUTHS = ("false", "true")


@dataclass(frozen=True)
class Described:
    """One parameter: its dotted key, what to call it, what it is, and what may be typed for it.

    ``kind`` 'choice' has ``choices`` (false and true for a truth value); 'whole' and 'number' are numbers; 'list' is
    several values. ``optional`` parameters may be left out. A ``share`` is a number from 0 to less than 1.
    """

    key: str
    name: str
    symbol: str
    unit: str
    help: str
    kind: Kind
    choices: tuple[str, ...] = ()
    optional: bool = False
    default: Any = None
    share: bool = False

    def read(self, text: str) -> Any:
        """The value meant by what was typed; None where it is left out. The declaration judges it later."""
        text = text.strip()
        if not text:
            if self.optional:
                return None
            if self.kind == "list":
                return []
            raise BadInput(f"{self.key} can't be empty")
        if self.choices == _TRUTHS:
            return text.lower() == "true" if text.lower() in _TRUTHS else text
        if self.kind == "list":
            return [_plain(word) for word in text.replace(",", " ").split()]
        return text if self.kind == "text" or text in self.choices else _plain(text)


def _plain(word: str) -> Any:
    """A number where it reads as one, else the word itself, which the declaration will complain about."""
    word = word.replace("−", "-").replace("_", "")
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return printable(word, 60)


@cache
def described() -> dict[str, Described]:
    """Every parameter by its dotted key, in the order of the declaration."""
    return {one.key: one for one in _walk(Experiment, "", optional=False)}


def _walk(model: type[Section] | Any, prefix: str, *, optional: bool) -> list[Described]:
    found = []
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        section = section_of(field.annotation)
        if get_origin(field.annotation) is dict:
            continue  # its keys are a person's own: no one field could ask for them
        if section is None:
            found.append(_describe(key, field, optional))
        else:
            found += _walk(section, f"{key}.", optional=optional or type(None) in get_args(field.annotation))
    return found


def _describe(key: str, field: FieldInfo, inside_optional: bool) -> Described:
    kinds = list(get_args(field.annotation)) or [field.annotation]
    if get_origin(field.annotation) is Literal:
        kinds = [field.annotation]
    extra: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    table = next((how for how in field.metadata if isinstance(how, Choice)), None)
    kind: Kind
    kind, choices = ("choice", table.names) if table else _kind(field.annotation, kinds)
    return Described(
        key=key,
        name=key.rsplit(".", 1)[-1].replace("_", " "),
        symbol=str(extra.get("symbol", "")),
        unit=str(extra.get("unit", "")),
        help=field.description or "",
        kind=kind,
        choices=choices,
        optional=type(None) in kinds or inside_optional,
        default=field.get_default(call_default_factory=True),
        share=_limits(field) == {"ge": 0, "lt": 1},
    )


def _limits(field: FieldInfo) -> dict[str, float]:
    """The declared limits by pydantic's words for them, such as ``ge``."""
    words = ("ge", "gt", "le", "lt")
    return {word: getattr(how, word) for how in field.metadata for word in words if hasattr(how, word)}


def _kind(annotation: Any, parts: list[Any]) -> tuple[Kind, tuple[str, ...]]:
    literals = tuple(str(v) for part in parts if get_origin(part) is Literal for v in get_args(part))
    if get_origin(annotation) is Literal:
        return "choice", literals
    if annotation is bool:
        return "choice", _TRUTHS
    if get_origin(annotation) is tuple or any(get_origin(part) is tuple for part in parts):
        return "list", literals
    plain = [get_args(part)[0] if get_origin(part) not in (None, Literal) else part for part in parts]
    if float in plain:
        return "number", literals
    if int in plain:
        return "whole", literals
    return "text", literals


def value_of(tables: dict[str, Any], key: str) -> Any:
    """The value at a dotted key of nested tables, or None where it is left out."""
    value: Any = tables
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def value_text(value: Any) -> str:
    """A value as it would be typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _TRUTHS[value]
    if isinstance(value, list | tuple):
        return ", ".join(value_text(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
