"""An experiment file: a base experiment, named arms that override it, and what it expects."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from tunelab import paths
from tunelab.data.catalogue import NAMED
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.experiment.declaration import (
    DataSection,
    Experiment,
    InitializationSection,
    NetworkSection,
    Section,
    TrainingSection,
)
from tunelab.experiment.nested_tables import key_path, merged, placed
from tunelab.experiment.toml_reading import read_toml, unshowable
from tunelab.experiment.toml_writing import toml_text
from tunelab.experiment.validation_errors import checked
from tunelab.files import MaxBytes, read_regular
from tunelab.wording import did_you_mean

__all__ = ["Arm", "Preset", "PresetFile", "available", "find", "parse", "resolved", "save", "schema"]


@dataclass(frozen=True)
class Arm:
    """One line on the charts: a name and the experiment behind it."""

    name: str
    experiment: Experiment


@dataclass(frozen=True, repr=False)
class Preset:
    """An experiment file that has been read and checked: a base experiment, and named arms that override it.

    ``tables`` is what the file says, nested, by the names that files use; ``arms`` are the experiments that it makes,
    one named 'run' where the file names none.

        >>> preset = Preset.load("first-look")
        >>> [arm.name for arm in preset.arms]
        ['old: N(0, 1)', 'new: N(0, 1/n)']
        >>> preset.arms[1].experiment.changed({"training.epochs": 3}).training.epochs
        3
        >>> Preset.load("first-loook")
        Traceback (most recent call last):
        tunelab.errors.BadInput: there is no preset 'first-loook' (did you mean 'first-look'?); `tunelab presets` \
lists them
    """

    name: str
    tables: dict[str, Any]
    arms: tuple[Arm, ...]

    @classmethod
    def load(cls, name: str | os.PathLike[str]) -> Preset:
        """Return the preset of this name, or in this TOML file.

        Raises :class:`tunelab.BadInput` where there is none, or it doesn't say what a preset may.
        """
        return find(os.fspath(name))

    def __repr__(self) -> str:
        """Its name, its title and its arms in a line."""
        return f"<Preset {self.name}: {self.title}; arms {', '.join(arm.name for arm in self.arms)}>"

    @property
    def title(self) -> str:
        """What the preset shows, in a line."""
        return str(self.tables.get("title") or self.name)

    @property
    def description(self) -> str:
        """What to look at, and why."""
        return str(self.tables.get("description", "")).strip()

    @property
    def expect(self) -> dict[str, Any]:
        """What a replay checks: arm → 'final' or 'best' → measure → [low, high].

        An arm's 'on' holds the same for other data sets, by their names: see :meth:`expecting_on`.
        """
        return dict(self.tables.get("expect", {}))

    def expecting_on(self, data: str) -> Preset:
        """A copy that expects what the file states for the data set ``data``; the data it trains on stay as they are.

        What was expected of the preset's own data stands under their name then, so nothing is lost by moving twice.
        """
        own = str(self.tables.get("data", {}).get("name", "digits"))
        if data == own or not self.expect:
            return self
        moved = {}
        for arm, bounds in self.expect.items():
            others = {own: {k: v for k, v in bounds.items() if k != "on"}, **bounds.get("on", {})}
            moved[arm] = {**others.pop(data, {}), "on": {name: ends for name, ends in others.items() if ends}}
        return resolved(self.name, self.tables | {"expect": moved}, self.name)

    def with_settings(self, values: dict[str, Any]) -> Preset:
        """A copy with dotted keys of the base experiment changed. Arms that set a key keep theirs."""
        tables = placed(self.tables, values) if values else self.tables
        return resolved(self.name, tables, self.name)

    def with_lambda_scaled(self, factor: float) -> Preset:
        """A copy in which every λ is multiplied: λ/n stays put when n is.

        What counts in C = C₀ + λ/2n Σ w² is λ/n (Nielsen, chapter 3).
        """
        tables = placed(self.tables, {})
        for part in (tables, *tables.get("arm", [])):
            training = part.get("training", {})
            if training.get("lambda"):
                training["lambda"] = float(f"{training['lambda'] * factor:.6g}")
        return resolved(self.name, tables, self.name)

    def overridden(self, key: str) -> list[str]:
        """Names of the arms that set a dotted key themselves."""
        return [arm["name"] for arm in self.tables.get("arm", []) if _holds(arm, key_path(key))]

    def only(self, names: list[str]) -> Preset:
        """A copy with only some of the arms."""
        known = [arm.name for arm in self.arms]
        for name in names:
            if name not in known:
                shown = ", ".join(f"'{printable(k, 60)}'" for k in known)
                raise BadInput(
                    f"{self.name} has no arm '{printable(name, 60)}'{did_you_mean(name, known)}; it has {shown}"
                )
        arms = [arm for arm in self.tables.get("arm", []) if arm["name"] in names]
        expect = {name: bounds for name, bounds in self.expect.items() if name in names}
        return resolved(self.name, self.tables | {"arm": arms, "expect": expect}, self.name)

    def to_toml(self) -> str:
        """The preset as a file."""
        return toml_text(self.tables)


def _holds(table: Any, path: list[str]) -> bool:
    for part in path:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class ArmSection(Section):
    """An arm of a preset: what it changes in the base experiment."""

    name: str = Field(description="What the charts call it.", min_length=1, max_length=60)
    data: DataSection | None = Field(None, description="What this arm changes in [data].")
    network: NetworkSection | None = Field(None, description="What this arm changes in [network].")
    initialization: InitializationSection | None = Field(None, description="What this arm changes in [initialization].")
    training: TrainingSection | None = Field(None, description="What this arm changes in [training].")


def _rising(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise PydanticCustomError("bounds", "must be [low, high]")
    return bounds


Bounds = Annotated[tuple[float, float], BeforeValidator(_listed), AfterValidator(_rising)]
Measure = Literal[
    "epoch",
    "eta",
    "training_cost",
    "training_data_cost",
    "training_accuracy",
    "training_balanced_accuracy",
    "training_r2",
    "training_rmse",
    "evaluation_cost",
    "evaluation_data_cost",
    "evaluation_accuracy",
    "evaluation_balanced_accuracy",
    "evaluation_r2",
    "evaluation_rmse",
    "evaluation_correct",
    "training_correct",
]


class Ends(Section):
    """Bounds on an arm's measures at its end and at its best."""

    final: dict[Measure, Bounds] = Field(default_factory=dict, description="measure → [low, high] at the end.")
    best: dict[Measure, Bounds] = Field(default_factory=dict, description="measure → [low, high] at the best.")


