"""What tunelab says on the screen of a run: the comparison first, then each arm, in short sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunelab.records.history import History
from tunelab.records.measure_events import metric_of
from tunelab.tui.text.comparison_text import leader_sentence
from tunelab.tui.text.numbers import metric_text
from tunelab.wording import quantity

__all__ = ["end_reason", "epoch_line", "paragraphs", "status_line", "verdict_text"]


def verdict_text(arms: Sequence[History]) -> str:
    """What the curves of all arms show, a paragraph an arm, the comparison of arms before them."""
    measured = [arm for arm in arms if len(arm)]
    if not measured:
        return ""
    parts = []
    if len(arms) > 1 and len(measured) == len(arms):
        # Compared at the same epoch: one arm may be further on than the other.
        epoch = min(float(arm.latest["epoch"]) for arm in arms)
        standings = {arm.name: standing for arm in arms if (standing := arm.standing(arm.at(epoch))) is not None}
        metric = measured[0].metric
        if all(arm.metric == metric for arm in arms):
            parts += [sentence for sentence in [leader_sentence(standings, epoch, metric)] if sentence]
    for arm in measured:
        first = arm.verdicts()[0]
        parts.append(f"{arm.name}: {first.text}" if len(arms) > 1 else first.text)
    return "\n\n".join(parts)


_END_REASONS = {
    "epochs": "all epochs done",
    "early-stop": "no improvement, stopped early",
    "schedule-end": "η is at its last value",
    "budget": "the time is used up",
}


def end_reason(reason: str) -> str:
    """Return why a training ended, in words."""
    return _END_REASONS.get(reason, reason)


def epoch_line(event: dict[str, Any], sign: str) -> str:
    """A measurement as the log has it; ``sign`` is the arm's marker on the charts."""
    metric = metric_of(event)
    correct, spread = event.get("evaluation_correct"), event.get("evaluation_correct_std")
    if metric.name == "accuracy" and correct is not None:
        right = f"{correct:g}" if spread is None else f"{correct:.0f} ± {spread:.0f}"
        result = f"{right} / {event['evaluation_total']}"
    else:
        title = "balanced" if metric.name == "balanced_accuracy" else metric.title
        result = f"{title} {metric_text(event)}"
    cost = event["training_cost"]
    cost_text = "not finite" if cost is None else f"{cost:.3g}"
    # The result first: a narrow log cuts the end off
    return f"Epoch {_count(event['epoch']):<4} {sign} {result}  cost {cost_text}"


def status_line(arms: Sequence[History], state: str) -> str:
    """How the training stands: running epoch 7.4/30, 2 arms × 3 seeds."""
    counts = f"{quantity(len(arms), 'arm')} × {quantity(max(arm.seeds for arm in arms), 'seed')}"
    epoch = min((float(arm.latest.get("epoch", 0.0)) for arm in arms if not arm.done), default=None)
    planned = max(arm.planned_epochs for arm in arms)
    where = f"  epoch {_count(epoch)}/{_count(planned)}" if epoch is not None and planned else ""
    return f"{state}{where}  {counts}"


def paragraphs(text: str) -> str:
    """A description with its lines joined, so that it breaks where the screen ends."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _count(epochs: float) -> str:
    """How many epochs: 7, 7.4, 12,500; never 1e+06."""
    return f"{epochs:,.0f}" if epochs >= 100 or epochs == int(epochs) else f"{epochs:.3g}"
