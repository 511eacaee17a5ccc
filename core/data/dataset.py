"""What a network learns from: examples in three parts, and the views of them that experiments ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.errors import BadInput, printable

__all__ = ["Array", "Dataset", "Examples", "LazyExamples", "Report", "smallest_integer"]

Array = NDArray[Any]

Report = Callable[[str, int, int], None]
"""How data code talks while it works: what is being done, how much is done, of how much in all.
A total of 0 marks a notice: something to be told once, without progress."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs beside the answers wanted for them.

    ``inputs``: (n, features), uint8 (pixels, mapped from disk where possible) or float32.
    ``targets``: (n,) integers, positions in ``Dataset.classes``; or (n, outputs) float32 for regression.
    ``scale``: what an input is multiplied with before a network sees it: 1/255 for pixels, else 1.

        >>> examples = Examples(np.array([[0, 255], [255, 51]], np.uint8), np.array([0, 1]), scale=1 / 255)
        >>> len(examples), examples.scaled(slice(0, 2)).round(3).tolist()
        (2, [[0.0, 1.0], [1.0, 0.20000000298023224]])
    """

    inputs: Array
    targets: Array
    scale: float = 1.0

    def __len__(self) -> int:
        return len(self.targets)

    def first(self, count: int) -> Examples:
        """The first ``count`` examples, as views."""
        return Examples(self.inputs[:count], self.targets[:count], self.scale)

    def scaled(self, rows: slice | Array, dtype: np.dtype[Any] | type = np.float32) -> Array:
        """The inputs of ``rows`` as the network sees them, (rows, features) in ``dtype``."""
        chosen = self.inputs[rows]
        return np.multiply(chosen, self.scale, dtype=dtype, casting="unsafe")


class LazyExamples(Examples):
    """Examples that are made when somebody first looks at them; until then they cost nothing.

    For a test part that takes seconds to draw and that most runs never touch.
    ``make`` must be picklable where the data set travels to another process.
    """

    def __init__(self, make: Callable[[], Examples], scale: float) -> None:
        object.__setattr__(self, "make", make)
        object.__setattr__(self, "scale", scale)

    def __getattr__(self, name: str) -> Any:  # called only for what isn't there yet
        if name not in ("inputs", "targets"):
            raise AttributeError(f"{type(self).__name__} has no {name}")
        examples: Examples = self.__dict__["make"]()
        self.__dict__.update(inputs=examples.inputs, targets=examples.targets)
        return self.__dict__[name]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named set of examples in the three parts that honest work needs.

    ``name`` is what a preset calls it; ``title`` is what charts call it. ``classes`` are the labels in the
    order of the network's outputs, or None for regression. ``image_shape`` is (rows, columns) where an
    input is a picture. ``tolerance`` is for regression: an answer counts as right when every
    coordinate is at most this far from the one wanted.

    ``target_mean`` and ``target_std`` (a number an output) are there where regression targets were standardized:
    ``targets`` holds (label − mean) / std, and :meth:`unscaled` gives the label's own unit. Empty: left as they were.

    ``encoder`` is how rows became inputs (:mod:`tunelab.data.encoder`), plain values fit for JSON.

        >>> rng = np.random.default_rng(0)
        >>> def part(n):
        ...     inputs = rng.normal(size=(n, 4)).astype(np.float32)
        ...     return Examples(inputs, (inputs[:, 0] > 0).astype(np.uint8))
        >>> dataset = Dataset("signs", "Signs", part(200), part(100), part(100), classes=("below 0", "above 0"))
        >>> dataset.features, dataset.outputs
        (4, 2)

    It can be given to :func:`tunelab.train` in place of a data set that an experiment names.
    """

    name: str
    title: str
    training: Examples
    validation: Examples
    test: Examples
    classes: tuple[str, ...] | None = None
    image_shape: tuple[int, int] | None = None
    tolerance: float = 0.0
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()
    encoder: dict[str, Any] | None = None

    def with_encoder(self, encoder: dict[str, Any]) -> Dataset:
        """The same data set with an encoder."""
        return replace(self, encoder=encoder)

    def unscaled(self, targets: Array) -> Array:
        """Regression targets or outputs (…, outputs) in the label's own unit, float64."""
        values = np.asarray(targets, np.float64)
        return values * np.array(self.target_std) + np.array(self.target_mean) if self.target_std else values

    @property
    def features(self) -> int:
        """How many inputs an example has."""
        return int(self.training.inputs.shape[1])

    @property
    def outputs(self) -> int:
        """How many outputs a network for it has: one a class, or one a coordinate."""
        return len(self.classes) if self.classes is not None else int(self.training.targets.shape[1])

    def position(self, label: str | int) -> int:
        """Where the class ``label`` stands in ``self.classes``.

        A number that is no label counts from 0 (so 1 is a "Trouser" in Fashion-MNIST).
        Raises :class:`BadInput` if there is no such class.
        """
        if self.classes is None:
            raise BadInput(
                f"data.classes: {self.title} has no classes to choose from, its targets are numbers; "
                "leave data.classes out"
            )
        text = str(label)
        if text in self.classes:
            return self.classes.index(text)
        if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < len(self.classes):
            return int(text)
        has = ", ".join(self.classes[:20]) + (", …" if len(self.classes) > 20 else "")
        raise BadInput(f"data.classes: {self.title} has no class '{printable(text, 40)}'; it has {has}")

    def positions(self, classes: Sequence[str | int]) -> list[int]:
        """Where the chosen ``classes`` stand in ``self.classes``, in the order given.

        Raises :class:`BadInput` for an unknown class, fewer than two, or one given twice.
        """
        chosen = [self.position(label) for label in classes]
        if len(chosen) < 2 or len(set(chosen)) < len(chosen):
            raise BadInput("data.classes: give at least two different classes, for example [0, 1]")
        return chosen

    def only(self, classes: Sequence[str | int]) -> Dataset:
        """Only the examples of ``classes``; a network for it has as many outputs, in the order given."""
        chosen = self.positions(classes)
        assert self.classes is not None  # or positions() had refused
        new_position = np.full(len(self.classes), -1)
        new_position[chosen] = np.arange(len(chosen))

        def part(examples: Examples) -> Examples:
            new = new_position[examples.targets]
            rows = np.flatnonzero(new >= 0)
            targets = new[rows].astype(smallest_integer(len(chosen)))
            return Examples(examples.inputs[rows], targets, examples.scale)

        labels = tuple(self.classes[c] for c in chosen)
        return replace(
            self,
            training=part(self.training),
            validation=part(self.validation),
            test=part(self.test),
            classes=labels,
            encoder=self.encoder and self.encoder | {"classes": list(labels)},
        )


def smallest_integer(classes: int) -> type[np.uint8] | type[np.uint16]:
    """The integer type that class positions are kept in; there are never more than 65,536 classes."""
    return np.uint8 if classes <= 256 else np.uint16
