"""An experiment as a script for another library: the same network, hyper-parameters, first weights and order."""

from tunelab.snippets.libraries import LIBRARIES, script
from tunelab.snippets.recipe import Recipe, recipe

__all__ = ["LIBRARIES", "Recipe", "recipe", "script"]
