"""Verdicts and trials of cures as a person reads them: what is seen, why, what to try, and what trying it came to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from tunelab.cure_trials import CureTrial, CureTrials
from tunelab.diagnosis import CAUSES, Verdict
from tunelab.tui.text.tables import aligned

__all__ = ["causes_text", "set_options", "trials_text", "verdict_paragraph"]


def verdict_paragraph(verdict: Verdict) -> str:
    """A verdict, a line each: its cause and what is seen, why, what to try, and the cure as it is typed."""
    sure = "" if verdict.certainty == "likely" else f" ({verdict.certainty})"
    said = verdict.observation.startswith(verdict.title)
    head = f"{verdict.title}{sure}: " if verdict.cause and not said else ""
    lines = [f"• {head}{verdict.observation}", *(f"  {part}" for part in (verdict.why, verdict.advice) if part)]
    if verdict.cure:
        lines.append(f"  {set_options(verdict.cure)}")
    return "\n".join(lines)


def causes_text(slugs: Iterable[str] = CAUSES, steps: Mapping[str, str] | None = None) -> str:
    """Return causes: each one's name, what it means, a small run that shows it, and the lecture's steps that do.

    ``steps`` are the numbers of a cause's steps, by its slug.
    """
    parts = []
    for cause in (CAUSES[slug] for slug in slugs):
        see = f"  See it: tunelab run causes/{cause.slug} --plot, or tunelab diagnose causes/{cause.slug} --try"
        learn = (steps or {}).get(cause.slug, "")
        parts.append(f"{cause.name}\n  {cause.help}\n{see}{learn and f'{chr(10)}  In the lecture: {learn}'}")
    return "\n\n".join(parts)


def set_options(cure: Mapping[str, Any]) -> str:
    """A cure as it is typed: ``--set training.eta=0.05``."""
    return " ".join(f"--set {key}={_toml(value)}" for key, value in cure.items())


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(value)
    return f"'{text}'" if " " in text else text


def trials_text(trials: CureTrials) -> str:
    """A row an experiment: what was changed, before → after, the difference and its 95 % interval; then what helps."""
    scale, unit = (1, "") if trials.measure == "R²" else (100, " %")
    before = trials.trials[0].result
    rows = [["tried", f"{trials.measure} before → after", "difference"]]
    for trial in trials.trials[1:]:
        result = f"{scale * before.mean:.3g} → {scale * trial.result.mean:.3g}{unit}"
        rows.append([trial.label, result, _difference(trial, scale)])
    if trials.verdict is not None:
        return f"{aligned(rows)}\n\n{verdict_paragraph(trials.verdict)}"
    return f"{aligned(rows)}\n\nNone of this does better than the setting as it is, beyond noise."


def _rounded(half_width: float) -> str:
    return f"{half_width:.0f}" if half_width >= 10 else f"{half_width:.2g}"


def _difference(trial: CureTrial, scale: int) -> str:
    d = trial.difference
    if trial.change is None or d is None or math.isnan(d.half_width):
        return "a control"
    return f"{scale * d.difference:+.3g} ± {_rounded(scale * d.half_width)}{'  helps' if trial.helps else ''}"
