"""Which hidden neurons a step leaves out: masks from each network's own stream, the same whenever they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dropout"]

Array = NDArray[Any]

_PURPOSE = 3  # of a seed's streams: 0 and 1 draw weights and biases, 2 orders the examples


class Dropout:
    """Inverted dropout of R networks (Srivastava et al. 2014): of each hidden layer a share of neurons is left out.

    What stays counts 1/(1 − share) times, so that nothing changes where nothing is left out: when a network is judged.
    A mask depends on (seed, epoch, place in the epoch) alone, so nothing of it needs saving.

    Args:
        seeds: one a replicate.
        shares: of hidden neurons left out, one a replicate, from 0 to below 1.
    """

    def __init__(self, seeds: Sequence[int], shares: Sequence[float]) -> None:
        self._seeds, self._shares = list(seeds), np.array(shares, np.float64)
        self._streams: dict[int, tuple[int, int, np.random.Generator]] = {}

    def masks(
        self, replicates: Sequence[int], epoch: int, position: int, count: int, hidden: Sequence[int], dtype: Any
    ) -> list[Array]:
        """Return what activations are multiplied by for ``count`` examples of an epoch from ``position`` on.

        A hidden layer's each, (R, count, units).
        """
        masks = [np.empty((len(replicates), count, units), dtype) for units in hidden]
        units = sum(hidden)
        for place, replicate in enumerate(replicates):
            share = float(self._shares[replicate])
            at_epoch, at, rng = self._streams.get(replicate, (-1, 0, None))
            if rng is None or (at_epoch, at) != (epoch, position):
                bits = np.random.PCG64(np.random.SeedSequence([self._seeds[replicate], _PURPOSE, epoch]))
                bits.advance(position * units)  # a number is drawn for each neuron and example
                rng = np.random.Generator(bits)
            drawn = rng.random((count, units))
            self._streams[replicate] = (epoch, position + count, rng)
            start = 0
            for mask, width in zip(masks, hidden, strict=True):
                np.greater_equal(drawn[:, start : start + width], share, out=mask[place])
                mask[place] *= 1 / (1 - share)
                start += width
        return masks
