"""What a network's shape comes to: a drawing in a line, and how many parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tunelab.activations import ACTIVATIONS
from tunelab.costs import OUTPUTS

__all__ = ["drawing", "parameters"]


def drawing(sizes: Sequence[int], activation: str, output: str) -> str:
    """The layers in a line: ``784 → 30 σ → 10 σ``."""
    hidden = [f"{size:,} {ACTIVATIONS[activation].symbol}" for size in sizes[1:-1]]
    return " → ".join([f"{sizes[0]:,}", *hidden, f"{sizes[-1]:,} {OUTPUTS[output].symbol}"])


def parameters(sizes: Sequence[int]) -> int:
    """Weights and biases together."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
