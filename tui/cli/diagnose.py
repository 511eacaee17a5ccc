"""`tunelab diagnose`: why does my network learn nothing? From a run's record, or from a preset by training briefly."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.tui.cli.options import Arms, DataName, Json, Quiet, Seed, Settings, chosen, say

if TYPE_CHECKING:
    from tunelab.cure_trials import CureTrials
    from tunelab.diagnose import Diagnosis
    from tunelab.diagnosis import Verdict

__all__ = ["diagnose_command"]


def diagnose_command(
    name: Annotated[
        str, typer.Argument(metavar="RUN|PRESET", help="A recorded run ('last' is the newest), or a preset.")
    ],
    settings: Settings = None,
    arms: Arms = None,
    data: DataName = None,
    seed: Seed = None,
    try_cures: Annotated[
        bool, typer.Option("--try", help="Train the cures and other changes briefly: before → after, and what helps.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Name the cause of a trouble, its evidence and one cure: read from a run, or seen by training a preset briefly."""
    from tunelab.diagnose import diagnose_experiment, diagnose_run
    from tunelab.errors import BadInput
    from tunelab.records import Run

    began = time.monotonic()
    if _is_run(name):
        if settings or data or seed is not None:
            raise BadInput("--set, --data and --seed change a preset; a run is read as it was recorded")
        run = Run(name)
        wanted = [each for each in diagnose_run(run) if not arms or each.arm in arms]
        if not wanted:
            raise BadInput(f"--arm: {run.name} has {', '.join(record.name for record in run.arms)}")
        for diagnosis in wanted:
            _print(diagnosis, run.name, began, as_json)
            if try_cures:
                _try(diagnosis, run.name, began, as_json, quiet)
        return
    preset = chosen(name, settings, arms, data, None, seed, quiet)
    several = len(preset.arms) > 1
    for arm in preset.arms:
        if not quiet:
            say(f"Training {arm.name} briefly" if several else "Training briefly")
        diagnosis = diagnose_experiment(arm.experiment, arm=arm.name)
        _print(diagnosis, preset.name, began, as_json)
        if try_cures:
            _try(diagnosis, preset.name, began, as_json, quiet)


def _is_run(name: str) -> bool:
    from tunelab import paths

    if name == "last":
        return True
    try:
        inside = paths.expanded(name) if "/" in name or name.startswith((".", "~")) else paths.runs() / name
        return (inside / "run.json").is_file()
    except (OSError, ValueError):
        return False


def _print(diagnosis: Diagnosis, run: str, began: float, as_json: bool) -> None:
    verdicts = [*diagnosis.verdicts, *diagnosis.remarks]
    if as_json:
        for verdict in verdicts:
            _line(_event(verdict, diagnosis.arm, run, began))
        return
    from tunelab.tui.text.diagnosis_text import verdict_paragraph

    print(f"{diagnosis.arm}\n{diagnosis.basis}\n")
    for verdict in verdicts:
        print(f"{verdict_paragraph(verdict)}\n")


def _try(diagnosis: Diagnosis, run: str, began: float, as_json: bool, quiet: bool) -> None:
    from tunelab.cure_trials import try_cures

    report = None if quiet else lambda label: say(f"Trying {label}")
    trials = try_cures(diagnosis, report=report)
    if not as_json:
        from tunelab.tui.text.diagnosis_text import trials_text

        print(f"{trials_text(trials)}\n")
        return
    _json_trials(trials, diagnosis.arm, run, began)


def _json_trials(trials: CureTrials, arm: str, run: str, began: float) -> None:
    before = trials.trials[0].result
    for trial in trials.trials[1:]:
        d = trial.difference
        event: dict[str, object] = {
            "event": "trial",
            "run": run,
            "arm": arm,
            "time": round(time.monotonic() - began, 3),
        }
        event |= {"label": trial.label, "change": trial.change, "cause": trial.cause or None, "measure": trials.measure}
        event |= {"before": before.mean, "after": trial.result.mean}
        event |= {"difference": d and d.difference, "half_width": d and d.half_width, "p": d and d.pvalue}
        _line(event | {"helps": trial.helps})
    if trials.verdict is not None:
        _line(_event(trials.verdict, arm, run, began))


def _event(verdict: Verdict, arm: str, run: str, began: float) -> dict[str, object]:
    parts = {"cause_name": verdict.cause_name or None, "seen": verdict.seen, "why": verdict.why, "try": verdict.advice}
    return _head("verdict", arm, run, began) | verdict.to_dict() | parts


def _head(kind: str, arm: str, run: str, began: float) -> dict[str, object]:
    return {"event": kind, "run": run, "arm": arm, "time": round(time.monotonic() - began, 3)}


def _line(event: dict[str, object]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)
