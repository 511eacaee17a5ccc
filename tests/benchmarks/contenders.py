"""What takes part in the race: the same mini-batch SGD, computed in different ways, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.initialization import Initialization, initial_network
from tunelab.kernel import COMPILED, describe_kernel, kernel
from tunelab.network import Network
from tunelab.training import Measurement, Training

__all__ = ["Array", "Contender", "Ours", "Start", "Unavailable"]

Array = NDArray[Any]


class Unavailable(Exception):
    """A contender can't take part on this machine; the message says why."""


@dataclass(frozen=True, eq=False)
class Start:
    """Where every contender begins: sigmoid layers, cross-entropy, no regularization, the same first weights.

    ``sizes`` are neurons a layer, inputs first; ``training`` holds pixels, uint8, and class positions.
    """

    training: Examples
    sizes: tuple[int, ...] = (784, 30, 10)
    eta: float = 0.1
    mini_batch: int = 10
    dtype: type[np.float32] | type[np.float64] = np.float32

    def network(self, replicates: int = 1) -> Network:
        """Freshly drawn networks; the first replicate is the one that all contenders begin with."""
        return initial_network(Initialization(self.sizes), range(replicates), dtype=self.dtype)

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Weights, (fan_in, fan_out) each, and biases, (fan_out,) each, of the first replicate."""
        network = self.network()
        return [w[0] for w in network.weights], [b[0, 0] for b in network.biases]

    def scaled(self) -> Array:
        """All inputs as a network sees them, (n, inputs) in ``dtype``."""
        return self.training.scaled(slice(None), self.dtype)

    def one_hot(self) -> Array:
        """All wanted outputs, (n, outputs) in ``dtype``."""
        return np.eye(self.sizes[-1], dtype=self.dtype)[self.training.targets]


class Contender(Protocol):
    """One way of training; it keeps its parameters from epoch to epoch."""

    def epoch(self, order: Array) -> float:
        """Train on all n examples in ``order``, (n,) int64. Returns the seconds it took."""

    def parameters(self) -> tuple[Sequence[Array], Sequence[Array]]:
        """Weights, (fan_in, fan_out) each, and biases, (fan_out,) each, as they are now."""


class Ours:
    """tunelab: R networks of one training. ``epoch`` is the time for all R together.

    ``engine`` is what does the arithmetic: the compiled kernel, which must be there, or numpy. ``monitoring`` is what
    the measurement after the last epoch took: the costs and accuracies of all training examples and of ``evaluation``.
    """

    def __init__(
        self,
        start: Start,
        replicates: int = 1,
        *,
        engine: str = COMPILED,
        lmbda: float = 0.0,
        evaluation: Examples | None = None,
    ) -> None:
        if engine == COMPILED and kernel() is None:
            raise Unavailable(f"the kernel isn't compiled ({describe_kernel()})")
        self.network = start.network(replicates)
        self.monitoring = 0.0
        self._last_step = 0.0
        self._upcoming = np.arange(0)
        training = Training(
            self.network,
            start.training,
            evaluation if evaluation is not None else start.training.first(1),
            eta=[start.eta] * replicates,
            lmbda=[lmbda] * replicates,
            mini_batch=start.mini_batch,
            epochs=1_000,  # more than any race is long
            order=lambda replicate, epoch: self._upcoming,
            engine=engine,
        )
        self.engine = training.engine
        """What does the arithmetic: what the kernel doesn't cover numpy does."""
        self._measurements: Iterator[Measurement] = training.run(self._pulse)

    def _pulse(self) -> None:
        # Called after every few mini-batches: the last call of an epoch is where training ends and measuring begins.
        self._last_step = process_time()

    def epoch(self, order: Array) -> float:
        """Train an epoch, and measure outside the time that is returned."""
        self._upcoming = order
        begin = process_time()
        next(self._measurements)
        self.monitoring = process_time() - self._last_step
        return self._last_step - begin

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Of the first replicate."""
        return [w[0] for w in self.network.weights], [b[0, 0] for b in self.network.biases]
