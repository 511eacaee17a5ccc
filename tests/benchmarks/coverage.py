"""``python -m tests.benchmarks.coverage``: the kernel beside numpy over shapes, and what the one rule makes of it.

Every line is a shape with both paths' time an example and whether :func:`tunelab.kernel.covers` takes it. What is taken
though numpy is over 5 % faster, or left though the kernel is over 25 % faster, is marked.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import process_time
from typing import Any

from .__main__ import THREADS


@dataclass(frozen=True)
class Shape:
    """One training: its data, its layers, m, its functions."""

    inputs: int
    listed: bool
    hidden: tuple[int, ...]
    mini_batch: int
    single: bool = True
    activation: str = "sigmoid"
    output: str = "sigmoid"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons a layer."""
        return (self.inputs, *self.hidden, 10)

    @property
    def cost(self) -> str:
        """The cost that goes with the output."""
        return "log-likelihood" if self.output == "softmax" else "cross-entropy"


def shapes() -> Iterator[Shape]:
    """The grid."""
    batches = (1, 3, 10, 30, 100, 300, 1000)
    data = ((784, True), (784, False), (20, False))
    for (inputs, listed), width, m in itertools.product(data, (0, 10, 30, 100, 300, 1000, 4000), batches):
        yield Shape(inputs, listed, (width,) if width else (), m)
    for listed, width, m in itertools.product((True, False), (30, 300, 1000), batches):
        yield Shape(784, listed, (width,), m, single=False)
    for depth, width, m in itertools.product((2, 4, 8), (30, 100, 300, 1000), (1, 10, 100, 1000)):
        yield Shape(784, True, (width,) * depth, m)
    for activation, m in itertools.product(("tanh", "relu"), (1, 10, 100, 1000)):
        yield Shape(784, True, (100, 100), m, activation=activation)
        yield Shape(20, False, (30,), m, activation=activation)
    for m in (1, 10, 100, 1000):
        yield Shape(784, True, (30,), m, output="softmax")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.coverage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.05, help="that a measurement takes at least")
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from tunelab.kernel import covers

    for shape in shapes():
        kernel, numpy = _measure(shape, options.seconds)
        is_covered = covers(
            shape.sizes,
            shape.activation,
            shape.output,
            shape.cost,
            mini_batch=shape.mini_batch,
            itemsize=4 if shape.single else 8,
            listed=shape.listed,
        )
        ratio = numpy / kernel
        mark = "SLOWER" if is_covered and ratio < 0.95 else "left" if not is_covered and ratio > 1.25 else ""
        print(f"{shape!r:135} {kernel:9.2f} {numpy:9.2f} {ratio:6.2f} {'kernel' if is_covered else 'numpy':6} {mark}")
        sys.stdout.flush()


def _measure(shape: Shape, seconds: float) -> tuple[float, float]:
    """µs an example of the kernel and of numpy, the least of three turns each."""
    import numpy as np
    from tunelab.data.dataset import Examples
    from tunelab.initialization import Initialization, initial_network
    from tunelab.kernel import kernel
    from tunelab.training.decay import Decay
    from tunelab.training.kernel_steps import KernelSteps
    from tunelab.training.measurement import score, unscored
    from tunelab.training.numpy_steps import NumpySteps

    rng, m = np.random.default_rng(0), shape.mini_batch
    n = max(2000, m)
    pixels = rng.integers(1, 256, (n, shape.inputs), dtype=np.uint8)
    sparse = pixels * (rng.random(pixels.shape) < 0.19).astype(np.uint8)
    inputs = sparse if shape.listed else rng.standard_normal(pixels.shape).astype(np.float32)
    examples = Examples(inputs, rng.integers(0, 10, n), 1 / 255 if shape.listed else 1.0)
    names = {"activation": shape.activation, "output": shape.output, "cost": shape.cost}
    compiled = kernel()
    assert compiled is not None
    steps: list[Any] = []
    for path in ("kernel", "numpy"):
        dtype = np.float32 if shape.single else np.float64
        network = initial_network(Initialization(shape.sizes), [0], dtype=dtype, **names)
        if path == "kernel":
            frame = partial(unscored, outputs=10, classes=True)
            steps.append(KernelSteps(compiled, network, examples, listed=shape.listed, mini_batch=m, unscored=frame))
        else:
            judge = partial(score, classes=True)
            steps.append(NumpySteps(network, examples, mini_batch=m, classes=True, class_weights=None, score=judge))
        steps[-1].set_rates(np.array([0.01]), Decay.of(np.array([1e-5]), np.dtype(dtype)))
    orders, least = [rng.permutation(n)], [np.inf, np.inf]
    for turn, which in itertools.product(range(4), range(2)):
        began, trained = process_time(), 0
        while process_time() - began < seconds:
            at = trained % n // m * m
            count = min(steps[which].most(at // m), n - at, max(m, 200))
            steps[which].advance(orders, at, count, at // m)
            trained += count
        if turn:  # the first one finds cold caches and memory that isn't there yet
            least[which] = min(least[which], (process_time() - began) / trained * 1e6)
    return least[0], least[1]


if __name__ == "__main__":
    main()
