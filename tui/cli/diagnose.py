"""`tunelab diagnose`: why does my network learn nothing? From a run's record, or from a preset by training briefly."""

from __future__ import annotations

import time

from tunelab.diagnose import Checkup, checkup, of_run
from tunelab.diagnosis import Verdict
from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.tui.cli.options.searching import DiagnoseOptions
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.tui.cli.preset_options import load_preset, run_or_preset

__all__ = ["diagnose_command"]


def diagnose_command(options: DiagnoseOptions) -> None:
    """Print what goes wrong in each arm, why, and what to try."""
    began = time.monotonic()
    source = run_or_preset(options.name)
    if not isinstance(source, Preset):
        if options.settings or options.data or options.seed is not None:
            raise BadInput("--set, --data and --seed change a preset; a run is read as it was recorded")
        checkups = [one for one in of_run(source) if not options.arms or one.arm in options.arms]
        if not checkups:
            raise BadInput(f"--arm: {source.name} has {', '.join(record.name for record in source.arms)}")
        _print_checkups(checkups, source.name, began, options.as_json)
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
        _print_checkups([checkup(arm.experiment, arm=arm.name)], preset.name, began, options.as_json)


def _print_checkups(checkups: list[Checkup], run: str, began: float, as_json: bool) -> None:
    for one in checkups:
        if as_json:
            for when, verdicts in (("before", one.before), ("after", one.after)):
                for verdict in verdicts:
                    print_json(_event(verdict, when, one.arm, run, began))
            continue
        print_text(f"{one.arm}\n{one.tried}\n")
        for verdict in (*one.before, *one.after):
            print_text(_paragraph(verdict))


def _event(verdict: Verdict, when: str, arm: str, run: str, began: float) -> dict[str, object]:
    return {
        "event": "verdict",
        "run": run,
        "arm": arm,
        "time": round(time.monotonic() - began, 3),
        "when": when,
        "code": verdict.code,
        "text": verdict.text,
        "seen": verdict.seen,
        "why": verdict.why,
        "try": verdict.advice,
        "evidence": verdict.evidence,
    }


def _paragraph(verdict: Verdict) -> str:
    """What is seen, why, what to try: a line each."""
    lines = [f"• {verdict.seen}", *(f"  {part}" for part in (verdict.why, verdict.advice) if part)]
    return "\n".join(lines) + "\n"
