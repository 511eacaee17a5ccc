"""`tunelab replay`: train again and compare, with a record or with what a preset expects."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tunelab import engine, paths
from tunelab.errors import BadInput, CutOff, ExitCode, os_error_sentence, printable
from tunelab.experiment import Preset, load_data
from tunelab.records import Run
from tunelab.records.environment import differences
from tunelab.records.replay import (
    ACCURACY_TOLERANCE,
    COST_TOLERANCE,
    EXAMPLES_TOLERANCE,
    ReplayResult,
    compare_records,
    expected_measures,
    measure_in_bounds,
    replay_limits,
)
from tunelab.tui.cli.following import exit_code_of_run, follow, resume_hint
from tunelab.tui.cli.options.training import ReplayOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report, say
from tunelab.tui.cli.preset_options import load_preset, run_or_preset
from tunelab.tui.text.tables import aligned
from tunelab.wording import quantity

__all__ = ["replay_command"]

_MAX_ROWS = 20  # of a table of differences


def replay_command(options: ReplayOptions) -> int:
    """Replay a run against its record, or a preset against its expectations; return the exit code."""
    source = run_or_preset(options.name)
    if isinstance(source, Preset):
        preset = load_preset(
            options.name, data=options.data, seeds=options.seeds, seed=options.seed, quiet=options.quiet
        )
        return _replay_preset(preset, options)
    if (options.data, options.seeds, options.seed) != (None, None, None):
        raise BadInput(
            f"{source.name} is a run and is trained again as it was; --data, --seeds and --seed are for presets"
        )
    return _replay_run(source, options)


@contextmanager
def _scratch_directory() -> Iterator[Path]:
    """An empty directory under the home, removed afterwards."""
    place = paths.home() / "scratch"
    try:
        place.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="replay-", dir=place))
    except OSError as error:
        raise BadInput(f"{os_error_sentence(error, place)}; a replay is trained there") from None
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _replay_run(run: Run, options: ReplayOptions) -> int:
    if origin := run.about.get("origin"):
        raise BadInput(
            f"{run.name} branched from {printable(origin.get('run') if isinstance(origin, dict) else origin, 100)} "
            "with other values, so its experiment alone doesn't lead to it; replay that run instead"
        )
    until = replay_limits(run)
    if not any(arm.events("initial") for arm in run.arms):
        raise BadInput(f"{run.name} has measured nothing yet; there is nothing to compare with")
    load_data(run.preset.arms[0].experiment, progress_report(options.quiet))
    with _scratch_directory() as scratch:
        try:
            with engine.process_pool(options.workers) as pool:
                job = engine.start(
                    run.preset, pool, out=scratch, workers=options.workers, until=until, engine=run.engine
                )
                follow(job, as_json=False, quiet=options.quiet)
        except CutOff:
            raise CutOff("a process of the replay was killed, or had too little memory") from None
        if job.run.request() == "stop":
            say("Interrupted; nothing was compared.")
            return ExitCode.INTERRUPTED
        comparison = compare_records(run, job.run)
    changes = differences(run.environment)
    same = comparison.identical or (bool(changes) and comparison.close)
    if options.as_json:
        _print_json_differences(run, comparison, changes, same)
    else:
        _print_comparison(run, comparison, changes)
    for sentence in comparison.missing:
        say(f"{sentence[:1].upper()}{sentence[1:]}.")
    if comparison.missing:
        say(f"The record of {run.name} isn't whole, so it can't be said to be reproduced.")
    if comparison.differences and not same:
        first = next((d for d in comparison.differences if not d.within_tolerance), comparison.differences[0])
        say(f"{run.name} wasn't reproduced; the first difference: {first.sentence()}.")
    return ExitCode.DONE if same else ExitCode.DIFFERS


def _print_json_differences(
    run: Run, comparison: ReplayResult, changes: dict[str, tuple[str, str]], held: bool
) -> None:
    for difference in comparison.differences:
        about = {"arm": difference.arm, "epoch": difference.epoch, "measure": difference.measure}
        numbers = {"recorded": difference.recorded, "replayed": difference.replayed}
        _print_event("difference", run, about | numbers | {"within_tolerance": difference.within_tolerance})
    _print_event(
        "replayed",
        run,
        {
            "held": held,
            "identical": comparison.identical,
            "measurements": comparison.measurements,
            "ends": comparison.ends,
            "differences": len(comparison.differences),
            "missing": list(comparison.missing),
            "environment": {key: {"recorded": then, "now": now} for key, (then, now) in changes.items()},
        },
    )


def _print_event(event: str, run: Run, fields: dict[str, Any]) -> None:
    print_json({"event": event, "run": run.name} | fields)


def _print_comparison(run: Run, comparison: ReplayResult, changes: dict[str, tuple[str, str]]) -> None:
    ends = f" and the final parameters of {quantity(comparison.ends, 'arm')}"
    what = f"{quantity(comparison.measurements, 'measurement')}{ends if comparison.ends else ''}"
    if comparison.identical:
        print_text(f"{run.name} was reproduced: {what} are the same to the last bit.")
    elif not comparison.differences:
        print_text(f"What is recorded of {run.name}, {what}, came out the same to the last bit.")
    else:
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
        rows = [["epoch", "arm", "measure", "recorded", "replayed"], *differing[:_MAX_ROWS]]
        print_text(aligned([[printable(cell, 40) for cell in row] for row in rows]))
        if len(differing) > _MAX_ROWS:
            print_text(f"… and {len(differing) - _MAX_ROWS:,} more; --json lists them all")
    if changes:
        rows = [["", "recorded", "now"], *([key, then, now] for key, (then, now) in changes.items())]
        print_text(f"\n{aligned(rows)}")
        if comparison.differences and not comparison.missing:
            word = "within" if comparison.close else "beyond"
            print_text(
                f"\nAnother environment rounds differently. {what.capitalize()} are {word} the tolerance for that: "
                f"costs to {COST_TOLERANCE:.1%}, accuracies to {ACCURACY_TOLERANCE:.1%} or {EXAMPLES_TOLERANCE} "
                "examples."
            )


def _replay_preset(preset: Preset, options: ReplayOptions) -> int:
    wanted = expected_measures(preset)
    load_data(preset.arms[0].experiment, progress_report(options.quiet))
    with engine.process_pool(options.workers) as pool:
        job = engine.start(preset, pool, workers=options.workers)
        follow(job, as_json=False, quiet=options.quiet)
    if exit_code_of_run(job.run) == ExitCode.INTERRUPTED:
        say(f"Interrupted; all measurements are kept. {resume_hint(job.run)}")
        return ExitCode.INTERRUPTED
    results = [(each, *measure_in_bounds(each, job.run)) for each in wanted]
    rows = [["arm", "at", "measure", "expected", "found", ""]]
    for each, value, good in results:
        bounds, shown = f"{each.low:g} to {each.high:g}", "not finite" if value is None else f"{value:.6g}"
        word = "holds" if good else "doesn't hold"
        rows.append([each.arm, each.at, each.measure.replace("_", " "), bounds, shown, word])
        if options.as_json:
            about = {"arm": each.arm, "at": each.at, "measure": each.measure, "low": each.low, "high": each.high}
            _print_event("expectation", job.run, about | {"value": value, "held": good})
    failed = [(each, value) for each, value, good in results if not good]
    if options.as_json:
        _print_event("replayed", job.run, {"held": not failed, "expectations": len(results), "failed": len(failed)})
    else:
        print_text(aligned(rows))
    if failed:
        each, value = failed[0]
        came = "isn't a finite number" if value is None else f"is {value:.6g}"
        say(
            f"{preset.name} isn't as expected: arm '{each.arm}', {each.at} {each.measure.replace('_', ' ')} {came}, "
            f"and {each.low:g} to {each.high:g} is expected. Recorded as {job.run.name}."
        )
    elif not options.quiet:
        say(f"As expected. Recorded as {job.run.name}.")
    return ExitCode.DIFFERS if failed else ExitCode.DONE
