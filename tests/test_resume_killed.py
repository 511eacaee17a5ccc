"""Processes killed with -9 at random moments: nothing is lost, and what is gone on with comes to the same bits.

``TUNELAB_KILLS`` says how many kills (4), ``TUNELAB_KILLS_SEED`` which.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from small_runs import ARMS, Nobody, little_data, preset_on, resumed, substance, trained
from tunelab import engine
from tunelab.experiment import Preset
from tunelab.records import Run

KILLED = """
import os, sys
from tunelab.engine import checkpointing, training_worker
from tunelab.training import kernel_steps, numpy_steps

checkpointing.SHARE, numpy_steps._CACHE_BYTES, training_worker._LOOK_EVERY = float("inf"), 700, 0.0
kernel_steps._WORK = kernel_steps.FOLD_EVERY = 1

def point():
    write(1, b".")

write, replace, pulse_of = os.write, os.replace, training_worker._pulse

def torn(descriptor, content):
    point()
    half = write(descriptor, content[: len(content) // 2 + 1])
    point()
    return half

def before(call):
    def told(*args, **kwargs):
        point()
        return call(*args, **kwargs)
    return told

os.write, os.fsync, os.replace = torn, before(lambda _: None), before(replace)
training_worker._pulse = lambda *args: before(pulse_of(*args))
for stack in sys.argv[2:]:
    training_worker.train_stack(sys.argv[1], [int(arm) for arm in stack.split(",")])
"""
"""A training process that says where it is, a dot a step (and each line of the record takes two), to be killed."""


def test_a_process_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    kills = int(os.environ.get("TUNELAB_KILLS", "4"))
    seed = int(os.environ.get("TUNELAB_KILLS_SEED", "1"))
    chance = random.Random(seed)
    preset = preset_on(little_data(tmp_path), ARMS.replace("epochs = 6", "epochs = 40"))
    whole = substance(trained(preset))
    steps = steps_of(trained_by_child(preset, None)[0])
    assert steps > 300
    done = 0
    while done < kills:
        run = None
        for _ in range(chance.randint(1, 3)):
            process, run = trained_by_child(preset, run)
            dots = chance.randrange(steps)
            assert process.stdout is not None
            seen = len(process.stdout.read(dots))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            done += seen == dots
        assert run is not None
        assert substance(run if run.state() != "cut off" else resumed(run)) == whole, f"seed {seed}, kill {done}"


def trained_by_child(preset: Preset, run: Run | None) -> tuple[subprocess.Popen[bytes], Run]:
    """A process that trains a new run, or goes on with one."""
    if run is None:
        run = engine.start(preset, Nobody()).run
    left = [str(n) for n, arm in enumerate(run.arms) if arm.state() in ("waiting", "cut off")]
    together = [",".join(n for n in left if n != "4")] if stand_together(run, left) else [n for n in left if n != "4"]
    stacks = [stack for stack in [*together, *(n for n in left if n == "4")] if stack]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(run.directory), *stacks],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1]), "OMP_NUM_THREADS": "1"},
    )
    return process, run


def stand_together(run: Run, left: list[str]) -> bool:
    found = [run.arms[int(n)].checkpoint() for n in left if n != "4"]
    return len({each.point if each else None for each in found}) == 1


def steps_of(process: subprocess.Popen[bytes]) -> int:
    """How many steps a process took that was left alone."""
    return len(process.communicate()[0])
