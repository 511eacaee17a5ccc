"""Sweeps with others: a cluster whose workers and scheduler come and go, a database that restarts, two drivers."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from commandline import refused, run_cli
from test_sweep import plan_of, preset
from tunelab.errors import BadInput
from tunelab.sweeps import StudyRecord, cluster, find, leases, open_study, storage
from tunelab.sweeps.cluster import DaskWorkers, connect
from tunelab.sweeps.leases import Leases, held_elsewhere
from tunelab.sweeps.unreachable import Unreachable
from tunelab.sweeps.worker import StackRequest, versions

__all__ = ["preset"]

OVER = ("eta=log:0.1..2",)


class _Client:
    """A Dask client as far as it is used; ``there`` are its workers, by address: their versions, or None: no answer."""

    def __init__(self, *there: str) -> None:
        self.there: dict[str, Any] = dict.fromkeys(there, versions())
        self.status = "running"
        self.answers = True
        self.scheduler = SimpleNamespace(address="tcp://scheduler:8786", identity=self._identity)
        self.submitted: list[dict[str, Any]] = []
        self.beats = 0

    def sync(self, function: Any, *arguments: Any, callback_timeout: float, **named: Any) -> Any:
        assert callback_timeout > 0
        return function(*arguments, **named)

    def _identity(self, **_: int) -> dict[str, Any]:
        if not self.answers:
            raise TimeoutError
        self.beats += 1
        return {"workers": {address: {"nthreads": 1, "last_seen": self.beats} for address in self.there}}

    def _run(self, _: Any, workers: list[str], **__: Any) -> dict[str, Any]:
        return {address: self.there[address] for address in workers}

    def get_executor(self, **options: Any) -> _Client:
        self.submitted.append(options)
        return self

    def submit(self, *_: Any) -> Future[Any]:
        return Future()

    def close(self, timeout: float) -> None:
        assert timeout > 0


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_LOOK", -1.0)
    monkeypatch.setattr(cluster, "_SILENT", 15.0)
    monkeypatch.setattr(cluster, "_LONGEST", 0.0)
    monkeypatch.setattr(storage, "_PAUSES", (0.0,))


_REQUEST = StackRequest((), "", {})


def test_stacks_go_to_whoever_comes_where_all_workers_are_fit() -> None:
    client = _Client("tcp://a:1", "tcp://b:2")
    workers = DaskWorkers(client, None, lambda _: None)
    workers.submit(_REQUEST)
    assert client.submitted == [{"pure": False}]
    client.there = {"tcp://c:3": versions()}
    assert workers.count == 1


def test_stacks_of_workers_that_were_replaced_come_back() -> None:
    client = _Client("tcp://a:1", "tcp://b:2")
    client.there["tcp://b:2"] = {"tunelab": "0"}
    said: list[str] = []
    workers = DaskWorkers(client, None, said.append)
    assert "tcp://b:2 is left out: it has tunelab 0" in said[0]
    future = workers.submit(_REQUEST)
    assert client.submitted[-1]["workers"] == ["tcp://a:1"]
    client.there = {"tcp://b:2": {"tunelab": "0"}, "tcp://c:3": versions()}
    assert workers.count == 1
    assert future.cancelled()
    assert workers.returned(future)


def test_a_cluster_without_workers_says_how_to_start_one() -> None:
    client, said = _Client("tcp://a:1"), []
    workers = DaskWorkers(client, None, said.append)
    client.there = {}
    assert workers.count == 0
    workers._manned -= 20
    assert workers.count == 0
    assert said == [
        "No worker has been there for 20 s: `dask worker tcp://scheduler:8786` starts one, and the sweep continues."
    ]


def test_a_worker_that_gives_no_sign_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_SILENT", 5.0)
    client, said = _Client("tcp://a:1"), []
    workers = DaskWorkers(client, None, said.append)
    client.beats -= 1
    workers._heard["tcp://a:1"] = (client.beats + 1, workers._looked - 30)
    assert workers.count == 1
    assert said[0].startswith("Nothing has been heard of the worker tcp://a:1 for 30 s")


@pytest.mark.parametrize("gone", ["no answer", "connecting"])
def test_a_scheduler_that_stays_away_ends_the_sweep_in_a_sentence(gone: str) -> None:
    client, said = _Client("tcp://a:1"), []
    workers = DaskWorkers(client, None, said.append)
    client.answers, client.status = gone != "no answer", "running" if gone == "no answer" else gone
    workers._answered -= 20
    assert workers.count == 0
    assert "doesn't answer; the sweep waits for it" in said[0]
    client.answers, client.status = True, "running"
    assert workers.count == 1  # it has come back
    client.answers = False
    workers._answered -= 100
    with pytest.raises(Unreachable, match=r"the scheduler at tcp://scheduler:8786 hasn't answered for \d+ s"):
        _ = workers.count


@pytest.mark.parametrize(
    "address", ["http://host:8786", "tcp//host:1", "host", "ftp://h:1", "tcp://h:port", "local:x", ""]
)
def test_an_address_that_cannot_be_is_refused_at_once(address: str) -> None:
    with pytest.raises(BadInput, match="takes an address such as tcp://host:8786, or local:N"):
        connect(address, lambda _: None)


@pytest.mark.filterwarnings("ignore")  # what Dask warns of is its own business
@pytest.mark.process
def test_a_cluster_of_our_own_refuses_whoever_has_no_part_in_its_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask isn't installed: pip install 'tunelab[cluster]'")
    pytest.importorskip("cryptography", reason="cryptography isn't installed: pip install 'tunelab[cluster]'")
    monkeypatch.setattr(cluster, "_LONGEST", 30.0)
    workers = connect("local:1", lambda _: None)
    try:
        assert workers.count == 1
        address = workers._cluster.scheduler_address
        assert address.startswith("tls://127.0.0.1:")
        host, _, port = address.removeprefix("tls://").partition(":")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _strangers_answer(host, int(port))
    finally:
        workers.close(now=True)
    assert not Path(workers._cluster.scratch).exists()


def _strangers_answer(host: str, port: int) -> bytes:
    """What somebody without a certificate gets; that it has none is found out after the handshake."""
    stranger = ssl.create_default_context()
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=10) as plain, stranger.wrap_socket(plain) as connection:
        return connection.recv(1) or b"nothing"


# -- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared() -> Iterator[str]:
    """The URL of a database; in memory where that is possible: a disk takes its time, which isn't what is tested."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield f"sqlite:///{folder}/shared.db"


