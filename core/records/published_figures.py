"""A run beside the arrays that the book published: what is compared, and the largest difference of each.

The arrays aren't part of tunelab. They are the JSON files in the directory ``fig`` of the programs that come with
Nielsen's book; a person who has them names their directory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.records.run import Run
from tunelab.wording import quantity

__all__ = [
    "FIGURES",
    "FigureComparison",
    "RoundingDivergence",
    "compare_with_figure",
    "published_arrays",
    "rounding_divergences",
]

_FIELDS = ("evaluation_cost", "evaluation_correct", "training_cost", "training_correct")
"""The four lists of a training in its files, by their place."""


@dataclass(frozen=True)
class _Place:
    """Where an arm's four lists are: the file, and the key or position in it (None: the file is the four lists)."""

    file: str
    key: str | int | None = None
    chaotic: bool = False


FIGURES: dict[str, dict[str, _Place]] = {
    "book/initialization-30": {
        "new: N(0, 1/n)": _Place("weight_initialization_30.json", "default_weight_initialization"),
        "old: N(0, 1)": _Place("weight_initialization_30.json", "large_weight_initialization"),
    },
    "book/initialization-100": {
        "new: N(0, 1/n)": _Place("weight_initialization_100.json", "default_weight_initialization"),
        "old: N(0, 1)": _Place("weight_initialization_100.json", "large_weight_initialization"),
    },
    "book/learning-rates": {
        "η = 0.025": _Place("multiple_eta.json", 0),
        "η = 0.25": _Place("multiple_eta.json", 1),
        "η = 2.5": _Place("multiple_eta.json", 2, chaotic=True),
    },
    "book/overfitting-1000": {
        "λ = 0": _Place("overfitting.json"),
        "λ = 0.1": _Place("regularized.json"),
    },
    "book/overfitting-full": {
        "λ = 0": _Place("overfitting_full.json", chaotic=True),
        "λ = 5": _Place("regularized_full.json"),
    },
}
"""Every published figure by the preset that draws it: its arms, and where their numbers are."""

_TOLERANCES = {"evaluation_correct": 0, "training_correct": 1, "evaluation_cost": 1e-5, "training_cost": 1e-5}
"""How far from the book's a measure that isn't chaotic may be: rounding took λ = 5 on all images to 4e-6, and one of
its 50,000 training images to the other side."""


@dataclass(frozen=True)
class FigureComparison:
    """One measure of one arm beside the book's.

    ``epochs`` were compared; ``largest`` is the largest difference (in examples for counts), None where one of the two
    isn't finite. ``chaotic``: rounding alone moves this training, so that its numbers can't come out again.
    """

    arm: str
    measure: str
    epochs: int
    largest: float | None
    chaotic: bool

    @property
    def agrees(self) -> bool:
        """Whether the numbers are the book's: counts of evaluation data exactly, the rest to rounding.

        Of chaos nothing is asked.
        """
        return self.chaotic or (self.largest is not None and self.largest <= _TOLERANCES[self.measure])


def compare_with_figure(run: Run, figure: str, directory: Path) -> list[FigureComparison]:
    """Every list that the book published of a figure, beside the same measure of a run that has trained it.

    Raises :class:`BadInput` where a file isn't there, or doesn't hold what the book's does.
    """
    found = []
    for name, four_lists in published_arrays(figure, directory).items():
        place, measures = FIGURES[figure][name], _measures(run, name)
        for measure, published in zip(_FIELDS, four_lists, strict=True):
            if not published:  # not monitored in that script
                continue
            ours = [m[measure] for m in measures]
            if len(ours) != len(published):
                raise BadInput(
                    f"{printable(directory / place.file)} has {quantity(len(published), 'epoch')} where "
                    f"the arm '{name}' has "
                    f"{len(ours)}; it is another version of the figure"
                )
            found.append(FigureComparison(name, measure, len(ours), _largest(ours, published), place.chaotic))
    return found


def published_arrays(figure: str, directory: Path) -> dict[str, list[list[float]]]:
    """The four lists that the book published of each arm of a figure. Raises as :func:`compare_with_figure` does."""
    return {name: _four_lists(directory, place) for name, place in FIGURES[figure].items()}


def _largest(ours: Sequence[Any], others: Sequence[Any]) -> float | None:
    differences = [
        abs(a - b) if a is not None and b is not None else math.inf for a, b in zip(ours, others, strict=True)
    ]
    largest = float(max(differences))
    return largest if math.isfinite(largest) else None


def _four_lists(directory: Path, place: _Place) -> list[list[float]]:
    path = directory / place.file
    try:
        lists = json.loads(path.read_text("utf-8"))
        if place.key is not None:
            lists = lists[place.key]
        if len(lists) != len(_FIELDS) or not all(isinstance(n, int | float) for each in lists for n in each):
            raise ValueError("it doesn't hold four lists of numbers")
    except FileNotFoundError:
        raise BadInput(
            f"there is no {printable(place.file)} in {printable(directory)}; the book's published arrays are in "
            "the directory fig of its programs"
        ) from None
    except (OSError, ValueError, KeyError, IndexError, TypeError, RecursionError) as problem:
        raise BadInput(f"{printable(path)} isn't as the book published it: {printable(problem, 80)}") from None
    return [list(each) for each in lists]


@dataclass(frozen=True)
class RoundingDivergence:
    """Two arms that differ in rounding alone: their training costs' relative difference after each epoch."""

    arm: str
    epochs: tuple[float, ...]
    differences: tuple[float | None, ...]


def rounding_divergences(run: Run) -> Iterator[RoundingDivergence]:
    """Every pair of a run's arms of which the second adds a mini-batch's gradients backwards."""
    for first, second in zip(run.preset.arms, run.preset.arms[1:], strict=False):
        tables = first.experiment.to_dict()
        book = tables["training"].get("book")
        if not book or book["added"] != "forwards":
            continue
        book["added"] = "backwards"
        if second.experiment.to_dict() != tables:
            continue
        ours, others = _measures(run, first.name), _measures(run, second.name)
        differences = tuple(
            _relative(a["training_cost"], b["training_cost"]) for a, b in zip(ours, others, strict=False)
        )
        yield RoundingDivergence(first.name, tuple(m["epoch"] for m in ours[: len(differences)]), differences)


def _relative(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None or not a else abs(a - b) / abs(a)


def _measures(run: Run, name: str) -> list[dict[str, Any]]:
    return run[name].events("measure")
