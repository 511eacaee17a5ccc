"""`tunelab book`: the book's published figures trained again, all in one, and compared."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.errors import ExitCode
from tunelab.tui.cli.following import attend, exit_code
from tunelab.tui.cli.options import DataName, Json, Quiet, chosen, progress_report, say

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tunelab.experiment import Preset
    from tunelab.records import Run
    from tunelab.records.published_figures import Parting

__all__ = ["book_command"]

_DIFFERS = 4
_ROUNDINGS = "book/two-roundings"
_SHOWN = (1, 2, 3, 5, 10)  # epochs of the table of roundings


def book_command(
    figures: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIGURE]…", help="Presets of figures, such as book/learning-rates; all if left out."),
    ] = None,
    data: DataName = None,
    published: Annotated[
        Path | None,
        typer.Option(
            "--published",
            metavar="DIR",
            help="The directory fig of the book's programs: compare with every number published there.",
        ),
    ] = None,
    as_json: Json = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Worker processes; one a core if not given.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train the figures of Nielsen's book again, as his program does, and compare the numbers."""
    from tunelab.engine import process_pool

    presets = _asked(figures, data, published, quiet)
    began = time.perf_counter()
    rows: list[list[str]] = []
    parted: list[Parting] = []
    held = True
    with process_pool(workers) as pool:
        for preset in presets:
            if not quiet:
                say(f"{preset.name}: {preset.title}")
            begun = time.perf_counter()
            run = _trained(preset, pool, workers, as_json=as_json, quiet=quiet)
            if exit_code(run) == ExitCode.INTERRUPTED:
                say(f"Interrupted; this goes on with the training: tunelab resume {run.argument}")
                raise typer.Exit(ExitCode.INTERRUPTED)
            found, good = _judged(preset, run, published, as_json=as_json)
            parted += _parted(run, as_json=as_json)
            if found:
                took = f"{time.perf_counter() - begun:.0f} s"
                rows += [
                    [preset.name, *[""] * (len(found[0]) - 1), took],
                    *([f"  {row[0]}", *row[1:], ""] for row in found),
                ]
            held = held and good
    seconds = time.perf_counter() - began
    if as_json:
        print(json.dumps({"event": "replayed", "held": held, "seconds": round(seconds, 3)}))
    else:
        _tell(rows, parted, seconds)
    if not held:
        say("Not everything is as the book has it; the lines that differ say so.")
    raise typer.Exit(0 if held else _DIFFERS)


def _asked(figures: list[str] | None, data: str | None, published: Path | None, quiet: bool) -> list[Preset]:
    """The presets to train; everything that can be wrong with what was asked is found before the first is trained."""
    from tunelab.errors import BadInput
    from tunelab.records.published_figures import FIGURES, published_arrays

    presets = [chosen(name, None, None, data, None, None, quiet) for name in figures or [*FIGURES, _ROUNDINGS]]
    for preset in presets:
        if preset.name not in FIGURES and preset.name != _ROUNDINGS:
            known = ", ".join([*FIGURES, _ROUNDINGS])
            raise BadInput(f"{preset.name} isn't a figure of the book; they are {known}")
        if published is not None and preset.name in FIGURES:
            published_arrays(preset.name, published.expanduser())
    return presets


def _trained(preset: Preset, pool: Executor, workers: int | None, *, as_json: bool, quiet: bool) -> Run:
    from tunelab import engine
    from tunelab.experiment import load_data

    load_data(preset.arms[0].experiment, progress_report(quiet))
    job = engine.start(preset, pool, workers=workers)
    if as_json:
        print(json.dumps({"event": "figure", "run": job.run.name, "figure": preset.name}), flush=True)
    attend(job, as_json=as_json, quiet=quiet)
    return job.run


def _judged(preset: Preset, run: Run, published: Path | None, *, as_json: bool) -> tuple[list[list[str]], bool]:
    """What a figure came to: cells of a table, a row a comparison, and whether all of it held."""
    from tunelab.records.published_figures import FIGURES, compared
    from tunelab.records.replay import expected, held

    if preset.name not in FIGURES:
        return [], True
    rows, good = [], True
    if published is None:
        for each in expected(preset):
            value, holds = held(each, run)
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
                _line("expectation", run, {"figure": preset.name} | about | {"value": value, "held": holds})
        return rows, good
    for one in compared(run, preset.name, published.expanduser()):
        good = good and one.held
        largest = "not finite" if one.largest is None else f"{one.largest:.{2 if 'cost' in one.measure else 6}g}"
        word = "chaotic" if one.chaotic else ("the book's" if one.held else "differs")
        rows.append([one.arm, f"{one.measure.replace('_', ' ')}, {one.epochs} epochs", largest, word])
        if as_json:
            about = {"arm": one.arm, "measure": one.measure, "epochs": one.epochs, "largest": one.largest}
            _line("compared", run, {"figure": preset.name} | about | {"chaotic": one.chaotic, "held": one.held})
    return rows, good


def _bounds(low: float, high: float) -> str:
    if low == high:
        return f"{low:g}"
    middle, half = (low + high) / 2, (high - low) / 2
    return f"{low:g} to {high:g}" if half > 1e-6 * middle else f"{middle:.12g} ± {half:.0e}"


def _parted(run: Run, *, as_json: bool) -> list[Parting]:
    from tunelab.records.published_figures import partings

    found = list(partings(run))
    if as_json:
        for one in found:
            about = {"arm": one.arm, "epochs": one.epochs, "training_cost_relative_difference": one.differences}
            _line("parting", run, about)
    return found


def _line(event: str, run: Run, fields: dict[str, Any]) -> None:
    print(json.dumps({"event": event, "run": run.name} | fields, ensure_ascii=False), flush=True)


def _tell(rows: list[list[str]], parted: list[Parting], seconds: float) -> None:
    from tunelab.tui.text.tables import aligned

    if rows:
        beside = ["expected", "found"] if len(rows[0]) == 6 else ["differs by at most"]
        heads = ["figure, arm", "measure", *beside, "", "time"]
        print(aligned([heads, *rows], right=frozenset({len(heads) - 1})))
    if parted:
        table = [["the same run, added backwards", *(f"epoch {epoch}" for epoch in _SHOWN)]]
        for one in parted:
            at = dict(zip(one.epochs, one.differences, strict=True))
            table.append([one.arm, *("" if at.get(epoch) is None else f"{at[epoch]:.0e}" for epoch in _SHOWN)])
        space = "\n" if rows else ""
        print(f"{space}How fast two roundings part: the relative difference of the training cost")
        print(aligned(table, right=frozenset(range(1, len(_SHOWN) + 1))))
        print(
            "Where it grows, training is chaotic: the digits of such a curve are nobody's, the book's included; "
            "its level is."
        )
    print(f"\nAll of it in {seconds:.0f} s.")