def _away(_storage: Any, *_: Any, **__: Any) -> Any:
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import OperationalError

    try:
        raise OperationalError("SELECT 1", {}, ConnectionRefusedError("connection refused"))
    except OperationalError as problem:
        raise StorageInternalError("An exception is raised during the commit.") from problem


def test_a_database_that_restarts_is_waited_for(shared: str, preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optuna.storages import RDBStorage

    real, calls = RDBStorage.get_study_user_attrs, []

    def restarting(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        return _away(*arguments) if len(calls) < 4 else real(*arguments, **named)

    monkeypatch.setattr(RDBStorage, "get_study_user_attrs", restarting)
    record = open_study("s", plan_of(preset, *OVER, trials=2), shared)
    assert record.plan.trials == 2
    assert len(calls) >= 4


def test_a_database_that_stays_away_is_one_sentence(shared: str, preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optuna.storages import RDBStorage

    open_study("s", plan_of(preset, *OVER, trials=2), shared)
    monkeypatch.setattr(storage, "_PATIENCE", -1.0)
    monkeypatch.setattr(RDBStorage, "_create_new_trial", _away)
    outcome = run_cli("sweep", "--study", "s", "--quiet")
    assert outcome.code == 2, outcome
    assert "hasn't answered for" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_url_is_taken_as_people_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage.storage_url(" postgres://me@host/db ") == "postgresql://me@host/db"
    assert storage.storage_url("postgresql://me@host/db") == "postgresql://me@host/db"
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setattr(storage, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"needs psycopg, which isn't installed: pip install 'tunelab\[postgresql\]'"):
        storage.open_storage("postgresql://me:secret@host/db")


def test_a_home_that_joins_remembers_where_the_study_is(
    shared: str, preset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(preset, *OVER, trials=2)
    open_study("s", plan, shared)
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "second home"))
    assert find("s", shared).plan.trials == 2
    assert StudyRecord("s").storage == shared
    assert find("s").plan.trials == 2


def test_a_study_that_was_deleted_elsewhere_is_named_as_such(shared: str, preset: Path) -> None:
    import optuna

    open_study("s", plan_of(preset, *OVER, trials=2), shared)
    optuna.delete_study(study_name="s", storage=shared)
    sentence = refused(run_cli("sweep", "--study", "s"))
    assert "the study s is no longer in the storage sqlite://" in sentence
    assert "did you mean" not in sentence


def test_trials_that_were_one_too_many_do_not_count_later(shared: str, preset: Path) -> None:
    from optuna.trial import TrialState

    record = open_study("s", plan_of(preset, *OVER, trials=2), shared)
    first = Leases(record)
    taken = first.take(2)
    extra = record.study.ask()  # by another machine, in the same moment
    assert [first.is_surplus(trial.number) for trial in (*taken, extra)] == [False, False, True]
    extra.set_user_attr(leases.SURPLUS, True)
    record.study.tell(extra, state=TrialState.FAIL)
    more = open_study("s", plan_of(preset, *OVER, trials=3), shared)
    second = Leases(more)
    (third,) = second.take(5)
    assert third.number == 3
    assert not second.is_surplus(third.number)
    for each in (first, second):
        each.leave()


def test_trials_of_another_driver_are_said_to_be_its(
    shared: str, preset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(preset, *OVER, trials=4)
    other = Leases(open_study("s", plan, shared))
    other.beat()
    other.take(2)
    assert held_elsewhere(find("s")) == [f"{other.name} is training 2 trials (0, 1) on this machine."]
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "second home"))
    (sentence,) = held_elsewhere(find("s", shared))
    assert re.search(r"holds 2 trials \(0, 1\): last heard of \d+ s ago; without another sign", sentence)
    find("s", shared).study.set_user_attr(f"driver {other.name}", 1.0)
    (sentence,) = held_elsewhere(find("s", shared))
    assert sentence.endswith("they are taken over when the sweep is continued.")
    other.leave()
