"""`tunelab tune`: the broad strategy, unattended, from no better than chance to a tuned network."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.errors import BadInput, ExitCode, printable
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed, parse_settings
from tunelab.experiment.preset import resolved
from tunelab.strategy import journal, runner
from tunelab.strategy.stages import NAMES, stage_named
from tunelab.strategy.state import State
from tunelab.tui.cli.following import interruptible
from tunelab.tui.cli.options.searching import TuneOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report, say
from tunelab.tui.cli.preset_options import absolute_data_path, load_preset
from tunelab.tui.text.journal_text import plain_values
from tunelab.tui.text.strategy_report import report_text

__all__ = ["tune_command"]


def tune_command(options: TuneOptions) -> int:
    """Begin or continue a study, follow it to its end, and print its report; return the exit code."""
    if options.stop_after is not None:
        stage_named(options.stop_after)
    if options.out is not None and options.study is not None:
        raise BadInput("--out and --study both say where the study is kept; give one of them")
    directory = _directory(options.out, options.study)
    see = _EventPrinter(options.as_json, options.quiet)
    limits: dict[str, Any] = {"budget": options.budget, "stop_after": options.stop_after, "see": see}
    if journal.exists(directory):
        given = {
            "PRESET": options.preset,
            "--set": options.settings,
            "--data": options.data,
            "--seed": options.seed,
            "--seeds": options.seeds,
        }
        for name, value in given.items():
            if value is not None:
                raise BadInput(
                    f"the study {printable(directory.name)} exists and continues as it began; leave {name} out, "
                    "or give --study another name"
                )
        state = runner.reopen(directory, **limits)
    else:
        if options.seeds is not None:
            limits["seeds"] = options.seeds
        state = runner.begin(directory, _experiment(options), report=progress_report(options.quiet), **limits)
    state, interrupted = _advance(directory, state, see)
    _report(directory, state, options)
    if not interrupted:
        return ExitCode.DONE
    if not options.quiet:
        name = directory.name if directory.parent == paths.studies() else str(directory)
        say(f"Stopped; all measurements are kept. Continue with: tunelab tune --study {name}")
    return ExitCode.INTERRUPTED


def _directory(out: Path | None, study: str | None) -> Path:
    """The directory of the study."""
    if out is not None:
        directory = out.expanduser().absolute()
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise BadInput(f"--out: {printable(out)} exists and isn't an empty directory; name another")
        return directory
    return journal.find(study or f"tune-{time.strftime('%Y%m%d-%H%M%S')}")


def _experiment(options: TuneOptions) -> Experiment:
    """The experiment to begin from: the preset's first arm, or the default network."""
    if options.preset is not None:
        preset = load_preset(
            options.preset, settings=options.settings, data=options.data, seed=options.seed, quiet=options.quiet
        )
        if len(preset.arms) > 1 and not options.quiet:
            say(f"{preset.name} has several arms; the strategy begins from the first, '{preset.arms[0].name}'.")
        return preset.arms[0].experiment
    values: dict[str, Any] = parse_settings(options.settings or [])
    if options.data is not None:
        values["data.name"] = absolute_data_path(options.data)
    if options.seed is not None:
        values["initialization.seed"] = options.seed
    return changed(Experiment(), values)


class _EventPrinter:
    """Prints what comes into the journal: JSON lines on stdout, the steps in words on stderr."""

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self._json, self._quiet = as_json, quiet

    def __call__(self, event: dict[str, Any]) -> None:
        if self._json:
            print_json(event)
        if self._quiet:
            return
        kind = event["event"]
        if kind == "stage":
            number = NAMES.index(event["stage"]) + 1
            about = f" (about {event['seconds']:.0f} s)" if event["seconds"] >= 1 else ""
            say(f"\n{number} · {event['title']}: {event['question']}{about}")
        elif kind == "row":
            say(f"    {event['label']}: {event['text']}")
        elif kind == "recommendation":
            say(f"  {event['because']}")
        elif kind == "decision" and event["chosen"]:
            say(f"  → {plain_values(event['chosen'])}")


def _advance(directory: Path, state: State, see: Callable[[dict[str, Any]], None]) -> tuple[State, bool]:
    """Go on to the end, accepting every recommendation; return also whether somebody interrupted it."""
    with interruptible(lambda: journal.send(directory, "stop")) as interrupted:
        while state.done is None and not interrupted():
            state = runner.decide(directory, "accept", see=see) if state.asks else runner.advance(directory, see)
        return state, interrupted()


def _report(directory: Path, state: State, options: TuneOptions) -> None:
    """Write the report and the winner beside the journal, and print the report."""
    text = report_text(state)
    paths.write_whole(directory / "report.md", text.encode())
    title = f"Found by the broad strategy on {state.about['data']['title']}"
    tables = {"title": title[:200], "source": f"tunelab tune, {directory.name}"} | state.experiment().to_dict()
    winner = directory / "winner.toml"
    paths.write_whole(winner, resolved("winner", tables, str(winner)).to_toml().encode())
    if not options.as_json:
        print_text(text)
    if not options.quiet:
        say(f"The report is {directory / 'report.md'}; the winner as a preset: tunelab run {winner}")
