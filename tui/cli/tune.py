"""`tunelab tune`: the broad strategy, unattended, from no better than chance to a tuned network."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunelab import paths
from tunelab.data.catalogue import NAMED
from tunelab.errors import BadInput, ExitCode, printable
from tunelab.experiment import Experiment, load_data
from tunelab.experiment.dotted_keys import changed, parse_settings
from tunelab.experiment.fitting import fitted
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.validation_errors import checked
from tunelab.search.trials import by_validation
from tunelab.strategy import journal, runner
from tunelab.strategy.settings import differences
from tunelab.strategy.stages import NAMES, stage_named
from tunelab.strategy.state import State
from tunelab.tui.cli.following import interruptible
from tunelab.tui.cli.options.searching import TuneOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report, say
from tunelab.tui.cli.preset_options import absolute_data_path, fitted_to_data, load_preset
from tunelab.tui.state.strategy_files import WINNER, write_report
from tunelab.tui.text.journal_text import plain_values

__all__ = ["tune_command"]

_LONGEST = 366 * 24 * 3600  # seconds


def tune_command(options: TuneOptions) -> int:
    """Begin or continue a study, follow it to its end, and print its report; return the exit code."""
    for name in (*(options.skip or []), *([options.stop_after] if options.stop_after else [])):
        stage_named(name)
    if options.budget is not None and not 1 <= options.budget <= _LONGEST:
        raise BadInput(f"--budget must be from 1 second to {_LONGEST:,} (a year), is {options.budget:g}")
    if options.out is not None and options.study is not None:
        raise BadInput("--out and --study both say where the study is kept; give one of them")
    directory = _directory(options.out, options.study)
    see = _EventPrinter(options.as_json, options.quiet)
    how: dict[str, Any] = {"budget": options.budget, "stop_after": options.stop_after, "skip": options.skip or []}
    how |= {"see": see, "report": progress_report(options.quiet)}
    if journal.exists(directory):
        _check_same(directory, options)
        state = runner.reopen(directory, **how)
    else:
        if options.seeds is not None:
            how["seeds"] = options.seeds
        state = runner.begin(directory, _experiment(options), **how)
    state, interrupted = _advance(directory, state, see)
    _report(directory, state, options)
    if not interrupted:
        return ExitCode.DONE
    if not options.quiet:
        name = directory.name if directory.parent == paths.studies() else str(directory)
        say(f"Stopped; all measurements are kept. Continue with: tunelab tune --study {name}")
    return ExitCode.INTERRUPTED


def _check_same(directory: Path, options: TuneOptions) -> None:
    """Refuse a preset, data or settings that aren't those the study began with: it goes on as it began."""
    asked = (options.preset, options.settings, options.data, options.seed)
    if all(value is None for value in (*asked, options.seeds)):
        return
    state = runner.load(directory)
    name, other = printable(directory.name), "or give --study another name"
    if options.seeds is not None and options.seeds != state.about["seeds"]:
        raise BadInput(f"the study {name} tries {state.about['seeds']} seeds side by side; leave --seeds out, {other}")
    if all(value is None for value in asked):
        return
    before = Experiment.model_validate(state.base)
    now = changed(by_validation(_experiment(options)), {"initialization.seeds": 1})
    for key, value in differences(before, now).items():
        raise BadInput(
            f"the study {name} began with another {key} than {printable(value)}; leave the preset, --data and --set "
            f"out to continue it, {other}"
        )


def _directory(out: Path | None, study: str | None) -> Path:
    """The directory of the study."""
    if out is not None:
        directory = paths.expanded(str(out)).absolute()
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
        if preset.arms[0].experiment.data.name not in NAMED:  # those need no fitting, and drawing digits takes long
            preset = fitted_to_data(preset, options.quiet)
        return preset.arms[0].experiment
    values: dict[str, Any] = parse_settings(options.settings or [])
    if options.data is not None:
        values["data.name"] = absolute_data_path(options.data)
    if options.seed is not None:
        values["initialization.seed"] = options.seed
    experiment = checked(Experiment, placed({}, values), "experiment")
    if experiment.data.name in NAMED:
        return experiment
    return fitted(experiment, load_data(experiment, progress_report(options.quiet)))


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
            state = runner.run_to_the_end(directory, see)
        return state, interrupted()


def _report(directory: Path, state: State, options: TuneOptions) -> None:
    """Write the report and the winner beside the journal, and print the report."""
    winner = directory / WINNER
    text = write_report(directory, state)
    if options.as_json:
        done = state.done or {}
        head = {"event": "report", "run": directory.name, "arm": "", "time": round(state.spent, 3)}
        scores = {key: done.get(key) for key in ("began", "ended", "test")}
        print_json(head | scores | {"classes": list(state.about["data"]["classes"]), "preset": str(winner)})
    else:
        print_text(text)
    if not options.quiet:
        say(f"The report is {directory / 'report.md'}; the winner as a preset: tunelab run {winner}")
