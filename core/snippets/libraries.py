"""Which libraries there are scripts for."""

from __future__ import annotations

from tunelab.snippets.keras import keras
from tunelab.snippets.pytorch import pytorch
from tunelab.snippets.recipe import Recipe
from tunelab.snippets.sklearn import sklearn

__all__ = ["LIBRARIES", "script"]

LIBRARIES = {"pytorch": pytorch, "sklearn": sklearn, "keras": keras}
"""How each library's script is written, by the name that --for takes."""


def script(library: str, r: Recipe) -> str:
    """A complete script; :class:`tunelab.errors.BadInput` where the library has no such network."""
    return LIBRARIES[library](r)
