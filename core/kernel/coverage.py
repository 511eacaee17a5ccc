"""The one rule for which trainings the kernel takes and which are left to numpy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.kernel.binding import COSTS, HIDDEN, MAX_LAYERS, OUTPUTS

__all__ = ["covers", "lists_inputs"]

_SAMPLE = 1000  # examples looked at for how many inputs are 0
_SPARSE = 0.5  # share of inputs that aren't 0 up to which listing them pays
_MOST_LISTED = 65_536  # inputs that a list can number
_ALWAYS = 3  # examples in a mini-batch up to which numpy's calls cost more than any arithmetic
_SMALL = 30  # up to which BLAS gains little by passing over the weights once for all examples
# By whether small: bytes of weights that a mini-batch's examples pass in dense products, beyond which BLAS wins
_DENSE_WORK = {True: 32_000_000, False: 12_000_000}
_CACHED = 1_200_000  # bytes of a listed first layer that stay in a core's own cache


def lists_inputs(inputs: NDArray[Any]) -> bool:
    """Return whether inputs, (n, inputs), are read as lists of those that aren't 0: pixels are, tables seldom."""
    sample = inputs[:_SAMPLE]
    return inputs.shape[1] <= _MOST_LISTED and int(np.count_nonzero(sample)) <= _SPARSE * sample.size


def covers(
    sizes: Sequence[int], activation: str, output: str, cost: str, *, mini_batch: int, itemsize: int, listed: bool
) -> bool:
    """Return whether the kernel takes such a training: it knows the functions, and isn't slower than numpy.

    The bounds are measured (`python -m tests.benchmarks.coverage` does so again): listed inputs skip most of the work
    as long as the first layer's weights stay in the cache; where products of dense matrices decide, BLAS with its fused
    multiply-add is ahead of a kernel that does without for the sake of the same bits everywhere.
    """
    if activation not in HIDDEN or output not in OUTPUTS or cost not in COSTS or len(sizes) - 1 > MAX_LAYERS:
        return False
    if mini_batch <= _ALWAYS:
        return True
    first, *later = (fan_in * fan_out for fan_in, fan_out in pairwise(sizes))
    dense = sum(later) if listed else first + sum(later)
    small = mini_batch <= _SMALL
    if listed and first * itemsize > _CACHED and not small:
        return False
    return mini_batch * dense * itemsize <= _DENSE_WORK[small]
