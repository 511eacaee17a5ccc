"""`tunelab sweep`: many trials of an experiment, and what came of them."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from enum import StrEnum
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.errors import ExitCode
from tunelab.tui.cli.options import DataName, Json, Quiet, Seed, Seeds, Settings, chosen, progress_report, say, suited

if TYPE_CHECKING:
    from collections.abc import Callable

    from tunelab.sweeps import StudyRecord, SweepPlan, TrialRow
    from tunelab.sweeps.executors import Workers

__all__ = ["sweep_command"]

DIVERGED = 3

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SamplerName(StrEnum):
    """How trials are chosen."""

    grid = "grid"
    random = "random"
    tpe = "tpe"


class PrunerName(StrEnum):
    """What gives trials up before their end."""

    none = "none"
    median = "median"
    hyperband = "hyperband"


def sweep_command(
    preset: Annotated[
        str | None, typer.Argument(metavar="PRESET", help="What to vary; not needed to go on with a --study.")
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=SPEC",
            help="What to sweep over: eta=0.01,0.1,1 · eta=log:1e-3..10 · lambda=lin:0..1 · hidden=int:10..100 · "
            "weights=standard,scaled. LOW..HIGH:N gives a grid N points. May be repeated.",
        ),
    ] = None,
    sampler: Annotated[
        SamplerName | None, typer.Option("--sampler", help="grid for lists, else random, if not given.")
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option("--trials", min=1, metavar="N", help="How many trials the study is to have in all."),
    ] = None,
    pruner: Annotated[PrunerName | None, typer.Option("--pruner", help="Give up trials that fall behind.")] = None,
    study: Annotated[
        str | None, typer.Option("--study", metavar="NAME", help="The study's name; one that exists is gone on with.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Worker processes; one a core if not given.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Train on a Dask cluster; local:N starts one here."),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option("--storage", metavar="URL", help="Keep the study in a database that several machines share."),
    ] = None,
    settings: Settings = None,
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="NAME", help="Vary this arm of the preset, not its base.")
    ] = None,
    data: DataName = None,
    seeds: Seeds = None,
    seed: Seed = None,
    as_json: Json = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the best so far, and a map of two parameters.")] = False,
    quiet: Quiet = False,
) -> None:
    """Try many values: on a grid, at random, or led by what was found. Ends with a table of the best trials."""
    from tunelab.sweeps import fresh_name, open_study

    if preset is None:
        named = {
            "--over": over,
            "--sampler": sampler,
            "--pruner": pruner,
            "--set": settings,
            "--data": data,
            "--seeds": seeds,
            "--seed": seed,
            "--arm": arm,
        }
        useless = [option for option, value in named.items() if value]

        def opened() -> StudyRecord:
            return _known(study, storage, trials, useless)
    else:
        plan = _plan(preset, over or [], sampler, trials, pruner, settings, arm, data, seeds, seed, quiet)

        def opened() -> StudyRecord:
            return open_study(study or fresh_name(plan), plan, storage)

    raise typer.Exit(_attend(opened, workers, cluster, as_json=as_json, plot=plot, quiet=quiet))


def _known(study: str | None, storage: str | None, trials: int | None, useless: list[str]) -> StudyRecord:
    """A study that exists, with another number of trials where one was given."""
    from dataclasses import replace

    from tunelab.errors import BadInput
    from tunelab.sweeps import find

    if study is None:
        raise BadInput("name a preset and what to sweep over, or a study to go on with: --study NAME")
    record = find(study, storage)
    if useless:
        raise BadInput(f"{useless[0]} is settled in the study {record.name}; a new study needs a PRESET")
    if trials is not None:
        record.keep(replace(record.plan, trials=int(min(trials, record.plan.size))))
    return record


def _plan(
    name: str,
    over: list[str],
    sampler: SamplerName | None,
    trials: int | None,
    pruner: PrunerName | None,
    settings: list[str] | None,
    arm: str | None,
    data: str | None,
    seeds: int | None,
    seed: int | None,
    quiet: bool,
) -> SweepPlan:
    from tunelab.sweeps import PRUNERS, SAMPLERS, SweepPlan
    from tunelab.sweeps.sweep_plan import only_arm, without_arms

    preset = chosen(name, settings, [arm] if arm else None, data, seeds, seed, quiet=True)
    if arm:
        preset = only_arm(preset, arm)
    elif len(preset.arms) > 1:
        if not quiet:
            names = ", ".join(f"'{a.name}'" for a in preset.arms)
            say(f"The sweep varies the base of {preset.name}; --arm takes one of its arms instead: {names}.")
        preset = without_arms(preset)
    else:
        preset = without_arms(preset)
    return SweepPlan.of(
        suited(preset, quiet),
        over,
        sampler=next((s for s in SAMPLERS if s == sampler), None),
        pruner=next((p for p in PRUNERS if p == pruner), "none"),
        trials=trials,
    )


def _about(record: StudyRecord) -> str:
    plan, table = record.plan, record.table()
    over = " × ".join(d.text() for d in plan.over)
    each = f", {plan.seeds} seeds each" if plan.seeds > 1 else ""
    done = f", {table.ended} of them done already" if table.ended else ""
    return f"Study {record.name}: {plan.trials:,} trials{each}{done}; {plan.sampler} over {over}"


def _attend(
    opened: Callable[[], StudyRecord],
    count: int | None,
    cluster: str | None,
    *,
    as_json: bool,
    plot: bool,
    quiet: bool,
) -> int:
    """Have the study trained, showing what comes, and print what came of it; the exit code."""
    from tunelab.sweeps.scheduler import sweep

    began = time.monotonic()
    stop = threading.Event()
    notice = (lambda _: None) if quiet else say
    before = {number: signal.signal(number, _asker(stop)) for number in _SIGNALS}
    whole = False
    workers: Workers | None = None
    try:
        workers = _workers(count, cluster, notice)  # first of all: they load numpy while Optuna is loaded here
        record = opened()
        if not quiet:
            say(_about(record))
        for row in sweep(record, workers, stop=stop, notice=notice, report=progress_report(quiet)):
            if row is not None:
                if as_json:
                    print(
                        json.dumps(trial_event(record, row, time.monotonic() - began), ensure_ascii=False), flush=True
                    )
                if not quiet:
                    say(_line(record, row))
        whole = not stop.is_set()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if workers is not None:
            workers.close(now=not whole)
    _conclude(record, time.monotonic() - began, as_json=as_json, plot=plot, whole=whole)
    if not whole:
        say(f"Stopped; every trial that ended is kept, and this goes on: {_go_on(record)}")
        return ExitCode.INTERRUPTED
    if not quiet:
        say(f"Kept as {record.name}; optuna-dashboard {record.address} opens it.")
    counts = record.table().counts
    return DIVERGED if counts.get("diverged") and "complete" not in counts else 0


def _workers(count: int | None, cluster: str | None, notice: Any) -> Workers:
    from tunelab.sweeps.executors import LocalWorkers

    if cluster is None:
        return LocalWorkers(count)
    from tunelab.sweeps.cluster import connect

    return connect(cluster, notice)


def _asker(stop: threading.Event) -> Any:
    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    return ask


def _go_on(record: StudyRecord) -> str:
    storage = f" --storage {record.storage}" if record.storage else ""
    return f"tunelab sweep --study {record.name}{storage}"


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
        "state": row.state,
    }
    if row.std is not None:
        event |= {"std": row.std, "seeds": row.seeds}
    event |= {"epochs": row.epochs, "seconds": row.seconds}
    return event | ({"why": row.why} if row.why else {})


def _line(record: StudyRecord, row: TrialRow) -> str:
    from tunelab.sweeps.sweep_plan import params_text
    from tunelab.tui.text.sweep_text import accuracy_text

    state = "" if row.state == "complete" else f"  {row.state}" + (f": {row.why}" if row.why else "")
    return f"Trial {row.number}: {params_text(record.plan.over, row.params)}  {accuracy_text(row)}{state}"


def _conclude(record: StudyRecord, seconds: float, *, as_json: bool, plot: bool, whole: bool) -> None:
    """Print what the study came to: for a person, or as the last JSON line."""
    from tunelab.sweeps import importances
    from tunelab.tui.text.sweep_text import pictures, summary

    table = record.table()
    shares = importances(record.study, table)
    if as_json:
        best = table.best
        print(
            json.dumps(
                {
                    "event": "done",
                    "run": record.name,
                    "arm": "sweep",
                    "time": round(seconds, 6),
                    "reason": "trials" if whole else "stopped",
                    "trials": table.counts,
                    "best": trial_event(record, best, seconds) if best else None,
                    "within_noise": [row.number for row in table.within_noise],
                    "at_the_edge": [edge.dimension.key for edge in table.edges],
                    "importance": shares,
                    "seconds": round(seconds, 6),
                },
                ensure_ascii=False,
            ),
            flush=True,
        )
        return
    print(summary(table, shares))
    if plot and (drawn := pictures(table, colour=sys.stdout.isatty())):
        print(f"\n{drawn}")
