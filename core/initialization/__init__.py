"""First weights: every initializer, and what it does to z before any training."""

from core.initialization.effect import LayerEffect, effects
from core.initialization.schemes import BIASES, WEIGHTS, Initialization, initial_network

__all__ = ["BIASES", "WEIGHTS", "Initialization", "LayerEffect", "effects", "initial_network"]
