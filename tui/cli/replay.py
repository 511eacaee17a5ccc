"""`tunelab replay`: train again and compare, with a record or with what a preset expects."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.errors import ExitCode
from tunelab.tui.cli.following import attend, exit_code
from tunelab.tui.cli.options import DataName, Json, Quiet, Seed, Seeds, chosen, progress_report, say

if TYPE_CHECKING:
    from tunelab.experiment import Preset
    from tunelab.records import Run
    from tunelab.records.replay import Comparison

__all__ = ["replay_command"]

_DIFFERS = 4
_SHOWN = 20  # lines of a table of differences


def replay_command(
    name: Annotated[
        str, typer.Argument(metavar="RUN|PRESET", help="A run to train again, or a preset whose [expect] to check.")
    ],
    data: DataName = None,
    seeds: Seeds = None,
    seed: Seed = None,
    as_json: Json = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Worker processes; one a core if not given.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train again, and compare with the record to the last bit, or with what the preset expects."""
    from tunelab.errors import BadInput

    run = _run(name)
    if run is None:
        preset = chosen(name, None, None, data, seeds, seed, quiet)
        raise typer.Exit(_replay_preset(preset, workers, as_json=as_json, quiet=quiet))
    if (data, seeds, seed) != (None, None, None):
        raise BadInput(
            f"{run.name} is a run and is trained again as it was; --data, --seeds and --seed are for presets"
        )
    raise typer.Exit(_replay_run(run, workers, as_json=as_json, quiet=quiet))


def _run(name: str) -> Run | None:
    """The run that is meant, or None where it must be a preset."""
    from tunelab import paths
    from tunelab.records import Run

    path = Path(name).expanduser()
    is_path = ("/" in name or name.startswith(".")) and path.is_dir()
    looks_like_one = name == "last" or is_path or re.match(r"\d{8}-\d", name) is not None
    return Run(name) if looks_like_one or (paths.runs() / name / "run.json").is_file() else None


def _replay_run(run: Run, workers: int | None, *, as_json: bool, quiet: bool) -> int:
    from tunelab import engine, paths
    from tunelab.errors import BadInput, CutOff, printable
    from tunelab.experiment import load_data
    from tunelab.records.environment import differences
    from tunelab.records.replay import compared, limits

    if origin := run.about.get("origin"):
        raise BadInput(
            f"{run.name} went on from {printable(origin.get('run') if isinstance(origin, dict) else origin, 100)} with "
            "other values, so its experiment alone doesn't lead to it; replay that run instead"
        )
    until = limits(run)
    if not any(arm.events("initial") for arm in run.arms):
        raise BadInput(f"{run.name} has measured nothing yet; there is nothing to compare with")
    load_data(run.preset.arms[0].experiment, progress_report(quiet))
    place = paths.home() / "scratch"
    try:
        place.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="replay-", dir=place))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput(f"{printable(place)} can't be written: {reason}; a replay is trained there") from None
    try:
        with engine.process_pool(workers) as pool:
            job = engine.start(run.preset, pool, out=scratch, workers=workers, until=until)
            attend(job, as_json=False, quiet=quiet)
        if job.run.request() == "stop":
            say("Interrupted; nothing was compared.")
            return ExitCode.INTERRUPTED
        comparison = compared(run, job.run)
    except CutOff:
        raise CutOff("a process of the replay was ended from outside, or had too little memory") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    surroundings = differences(run.environment)
    held = comparison.identical or (bool(surroundings) and comparison.close)
    if as_json:
        _json_differences(run, comparison, surroundings, held)
    else:
        _tell(run, comparison, surroundings)
    if not held:
        first = next((d for d in comparison.differences if not d.within_tolerance), comparison.differences[0])
        say(f"{run.name} didn't come out again; the first difference: {first.sentence()}.")
    return 0 if held else _DIFFERS


def _json_differences(run: Run, comparison: Comparison, surroundings: dict[str, tuple[str, str]], held: bool) -> None:
    for difference in comparison.differences:
        about = {"arm": difference.arm, "epoch": difference.epoch, "measure": difference.measure}
        numbers = {"recorded": difference.recorded, "replayed": difference.replayed}
        _line("difference", run, about | numbers | {"within_tolerance": difference.within_tolerance})
    _line(
        "replayed",
        run,
        {
            "held": held,
            "identical": comparison.identical,
            "measurements": comparison.measurements,
            "ends": comparison.ends,
            "differences": len(comparison.differences),
            "environment": {key: {"recorded": then, "now": now} for key, (then, now) in surroundings.items()},
        },
    )


