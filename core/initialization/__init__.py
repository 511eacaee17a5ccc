"""First weights: every initializer, and what it does to z before any training."""

from tunelab.initialization.effect import LayerEffect, effects, weights_differ
from tunelab.initialization.schemes import BIASES, WEIGHTS, Initialization, initial_network

__all__ = ["BIASES", "WEIGHTS", "Initialization", "LayerEffect", "effects", "initial_network", "weights_differ"]
