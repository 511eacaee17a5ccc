"""Weight decay in steps that a float32 can hold: w ← (1 − ηλ/n) w, several steps at once where one is too small.

In float32 the factor 1 − ηλ/n is 0.1 % off at a decay of 1e-5 a step, and exactly 1 below 3e-8: λ would do nothing at
all. So the product over k steps is kept in double precision and applied at every k-th step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decay"]

Array = NDArray[Any]

_SMALLEST = 2.0**-15  # what a factor applied in float32 takes away at least; its rounding error is 0.1 % of that
_LONGEST = 10**12  # steps: longer than any training


@dataclass(frozen=True)
class Decay:
    """The decay of R networks: each one's weights are multiplied by ``factor`` (R,) at every ``every``-th step (R,)."""

    factor: Array
    every: Array

    @classmethod
    def of(cls, rates: Array, dtype: np.dtype[Any], *, at_once: bool = False) -> Decay:
        """Return the decay of ``rates`` ηλ/n a step, (R,), for weights of a dtype; ``at_once`` at every step."""
        every = np.ones(len(rates), np.int64)
        factor = 1.0 - rates
        small = (rates > 0) & (rates < _SMALLEST)
        if small.any() and dtype.itemsize == 4 and not at_once:
            every[small] = np.minimum(np.ceil(_SMALLEST / rates[small]), _LONGEST).astype(np.int64)
            factor[small] = np.exp(every[small] * np.log1p(-rates[small]))
        return cls(factor, every)

    def at(self, step: int) -> Array | None:
        """Return the factors at a step, counted from 1, (R,); None where none is due."""
        due = (step % self.every == 0) & (self.factor != 1.0)
        return np.where(due, self.factor, 1.0) if due.any() else None
