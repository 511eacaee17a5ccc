"""Sweeps whose processes are killed with -9: no trial is lost, none that has ended is trained again.

``TUNELAB_SWEEP_KILLS`` says how many kills (3), ``TUNELAB_KILLS_SEED`` which.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from commandline import command, environment
from test_sweep import Here, plan_of, preset, substance, swept
from tunelab.sweeps import StudyRecord, find, open_study
from tunelab.sweeps.executors import LocalWorkers
from tunelab.sweeps.leases import Leases
from tunelab.sweeps.sampling import distributions
from tunelab.sweeps.scheduler import sweep

__all__ = ["preset"]

KILLED = """
import os, sys
sys.path.insert(0, sys.argv[2])
from tunelab.sweeps import find
from tunelab.sweeps.scheduler import sweep
from test_sweep import Here

write, fsync, train = os.write, os.fsync, Here.submit

def point():
    write(1, b".")

def torn(descriptor, content):
    point()
    half = write(descriptor, bytes(content)[: len(content) // 2 + 1])
    point()
    return half

os.write, os.fsync = torn, lambda descriptor: point()
Here.submit = lambda *job: (point(), train(*job))[1]
for _ in sweep(find(sys.argv[1]), Here(), stack=3):
    pass
"""
"""A process that sweeps and says where it is, a dot a step (and each line of the journal takes two), to be killed."""

OVER = ("eta=log:0.1..2", "lambda=0,1")
FINISHED = {1, 2, 3}  # Optuna's numbers for complete, pruned, failed


def child(name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, name, str(Path(__file__).parent)], stdout=subprocess.PIPE, env=environment()
    )


def ends(record: StudyRecord) -> dict[int, int]:
    """How often the journal says of each trial that it has ended."""
    found: dict[int, int] = {}
    for line in record.journal.read_text("utf-8").splitlines():
        operation = json.loads(line)
        if operation["op_code"] == 6 and operation["state"] in FINISHED:
            found[operation["trial_id"]] = found.get(operation["trial_id"], 0) + 1
    return found


def test_a_sweep_killed_at_any_moment_loses_nothing_and_repeats_nothing(preset: Path) -> None:
    kills = int(os.environ.get("TUNELAB_SWEEP_KILLS", "3"))
    chance = random.Random(int(os.environ.get("TUNELAB_KILLS_SEED", "1")))
    plan = plan_of(preset, *OVER, trials=12)
    whole = substance(swept("whole", plan).rows)
    open_study("unbroken", plan)
    steps = len(child("unbroken").communicate()[0])
    assert substance(find("unbroken").rows()) == whole
    done, study = 0, 0
    while done < kills:
        study += 1
        record = open_study(f"s{study}", plan)
        for _ in range(chance.randint(1, 3)):
            process = child(record.name)
            dots = chance.randrange(steps)
            assert process.stdout is not None
            seen = len(process.stdout.read(dots))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            done += seen == dots
        for _ in sweep(record, Here()):
            pass
        assert substance(record.rows()) == whole, f"kill {done}"
        assert ends(record) == dict.fromkeys(range(12), 1)


def test_two_workers_come_to_the_table_of_one_though_one_is_killed(preset: Path) -> None:
    plan = plan_of(preset, *OVER, trials=8, epochs=200)
    record = open_study("s", plan)
    workers = LocalWorkers(2)
    told: list[str] = []
    victims = [pool.submit(os.getpid).result() for pool in workers._pools]
    killed = False
    for _ in sweep(record, workers, stack=2, notice=told.append):
        if not killed and 0 in workers._in_hand and not workers._in_hand[0].done():
            killed = True
            os.kill(victims[0], signal.SIGKILL)
    workers.close(now=False)
    assert ends(record) == dict.fromkeys(range(8), 1)
    assert substance(record.rows()) == substance(swept("whole", plan).rows)
    again = [number for sentence in told for number in sentence.split("trial ")[1].rstrip(".").split(", ")]
    assert 1 <= len(again) <= 2


def test_ctrl_c_leaves_a_whole_study_and_says_how_to_go_on(preset: Path) -> None:
    arguments = ["--over", "eta=log:0.1..2", "--trials", "500", "--study", "s", "--set", "epochs=20", "--json"]
    process = subprocess.Popen(
        command("sweep", preset, *arguments, "--workers", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"tunelab sweep --study s" in err
    events = [first, *map(json.loads, out.splitlines())]
    ended = {event["number"] for event in events if event["event"] == "trial"}
    assert events[-1]["reason"] == "stopped"
    record = find("s")
    assert {row.number for row in record.rows() if row.ended} == ended
    assert not any(row.state == "running" for row in record.rows())
    assert not record.is_running()


def test_two_processes_share_a_study(preset: Path) -> None:
    plan = plan_of(preset, *OVER, trials=24, epochs=10)
    open_study("s", plan)
    both = [child("s"), child("s")]
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    record = find("s")
    assert ends(record) == dict.fromkeys(range(24), 1)
    assert substance(record.rows()) == substance(swept("whole", plan).rows)
    owners = {trial.user_attrs["owner"] for trial in record.study.get_trials()}
    assert len(owners) <= 2  # the second may have come too late for any


def test_a_driver_elsewhere_is_given_time_before_its_trials_are_taken(preset: Path) -> None:
    plan = plan_of(preset, *OVER, trials=3)
    record = open_study("s", plan)
    study = record.study
    record.storage = "a database"  # its drivers may work from other homes, and their locks can't be seen
    theirs = study.ask(distributions(plan))
    theirs.set_user_attr("owner", "elsewhere-1")
    study.set_user_attr("driver elsewhere-1", time.time() - 60)
    claims = Leases(record)
    mine = claims.take(5)
    assert [trial.number for trial in mine] == [1, 2]
    for trial in mine:
        claims.give_back(trial)
    study.set_user_attr("driver elsewhere-1", time.time() - 3600)
    again = claims.take(5)
    assert [trial.number for trial in again] == [0, 1, 2]
    assert again[0].params == theirs.params
    claims.leave()
