"""What tunelab says on the screen of a run: the comparison first, then each arm, in short sentences."""

from __future__ import annotations

from collections.abc import Sequence

from core.curves import ArmCurves
from core.diagnosis import compared

__all__ = ["epoch_line", "seen", "status_line"]


def seen(arms: Sequence[ArmCurves]) -> str:
    """What the curves of all arms show, a paragraph an arm, the comparison of arms before them."""
    measured = [arm for arm in arms if arm.measures]
    if not measured:
        return ""
    parts = []
    if len(arms) > 1 and len(measured) == len(arms):
        # Compared at the same epoch: one arm may be further on than the other.
        epoch = min(float(arm.latest["epoch"]) for arm in arms)
        standings = [standing for arm in arms if (standing := arm.standing(_at(arm, epoch))) is not None]
        verdict = compared(standings, epoch)
        if verdict is not None:
            parts.append(verdict.text)
    for arm in measured:
        first = arm.verdicts()[0]
        parts.append(f"{arm.name}: {first.text}" if len(arms) > 1 else first.text)
    return "\n\n".join(parts)


def _at(arm: ArmCurves, epoch: float) -> int:
    """The arm's last measurement that is not later than an epoch."""
    for position in range(len(arm.measures) - 1, -1, -1):
        if float(arm.measures[position]["epoch"]) <= epoch:
            return position
    return -1


def epoch_line(event: dict[str, object], several: bool) -> str:
    """A measurement as the log has it."""
    from tui.numbers import cost_text

    arm = f"{event['arm']}  " if several else ""
    correct = event["evaluation_correct"]
    assert isinstance(correct, int | float)
    spread = event.get("evaluation_correct_std")
    right = f"{correct:g}" if spread is None else f"{correct:.0f} ± {spread:.0f}"
    return f"Epoch {event['epoch']:g}  {arm}cost {cost_text(event)}  evaluation {right} / {event['evaluation_total']}"


def status_line(arms: Sequence[ArmCurves], state: str) -> str:
    """How the training stands: running epoch 7.4/30, 2 arms × 3 seeds."""
    counts = f"{len(arms)} arm{'s' if len(arms) > 1 else ''} × {max(arm.seeds for arm in arms)} seed"
    counts += "s" if max(arm.seeds for arm in arms) > 1 else ""
    epoch = min((float(arm.latest.get("epoch", 0.0)) for arm in arms if not arm.done), default=None)
    planned = max(arm.planned_epochs for arm in arms)
    where = f"  epoch {epoch:.4g}/{planned:g}" if epoch is not None and planned else ""
    return f"{state}{where}  {counts}"
