"""Whether a change is kept: only where a paired comparison says that it is better beyond noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tunelab.experiment import Experiment
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.settings import differences
from tunelab.strategy.trial_runner import Context, difference_text
from tunelab.wording import sentence

__all__ = ["best_or_present", "choice_text", "runner_up"]


def best_or_present(evaluations: Mapping[str, Evaluation], present: str, comparisons: int | None = None) -> str:
    """Return the best setting where it is better than the present one beyond noise, else the present one.

    As many ``comparisons`` share the level of significance: one for each other setting, where nobody says how many.
    """
    others = [label for label in evaluations if label != present]
    best = max(others, key=lambda label: evaluations[label].value, default=present)
    if best == present:
        return present
    difference = evaluations[best].minus(evaluations[present]).among(comparisons or len(others))
    return best if difference.difference > 0 and difference.beyond_noise else present


def runner_up(
    context: Context,
    base: Experiment,
    experiments: Mapping[str, Experiment],
    evaluations: Mapping[str, Evaluation],
    chosen: str,
) -> dict[str, Any]:
    """Return, as evidence, the settings that came out ahead of the chosen ones within noise; nothing where none did.

    They are settings of the whole problem, on top of those of ``base``; the last stage tries them with more networks.
    """
    best = max(evaluations, key=lambda label: evaluations[label].value)
    if evaluations[best].value <= evaluations[chosen].value:
        return {}
    return {"runner_up": context.enlarged(differences(base, experiments[best]), base)}


def choice_text(evaluations: Mapping[str, Evaluation], present: str, chosen: str) -> str:
    """Return in words how the choice and the present setting compare."""
    if chosen != present:
        ahead = difference_text(evaluations[chosen], evaluations[present])
        return sentence(f"{chosen}: {evaluations[chosen].text}, {ahead} beside {present}, on the same examples.")
    best = max((label for label in evaluations if label != present), key=lambda one: evaluations[one].value, default="")
    if not best:
        return f"{present}: {evaluations[present].text}."
    ahead = difference_text(evaluations[best], evaluations[present])
    return f"No gain beyond noise: {best} makes {ahead} beside {present} ({evaluations[present].text})."
