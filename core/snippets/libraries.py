"""Which libraries there are scripts for."""

from __future__ import annotations

from tunelab.errors import BadInput
from tunelab.initialization import WEIGHTS
from tunelab.snippets.keras import keras
from tunelab.snippets.pytorch import pytorch
from tunelab.snippets.recipe import Recipe
from tunelab.snippets.sklearn import sklearn

__all__ = ["LIBRARIES", "script"]

LIBRARIES = {"pytorch": pytorch, "sklearn": sklearn, "keras": keras}
"""How each library's script is written, by the name that --for takes."""


def script(library: str, r: Recipe) -> str:
    """A complete script; :class:`tunelab.errors.BadInput` where the library has no such network."""
    first = r.experiment.initialization.weights
    if WEIGHTS[first].by_data:
        raise BadInput(
            f"initialization.weights: {first} is scaled by the data as tunelab reads them, and a script can't; "
            "orthogonal or scaled weights are carried over"
        )
    return LIBRARIES[library](r)
