"""The experiment being edited: what the form shows and changes. It knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunelab.experiment import Arm, Experiment, Preset
from tunelab.experiment.applicability import applies, ended_by
from tunelab.experiment.fields import described, value_of, value_text
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.preset import parse, resolved
from tunelab.tui.state.assignments import dimension

if TYPE_CHECKING:
    from tunelab.tui.state.run_view import RunView

__all__ = ["Draft", "ToTrain", "Trial"]

_RULE = "training.schedule.rule"
_WARM_UP = "training.schedule.warm_up"
_CONSTANT = {_RULE: "constant", _WARM_UP: "0"}  # what the form reads where there is no schedule


class Draft:
    """A preset under a person's hands. It is always one that could be trained: what isn't is refused."""

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        self.changed = False
        self._history: list[tuple[Preset, bool, str]] = []

    @property
    def name(self) -> str:
        """What the preset was called, with a star where it has been changed since."""
        return self.preset.name + ("*" if self.changed else "")

    @property
    def base(self) -> Experiment:
        """The experiment that the arms vary."""
        tables = {k: v for k, v in self.preset.tables.items() if k in Experiment.model_fields}
        return Experiment.model_validate(tables)

    def text(self, key: str) -> str:
        """The base experiment's value at a dotted key, as it would be typed."""
        if key in _CONSTANT and self.base.training.schedule is None:
            return _CONSTANT[key]
        return value_text(value_of(self._values(), key))

    def applies(self, key: str) -> bool:
        """Return whether a parameter says anything beside the others' values."""
        return applies(key, self._values())

    def _values(self) -> dict[str, Any]:
        return self.base.model_dump(mode="json", by_alias=True)

    def checked(self, key: str, text: str) -> Preset:
        """Return the preset with what was typed at a dotted key; :class:`BadInput` says why that can't be."""
        value = described()[key].read(text)
        preset = self.preset.expecting_on(str(value)) if key == "data.name" and value else self.preset
        schedule = self.base.training.schedule
        values = {_RULE: schedule.rule} if key == _WARM_UP and schedule is not None else {}
        tables = placed(preset.tables, values | {key: value})
        tables = placed(tables, dict.fromkeys(ended_by(key, tables)))
        if key in _CONSTANT and _is_constant(value_of(tables, "training.schedule") or {}):
            tables = placed(tables, {"training.schedule": None})
        return self._resolved(tables)

    def set(self, key: str, text: str) -> None:
        """Put what was typed at a dotted key; :class:`BadInput` says why it can't be, and nothing changes."""
        self._take(self.checked(key, text), key)

    def learn_from(self, path: str) -> None:
        """Learn from all of a person's own file: how many examples and which classes there were says nothing of it."""
        keys = ("data.train", "data.evaluation", "data.classes", "data.label")
        tables = placed(self.preset.expecting_on(path).tables, {"data.name": path} | dict.fromkeys(keys))
        # What the preset says is about other data
        tables = {key: value for key, value in tables.items() if key not in ("title", "description", "source")}
        self._take(self._resolved(tables), "data.name")

    def undo(self) -> str:
        """Take the last change back, and return what it changed; nothing where there is none."""
        if not self._history:
            return ""
        self.preset, self.changed, what = self._history.pop()
        return what

    def vary(self, name: str, typed: str) -> None:
        """Make an arm of each value of a parameter: a list, or a range's points; old arms go."""
        varied = dimension(name, typed)
        arms: list[dict[str, Any]] = []
        for value in varied.grid():
            arm: dict[str, Any] = {"name": f"{varied.name} = {value_text(value)}"}
            arms.append(placed(arm, {varied.key: varied.setting(value)}))
        self._take(self._resolved({**self.preset.tables, "arm": arms}), "the arms")

    def variation(self) -> tuple[str, str]:
        """Return the one parameter in which the arms differ, and its values as they would be typed.

        Where there are no such arms, η around its present value.
        """
        eta = self.base.training.eta
        keys = {key for key in described() if self.preset.overridden(key)}
        if len(keys) != 1:
            return "η", ", ".join(f"{eta * factor:g}" for factor in (0.1, 1, 10))
        (key,) = keys
        about = described()[key]
        texts = [value_text(value_of(arm.experiment.model_dump(mode="json", by_alias=True), key)) for arm in self.arms]
        listed = "; ".join(texts) if about.kind == "list" else ", ".join(texts)
        return about.symbol or key.rsplit(".", 1)[-1], listed

    def cure(self, name: str, values: dict[str, Any]) -> None:
        """Keep one arm as it is, and one with other values beside it."""
        old = next((arm for arm in self.preset.tables.get("arm", []) if arm.get("name") == name), {"name": name})
        title = ", ".join(f"{key.rsplit('.', 1)[-1]} = {value_text(value)}" for key, value in values.items())
        cured = placed(dict(old) | {"name": f"{name}, {title}"}, values)
        self._take(self._resolved({**self.preset.tables, "arm": [old, cured]}), "the arms")

    def drop_arms(self) -> None:
        """One network again: only the base experiment."""
        tables = {key: value for key, value in self.preset.tables.items() if key not in {"arm", "expect"}}
        self._take(self._resolved(tables), "the arms")

    def varied(self, key: str) -> bool:
        """Whether the arms differ in this parameter, so that the form's value is not what they use."""
        return bool(self.preset.overridden(key))

    @property
    def arms(self) -> tuple[Arm, ...]:
        """What would be trained now."""
        return self.preset.arms

    def to_toml(self) -> str:
        """The draft as a file."""
        return self.preset.to_toml()

    @staticmethod
    def from_toml(text: str, name: str, changed: bool) -> Draft:
        """The draft that :meth:`to_toml` wrote."""
        draft = Draft(parse(text, name, "the last session"))
        draft.changed = changed
        return draft

    def _resolved(self, tables: dict[str, Any]) -> Preset:
        arms = {arm.get("name") for arm in tables.get("arm", [])} or {"run"}
        if "expect" in tables:  # what was expected of arms that are gone says nothing any more
            tables = {**tables, "expect": {k: v for k, v in tables["expect"].items() if k in arms}}
        return resolved(self.preset.name, tables, "the form")

    def _take(self, preset: Preset, what: str) -> None:
        self._history.append((self.preset, self.changed, what))
        self.preset, self.changed = preset, True


def _is_constant(schedule: dict[str, Any]) -> bool:
    """Return whether a schedule's table says no more than that η stays as it is."""
    return not schedule.get("warm_up") and schedule.get("rule", "constant") == "constant"


@dataclass(frozen=True)
class ToTrain:
    """A draft that is to be trained at once."""

    draft: Draft


@dataclass(frozen=True)
class Trial:
    """One trial of a sweep: its experiment for the form, and its curves where they are here."""

    draft: Draft
    view: RunView | None
