"""The kernel's functions on numpy arrays: examples as it reads them, training and scoring of one network at a time."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.kernel.library import Kernel
from tunelab.network import Network

__all__ = [
    "COSTS",
    "FOLD_EVERY",
    "HIDDEN",
    "MAX_LAYERS",
    "OUTPUTS",
    "KernelExamples",
    "KernelNetwork",
    "Steps",
    "kernel_examples",
]

Array = NDArray[Any]

# The enumerations of kernel.c
HIDDEN = {"sigmoid": 0, "tanh": 1, "relu": 2, "leaky-relu": 3, "linear": 4}
OUTPUTS = {"sigmoid": 0, "linear": 4, "softmax": 5}
COSTS = {"quadratic": 0, "cross-entropy": 1, "log-likelihood": 2}
MAX_LAYERS = 32
FOLD_EVERY = 64
"""Steps after which the kernel folds the lazily applied decay into the weights, as at the end of a call. A call that
ends at a multiple of it changes no bit of what follows."""

_WHOLE = 256 * 1024 * 1024  # bytes that examples may take as the kernel reads them; more are prepared block by block
_SPARE = 8  # entries beyond the last that listing may overwrite

_POINTER, _INTEGER, _REAL = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double


class _Network(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("layers", "hidden", "output", "cost")),
        *((name, _POINTER) for name in ("sizes", "weights", "biases")),
    ]


class _Examples(ctypes.Structure):
    _fields_ = [(name, _POINTER) for name in ("start", "index", "values", "labels", "targets", "class_weights")]


class _Steps(ctypes.Structure):
    _fields_ = [
        ("order", _POINTER),
        *((name, _INTEGER) for name in ("count", "mini_batch", "first_step", "decay_every")),
        ("eta", _REAL),
        ("decay", _REAL),
    ]


@dataclass(frozen=True)
class Steps:
    """How some steps are made: m, how many came before, η, and w ← decay · w at every decay_every-th."""

    mini_batch: int
    first_step: int
    eta: float
    decay: float
    decay_every: int


def _kind(dtype: np.dtype[Any]) -> str:
    return {4: "f32", 8: "f64"}[dtype.itemsize]


def _place(array: Array | None) -> int | None:
    return None if array is None else array.ctypes.data


@dataclass(frozen=True)
class _Block:
    """Some examples as the kernel reads them; the arrays must outlive the structure."""

    structure: _Examples
    arrays: tuple[Array | None, ...]


class KernelExamples:
    """Examples as the kernel reads them, all at once where they fit in memory, else block by block.

    Args:
        kernel: the library.
        examples: inputs (n, inputs); targets (n,) class positions, or (n, outputs).
        dtype: of the network.
        outputs: of the network; a class position is checked against it.
        listed: whether to list the inputs that aren't 0, at most 65,536 of them an example.
        class_weights: by which each class's examples count, (outputs,); all alike where None.
    """

    def __init__(
        self,
        kernel: Kernel,
        examples: Examples,
        dtype: np.dtype[Any],
        outputs: int,
        *,
        listed: bool,
        class_weights: Array | None = None,
    ) -> None:
        self._dtype, self.listed = dtype, listed
        self._inputs, self._scale = examples.inputs, examples.scale
        self.n, self.inputs = examples.inputs.shape
        self.classes = np.asarray(examples.targets).ndim == 1
        if self.classes:
            self._targets = np.ascontiguousarray(examples.targets, np.int32)
            if self.n and not 0 <= int(self._targets.min()) <= int(self._targets.max()) < outputs:
                raise ValueError("a target is no output of the network")
        else:
            self._targets = np.ascontiguousarray(examples.targets, dtype)
            if self._targets.shape[1] != outputs:
                raise ValueError("the targets are not as wide as the network")
        self._class_weights = None if class_weights is None else np.array(class_weights, np.float64)
        if self._class_weights is not None and (not self.classes or self._class_weights.shape != (outputs,)):
            raise ValueError("class weights are one a class")
        self._fill = getattr(kernel.library, f"tl_list_{_kind(dtype)}")
        self._fill.argtypes = [_POINTER, ctypes.c_int, _POINTER, _INTEGER, _INTEGER, _REAL, *[_POINTER] * 3]
        self._fill.restype = _INTEGER
        self._all = self._block(None) if self._bytes() <= _WHOLE else None

    @property
    def whole(self) -> bool:
        """Whether all examples are prepared at once."""
        return self._all is not None

    def _bytes(self) -> int:
        if not self.listed:
            return self.n * self.inputs * self._dtype.itemsize
        return int(np.count_nonzero(self._inputs)) * (self._dtype.itemsize + 2)

    def of(self, rows: Array) -> tuple[_Block, Array]:
        """A block that holds the examples numbered by ``rows``, (count,) int64, and their numbers in it."""
        if self._all is not None:
            return self._all, rows
        return self._block(rows), np.arange(len(rows))

    def range(self, start: int, count: int) -> tuple[_Block, int]:
        """A block that holds ``count`` examples from ``start`` on, and the number of the first in it."""
        if self._all is not None:
            return self._all, start
        return self._block(np.arange(start, start + count)), 0

    def _block(self, rows: Array | None) -> _Block:
        inputs = self._inputs
        targets = self._targets if rows is None else self._targets[rows]
        count = self.n if rows is None else len(rows)
        start = index = None
        if self.listed:
            # Only a byte or a number of the network's precision is read in place
            chosen = np.ascontiguousarray(inputs if rows is None else inputs[rows])
            if chosen.dtype != np.uint8:
                chosen = np.ascontiguousarray(chosen, self._dtype)
            room = int(np.count_nonzero(chosen)) + _SPARE
            start, index, values = np.empty(count + 1, np.int64), np.empty(room, np.uint16), np.empty(room, self._dtype)
            scale = float(self._dtype.type(self._scale))
            self._fill(
                _place(chosen),
                chosen.dtype == np.uint8,
                None,
                count,
                self.inputs,
                scale,
                *map(_place, (start, index, values)),
            )
        else:
            chosen = inputs if rows is None else inputs[rows]
            values = np.ascontiguousarray(np.multiply(chosen, self._scale, dtype=self._dtype, casting="unsafe"))
        labels, wanted = (targets, None) if self.classes else (None, targets)
        arrays = (start, index, values, labels, wanted, self._class_weights)
        return _Block(_Examples(*map(_place, arrays)), arrays)


_cache: WeakKeyDictionary[Examples, dict[tuple[Any, ...], KernelExamples]] = WeakKeyDictionary()
_cache_lock = threading.Lock()


def kernel_examples(
    kernel: Kernel,
    examples: Examples,
    dtype: np.dtype[Any],
    outputs: int,
    *,
    listed: bool,
    class_weights: Array | None = None,
) -> KernelExamples:
    """Return :class:`KernelExamples`, prepared once for all trainings in this process that share the examples."""
    key = (kernel, dtype, outputs, listed, None if class_weights is None else class_weights.tobytes())
    with _cache_lock:
        kinds = _cache.setdefault(examples, {})
        if key not in kinds:
            kinds[key] = KernelExamples(kernel, examples, dtype, outputs, listed=listed, class_weights=class_weights)
        return kinds[key]


class KernelNetwork:
    """One replicate of a network as the kernel sees it: its parameters are trained in place.

    Calls let go of the GIL. Two threads may train two replicates, each by a KernelNetwork of its own.
    """

    def __init__(self, kernel: Kernel, network: Network, replicate: int, mini_batch: int) -> None:
        weights = [w[replicate] for w in network.weights]
        biases = [b[replicate] for b in network.biases]
        if not all(a.flags.c_contiguous and a.dtype == network.dtype for a in (*weights, *biases)):
            raise ValueError("the parameters don't lie as the kernel wants them")
        self._kernel, self._dtype, self.mini_batch = kernel, network.dtype, mini_batch
        self.outputs = network.sizes[-1]
        self._sizes = np.array(network.sizes, np.int64)
        pointers = ctypes.c_void_p * len(weights)
        self._arrays = (weights, biases)
        self._places = [pointers(*map(_place, arrays)) for arrays in self._arrays]
        codes = (HIDDEN[network.names["activation"]], OUTPUTS[network.names["output"]], COSTS[network.names["cost"]])
        self._structure = _Network(len(weights), *codes, _place(self._sizes), *map(ctypes.addressof, self._places))
        library, kind = kernel.library, _kind(network.dtype)
        self._train = getattr(library, f"tl_train_{kind}")
        self._train.argtypes, self._train.restype = [ctypes.c_int, *[_POINTER] * 4], None
        self._score = getattr(library, f"tl_score_{kind}")
        self._score.argtypes = [ctypes.c_int, _POINTER, _POINTER, _INTEGER, _INTEGER, *[_POINTER] * 4]
        self._score.restype = None
        memory = getattr(library, f"tl_memory_{kind}")
        memory.argtypes, memory.restype = [_POINTER, _INTEGER, ctypes.c_int], _INTEGER
        self._memory = memory
        self._work = np.empty(0, np.uint8)

    def _working_memory(self, listed: bool) -> int:
        needed = self._memory(ctypes.addressof(self._structure), self.mini_batch, listed)
        if needed > len(self._work):
            self._work = np.empty(needed, np.uint8)
        return self._work.ctypes.data

    def train(self, examples: KernelExamples, rows: Array, steps: Steps) -> None:
        """Train on the examples numbered by ``rows``, (count,), a mini-batch after the other."""
        self.train_block(*examples.of(rows), examples.listed, steps)

    def train_block(self, block: _Block, rows: Array, listed: bool, steps: Steps) -> None:
        """Train on the examples of a block numbered by ``rows``."""
        if not 0 < steps.mini_batch <= self.mini_batch or steps.decay_every < 1:
            raise ValueError("no such steps")
        order = np.ascontiguousarray(rows, np.int64)
        if not len(order):
            return
        asked = _Steps(
            order.ctypes.data,
            len(order),
            steps.mini_batch,
            steps.first_step,
            steps.decay_every,
            steps.eta,
            steps.decay,
        )
        self._train(
            self._kernel.isa,
            ctypes.addressof(self._structure),
            ctypes.addressof(block.structure),
            ctypes.addressof(asked),
            self._working_memory(listed),
        )

    def score(
        self, block: _Block, first: int, count: int, listed: bool, cost: Array, largest: Array, answers: Array | None
    ) -> None:
        """Judge ``count`` examples of a block from ``first`` on.

        Their C_x are added to ``cost``, () float64. Each one's largest output goes to ``largest``, (count,) int32, and
        its outputs to ``answers``, (count, outputs), where that is given.
        """
        self._score(
            self._kernel.isa,
            ctypes.addressof(self._structure),
            ctypes.addressof(block.structure),
            first,
            count,
            *map(_place, (cost, largest, answers)),
            self._working_memory(listed),
        )
