"""Dotted keys such as ``training.eta``: which there are, what a person may type for them, where values go."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.experiment.declaration import Experiment
from tunelab.experiment.fields import described
from tunelab.experiment.nested_tables import COLUMNS
from tunelab.experiment.other_names import key_hint
from tunelab.experiment.toml_reading import read_toml
from tunelab.wording import did_you_mean

__all__ = ["changed", "full_key", "known_keys", "parse_setting", "parse_settings"]


def known_keys() -> list[str]:
    """Every key that can be set, as files spell it: ``data.name``, …, ``training.schedule.patience``."""
    return list(described())


def full_key(typed: str) -> str:
    """The dotted key meant by what was typed: itself, ``lmbda`` for ``lambda``, or its last parts alone."""
    known = known_keys()
    if typed.startswith(COLUMNS) and len(typed) > len(COLUMNS):
        return COLUMNS + typed.removeprefix(COLUMNS).strip("\"'")
    spelled = ".".join("lambda" if part == "lmbda" else part for part in typed.split("."))
    if spelled in known:
        return spelled
    ending = [key for key in known if key.endswith(f".{spelled}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise BadInput(f"'{printable(typed)}' could be {' or '.join(ending)}: give the whole key")
    endings = [key.rsplit(".", 1)[-1] for key in known]
    hint = key_hint(spelled, known) or did_you_mean(spelled, [*known, *endings])
    raise BadInput(f"there is no parameter '{printable(typed)}'{hint}; `tunelab schema` lists them all")


def parse_setting(text: str) -> tuple[str, Any]:
    """``KEY=VALUE`` as (dotted key, value). The value is read as TOML, and as a plain word where it isn't."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise BadInput(f"--set takes KEY=VALUE, such as training.eta=0.5, not '{printable(text)}'")
    value = value.strip()
    try:
        read = read_toml(f"value = {value}")
    except tomllib.TOMLDecodeError:
        read = {"value": value}
    # "1\nother = 2" would be TOML too; what was typed is one value
    return full_key(key.strip()), read["value"] if len(read) == 1 else value


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Several ``KEY=VALUE`` by dotted key; the last one of a key counts."""
    return dict(parse_setting(text) for text in texts)


def changed(experiment: Experiment, values: dict[str, Any]) -> Experiment:
    """A copy with some dotted keys changed; :class:`BadInput` where a value won't do."""
    return experiment.changed(values)
