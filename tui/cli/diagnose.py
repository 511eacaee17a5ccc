"""`tunelab diagnose`: why does my network learn nothing? From a run's record, or from a preset by training briefly."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.tui.cli.options import Arms, DataName, Json, Quiet, Seed, Settings, chosen, say

if TYPE_CHECKING:
    from tunelab.diagnose import Checkup
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
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what goes wrong, why, and what to try: read from a run, or seen by training a preset for a few epochs."""
    from tunelab.diagnose import checkup, of_run
    from tunelab.errors import BadInput
    from tunelab.records import Run

    began = time.monotonic()
    if _is_run(name):
        if settings or data or seed is not None:
            raise BadInput("--set, --data and --seed change a preset; a run is read as it was recorded")
        run = Run(name)
        found = [one for one in of_run(run) if not arms or one.arm in arms]
        if not found:
            raise BadInput(f"--arm: {run.name} has {', '.join(record.name for record in run.arms)}")
        _tell(found, run.name, began, as_json)
        return
    preset = chosen(name, settings, arms, data, None, seed, quiet)
    several = len(preset.arms) > 1
    for arm in preset.arms:
        if not quiet:
            say(f"Training {arm.name} briefly" if several else "Training briefly")
        _tell([checkup(arm.experiment, arm=arm.name)], preset.name, began, as_json)


def _is_run(name: str) -> bool:
    from tunelab import paths

    if name == "last":
        return True
    try:
        inside = paths.expanded(name) if "/" in name or name.startswith((".", "~")) else paths.runs() / name
        return (inside / "run.json").is_file()
    except (OSError, ValueError):
        return False


def _tell(found: list[Checkup], run: str, began: float, as_json: bool) -> None:
    for one in found:
        if as_json:
            for when, verdicts in (("before", one.before), ("after", one.after)):
                for verdict in verdicts:
                    print(json.dumps(_event(verdict, when, one.arm, run, began), ensure_ascii=False), flush=True)
            continue
        print(f"{one.arm}\n{one.tried}\n")
        for verdict in (*one.before, *one.after):
            print(_paragraph(verdict))


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
