"""The fused C kernels of kernel.c: compiled when needed, into a directory that is removed again."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import process_time

import numpy as np

from .contenders import Array, Start, Unavailable

__all__ = ["Kernel", "compiled"]

_SHAPE = (784, 30, 10)
_PADDED = ((784, 32), (32,), (32, 16), (16,))
_FLAGS = ("-O3", "-march=native", "-ffast-math", "-fPIC")


def compiled() -> ctypes.CDLL:
    """kernel.c as a loaded library. Raises :class:`Unavailable` where there is no C compiler that can build it."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise Unavailable("there is no C compiler")
    source = Path(__file__).with_name("kernel.c")
    with tempfile.TemporaryDirectory(prefix="tunelab-kernel-") as directory:
        part, library = Path(directory) / "kernel.o", Path(directory) / "kernel.so"
        # Linked without -ffast-math, with which a library turns subnormal numbers off in the whole process.
        for step in ([*_FLAGS, "-c", str(source), "-o", str(part)], ["-shared", str(part), "-o", str(library), "-lm"]):
            built = subprocess.run([compiler, *step], capture_output=True, text=True, check=False)
            if built.returncode:
                raise Unavailable(f"the C compiler says: {(built.stderr.strip().splitlines() or ['nothing'])[-1]}")
        return ctypes.CDLL(str(library))  # loaded, it needs its file no more


class Kernel:
    """One network, 784-30-10 in float32. ``tuned`` chooses between the two functions of kernel.c."""

    def __init__(self, start: Start, library: ctypes.CDLL, *, tuned: bool) -> None:
        if start.sizes != _SHAPE or start.dtype is not np.float32 or start.mini_batch > 1000:
            raise Unavailable("the kernel is written for 784-30-10 in float32, mini-batches up to 1,000")
        self._function = library.epoch_tuned if tuned else library.epoch_plain
        self._function.argtypes = (
            [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2 + [ctypes.c_float] + [ctypes.c_void_p] * 4
        )
        self._function.restype = None
        self._x = np.ascontiguousarray(start.training.inputs, np.uint8)
        self._y = np.ascontiguousarray(start.training.targets, np.uint8)
        self._m, self._eta = start.mini_batch, start.eta
        weights, biases = start.parameters()
        self._own: list[Array] = [weights[0], biases[0], weights[1], biases[1]]
        if tuned:
            self._own = [_padded(a, shape) for a, shape in zip(self._own, _PADDED, strict=True)]

    def epoch(self, order: Array) -> float:
        """Train an epoch."""
        begin = process_time()
        arrays: list[Array] = [self._x, self._y, np.ascontiguousarray(order, np.int64)]
        places = [a.ctypes.data for a in arrays + self._own]
        self._function(*places[:3], len(order), self._m, self._eta, *places[3:])
        return process_time() - begin

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Without the padding."""
        w1, b1, w2, b2 = self._own
        return [w1[:, :30], w2[:30, :10]], [b1[:30], b2[:10]]


def _padded(array: Array, shape: tuple[int, ...]) -> Array:
    wide = np.zeros(shape, np.float32)
    wide[tuple(slice(length) for length in array.shape)] = array
    return wide
