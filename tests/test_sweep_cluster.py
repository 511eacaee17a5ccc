"""Sweeps on a Dask cluster: the same table, workers that are killed, and workers that can't take part."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_sweep import plan_of, preset, substance, swept
from test_sweep_killed import ends
from tunelab.errors import BadInput
from tunelab.experiment import load_data
from tunelab.sweeps import cluster, open_study
from tunelab.sweeps.scheduler import sweep
from tunelab.sweeps.worker import StackRequest, WorkerMismatch, data_hash, train_trials, version_difference, versions

__all__ = ["preset"]

OVER = ("eta=log:0.1..2", "lambda=0,1")


@pytest.fixture
def dask() -> Iterator[Any]:
    """A cluster of two worker processes on this machine."""
    distributed = pytest.importorskip("distributed", reason="Dask isn't installed: pip install 'tunelab[cluster]'")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started


@pytest.mark.filterwarnings("ignore")  # what Dask warns of is its own business
def test_a_cluster_comes_to_the_same_table_though_a_worker_is_killed(preset: Path, dask: Any) -> None:
    plan = plan_of(preset, *OVER, trials=10, epochs=300)
    record = open_study("s", plan)
    workers = cluster.connect(dask.scheduler_address, lambda _: None)
    try:
        assert workers.count == 2
        victim = next(iter(workers._client.run(os.getpid).values()))
        killed = False
        for row in sweep(record, workers, stack=2):
            if row is not None and not killed:
                killed = True
                os.kill(victim, signal.SIGKILL)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                cluster, "version_difference", lambda wanted, has: version_difference(wanted | {"numpy": "0.1"}, has)
            )
            left_out: list[str] = []
            with pytest.raises(BadInput, match="no worker of the cluster"):
                cluster.connect(dask.scheduler_address, left_out.append)
        assert "is left out: it has numpy" in left_out[0]
        assert dask.scheduler.workers.keys() & {sentence.split()[2] for sentence in left_out}
    finally:
        workers.close(now=True)
    assert ends(record) == dict.fromkeys(range(10), 1)
    assert substance(record.rows()) == substance(swept("here", plan).rows)


def test_a_worker_with_other_versions_or_data_says_who_it_is(preset: Path) -> None:
    experiment = plan_of(preset, *OVER).experiment
    has = data_hash(load_data(experiment))
    with pytest.raises(WorkerMismatch, match=r"the worker MainProcess on .* can't take part: it has numpy .*'s is 0.1"):
        train_trials(StackRequest((experiment.to_dict(),), has, versions() | {"numpy": "0.1"}))
    with pytest.raises(WorkerMismatch, match=r"the worker MainProcess on .* has other data of the name"):
        train_trials(StackRequest((experiment.to_dict(),), "0" * 64, versions()))
    assert len(train_trials(StackRequest((experiment.to_dict(),), has, versions()))) == 1
