"""Who trains in a sweep on other machines: the workers of a Dask cluster, through ``concurrent.futures``.

Workers get experiments and give back what they measured; a data set from a file has to lie at the same path on each.
When a worker is killed, Dask gives what it had in hand to another, which comes to the same bits. A worker with other
versions or data is named and left out. What tunelab starts itself talks by TLS with a certificate of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.sweeps.unreachable import Unreachable
from tunelab.sweeps.worker import StackRequest, TrialOutcome, train_trials, version_difference, versions

__all__ = ["DaskWorkers", "connect"]

_LOOK = 1.0  # seconds between looks at who is there
_LONGEST = 10.0  # seconds to wait for a scheduler, and for its first worker
_ANSWER = 5.0  # seconds that a scheduler, or a new worker, has for an answer
_PATIENCE = 60.0  # seconds for a scheduler that is away to come back
_SILENT = 10.0  # seconds without a worker, or without a sign of one, after which it is said
_AGAIN = 60.0  # seconds until it is said again
_OWN = {  # of a cluster of our own
    "distributed.scheduler.worker-ttl": "60s",  # without a sign, after which a worker's stacks are given to another
    "distributed.scheduler.http.routes": [],  # nothing is told to whoever asks without the certificate
    "distributed.worker.http.routes": [],
}
_ADDRESS = re.compile(r"((tcp|tls|ucx|ws|wss)://)?(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}/?")


def connect(address: str, notice: Callable[[str], None]) -> DaskWorkers:
    """The workers of the cluster at ``address``, or with ``local:N`` of one with N workers, started here.

    Raises :class:`BadInput` where there is none, or Dask isn't installed.
    """
    address = address.strip()
    local = re.fullmatch(r"local:(\d+)", address)
    if local is not None and not 1 <= int(local[1]) <= 1000:
        raise BadInput(f"--cluster {printable(address)}: start 1 to 1,000 workers here")
    if local is None and (address.startswith("local:") or not _ADDRESS.fullmatch(address)):
        raise BadInput(f"--cluster takes an address such as tcp://host:8786, or local:N, not '{printable(address)}'")
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise BadInput("--cluster needs Dask: pip install 'tunelab[cluster]'") from None
    for name in ["distributed", *logging.root.manager.loggerDict]:
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said here
    cluster = _local_cluster(distributed, int(local[1])) if local is not None else None
    try:
        client = distributed.Client(cluster if cluster is not None else address, timeout=_LONGEST, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as problem:
        raise BadInput(
            f"there is no Dask scheduler at {printable(address)} ({printable(type(problem).__name__, 40)}); "
            "`dask scheduler` starts one, `dask worker ADDRESS` workers for it"
        ) from None
    return DaskWorkers(client, cluster, notice)


def _local_cluster(distributed: Any, workers: int) -> Any:
    """A cluster of this machine that nobody else can use: whoever has no part in its certificate is refused."""
    import dask

    try:
        security = distributed.Security.temporary()
    except ImportError:
        raise BadInput("--cluster local:N needs cryptography: pip install 'tunelab[cluster]'") from None
    scratch = tempfile.mkdtemp(prefix="tunelab-dask-")
    try:
        with dask.config.set(_OWN):
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                host="127.0.0.1",
                protocol="tls",
                security=security,
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
            )
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    cluster.scratch = scratch
    return cluster


class DaskWorkers:
    """The workers of a Dask cluster that have the versions of this process."""

    def __init__(self, client: Any, cluster: Any, notice: Callable[[str], None]) -> None:
        self._client, self._cluster, self._notice = client, cluster, notice
        self._address = printable(client.scheduler.address)
        self._known: dict[str, bool] = {}  # address → whether it can take part
        self._threads: dict[str, int] = {}
        self._heard: dict[str, tuple[float, float]] = {}  # address → its last sign of life, and when that was new here
        self._pinned: dict[Future[list[TrialOutcome]], frozenset[str]] = {}
        self._looked = 0.0
        self._answered = time.monotonic()
        self._manned = time.monotonic()
        self._said: dict[str, float] = {}
        if not self.count and not self._waited():
            self.close(now=True)
            raise BadInput(
                f"no worker of the cluster at {self._address} can take part"
                if self._known
                else f"the cluster at {self._address} has no workers; `dask worker ADDRESS` starts one"
            )

    def _waited(self) -> bool:
        until = time.monotonic() + _LONGEST
        while time.monotonic() < until and not self.count and not (self._known and not any(self._known.values())):
            time.sleep(0.1)
        return self.count > 0

    @property
    def count(self) -> int:
        """How many stacks can be trained at the same time: a thread of a worker each.

        Raises :class:`Unreachable` where the scheduler has been away for a minute.
        """
        self._look()
        return sum(self._threads[address] for address in self._fit())

    def _fit(self) -> list[str]:
        return [address for address in self._threads if self._known.get(address)]

    def _look(self) -> None:
        """See who is there, and ask those who have come since what they run."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        there = self._identity()
        self._looked = time.monotonic()
        if there is None:
            self._threads = {}
            away = self._looked - self._answered
            if away > _PATIENCE:
                raise Unreachable(f"the scheduler at {self._address} hasn't answered for {away:.0f} s")
            self._say("scheduler", away, f"The scheduler at {self._address} doesn't answer; the sweep waits for it.")
            return
        self._answered = self._looked
        self._threads = {address: int(about["nthreads"]) for address, about in there.items()}
        self._ask([address for address in self._threads if address not in self._known])
        if self._fit():
            self._manned = self._looked
        empty = self._looked - self._manned
        cure = f"`dask worker {self._address}` starts one" if self._cluster is None else "they are started again"
        self._say("workers", empty, f"No worker has been there for {empty:.0f} s: {cure}, and the sweep continues.")
        self._listen(there)
        self._withdraw()

    def _identity(self) -> dict[str, Any] | None:
        """What the scheduler says of its workers, by their addresses; None where it doesn't answer."""
        if self._client.status == "closed" and self._cluster is None:
            self._connect_again()
        if self._client.status != "running":
            return None
        try:
            about = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER)
            workers: dict[str, Any] = about["workers"]
        except (OSError, TimeoutError, KeyError, TypeError, RuntimeError, CancelledError):
            return None
        return workers

    def _connect_again(self) -> None:
        """Look for a scheduler that has been started again at the same address."""
        distributed: Any = importlib.import_module("distributed")
        with contextlib.suppress(OSError, TimeoutError, ValueError, RuntimeError):
            self._client = distributed.Client(self._address, timeout=_ANSWER, set_as_default=False)

    def _ask(self, new: list[str]) -> None:
        """Learn of workers that have come whether they can take part."""
        if not new:
            return
        try:
            answers = self._client.sync(
                self._client._run, versions, workers=new, on_error="return", callback_timeout=_ANSWER
            )
        except (OSError, TimeoutError, ValueError, RuntimeError, CancelledError):
            return  # it has gone again, or is stopped: it is asked at the next look
        for address in new:
            answer = answers.get(address)
            if isinstance(answer, dict):
                differs = version_difference(versions(), answer)
            else:
                differs = f"tunelab can't be loaded there ({printable(answer, 120)})"
            self._known[address] = not differs
            if differs:
                self._notice(f"The worker {address} is left out: {differs}.")

    def _listen(self, there: dict[str, Any]) -> None:
        """Say of which workers nothing is heard: stopped, or beyond a broken network."""
        now = time.monotonic()
        for address, about in there.items():
            sign = float(about.get("last_seen", 0.0))
            if self._heard.get(address, (None, 0.0))[0] != sign:
                self._heard[address] = (sign, now)
            silent = now - self._heard[address][1]
            self._say(
                address,
                silent - _SILENT,
                f"Nothing has been heard of the worker {address} for {silent:.0f} s; when Dask gives it up, its stack "
                "is trained by another.",
            )

    def _say(self, subject: str, seconds: float, sentence: str) -> None:
        """Say something that goes on, once it has lasted, and then once a minute."""
        if seconds < _SILENT:
            self._said.pop(subject, None)
        elif time.monotonic() - self._said.get(subject, -_AGAIN) >= _AGAIN:
            self._said[subject] = time.monotonic()
            self._notice(sentence)

    def _withdraw(self) -> None:
        """Take back stacks that can go to nobody, since all the workers that they were meant for have gone."""
        fit = set(self._fit())
        for future, meant in list(self._pinned.items()):
            if future.done():
                del self._pinned[future]
            elif fit and not meant & self._threads.keys():
                future.cancel()

    def submit(self, job: StackRequest) -> Future[list[TrialOutcome]]:
        """Have a stack trained by whoever is free, also by workers that come later; each looks whether it is fit."""
        unfit = [address for address in self._threads if not self._known.get(address)]
        only = {"workers": self._fit(), "allow_other_workers": False} if unfit else {}
        submitted: Future[list[TrialOutcome]] = self._client.get_executor(pure=False, **only).submit(train_trials, job)
        if unfit:
            self._pinned[submitted] = frozenset(self._fit())
        return submitted

    def returned(self, future: Future[list[TrialOutcome]]) -> bool:
        """Whether a stack came back untrained: it was taken back, or its scheduler has gone."""
        return future.cancelled()

    def cut_off(self, error: BaseException) -> bool:
        """Whether all workers that had the stack were killed."""
        return isinstance(error, CancelledError) or type(error).__name__ in ("KilledWorker", "CommClosedError")

    def leave_out(self, sentence: str) -> bool:
        """Leave out the worker that a sentence names; whether others are left."""
        for address in [*self._known, *self._threads]:
            if re.search(re.escape(address) + r"(?!\d)", sentence):
                self._known[address] = False
        return bool(self._fit())

    def close(self, *, now: bool) -> None:  # noqa: ARG002
        """Let go of the cluster; one that was started here ends."""
        try:
            with contextlib.suppress(OSError, TimeoutError, RuntimeError):
                self._client.close(timeout=_ANSWER)
        finally:
            if self._cluster is not None:
                self._cluster.close()
                shutil.rmtree(self._cluster.scratch, ignore_errors=True)
