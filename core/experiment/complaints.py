"""What pydantic found wrong, as one sentence for a person: where, what is there, what would be right."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from core.errors import BadInput, nearest, printable

__all__ = ["checked", "section_of"]

Model = TypeVar("Model", bound=BaseModel)

_WANTED = {
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list such as [30]",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be one of {expected}",
    "missing": "is missing",
    "string_too_short": "can't be empty",
}


def checked(model: type[Model], values: Any, source: str, arm: str | None = None) -> Model:
    """``values`` as a ``model``, or :class:`BadInput` naming ``source`` (a file), the arm and the key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        where = printable(source) + (f", arm '{printable(arm, 60)}'" if arm else "")
        raise BadInput(f"{where}: {_sentence(model, error)}") from None


def _sentence(model: type[BaseModel], error: ValidationError) -> str:
    # A union reports each of its branches; the one that got furthest says most.
    errors = error.errors(include_url=False)
    first = errors[0]
    kind, place = first["type"], first["loc"]
    branches = [e for e in errors if e["loc"][: len(place) - 1] == place[:-1] and e["type"] == "literal_error"]
    key = _dotted(place)
    if kind == "value_error":
        return str(first["ctx"]["error"])
    if kind == "extra_forbidden":
        table, word = place[:-1], str(place[-1])
        inside = f" in [{_dotted(table)}]" if table else ""
        return f"unknown key '{printable(word)}'{inside}{nearest(word, _siblings(model, table))}"
    if branches and len({e["loc"] for e in errors}) > 1:
        key = _dotted(place[:-1])
        wanted = f"must be {branches[0]['ctx']['expected']} or a whole number of at least 1"
    else:
        wanted = _WANTED.get(kind, first["msg"][:1].lower() + first["msg"][1:]).format(**first.get("ctx", {}))
    tail = "" if kind == "missing" else f", is {_shown(first['input'])}"
    return f"{key} {wanted}{tail}"


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
    return printable(
        f"'{value}'" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value,
        60,
    )


def _siblings(model: type[BaseModel], table: tuple[int | str, ...]) -> list[str]:
    """The keys that a table has."""
    for part in table:
        if isinstance(part, int):
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        section = section_of(field.annotation) if field else None
        if section is None:
            return []
        model = section
    return [field.alias or name for name, field in model.model_fields.items()]
