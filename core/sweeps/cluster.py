"""Who trains in a sweep on other machines: the workers of a Dask cluster, through ``concurrent.futures``.

Workers get experiments and give back what they measured; data travel by name and hash. When a worker is killed, Dask
gives what it had in hand to another, which comes to the same bits. A worker with other versions is named and left out.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.sweeps.worker import StackRequest, TrialOutcome, train_trials, version_difference, versions

__all__ = ["DaskWorkers", "connect"]

_LOOK = 1.0  # seconds between looks at who is there
_LONGEST = 10.0  # seconds to wait for a scheduler, and for its first worker


def connect(address: str, notice: Callable[[str], None]) -> DaskWorkers:
    """The workers of the cluster at ``address``, or with ``local:N`` of one with N workers, started here.

    Raises :class:`BadInput` where there is none, or Dask isn't installed.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise BadInput("--cluster needs Dask: pip install 'tunelab[cluster]'") from None
    local = re.fullmatch(r"local:(\d+)", address.strip())
    if local is None and address.strip().startswith("local"):
        raise BadInput(f"--cluster takes an address such as tcp://host:8786, or local:N, not '{printable(address)}'")
    cluster = None
    try:
        if local is not None:
            if not 1 <= int(local[1]) <= 1000:
                raise BadInput(f"--cluster {printable(address)}: start 1 to 1,000 workers here")
            cluster = distributed.LocalCluster(
                n_workers=int(local[1]), threads_per_worker=1, processes=True, dashboard_address=None
            )
        client = distributed.Client(cluster if cluster is not None else address, timeout=_LONGEST, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as problem:
        raise BadInput(
            f"there is no Dask scheduler at {printable(address)} ({printable(type(problem).__name__, 40)}); "
            "`dask scheduler` starts one, `dask worker ADDRESS` workers for it"
        ) from None
    return DaskWorkers(client, cluster, notice)


class DaskWorkers:
    """The workers of a Dask cluster that have the versions of this process."""

    def __init__(self, client: Any, cluster: Any, notice: Callable[[str], None]) -> None:
        self._client, self._cluster, self._notice = client, cluster, notice
        self._known: dict[str, bool] = {}  # address → whether it can take part
        self._looked = 0.0
        self._silent = time.monotonic()
        self._threads: dict[str, int] = {}
        if not self.count and not self._waited():
            there = printable(client.scheduler.address)
            self.close(now=True)
            raise BadInput(
                f"no worker of the cluster at {there} can take part"
                if self._known
                else f"the cluster at {there} has no workers; `dask worker ADDRESS` starts one"
            )

    def _waited(self) -> bool:
        until = time.monotonic() + _LONGEST
        while time.monotonic() < until and not self.count and not (self._known and not any(self._known.values())):
            time.sleep(0.1)
        return self.count > 0

    @property
    def count(self) -> int:
        """How many stacks can be trained at the same time: a thread of a worker each."""
        self._look()
        return sum(self._threads[address] for address in self._fit())

    def _fit(self) -> list[str]:
        return [address for address in self._threads if self._known.get(address)]

    def _look(self) -> None:
        """See who is there, and ask those who have come since what they run."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        there = self._client.scheduler_info(n_workers=-1)["workers"]
        self._threads = {address: int(about["nthreads"]) for address, about in there.items()}
        new = [address for address in self._threads if address not in self._known]
        if not new:
            return
        answers = self._client.run(versions, workers=new, on_error="return")
        for address in new:
            answer = answers.get(address)
            if isinstance(answer, dict):
                differs = version_difference(versions(), answer)
            else:
                differs = f"tunelab can't be loaded there ({printable(answer, 120)})"
            self._known[address] = not differs
            if differs:
                self._notice(f"The worker {address} is left out: {differs}.")

    def submit(self, job: StackRequest) -> Future[list[TrialOutcome]]:
        """Have a stack trained by whoever is free."""
        executor = self._client.get_executor(pure=False, workers=self._fit(), allow_other_workers=False)
        submitted: Future[list[TrialOutcome]] = executor.submit(train_trials, job)
        return submitted

    def cut_off(self, error: BaseException) -> bool:
        """Whether all workers that had the stack were killed."""
        return isinstance(error, CancelledError) or type(error).__name__ in ("KilledWorker", "CommClosedError")

    def leave_out(self, sentence: str) -> bool:
        """Leave out the worker that a sentence names; whether others are left."""
        for address in self._known:
            if address in sentence:
                self._known[address] = False
        return bool(self._fit())

    def close(self, *, now: bool) -> None:  # noqa: ARG002
        """Let go of the cluster; one that was started here ends."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
