"""`tunelab diagnose`: why does my network learn nothing? From a run's record, or from a preset by training briefly."""

from __future__ import annotations

import time

from tunelab.cure_trials import CureTrials, try_cures
from tunelab.diagnose import Diagnosis, diagnose_experiment, diagnose_run
from tunelab.diagnosis import CAUSES, Verdict
from tunelab.errors import BadInput, printable
from tunelab.experiment import Preset
from tunelab.tui.cli.options.searching import DiagnoseOptions
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.tui.cli.preset_options import load_preset, run_or_preset
from tunelab.tui.lecture.steps import steps_of_causes
from tunelab.tui.text.diagnosis_text import causes_text, trials_text, verdict_paragraph
from tunelab.wording import did_you_mean

__all__ = ["diagnose_command"]


def diagnose_command(options: DiagnoseOptions) -> None:
    """Print what goes wrong in each arm, why, and what to try."""
    began = time.monotonic()
    if options.list_causes:
        print_text(causes_text([_slug(options.name)] if options.name else CAUSES, steps_of_causes()))
        return
    if not options.name:
        raise BadInput("give a run or a preset: tunelab diagnose RUN|PRESET, or --causes to list what can be named")
    source = run_or_preset(options.name)
    if not isinstance(source, Preset):
        if options.settings or options.data or options.seed is not None:
            raise BadInput("--set, --data and --seed change a preset; a run is read as it was recorded")
        diagnoses = [each for each in diagnose_run(source) if not options.arms or each.arm in options.arms]
        if not diagnoses:
            raise BadInput(f"--arm: {source.name} has {', '.join(record.name for record in source.arms)}")
        for diagnosis in diagnoses:
            _report(diagnosis, source.name, began, options)
        return
    preset = load_preset(
        options.name,
        settings=options.settings,
        arms=options.arms,
        data=options.data,
        seed=options.seed,
        quiet=options.quiet,
    )
    several = len(preset.arms) > 1
    for arm in preset.arms:
        if not options.quiet:
            say(f"Training {arm.name} briefly" if several else "Training briefly")
        _report(diagnose_experiment(arm.experiment, arm=arm.name), preset.name, began, options)


def _slug(typed: str) -> str:
    """The slug of the cause that was typed: its slug, or its name."""
    for cause in CAUSES.values():
        if typed.removeprefix("causes/").lower() in {cause.slug, cause.name.lower()}:
            return cause.slug
    raise BadInput(f"there is no cause '{printable(typed, 60)}'{did_you_mean(typed, CAUSES)}; --causes lists them")


def _report(diagnosis: Diagnosis, run: str, began: float, options: DiagnoseOptions) -> None:
    verdicts = [*diagnosis.verdicts, *diagnosis.remarks]
    if options.as_json:
        for verdict in verdicts:
            print_json(_event(verdict, diagnosis.arm, run, began))
    else:
        print_text(f"{diagnosis.arm}\n{diagnosis.basis}\n")
        for verdict in verdicts:
            print_text(f"{verdict_paragraph(verdict)}\n")
    if options.try_cures:
        trials = try_cures(diagnosis, report=None if options.quiet else lambda label: say(f"Trying {label}"))
        if options.as_json:
            _json_trials(trials, diagnosis.arm, run, began)
        else:
            print_text(f"{trials_text(trials)}\n")


def _json_trials(trials: CureTrials, arm: str, run: str, began: float) -> None:
    before = trials.trials[0].result
    for trial in trials.trials[1:]:
        d = trial.difference
        event = _head("trial", arm, run, began)
        event |= {"label": trial.label, "change": trial.change, "cause": trial.cause or None, "measure": trials.measure}
        event |= {"before": before.mean, "after": trial.result.mean}
        event |= {"difference": d and d.difference, "half_width": d and d.half_width, "p": d and d.pvalue}
        print_json(event | {"helps": trial.helps})
    if trials.verdict is not None:
        print_json(_event(trials.verdict, arm, run, began))


def _event(verdict: Verdict, arm: str, run: str, began: float) -> dict[str, object]:
    parts: dict[str, object] = {"seen": verdict.observation, "why": verdict.why, "try": verdict.advice}
    parts["cause_name"] = verdict.cause_name or None
    return _head("verdict", arm, run, began) | verdict.to_dict() | parts


def _head(kind: str, arm: str, run: str, began: float) -> dict[str, object]:
    return {"event": kind, "run": run, "arm": arm, "time": round(time.monotonic() - began, 3)}
