"""Steps of training in the compiled kernel, a network after the other or several side by side in threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.kernel import FOLD_EVERY, Kernel, KernelExamples, KernelNetwork, Steps, for_each, kernel_examples
from tunelab.network import Network
from tunelab.training.decay import Decay
from tunelab.training.measurement import Score

__all__ = ["KernelSteps"]

Array = NDArray[Any]

_WORK = 40_000_000  # multiplications in a call, about: some milliseconds, then whoever waits is heard
_BLOCK = 4096  # examples prepared at once where they don't fit in memory


class KernelSteps:
    """Moves R networks by mini-batches. See :class:`tunelab.training.loop.Steps`."""

    def __init__(
        self,
        kernel: Kernel,
        network: Network,
        training: Examples,
        *,
        listed: bool,
        mini_batch: int,
        unscored: Callable[[Examples], Score],
        class_weights: Array | None = None,
        threads: int = 1,
    ) -> None:
        self.mini_batch, self._threads = mini_batch, threads
        self._kernel, self._listed, self._unscored = kernel, listed, unscored
        self._training, self._class_weights = training, class_weights
        self._examples: dict[int, KernelExamples] = {}
        # Calls end at multiples of the steps after which decay is folded in: so it changes no bit where they end
        work = mini_batch * sum(w.shape[1] * w.shape[2] for w in network.weights)
        self._stretch = FOLD_EVERY * max(1, _WORK // (FOLD_EVERY * work))
        self.place(network)

    def _read(self, examples: Examples) -> KernelExamples:
        """The examples as the kernel reads them, prepared when they are first used."""
        read = self._examples.get(id(examples))
        if read is None:
            network = self._network
            read = kernel_examples(
                self._kernel,
                examples,
                network.dtype,
                network.sizes[-1],
                listed=self._listed,
                class_weights=self._class_weights,
            )
            self._examples[id(examples)] = read
        return read

    def place(self, network: Network) -> None:
        """Take these networks."""
        self._network = network
        self._networks = [KernelNetwork(self._kernel, network, r, self.mini_batch) for r in range(network.replicates)]

    def set_rates(self, eta: Array, decay: Decay) -> None:
        """Take each network's η, (R,), and its decay."""
        self._eta, self._decay = eta, decay

    def most(self, step: int) -> int:
        """How many examples can be trained on in one call that begins after ``step`` steps."""
        stretch = self._stretch
        if not self._read(self._training).whole:
            stretch = min(stretch, FOLD_EVERY * max(1, _BLOCK // (FOLD_EVERY * self.mini_batch)))
        return (stretch - step % FOLD_EVERY) * self.mini_batch

    def advance(self, orders: list[Array], position: int, count: int, step: int, etas: Array | None = None) -> None:
        """Train every network on its order's examples from ``position`` on; ``step`` steps were made before."""
        assert etas is None, "the kernel keeps η during a call"
        training = self._read(self._training)

        def train(r: int) -> None:
            steps = Steps(
                self.mini_batch, step, float(self._eta[r]), float(self._decay.factor[r]), int(self._decay.every[r])
            )
            self._networks[r].train(training, orders[r][position : position + count], steps)

        for_each(train, len(self._networks), self._threads)

    def score(self, examples: Examples) -> Score:
        """Judge the networks."""
        read = self._read(examples)
        frame = self._unscored(examples)
        R, outputs, n = len(self._networks), self._network.sizes[-1], len(examples)
        kinds, numbers = (outputs, 0) if frame.has_classes else (0, outputs)
        cost, correct, squared_error = np.zeros(R), np.zeros(R, np.int64), np.zeros((R, numbers))
        answers, class_correct = np.zeros((R, kinds), np.int64), np.zeros((R, kinds), np.int64)
        size = n if read.whole else min(_BLOCK, n)
        for start in range(0, n, size):
            count = min(size, n - start)
            block, first = read.range(start, count)
            targets = examples.targets[start : start + count]

            def judge(r: int, block: Any = block, first: int = first, targets: Array = targets) -> None:
                largest = np.empty(len(targets), np.int32)
                given = None if frame.has_classes else np.empty((len(targets), outputs), self._network.dtype)
                self._networks[r].score(block, first, len(targets), self._listed, cost[r : r + 1], largest, given)
                if given is None:
                    answers[r] += np.bincount(largest, minlength=outputs)
                    class_correct[r] += np.bincount(targets[largest == targets], minlength=outputs)
                else:
                    off = given - targets.astype(given.dtype)
                    correct[r] += (np.abs(off) <= frame.tolerance).all(axis=-1).sum()
                    squared_error[r] += np.square(off, dtype=np.float64).sum(axis=0)

            for_each(judge, R, self._threads)
        if frame.has_classes:
            correct = class_correct.sum(axis=-1)
        return frame.of(cost / n, correct, answers, class_correct, squared_error / n)
