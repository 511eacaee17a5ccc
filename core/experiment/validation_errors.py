"""What pydantic found wrong, as one sentence for a person: where, what is there, what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from tunelab.errors import BadInput, printable
from tunelab.experiment.other_names import key_hint, value_hint
from tunelab.wording import did_you_mean

__all__ = ["checked", "section_of"]

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]

_WANTED = {
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be one of {expected}",
    "missing": "is missing",
    "string_too_short": "can't be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have {max_length} items, not {actual_length}",
}


def checked(model: type[Model], values: Any, source: str, arm: str | None = None) -> Model:
    """``values`` as a ``model``, or :class:`BadInput` naming ``source`` (a file), the arm and the key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        place, section = _written(model, errors[0]["loc"])
        # A union reports each of its branches: all that is said of one place makes the sentence.
        errors = [e for e in errors if _written(model, e["loc"])[0] == place]
        sentence = partial(_sentence, section, errors, list(_dotted_keys(model)))
        if place[:1] == ("arm",) and len(place) > 2:
            arm, place = _arm_name(values, place[1]), place[2:]
        elif arm is not None:
            arm = f"'{printable(arm, 60)}'"
        where = printable(source) + (f", arm {arm}" if arm else "")
        raise BadInput(f"{where}: {sentence(place)}") from None


def _sentence(section: type[BaseModel], errors: Sequence[Any], keys: Sequence[str], place: Place) -> str:
    first = errors[0]
    kind = first["type"]
    if kind == "value_error":
        return str(first["ctx"]["error"])
    if kind == "extra_forbidden":
        word = str(place[-1])
        inside = f" in [{_dotted(place[:-1])}]" if len(place) > 1 else ""
        known = [field.alias or name for name, field in section.model_fields.items()]
        elsewhere = [f"; it belongs in [{table}]" for table in _tables_with(section, word)]
        hint = key_hint(word, keys) or did_you_mean(word, known) or "".join(elsewhere)
        return f"unknown key '{printable(word)}'{inside}{hint}"
    wanted, *others = dict.fromkeys(_wanted(error) for error in errors)
    wanted += "".join(f" or {other.removeprefix('must be ')}" for other in others)
    if kind == "missing":
        return f"{_dotted(place)} {wanted}"
    typed, choices = first["input"], first.get("ctx", {}).get("expected", "").split("'")[1::2]
    hint = ""
    if isinstance(typed, str):
        hint = value_hint(_dotted(place), typed, choices) or did_you_mean(typed, choices)
    return f"{_dotted(place)} {wanted}, is {_shown(typed)}{hint}"


def _wanted(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error" and " or " not in context["expected"]:
        return f"must be {context['expected']}"
    return _WANTED.get(kind, error["msg"][:1].lower() + error["msg"][1:]).format(**context)


def _written(model: type[BaseModel], place: Place) -> tuple[Place, type[BaseModel]]:
    """The part of pydantic's ``place`` that a person wrote, and the table that its last key belongs to.

    Behind it pydantic adds which branch of a union it tried.
    """
    written: list[int | str] = []
    section: type[BaseModel] | None = model
    free = False  # whether the next key is one that a person chooses
    for part in place:
        if isinstance(part, str) and section is None and not free:
            break
        written.append(part)
        if isinstance(part, int) or free:
            free = False
        elif section is not None:
            model = section
            field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
            section = section_of(field.annotation) if field else None
            free = field is not None and get_origin(field.annotation) is dict
    return tuple(written), model


def _dotted_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key of a table and the tables in it: ``training.eta``."""
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section is None:
            yield f"{prefix}{field.alias or name}"
        elif get_origin(field.annotation) not in (dict, tuple):
            yield from _dotted_keys(section, f"{prefix}{name}.")


def _tables_with(section: type[BaseModel], key: str, place: str = "") -> list[str]:
    """Where inside a table a key would be right: ``eta`` at the top of a file belongs in [training]."""
    found = []
    for name, field in section.model_fields.items():
        if (inner := section_of(field.annotation)) and get_origin(field.annotation) not in (dict, tuple):
            found += [f"{place}{name}"] * (key in (f.alias or n for n, f in inner.model_fields.items()))
            found += _tables_with(inner, key, f"{place}{name}.")
    return found[:1]


def _arm_name(values: Any, position: int | str) -> str:
    """What a person calls an arm: its name, or where that won't do its number."""
    name = values["arm"][position].get("name")
    return f"'{printable(name, 60)}'" if isinstance(name, str) and name else str(int(position) + 1)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The table that a field of this type is, or None where it is a value."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _dotted(place: tuple[int | str, ...]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part, 60)}" if text else printable(part, 60)
    return text


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, tuple):
        value = list(value)
    return printable(
        f"'{value}'" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value,
        60,
    )