def _line(event: str, run: Run, fields: dict[str, Any]) -> None:
    print(json.dumps({"event": event, "run": run.name} | fields, ensure_ascii=False))


def _tell(run: Run, comparison: Comparison, surroundings: dict[str, tuple[str, str]]) -> None:
    from tunelab.records.replay import ACCURACY_TOLERANCE, COST_TOLERANCE, EXAMPLES_TOLERANCE
    from tunelab.tui.text.tables import aligned

    ends = f" and the final parameters of {comparison.ends} arm{'s' if comparison.ends != 1 else ''}"
    what = f"{comparison.measurements} measurements{ends if comparison.ends else ''}"
    if comparison.identical:
        print(f"{run.name} came out again: {what} are the same to the last bit.")
    else:
        from tunelab.errors import printable

        differing = [
            [
                "the end" if d.epoch is None else f"{d.epoch:g}",
                d.arm,
                d.measure.replace("_", " "),
                str(d.recorded),
                str(d.replayed),
            ]
            for d in comparison.differences
        ]
        rows = [["epoch", "arm", "measure", "recorded", "replayed"], *differing[:_SHOWN]]
        print(aligned([[printable(cell, 40) for cell in row] for row in rows]))
        if len(differing) > _SHOWN:
            print(f"… and {len(differing) - _SHOWN:,} more; --json shows them all")
    if surroundings:
        rows = [["", "recorded", "now"], *([key, then, now] for key, (then, now) in surroundings.items())]
        print(f"\n{aligned(rows)}")
        if not comparison.identical:
            word = "within" if comparison.close else "beyond"
            print(
                f"\nOther surroundings round otherwise. {what.capitalize()} are {word} what is allowed for that: "
                f"costs to {COST_TOLERANCE:.1%}, accuracies to {ACCURACY_TOLERANCE:.1%} or {EXAMPLES_TOLERANCE} "
                "examples."
            )


def _replay_preset(preset: Preset, workers: int | None, *, as_json: bool, quiet: bool) -> int:
    from tunelab import engine
    from tunelab.experiment import load_data
    from tunelab.records.replay import expected, held
    from tunelab.tui.text.tables import aligned

    wanted = expected(preset)
    load_data(preset.arms[0].experiment, progress_report(quiet))
    with engine.process_pool(workers) as pool:
        job = engine.start(preset, pool, workers=workers)
        attend(job, as_json=False, quiet=quiet)
    if exit_code(job.run) == ExitCode.INTERRUPTED:
        say(f"Interrupted; this goes on with the training: tunelab resume {job.run.argument}")
        return ExitCode.INTERRUPTED
    found = [(each, *held(each, job.run)) for each in wanted]
    rows = [["arm", "at", "measure", "expected", "found", ""]]
    for each, value, good in found:
        bounds, shown = f"{each.low:g} to {each.high:g}", "not finite" if value is None else f"{value:.6g}"
        word = "holds" if good else "doesn't hold"
        rows.append([each.arm, each.at, each.measure.replace("_", " "), bounds, shown, word])
        if as_json:
            about = {"arm": each.arm, "at": each.at, "measure": each.measure, "low": each.low, "high": each.high}
            _line("expectation", job.run, about | {"value": value, "held": good})
    failed = [(each, value) for each, value, good in found if not good]
    if as_json:
        _line("replayed", job.run, {"held": not failed, "expectations": len(found), "failed": len(failed)})
    else:
        print(aligned(rows))
    if failed:
        each, value = failed[0]
        came = "isn't a finite number" if value is None else f"is {value:.6g}"
        say(
            f"{preset.name} isn't as expected: arm '{each.arm}', {each.at} {each.measure.replace('_', ' ')} {came}, "
            f"and {each.low:g} to {each.high:g} is expected. Recorded as {job.run.name}."
        )
    elif not quiet:
        say(f"As expected. Recorded as {job.run.name}.")
    return _DIFFERS if failed else 0
