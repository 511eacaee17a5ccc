"""`tunelab tune`: the broad strategy, unattended, from no better than chance to a tuned network."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.errors import ExitCode
from tunelab.tui.cli.options import DataName, Json, Quiet, Seed, Settings, chosen, progress_report, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from tunelab.experiment import Experiment
    from tunelab.strategy.state import State

__all__ = ["tune_command"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tune_command(
    preset: Annotated[
        str | None,
        typer.Argument(metavar="[PRESET]", help="Where to begin; a network of 30 hidden neurons if not given."),
    ] = None,
    settings: Settings = None,
    data: DataName = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=1, metavar="SECONDS", help="How long it may work in all; 300 if not given."),
    ] = None,
    stop_after: Annotated[
        str | None, typer.Option("--stop-after", metavar="STAGE", help="End after this stage: eta, widen, full …")
    ] = None,
    study: Annotated[
        str | None, typer.Option("--study", metavar="NAME", help="The study's name; one that exists is gone on with.")
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, max=20, metavar="N", help="Networks tried side by side; 3 if none given."),
    ] = None,
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write journal, report and winner into DIR, new or empty."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go the broad strategy's way by itself: shrink, chance, η, λ, width, m, the full problem, the test set."""
    from tunelab.errors import BadInput, printable
    from tunelab.strategy import journal, runner
    from tunelab.strategy.stages import stage_named

    if stop_after is not None:
        stage_named(stop_after)
    if out is not None and study is not None:
        raise BadInput("--out and --study both say where it is kept; give one of them")
    directory = _kept(out, study)
    see = _Seen(as_json, quiet)
    if journal.exists(directory):
        given = {"PRESET": preset, "--set": settings, "--data": data, "--seed": seed, "--seeds": seeds}
        for name, value in given.items():
            if value is not None:
                raise BadInput(
                    f"the study {printable(directory.name)} exists and goes on as it began; leave {name} out, "
                    "or give --study another name"
                )
        state = runner.reopen(directory, budget=budget, stop_after=stop_after, see=see)
    else:
        experiment = _beginning(preset, settings, data, seed, quiet)
        more = {} if seeds is None else {"seeds": seeds}
        report = progress_report(quiet)
        state = runner.begin(
            directory, experiment, budget=budget, stop_after=stop_after, see=see, report=report, **more
        )
    state, interrupted = _gone(directory, state, see)
    _report(directory, state, as_json=as_json, quiet=quiet)
    if interrupted:
        if not quiet:
            say(f"Stopped; everything measured is kept, and this goes on: tunelab tune --study {_typed(directory)}")
        raise typer.Exit(ExitCode.INTERRUPTED)


def _kept(out: Path | None, study: str | None) -> Path:
    """The directory of the study."""
    from tunelab.errors import BadInput, printable
    from tunelab.strategy import journal

    if out is not None:
        directory = out.expanduser().absolute()
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise BadInput(f"--out: {printable(out)} is there already and isn't an empty directory; name another")
        return directory
    return journal.find(study or f"tune-{time.strftime('%Y%m%d-%H%M%S')}")


def _beginning(
    preset: str | None, settings: list[str] | None, data: str | None, seed: int | None, quiet: bool
) -> Experiment:
    """The experiment to begin from: the preset's first arm, or the default network."""
    from tunelab.experiment import Experiment
    from tunelab.experiment.dotted_keys import changed, parse_settings

    if preset is not None:
        found = chosen(preset, settings, None, data, None, seed, quiet)
        if len(found.arms) > 1 and not quiet:
            say(f"{found.name} has several arms; the way begins from the first, '{found.arms[0].name}'.")
        return found.arms[0].experiment
    values: dict[str, Any] = parse_settings(settings or [])
    if data is not None:
        from tunelab.tui.cli.options import from_anywhere

        values["data.name"] = from_anywhere(data)
    if seed is not None:
        values["initialization.seed"] = seed
    return changed(Experiment(), values)


class _Seen:
    """Shows what comes into the journal: JSON lines on stdout, or the way in words on stderr."""

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self._json, self._quiet = as_json, quiet

    def __call__(self, event: dict[str, Any]) -> None:
        if self._json:
            print(json.dumps(event, ensure_ascii=False), flush=True)
        if self._quiet:
            return
        kind = event["event"]
        if kind == "stage":
            from tunelab.strategy.stages import NAMES

            number = NAMES.index(event["stage"]) + 1
            about = f" (about {event['seconds']:.0f} s)" if event["seconds"] >= 1 else ""
            say(f"\n{number} · {event['title']}: {event['question']}{about}")
        elif kind == "row":
            say(f"    {event['label']}: {event['text']}")
        elif kind == "recommendation":
            say(f"  {event['because']}")
        elif kind == "decision" and event["chosen"]:
            from tunelab.tui.text.journal_text import plain_values

            say(f"  → {plain_values(event['chosen'])}")


def _gone(directory: Path, state: State, see: Callable[[dict[str, Any]], None]) -> tuple[State, bool]:
    """Go on to the end, accepting every recommendation; whether somebody interrupted it."""
    from tunelab.strategy import journal, runner

    asked = False

    def ask(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True
        journal.send(directory, "stop")

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        while state.done is None and not asked:
            state = runner.decide(directory, "accept", see=see) if state.asks else runner.advance(directory, see)
        return state, asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(directory: Path, state: State, *, as_json: bool, quiet: bool) -> None:
    """Write the report and the winner beside the journal, and print the report."""
    from tunelab import paths
    from tunelab.experiment.preset import resolved
    from tunelab.tui.text.strategy_report import report_text

    text = report_text(state)
    paths.write_whole(directory / "report.md", text.encode())
    title = f"Found by the broad strategy on {state.about['data']['title']}"
    tables = {"title": title[:200], "source": f"tunelab tune, {directory.name}"} | state.experiment().to_dict()
    winner = directory / "winner.toml"
    paths.write_whole(winner, resolved("winner", tables, str(winner)).to_toml().encode())
    if not as_json:
        print(text)
    if not quiet:
        say(f"The report is {directory / 'report.md'}; the winner as a preset: tunelab run {winner}")


def _typed(directory: Path) -> str:
    """What to type for a study: its name where it lies among the others, else its path."""
    from tunelab import paths

    return directory.name if directory.parent == paths.studies() else str(directory)
