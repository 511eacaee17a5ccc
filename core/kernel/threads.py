"""Threads for the kernel, which lets go of the GIL: each trains a network of its own, on examples that all share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

__all__ = ["for_each"]


def for_each(work: Callable[[int], None], count: int, threads: int) -> None:
    """Call ``work`` with 0 … ``count`` − 1, in so many threads at once, and return when all is done.

    One pool serves all who ask for as many threads, so that trainings side by side don't use more cores than that, and
    none of these cores waits while one of them has something to do. ``work`` must not ask for threads itself.
    """
    if threads == 1 or count == 1:
        for number in range(count):
            work(number)
    else:
        for _ in _pool(threads).map(work, range(count)):
            pass


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="kernel")
