"""What a network learns from: examples in three parts, and the views of them that experiments ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, printable

__all__ = ["Dataset", "Examples"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs beside the answers wanted for them.

    ``inputs``: (n, features), uint8 (pixels, mapped from disk where possible) or float32.
    ``targets``: (n,) integers, positions in ``Dataset.classes``; or (n, outputs) float32 for regression.
    ``scale``: what an input is multiplied with before a network sees it: 1/255 for pixels, else 1.
    """

    inputs: Array
    targets: Array
    scale: float = 1.0

    def __len__(self) -> int:
        return len(self.targets)

    def first(self, count: int) -> Examples:
        """The first ``count`` examples, as views."""
        return replace(self, inputs=self.inputs[:count], targets=self.targets[:count])

    def scaled(self, rows: slice | Array, dtype: np.dtype[Any] | type = np.float32) -> Array:
        """The inputs of ``rows`` as the network sees them, (rows, features) in ``dtype``."""
        chosen = self.inputs[rows]
        return np.multiply(chosen, self.scale, dtype=dtype, casting="unsafe")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named set of examples in the three parts that honest work needs.

    ``name`` is what a preset calls it; ``title`` is what charts call it. ``classes`` are the labels in the
    order of the network's outputs, or None for regression. ``image_shape`` is (rows, columns) where an
    input is a picture. ``tolerance`` is for regression: an answer counts as right when every
    coordinate is at most this far from the one wanted.
    """

    name: str
    title: str
    training: Examples
    validation: Examples
    test: Examples
    classes: tuple[str, ...] | None = None
    image_shape: tuple[int, int] | None = None
    tolerance: float = 0.0

    @property
    def features(self) -> int:
        """How many inputs an example has."""
        return int(self.training.inputs.shape[1])

    @property
    def outputs(self) -> int:
        """How many outputs a network for it has: one a class, or one a coordinate."""
        return len(self.classes) if self.classes is not None else int(self.training.targets.shape[1])

    def only(self, classes: Sequence[str | int]) -> Dataset:
        """Only the examples of ``classes``; a network for it has as many outputs, in the order given."""
        if self.classes is None:
            raise BadInput(f"data.classes: {self.title} has no classes to choose from, its targets are numbers")
        wanted = [str(c) for c in classes]
        for label in wanted:
            if label not in self.classes:
                raise BadInput(
                    f"data.classes: {self.title} has no class '{printable(label, 40)}'; "
                    f"it has {', '.join(printable(c, 20) for c in self.classes[:20])}"
                )
        if len(wanted) < 2 or len(set(wanted)) < len(wanted):
            raise BadInput("data.classes: give at least two different classes, for example [0, 1]")
        positions = np.full(len(self.classes), -1)
        positions[[self.classes.index(c) for c in wanted]] = np.arange(len(wanted))

        def part(examples: Examples) -> Examples:
            new = positions[examples.targets]
            rows = np.flatnonzero(new >= 0)
            return replace(examples, inputs=examples.inputs[rows], targets=new[rows].astype(np.uint8))

        return replace(
            self,
            training=part(self.training),
            validation=part(self.validation),
            test=part(self.test),
            classes=tuple(wanted),
        )
