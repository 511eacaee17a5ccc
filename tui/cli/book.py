"""`tunelab book`: the book's published figures trained again, all in one, and compared."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from tunelab import engine, paths
from tunelab.errors import BadInput, ExitCode
from tunelab.experiment import Preset, load_data
from tunelab.records import Run
from tunelab.records.published_figures import (
    FIGURES,
    RoundingDivergence,
    compare_with_figure,
    published_arrays,
    rounding_divergences,
)
from tunelab.records.replay import expected_measures, measure_in_bounds
from tunelab.tui.cli.following import exit_code_of_run, follow, resume_hint
from tunelab.tui.cli.options.training import BookOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report, say
from tunelab.tui.cli.preset_options import load_preset
from tunelab.tui.text.tables import aligned
from tunelab.wording import quantity

__all__ = ["book_command"]

_ROUNDINGS = "book/two-roundings"
_EPOCHS = (1, 2, 3, 5, 10)  # columns of the table of roundings


def book_command(options: BookOptions) -> int:
    """Train the figures and print how they compare; return the exit code."""
    presets = _presets(options)
    began = time.perf_counter()
    rows: list[list[str]] = []
    roundings: list[RoundingDivergence] = []
    reproduced = True
    with engine.process_pool(options.workers) as pool:
        for preset in presets:
            if not options.quiet:
                say(f"{preset.name}: {preset.title}")
            figure_began = time.perf_counter()
            run = _train(preset, pool, options)
            if exit_code_of_run(run) == ExitCode.INTERRUPTED:
                say(f"Interrupted; all measurements are kept. {resume_hint(run)}")
                return ExitCode.INTERRUPTED
            figure_rows, good = _compare(preset, run, options.published, as_json=options.as_json)
            roundings += _roundings(run, as_json=options.as_json)
            if figure_rows:
                seconds = f"{time.perf_counter() - figure_began:.0f} s"
                rows += [
                    [preset.name, *[""] * (len(figure_rows[0]) - 1), seconds],
                    *([f"  {row[0]}", *row[1:], ""] for row in figure_rows),
                ]
            reproduced = reproduced and good
    total = time.perf_counter() - began
    if options.as_json:
        print_json({"event": "replayed", "held": reproduced, "seconds": round(total, 3)})
    else:
        _print_tables(rows, roundings, total)
    if not reproduced:
        say("Not everything agrees with the book; the lines that differ say so.")
    return ExitCode.DONE if reproduced else ExitCode.DIFFERS


def _presets(options: BookOptions) -> list[Preset]:
    """The presets to train; everything that can be wrong with the options is found before the first is trained."""
    names = options.figures or [*FIGURES, _ROUNDINGS]
    presets = [load_preset(name, data=options.data, quiet=options.quiet) for name in names]
    for preset in presets:
        if preset.name not in FIGURES and preset.name != _ROUNDINGS:
            known = ", ".join([*FIGURES, _ROUNDINGS])
            raise BadInput(f"{preset.name} isn't a figure of the book; they are {known}")
        if options.published is not None and preset.name in FIGURES:
            published_arrays(preset.name, paths.expanded(str(options.published)))
    return presets


def _train(preset: Preset, pool: Executor, options: BookOptions) -> Run:
    load_data(preset.arms[0].experiment, progress_report(options.quiet))
    job = engine.start(preset, pool, workers=options.workers)
    if options.as_json:
        print_json({"event": "figure", "run": job.run.name, "figure": preset.name})
    follow(job, as_json=options.as_json, quiet=options.quiet)
    return job.run


def _compare(preset: Preset, run: Run, published: Path | None, *, as_json: bool) -> tuple[list[list[str]], bool]:
    """Return the cells of a table, a row per comparison, and whether all of it holds."""
    if preset.name not in FIGURES:
        return [], True
    rows, good = [], True
    if published is None:
        for each in expected_measures(preset):
            value, holds = measure_in_bounds(each, run)
            good = good and holds
            measure = f"{each.at} {each.measure.replace('_', ' ')}"
            came = "not finite" if value is None else f"{value:.12g}"
            # Of a chaotic arm only the level is expected, and a reader should know
            word = ("holds" if holds else "doesn't hold") + (
                " (chaotic)" if FIGURES[preset.name][each.arm].chaotic else ""
            )
            rows.append([each.arm, measure, _bounds(each.low, each.high), came, word])
            if as_json:
                about = {"arm": each.arm, "at": each.at, "measure": each.measure, "low": each.low, "high": each.high}
                _print_event("expectation", run, {"figure": preset.name} | about | {"value": value, "held": holds})
        return rows, good
    for one in compare_with_figure(run, preset.name, paths.expanded(str(published))):
        good = good and one.agrees
        largest = "not finite" if one.largest is None else f"{one.largest:.{2 if 'cost' in one.measure else 6}g}"
        word = "chaotic" if one.chaotic else ("the book's" if one.agrees else "differs")
        rows.append([one.arm, f"{one.measure.replace('_', ' ')}, {quantity(one.epochs, 'epoch')}", largest, word])
        if as_json:
            about = {"arm": one.arm, "measure": one.measure, "epochs": one.epochs, "largest": one.largest}
            _print_event(
                "compared", run, {"figure": preset.name} | about | {"chaotic": one.chaotic, "held": one.agrees}
            )
    return rows, good


def _bounds(low: float, high: float) -> str:
    if low == high:
        return f"{low:g}"
    middle, half = (low + high) / 2, (high - low) / 2
    return f"{low:g} to {high:g}" if half > 1e-6 * middle else f"{middle:.12g} ± {half:.0e}"


def _roundings(run: Run, *, as_json: bool) -> list[RoundingDivergence]:
    roundings = list(rounding_divergences(run))
    if as_json:
        for one in roundings:
            about = {"arm": one.arm, "epochs": one.epochs, "training_cost_relative_difference": one.differences}
            _print_event("parting", run, about)
    return roundings


def _print_event(event: str, run: Run, fields: dict[str, Any]) -> None:
    print_json({"event": event, "run": run.name} | fields)


def _print_tables(rows: list[list[str]], roundings: list[RoundingDivergence], seconds: float) -> None:
    if rows:
        beside = ["expected", "found"] if len(rows[0]) == 6 else ["differs by at most"]
        heads = ["figure, arm", "measure", *beside, "", "time"]
        print_text(aligned([heads, *rows], right=frozenset({len(heads) - 1})))
    if roundings:
        table = [["the same run, added backwards", *(f"epoch {epoch}" for epoch in _EPOCHS)]]
        for one in roundings:
            at = dict(zip(one.epochs, one.differences, strict=True))
            table.append([one.arm, *("" if at.get(epoch) is None else f"{at[epoch]:.0e}" for epoch in _EPOCHS)])
        space = "\n" if rows else ""
        print_text(f"{space}How fast two roundings diverge: the relative difference of the training cost")
        print_text(aligned(table, right=frozenset(range(1, len(_EPOCHS) + 1))))
        print_text(
            "Where it grows, training is chaotic: no digits of such a curve can be reproduced, the book's included; "
            "its level can."
        )
    print_text(f"\nIn all: {seconds:.0f} s.")