class Expectation(Ends):
    """Bounds for the data that the preset names, and under ``on`` for other data."""

    on: dict[str, Ends] = Field(
        default_factory=dict, description="The same for other data: on.mnist.final.… counts with --data mnist."
    )


class PresetFile(Experiment):
    """An experiment, its arms and its expectations: what a preset file may hold."""

    title: str = Field("", description="What the preset shows, in a line.", max_length=200)
    source: str = Field("", description="Where the experiment comes from.", max_length=2000)
    description: str = Field("", description="What to look at, and why.", max_length=20_000)
    arm: Annotated[tuple[ArmSection, ...], BeforeValidator(_listed)] = Field(
        (), description="Named variations of the base experiment, drawn on the same charts."
    )
    expect: dict[str, Expectation] = Field(
        default_factory=dict,
        description="Bounds on each arm's results, by the arm's name; `replay` checks them.",
    )


def schema() -> dict[str, Any]:
    """The JSON schema of a preset file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | PresetFile.model_json_schema()


def parse(text: str, name: str, source: str) -> Preset:
    """Read a preset from TOML. ``name`` is what lists call it, ``source`` what sentences call the file."""
    try:
        tables = read_toml(text)
    except tomllib.TOMLDecodeError as error:
        detail = printable(error, 200)
        raise BadInput(
            f"{printable(source)} isn't a preset: it is not valid TOML, {detail[0].lower()}{detail[1:]}"
        ) from None
    return resolved(name, tables, source)


def resolved(name: str, tables: dict[str, Any], source: str) -> Preset:
    """Check everything a preset says, arm by arm."""
    # An empty list of arms says the same as none, and only none can be written in the way of a person.
    tables = {k: v for k, v in _spelled(tables).items() if not (k in ("arm", "expect") and v in ([], {}))}
    if problem := unshowable(tables):
        raise BadInput(f"{printable(source)}: {problem}; leave it out")
    file = checked(PresetFile, tables, source)
    _one_line(file.title, "title", source)
    base = {section: tables[section] for section in Experiment.model_fields if section in tables}
    if not file.arm:
        arms = [Arm("run", checked(Experiment, base, source))]
    else:
        arms = []
        for arm in file.arm:
            _one_line(arm.name, "an arm's name", source)
            if arm.name in (a.name for a in arms):
                raise BadInput(f"{printable(source)}: two arms are called '{printable(arm.name)}', names must differ")
            override = arm.model_dump(by_alias=True, exclude_unset=True, exclude={"name"})
            arms.append(Arm(arm.name, checked(Experiment, merged(base, _plain(override)), source, arm.name)))
    names = [arm.name for arm in arms]
    for expected, expectation in file.expect.items():
        if expected not in names:
            raise BadInput(
                f"{printable(source)}: expect names the arm '{printable(expected, 60)}'"
                f"{did_you_mean(expected, names)}, but the preset has {', '.join(repr(n) for n in names)}"
            )
        for data in expectation.on:
            if data not in NAMED:
                raise BadInput(
                    f"{printable(source)}: expect of the arm '{printable(expected, 60)}' is stated on the data set "
                    f"'{printable(data, 60)}'{did_you_mean(data, NAMED)}, but there are {', '.join(NAMED)}"
                )
    return Preset(name, tables, tuple(arms))


def _spelled(tables: dict[str, Any]) -> dict[str, Any]:
    """The same with λ as files spell it: who writes ``lmbda``, as in Python, means it too."""

    def training(table: dict[str, Any]) -> dict[str, Any]:
        inner = table.get("training")
        if not isinstance(inner, dict) or "lmbda" not in inner or "lambda" in inner:
            return table
        return table | {"training": {"lambda" if key == "lmbda" else key: value for key, value in inner.items()}}

    arms = tables.get("arm")
    if isinstance(arms, list):
        tables = tables | {"arm": [training(arm) if isinstance(arm, dict) else arm for arm in arms]}
    return training(tables)


def _one_line(text: str, what: str, source: str) -> None:
    if "\n" in text or "\t" in text:
        raise BadInput(f"{printable(source)}: {what} must be one line, is '{printable(text, 60)}'")


def _plain(value: Any) -> Any:
    """Tuples as lists, as TOML has them."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


