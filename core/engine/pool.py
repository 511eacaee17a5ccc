"""Worker processes, and how they behave: deaf to ctrl+c, leaving in good order, and gone when their parent is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker
from typing import Any, ParamSpec, TypeVar

__all__ = ["asked_to_leave", "leaving_in_order", "process_pool", "usable_cores"]

P = ParamSpec("P")
T = TypeVar("T")

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_asked = threading.Event()
_training = threading.Event()
_counting = threading.Lock()
_saving: list[None] = []  # one for each training of this process that can still save itself


def usable_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def process_pool(workers: int | None = None, *, polite: bool = False) -> ProcessPoolExecutor:
    """Worker processes with one BLAS thread each: small matrices gain nothing from more, and arms run side by side.

    ``polite`` workers let others go first: with as many of them as processors, a screen would wait its turn at
    every key.
    """
    # Numpy reads these when it is loaded, and the workers inherit them.
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"
    _start_tracker()
    # A fresh interpreter each, since forking a process that has threads (a screen) can deadlock.
    return _Pool(
        workers or usable_cores(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_settle,
        initargs=(polite,),
    )


def _start_tracker() -> None:
    """Start multiprocessing's own helper, which cleans up after us: of a process that is killed it would complain."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore::UserWarning:multiprocessing.resource_tracker"
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


class _Pool(ProcessPoolExecutor):
    """A pool whose workers neither hear ctrl+c, not even before they have settled, nor keep a process that leaves."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a worker where one is needed. It inherits what is blocked in the thread that starts it."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> bool | None:
        """Wait for what is at work. If an error or ctrl+c ends the block nobody follows it: let it save and leave."""
        if kind is not None:
            for worker in list((self._processes or {}).values()):  # its own: another pool's have nobody to ask
                worker.terminate()
        return super().__exit__(kind, *rest)


def asked_to_leave() -> bool:
    """Whether this worker was told to end, or its parent has gone: then a training saves where it stands."""
    return _asked.is_set()


@contextmanager
def leaving_in_order() -> Iterator[None]:
    """While a training can still save itself, the worker isn't ended under it; asked meanwhile, it goes afterwards."""
    with _counting:
        _saving.append(None)
        _training.set()
    try:
        yield
    finally:
        with _counting:
            _saving.pop()
            if not _saving:
                _training.clear()
        if _asked.is_set() and not _saving:
            os._exit(1)  # not an exception: the pool would take it for a result and wait for more work


def _settle(polite: bool) -> None:
    """Make this process a worker."""
    if polite:
        os.nice(10)
    # ctrl+c, and the terminal's closing, reach every process in it; the one that follows tells the workers to stop in
    # good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, lambda _number, _frame: _leave())
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    """Leave when the parent has gone, however it went: a pool's worker would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        _leave()


def _leave() -> None:
    _asked.set()
    if not _training.is_set():
        os._exit(1)
