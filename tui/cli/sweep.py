"""`tunelab sweep`: many trials of an experiment, and their results."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tunelab.errors import BadInput, ExitCode
from tunelab.sweeps import (
    PRUNERS,
    SAMPLERS,
    StudyRecord,
    SweepPlan,
    TrialRow,
    find,
    fresh_name,
    importances,
    open_study,
)
from tunelab.sweeps.cluster import connect
from tunelab.sweeps.executors import Workers, local_workers
from tunelab.sweeps.leases import held_elsewhere
from tunelab.sweeps.scheduler import sweep
from tunelab.sweeps.sweep_plan import only_arm, params_text, without_arms
from tunelab.sweeps.unreachable import Unreachable
from tunelab.tui.cli.following import interruptible
from tunelab.tui.cli.options.searching import SweepOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report, say
from tunelab.tui.cli.preset_options import fitted_to_data, load_preset
from tunelab.tui.text.sweep_text import pictures, summary, value_text
from tunelab.wording import quantity

__all__ = ["sweep_command"]


def sweep_command(options: SweepOptions) -> int:
    """Train a study's trials, printing each, and then its results; return the exit code."""
    began = time.monotonic()
    open_record = _study_opener(options)
    stop = threading.Event()
    notice = (lambda _: None) if options.quiet else say
    complete = False
    workers: Workers | None = None
    with interruptible(stop.set):
        try:
            if options.cluster is not None:
                workers = connect(options.cluster, notice)  # before a study is begun that nobody could train
            record = open_record()
            workers = workers or local_workers(record.plan, options.workers)
            notice(_introduction(record))
            for row in sweep(record, workers, stop=stop, notice=notice, report=progress_report(options.quiet)):
                if row is not None:
                    if options.as_json:
                        print_json(trial_event(record, row, time.monotonic() - began))
                    notice(_trial_line(record, row))
            complete = not stop.is_set()
        except Unreachable as problem:
            command = _continue_command(record, options)
            raise BadInput(f"{problem}; every trial that ended is kept. Continue with: {command}") from None
        finally:
            if workers is not None:
                workers.close(now=not complete)
    _print_results(record, time.monotonic() - began, options, complete=complete)
    for sentence in held_elsewhere(record):
        say(sentence)
    if not complete:
        say(f"Stopped; every trial that ended is kept. Continue with: {_continue_command(record, options)}")
        return ExitCode.INTERRUPTED
    notice(f"Recorded as {record.name}; optuna-dashboard {record.address} opens it.")
    counts = record.table().counts
    return ExitCode.DIVERGED if counts.get("diverged") and "complete" not in counts else ExitCode.DONE


def _study_opener(options: SweepOptions) -> Callable[[], StudyRecord]:
    """Check what was asked for, and return what opens the study."""
    if options.preset is None:
        return lambda: _existing_study(options)
    plan = _plan(options.preset, options)
    return lambda: open_study(options.study or fresh_name(plan), plan, options.storage)


def _existing_study(options: SweepOptions) -> StudyRecord:
    """A study that exists, with another number of trials where one was given."""
    if options.study is None:
        raise BadInput("name a preset and what to sweep over, or a study to continue: --study NAME")
    record = find(options.study, options.storage)
    fixed = {
        "--over": options.over,
        "--sampler": options.sampler,
        "--pruner": options.pruner,
        "--set": options.settings,
        "--data": options.data,
        "--seeds": options.seeds,
        "--seed": options.seed,
        "--arm": options.arm,
    }
    for option, value in fixed.items():
        if value:
            raise BadInput(f"{option} is fixed in the study {record.name}; a new study needs a PRESET")
    if options.trials is not None:
        record.keep(replace(record.plan, trials=int(min(options.trials, record.plan.size))))
    return record


def _plan(name: str, options: SweepOptions) -> SweepPlan:
    arms = [options.arm] if options.arm else None
    preset = load_preset(
        name,
        settings=options.settings,
        arms=arms,
        data=options.data,
        seeds=options.seeds,
        seed=options.seed,
        quiet=True,
    )
    if options.arm:
        preset = only_arm(preset, options.arm)
    else:
        if len(preset.arms) > 1 and not options.quiet:
            names = ", ".join(f"'{arm.name}'" for arm in preset.arms)
            say(f"The sweep varies the base of {preset.name}; --arm takes one of its arms instead: {names}.")
        preset = without_arms(preset)
    return SweepPlan.of(
        fitted_to_data(preset, options.quiet),
        options.over or [],
        sampler=next((s for s in SAMPLERS if s == options.sampler), None),
        pruner=next((p for p in PRUNERS if p == options.pruner), "none"),
        trials=options.trials,
    )


def _introduction(record: StudyRecord) -> str:
    plan, table = record.plan, record.table()
    over = " × ".join(d.text() for d in plan.over)
    each = f", {quantity(plan.seeds, 'seed')} each" if plan.seeds > 1 else ""
    done = f", {table.ended} of them done already" if table.ended else ""
    return f"Study {record.name}: {quantity(plan.trials, 'trial')}{each}{done}; {plan.sampler} over {over}"


def _continue_command(record: StudyRecord, options: SweepOptions) -> str:
    """The command that continues: the home remembers the storage, but not who trains."""
    cluster = f" --cluster {shlex.quote(options.cluster)}" if options.cluster is not None else ""
    return f"tunelab sweep --study {record.name}{cluster}"


def trial_event(record: StudyRecord, row: TrialRow, seconds: float) -> dict[str, Any]:
    """A trial's end as a JSON line."""
    event: dict[str, Any] = {
        "event": "trial",
        "run": record.name,
        "arm": f"trial {row.number}",
        "time": round(seconds, 6),
        "number": row.number,
        "params": row.params,
        "value": row.value,
        "metric": row.metric.name,
        "state": row.state,
    }
    if row.std is not None:
        event |= {"std": row.std, "seeds": row.seeds}
    event |= {"epochs": row.epochs, "seconds": row.seconds}
    return event | ({"why": row.why} if row.why else {})


def _trial_line(record: StudyRecord, row: TrialRow) -> str:
    state = "" if row.state == "complete" else f"  {row.state}" + (f": {row.why}" if row.why else "")
    return f"Trial {row.number}: {params_text(record.plan.over, row.params)}  {value_text(row)}{state}"


def _print_results(record: StudyRecord, seconds: float, options: SweepOptions, *, complete: bool) -> None:
    """Print the study's results: for a person, or as the last JSON line."""
    table = record.table()
    shares = importances(record.study, table)
    if options.as_json:
        best = table.best
        event = {
            "event": "done",
            "run": record.name,
            "arm": "sweep",
            "time": round(seconds, 6),
            "reason": "trials" if complete else "stopped",
            "trials": table.counts,
            "best": trial_event(record, best, seconds) if best else None,
            "within_noise": [row.number for row in table.within_noise],
            "at_the_edge": [edge.dimension.key for edge in table.edges],
            "importance": shares,
            "seconds": round(seconds, 6),
        }
        print_json(event)
        return
    print_text(summary(table, shares))
    if options.plot and (drawn := pictures(table, colour=sys.stdout.isatty())):
        print_text(f"\n{drawn}")