# -- where presets are ------------------------------------------------------------------------------------


def _shipped() -> Iterator[tuple[str, Any]]:
    def walk(folder: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if entry.is_dir() and not entry.name.startswith(("_", ".")):
                yield from walk(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith(".toml"):
                yield prefix + entry.name.removesuffix(".toml"), entry

    yield from walk(resources.files("tunelab.presets"), "")


def _own() -> Iterator[tuple[str, Path]]:
    folder = paths.presets()
    if folder.is_dir():
        for path in sorted(folder.glob("*.toml")):
            yield path.stem, path


def available() -> list[str]:
    """Names of all presets: those that come with tunelab, then a person's own."""
    return [name for name, _ in _shipped()] + [name for name, _ in _own()]


def find(name: str) -> Preset:
    """The preset of this name, or in this file."""
    looks_like_path = name.endswith(".toml") or name.startswith((".", "~", os.sep))
    if looks_like_path:
        path = paths.expanded(name)
        return parse(_read(path), path.stem, name)
    for known, entry in [*_shipped(), *_own()]:
        if known == name:
            return parse(_read(entry), known, f"{known}.toml")
    names = available()
    by_last = [n for n in names if n.rsplit("/", 1)[-1] == name]
    if len(by_last) == 1:
        return find(by_last[0])
    raise BadInput(f"there is no preset '{printable(name)}'{did_you_mean(name, names)}; `tunelab presets` lists them")


def _read(path: Any) -> str:
    try:
        # A shipped preset may lie in an archive, where there are no links and no pipes
        raw = read_regular(path, MaxBytes.PRESET, follow=True) if isinstance(path, Path) else path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"there is no file {printable(path)}") from None
    except OSError as error:
        raise BadInput(os_error_sentence(error, path, "read")) from None
    try:
        return str(raw.decode("utf-8-sig"))  # Windows' Notepad puts a mark before the first letter
    except UnicodeDecodeError:
        raise BadInput(f"{printable(path)} isn't a preset: it is not UTF-8 text") from None


def save(preset: Preset, name: str, *, replace_old: bool = False) -> Path:
    """Write a preset among a person's own, whole or not at all."""
    paths.checked_name(name, "a preset")
    if name in (known for known, _ in _shipped()):
        raise BadInput(f"'{name}' is a preset that comes with tunelab; choose another name")
    path = paths.presets() / f"{name}.toml"
    if path.exists() and not replace_old:
        raise BadInput(f"there is a preset '{name}' already; choose another name, or replace it with --force")
    paths.write_whole(path, preset.to_toml().encode())
    return path
