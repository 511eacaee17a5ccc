"""`tunelab find`: one search by the lecture's rule, with its evidence."""

from __future__ import annotations

import json
import shlex
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.tui.cli.options import Arms, DataName, Json, Quiet, Seed, Seeds, Settings, chosen, say, suited

if TYPE_CHECKING:
    from tunelab.experiment import Experiment, Preset
    from tunelab.network_inspection import Way
    from tunelab.records.history import History
    from tunelab.search import SearchResult, Trials

    Ways = tuple[tuple[str, Way], ...]

__all__ = ["find_command"]


class Rule(StrEnum):
    """The two schools of choosing λ."""

    book = "book"
    low = "low"


class What(StrEnum):
    """What can be searched for."""

    eta = "eta"
    lmbda = "lambda"
    batch = "batch"


def find_command(
    what: Annotated[What, typer.Argument(help="The learning rate, the regularization, or the mini-batch size.")],
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="The name of a preset, or a TOML file.")],
    settings: Settings = None,
    arms: Arms = None,
    data: DataName = None,
    seeds: Seeds = None,
    seed: Seed = None,
    rule: Annotated[
        Rule,
        typer.Option(
            "--rule",
            help="For λ: the book's, from 1.0 by tens; or low, upwards, cross-validated, by how smooth the output is.",
        ),
    ] = Rule.book,
    as_json: Json = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves of what was tried.")] = False,
    quiet: Quiet = False,
) -> None:
    """Search for η, λ or m by the lecture's rule: a table of what was tried, the choice, and why."""
    from tunelab.errors import BadInput
    from tunelab.experiment import load_data
    from tunelab.search.trials import reduced

    if rule is Rule.low and what is not What.lmbda:
        raise BadInput(f"--rule is for lambda; `tunelab find {what.value}` has one rule")
    if rule is Rule.low and seeds is not None:
        raise BadInput("--rule low trains one network a fold; leave --seeds out")
    if seeds is not None and seeds < 1:
        raise BadInput(f"--seeds must be at least 1, is {seeds}")
    asked = chosen(preset, settings, arms, data, None, seed, quiet)
    if len(asked.arms) > 1 and not quiet:
        say(f"{asked.name} has several arms; the search is for '{asked.arms[0].name}'. --arm takes another.")
    asked = suited(asked, quiet)
    whole = asked.arms[0].experiment
    n = len(load_data(whole).training)
    if whole.data.evaluate_on == "test" and not quiet:
        say(f"Judged on validation examples, though {asked.name} is judged on the test set: that isn't for choosing.")
    recorder = _Recorder(asked, as_json=as_json)
    trials = recorder.trials()
    experiment = reduced(whole, trials)
    if not quiet and (experiment.data.train or n) < n:
        say(f"Searched on {experiment.data.train:,} of {n:,} training examples, λ/n kept, to answer in seconds.")
    ways: Ways = ()
    if rule is Rule.low:
        from tunelab.search.lambda_cv import find_lambda_from_below

        below = find_lambda_from_below(experiment, trials)
        tried, ways = below.result, below.ways
    else:
        tried = _search(what, experiment, trials, seeds)
    result = tried.for_examples(min(experiment.data.train or n, n), n)
    if as_json:
        recorder.print("found", "", result.to_dict())
        return
    print(_table(tried))
    print(f"\n{result.because}\n{result.sure}" + (f"\n{result.second}" if result.second else ""))
    if plot:
        from tunelab.tui.charts.from_history import stage_plotted

        print()
        if ways:
            from tunelab.tui.charts.from_history import ways_plotted

            print(ways_plotted(ways, colour=sys.stdout.isatty()))
        else:
            print(stage_plotted(recorder.curves(), cost=what is What.eta, colour=sys.stdout.isatty()))
    if not quiet and result.settings:
        say(_next(preset, asked, settings or [], data, result.settings))


def _search(what: What, experiment: Experiment, trials: Trials, seeds: int | None) -> SearchResult:
    from tunelab.search import find_eta, find_lambda, find_mini_batch

    if what is What.eta:
        return find_eta(experiment, trials, seeds=seeds or 3)
    if what is What.lmbda:
        return find_lambda(experiment, trials, seeds=seeds or 5)
    return find_mini_batch(experiment, trials, seeds=seeds or 3)


def _next(typed: str, asked: Preset, settings: list[str], data: str | None, answer: dict[str, float]) -> str:
    """Return what to type next: the command with everything that was asked for, and the answer."""
    arm = asked.arms[0].name
    if own := [key for key in answer if arm in asked.overridden(key)]:
        values = ", ".join(f"{key} = {answer[key]:g}" for key in own)
        return f"'{arm}' sets {' and '.join(own)} itself, so --set changes nothing there: write {values} into that arm."
    words = ["tunelab", "run", typed, *(["--arm", arm] if len(asked.tables.get("arm", [])) else [])]
    words += ["--data", data] if data is not None else []
    words += [word for setting in settings for word in ("--set", setting)]
    words += [word for key, value in answer.items() for word in ("--set", f"{key}={value:g}")]
    return f"With it: {shlex.join(words)}"


def _table(result: SearchResult) -> str:
    from tunelab.tui.text.tables import aligned

    rows = [["", "tried", "result", "each seed"]]
    for row in result.rows:
        mark = "★" if row.value == result.chosen else "=" if row.good else ""
        rows.append([mark, row.label, row.text, ", ".join(row.outcomes)])
    return aligned(rows)


class _Recorder:
    """Keeps what is measured, for the chart, and prints it as JSON lines where those are wanted."""

    def __init__(self, preset: Preset, *, as_json: bool) -> None:
        self._json, self._name = as_json, preset.name
        self._began = time.monotonic()
        self._events: dict[str, list[dict[str, Any]]] = {}

    def trials(self) -> Trials:
        """Trials that report here."""
        from tunelab.search import Trials

        return Trials(self._measured)

    def _measured(self, label: str, fields: dict[str, Any]) -> None:
        event = self.print("measure", label, fields) if self._json else {"event": "measure"} | fields
        self._events.setdefault(label, []).append(event)

    def print(self, kind: str, arm: str, fields: dict[str, Any]) -> dict[str, Any]:
        """One JSON line."""
        head = {"event": kind, "run": self._name, "arm": arm, "time": round(time.monotonic() - self._began, 3)}
        event = head | fields
        print(json.dumps(event, ensure_ascii=False), flush=True)
        return event

    def curves(self) -> list[History]:
        """Return the curves of everything that was tried."""
        from tunelab.strategy.state import StageState
        from tunelab.strategy.trial_curves import curves_of

        return curves_of(StageState("find", arms=self._events))
