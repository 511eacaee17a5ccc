"""`tunelab find`: one search by the lecture's rule, with its evidence."""

from __future__ import annotations

import shlex
import sys
import time
from typing import Any

from tunelab.errors import BadInput
from tunelab.experiment import Experiment, Preset, load_data
from tunelab.records.history import History
from tunelab.search import (
    SearchResult,
    Trials,
    find_dropout,
    find_eta,
    find_lambda,
    find_mini_batch,
    find_momentum,
)
from tunelab.search.lambda_cv import find_lambda_from_below
from tunelab.search.trials import reduced
from tunelab.strategy.state import StageState
from tunelab.strategy.trial_curves import curves_of
from tunelab.tui.charts.from_history import paths_chart_text, stage_chart_text
from tunelab.tui.cli.options.searching import FindOptions, LambdaRule, SearchTarget
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.tui.cli.preset_options import fitted_to_data, load_preset
from tunelab.tui.text.tables import aligned
from tunelab.wording import quantity

__all__ = ["find_command"]


def find_command(options: FindOptions) -> None:
    """Search, and print what was tried, the choice, and why."""
    seeds, from_below = options.seeds, options.rule is LambdaRule.low
    if from_below and options.what is not SearchTarget.lmbda:
        raise BadInput(f"--rule is for lambda; `tunelab find {options.what.value}` has one rule")
    if from_below and seeds is not None:
        raise BadInput("--rule low trains one network per fold; leave --seeds out")
    if seeds is not None and seeds < 1:
        raise BadInput(f"--seeds must be at least 1, is {seeds}")
    preset = load_preset(
        options.preset,
        settings=options.settings,
        arms=options.arms,
        data=options.data,
        seed=options.seed,
        quiet=options.quiet,
    )
    notice = (lambda _: None) if options.quiet else say
    if len(preset.arms) > 1:
        notice(f"{preset.name} has several arms; the search is for '{preset.arms[0].name}'. --arm takes another.")
    preset = fitted_to_data(preset, options.quiet)
    whole = preset.arms[0].experiment
    n = len(load_data(whole).training)
    if whole.data.evaluate_on == "test":
        notice(f"Judged on validation examples, though {preset.name} is judged on the test set: never choose by that.")
    recorder = _Recorder(preset, as_json=options.as_json)
    trials = Trials(recorder.record)
    experiment = reduced(whole, trials)
    if (experiment.data.train or n) < n:
        notice(
            f"Searched on {experiment.data.train:,} of {quantity(n, 'training example')}, λ/n kept, to "
            f"answer in seconds."
        )
    curves = None
    if from_below:
        below = find_lambda_from_below(experiment, trials)
        tried, curves = below.result, below.ways
    else:
        tried = _search(options.what, experiment, trials, seeds)
    result = tried.for_examples(min(experiment.data.train or n, n), n)
    if options.as_json:
        recorder.print_event("found", "", result.to_dict())
        return
    print_text(_table(tried))
    print_text(f"\n{result.because}\n{result.sure}" + (f"\n{result.second}" if result.second else ""))
    if options.plot:
        colour = sys.stdout.isatty()
        if curves:
            print_text(f"\n{paths_chart_text(curves, colour=colour)}")
        else:
            cost = options.what is SearchTarget.eta
            print_text(f"\n{stage_chart_text(recorder.curves(), cost=cost, colour=colour)}")
    if result.settings:
        notice(_next_command(options, preset, result.settings))


def _search(what: SearchTarget, experiment: Experiment, trials: Trials, seeds: int | None) -> SearchResult:
    if what is SearchTarget.eta:
        return find_eta(experiment, trials, seeds=seeds or 3)
    if what is SearchTarget.lmbda:
        return find_lambda(experiment, trials, seeds=seeds or 5)
    if what is SearchTarget.momentum:
        return find_momentum(experiment, trials, seeds=seeds or 5)
    if what is SearchTarget.dropout:
        return find_dropout(experiment, trials, seeds=seeds or 5)
    return find_mini_batch(experiment, trials, seeds=seeds or 3)


def _next_command(options: FindOptions, preset: Preset, answer: dict[str, float]) -> str:
    """What to type next: the command with everything that was asked for, and what was found."""
    arm = preset.arms[0].name
    if own := [key for key in answer if arm in preset.overridden(key)]:
        values = ", ".join(f"{key} = {answer[key]:g}" for key in own)
        return f"'{arm}' sets {' and '.join(own)} itself, so --set changes nothing there: write {values} into that arm."
    words = ["tunelab", "run", options.preset, *(["--arm", arm] if len(preset.tables.get("arm", [])) else [])]
    words += ["--data", options.data] if options.data is not None else []
    words += [word for setting in options.settings or [] for word in ("--set", setting)]
    words += [word for key, value in answer.items() for word in ("--set", f"{key}={_typed(value)}")]
    return f"With it: {shlex.join(words)}"


def _table(result: SearchResult) -> str:
    rows = [["", "tried", "result", "each seed"]]
    # Half of a tried η need not have been tried itself: then the one that decided is marked
    chosen = result.chosen if any(row.value == result.chosen for row in result.rows) else result.bracket[0]
    for row in result.rows:
        mark = "★" if row.value == chosen else "=" if row.good else ""
        rows.append([mark, row.label, row.text, ", ".join(row.outcomes)])
    return aligned(rows)


class _Recorder:
    """Keeps what is measured, for the chart, and prints it as JSON lines where that was asked for."""

    def __init__(self, preset: Preset, *, as_json: bool) -> None:
        self._json, self._name = as_json, preset.name
        self._began = time.monotonic()
        self._events: dict[str, list[dict[str, Any]]] = {}

    def record(self, label: str, fields: dict[str, Any]) -> None:
        """Take note of a measurement of the trial ``label``."""
        event = self.print_event("measure", label, fields) if self._json else {"event": "measure"} | fields
        self._events.setdefault(label, []).append(event)

    def print_event(self, kind: str, arm: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Print one JSON line and return its event."""
        head = {"event": kind, "run": self._name, "arm": arm, "time": round(time.monotonic() - self._began, 3)}
        event = head | fields
        print_json(event)
        return event

    def curves(self) -> list[History]:
        """What was tried, as curves."""
        return curves_of(StageState("find", arms=self._events))


def _typed(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"
