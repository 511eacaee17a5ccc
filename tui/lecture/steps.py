"""The lecture's steps, read from the texts in ``sections/``: what is said, what is asked, what is run."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from tunelab.errors import BadInput, printable
from tunelab.experiment import Preset
from tunelab.experiment.declaration import Section
from tunelab.experiment.validation_errors import checked
from tunelab.tui.lecture.pictures import PictureName

__all__ = ["Choice", "Look", "Sampled", "Step", "find_steps", "flowed", "lecture", "steps_of_causes"]


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _words(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _listed(value)


class Choice(Section):
    """A prediction that can be made. It was right where every look says its word of ``when`` (``a | b`` is either),
    or the number that the first one steps lies in ``within``.
    """

    text: str
    when: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    within: Annotated[tuple[float, float] | None, BeforeValidator(_listed)] = None


class Look(Section):
    """What is looked for in a run; see :mod:`tunelab.tui.lecture.grading` for each kind.

    ``arms`` are those looked at (all if none); ``epoch`` is when (the end if not given). ``groups`` are beginnings of
    arm names: the best of each group is compared with the best of the others.
    """

    kind: Literal["best", "value", "falls", "soonest", "smoothness", "z"]
    measure: Literal["evaluation_accuracy", "training_cost", "sampled_std", "saturated_share"] = "evaluation_accuracy"
    epoch: float | None = None
    arms: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    groups: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    reach: float = 0.8


class Sampled(Section):
    """An experiment before any training: z of one neuron with ``active`` of ``inputs`` at 1."""

    inputs: int
    active: int
    weights: Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Step(Section):
    """One step: a text, and mostly a question, an experiment and what it teaches."""

    title: str
    text: str
    ask: str = ""
    choice: Annotated[tuple[Choice, ...], BeforeValidator(_listed)] = ()
    preset: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    sampled: Sampled | None = None
    look: Annotated[tuple[Look, ...], BeforeValidator(_listed)] = ()
    chart: Literal["accuracy", "cost", "trials", "way", "z"] = "accuracy"
    picture: PictureName = ""  # beside the text, until the experiment has curves
    answer: str = ""
    more: str = ""  # commands to go on with
    causes: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()  # of troubles that it shows, by their slugs
    # Its place in the lecture, set when it is read
    section: str = ""
    number: str = ""

    @property
    def asks(self) -> bool:
        """Whether there is something to predict and to run."""
        return bool(self.choice)

    def experiment(self, data: str = "") -> Preset:
        """What the step trains: its preset, made small enough for an answer in seconds.

        ``data`` takes the place of the drawn digits, where those are learnt from.
        """
        from tunelab.experiment.preset import find

        preset = find(self.preset)
        moves = data and preset.arms[0].experiment.data.name == "digits"
        return preset.with_settings(self.settings | ({"data.name": data} if moves else {}))

    @property
    def further(self) -> str:
        """Commands to go on with: its own, and the pages of the causes that it shows."""
        pages = [f"tunelab diagnose --causes {slug}" for slug in self.causes]
        return "\n".join([*([self.more.strip()] if self.more else []), *pages])

    @property
    def command(self) -> str:
        """How the same is done from the command line."""
        if self.sampled is not None:
            schemes = " ".join(f"--weights {scheme}" for scheme in self.sampled.weights)
            return f"tunelab init {self.sampled.inputs} --active {self.sampled.active} {schemes} --plot"
        if not self.preset:
            return ""
        return " ".join(
            [f"tunelab run {self.preset} --plot", *(f"--set {k}={_typed(v)}" for k, v in self.settings.items())]
        )


class _File(Section):
    title: str
    step: Annotated[tuple[Step, ...], BeforeValidator(_listed)]


def _typed(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def lecture() -> tuple[Step, ...]:
    """Every step in order, numbered section.step."""
    steps: list[Step] = []
    folder = resources.files("tunelab.tui.lecture").joinpath("sections")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    for place, entry in enumerate(files, 1):
        file = checked(_File, tomllib.loads(entry.read_text("utf-8")), entry.name)
        for count, step in enumerate(file.step, 1):
            steps.append(step.model_copy(update={"section": file.title, "number": f"{place}.{count}"}))
    return tuple(steps)


def find_steps(typed: str) -> Sequence[Step]:
    """The steps meant by ``3`` (a section) or ``3.2`` (one step)."""
    steps = [step for step in lecture() if typed in (step.number, step.number.partition(".")[0])]
    if not steps:
        last = lecture()[-1].number.partition(".")[0]
        raise BadInput(
            f"the lecture has no part '{printable(typed, 20)}': give a section, 1 to {last}, or a step such as "
            "3.2; `tunelab learn --list` shows them all"
        )
    return steps


def steps_of_causes() -> dict[str, str]:
    """The steps that show a cause, as they are opened, by its slug: ``tunelab learn 4.1``."""
    numbers: dict[str, list[str]] = {}
    for step in lecture():
        for slug in step.causes:
            numbers.setdefault(slug, []).append(step.number)
    return {slug: ", ".join(f"tunelab learn {number}" for number in of) for slug, of in numbers.items()}


def flowed(text: str) -> str:
    """A text with its lines joined, so that it breaks where the screen ends; what is indented stays as it is."""
    blocks = []
    for block in text.strip("\n").split("\n\n"):
        if block.startswith(" "):
            blocks.append(block.rstrip())
        elif block.startswith("- "):
            blocks.append("- " + "\n- ".join(" ".join(item.split()) for item in block[2:].split("\n- ")))
        else:
            blocks.append(" ".join(block.split()))
    return "\n\n".join(blocks)
