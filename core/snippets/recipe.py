"""What a script in any library has to know of an experiment, its data looked at."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import asdict, dataclass

from tunelab.data import Dataset
from tunelab.data.options import FileOptions
from tunelab.experiment import Experiment
from tunelab.experiment.assembly import initialization_of
from tunelab.experiment.nested_tables import flattened, key_path

__all__ = ["Recipe", "recipe"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")  # a key that TOML takes without quotes
_WORD = re.compile(r"(?!(?:true|false|nan|inf)$)[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Recipe:
    """An arm's experiment beside what its data decide.

    ``sizes`` are neurons a layer, inputs first; ``train`` (n) and ``evaluation`` count examples; ``classes`` are the
    labels as an exported .npz has them, None where targets are numbers, which are right within ``tolerance``.
    """

    title: str
    experiment: Experiment
    sizes: tuple[int, ...]
    train: int
    evaluation: int
    classes: tuple[int | str, ...] | None
    tolerance: float

    @property
    def dropout(self) -> float:
        """The share of hidden neurons left out; 0 where there are none."""
        return self.experiment.training.dropout if len(self.sizes) > 2 else 0.0

    @property
    def export_command(self) -> str:
        """The command that writes the data as this arm reads and splits them, as a shell takes it."""
        words = ["tunelab", "data", "export", self.experiment.data.name, "DATA.npz"]
        plain = flattened(asdict(FileOptions()))
        for key, value in flattened(asdict(self.experiment.data.file_options)).items():
            if value != plain.get(key):
                words += ["--set", f"data.{'.'.join(map(_key_text, key_path(key)))}={_value_text(value)}"]
        return shlex.join(words)


def _key_text(part: str) -> str:
    return part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)


def _value_text(value: object) -> str:
    """A value as ``--set`` takes it: a text that could be read as something else stands in quotes."""
    return str(value) if isinstance(value, str) and _WORD.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def recipe(title: str, experiment: Experiment, dataset: Dataset) -> Recipe:
    """The recipe of an experiment on the data it asks for."""
    labels: tuple[int | str, ...] | None = dataset.classes
    if dataset.classes is not None and all(label.isascii() and label.isdigit() for label in dataset.classes):
        labels = tuple(int(label) for label in dataset.classes)
    return Recipe(
        title=title,
        experiment=experiment,
        sizes=initialization_of(experiment, dataset).sizes,
        train=len(dataset.training),
        evaluation=len(dataset.validation),
        classes=labels,
        tolerance=dataset.tolerance,
    )
