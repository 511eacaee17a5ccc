"""The arithmetic of training compiled: agrees with numpy, and leaves to it what it doesn't cover or can't do here."""

from tunelab.kernel.binding import FOLD_EVERY, KernelExamples, KernelNetwork, Steps, kernel_examples
from tunelab.kernel.coverage import covers, lists_inputs
from tunelab.kernel.library import (
    COMPILED,
    NUMPY,
    OLD_NUMPY,
    Kernel,
    check_engine,
    current_engine,
    describe_build,
    describe_kernel,
    engine_for,
    kernel,
)
from tunelab.kernel.threads import for_each

__all__ = [
    "COMPILED",
    "FOLD_EVERY",
    "NUMPY",
    "OLD_NUMPY",
    "Kernel",
    "KernelExamples",
    "KernelNetwork",
    "Steps",
    "check_engine",
    "covers",
    "current_engine",
    "describe_build",
    "describe_kernel",
    "engine_for",
    "for_each",
    "kernel",
    "kernel_examples",
    "lists_inputs",
]
