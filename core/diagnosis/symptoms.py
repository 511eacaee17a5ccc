"""What is seen in curves, without a cause: diverged, constant, at chance, flat, rising, oscillating, level, learning.

A symptom is said with the cause that explains it, or alone where none does. Thresholds are multiples of the noise that
the numbers themselves show, wherever that is possible.
"""

from __future__ import annotations

import numpy as np
from tunelab.diagnosis.curves import Curves, log_steps, trend
from tunelab.diagnosis.verdict import Verdict
from tunelab.statistics import DIFFERENCE_LEVEL
from tunelab.wording import quantity

__all__ = ["failure", "improvement", "improvement_text", "oscillates", "progress", "rises"]

_AT_CONSTANT = 0.03  # this near to what a constant answer costs is at it
_STILL = 0.01  # change of ln cost over the last third that counts as none
_LITTLE_LEFT = 0.05  # share of the first cost below which its ups and downs are no concern
_CLEARLY = 0.03  # fall of ln(evaluation cost) over the last third that promises more
_EARLIER = 48  # measurements by which its usual ups and downs are known
_WINDOW = 8  # measurements looked at for a level
_EXPLAINS = 0.95  # of what the mean alone costs: below, something of the numbers is explained
_POINTS = 0.005  # of accuracy, less of which isn't worth speaking of


def failure(c: Curves) -> Verdict | None:
    """What stops learning altogether, from what is certain on; the first that holds."""
    for rule in (_diverged, _constant, _class_shares, _chance, _flat):
        verdict = rule(c)
        if verdict is not None:
            return verdict
    return None


def progress(c: Curves) -> Verdict:
    """How a training that learns is doing: level, learning, or not clear yet."""
    return _level(c) or _learning(c) or Verdict("not-clear", "Not clear yet.", "", "A few more epochs will tell.")


def _diverged(c: Curves) -> Verdict | None:
    if not c.diverged:
        return None
    finite = np.isfinite(c.training_cost)
    when = f"after epoch {c.epoch[finite][-1]:.3g}" if finite.any() else "before the first measurement"
    return Verdict(
        "diverged", f"Diverged: the cost stopped being a number {when}.", evidence={"epoch": float(c.epoch[-1])}
    )


def _constant(c: Curves) -> Verdict | None:
    if c.answers is None or c.answers.sum() == 0 or len(c.answers) < 2:
        return None
    # Summed over seeds each may have a favourite of its own; with one seed a single class must have it all.
    top = np.sort(c.answers)[::-1]
    share = float(top[: c.seeds].sum() / top.sum())
    if share < 0.995 or len(c.answers) <= c.seeds:
        return None
    if c.evaluation_accuracy[-1] > 1.5 * c.facts.chance and c.seeds == 1:
        return None  # nearly all evaluation examples are of that class
    what = f"class number {int(np.argmax(c.answers))}" if c.seeds == 1 else "one class"
    return Verdict(
        "constant",
        f"It answers {what} whatever it sees ({100 * c.evaluation_accuracy[-1]:.1f} % are right by that).",
        evidence={"predicted_share": share},
    )


def _class_shares(c: Curves) -> Verdict | None:
    last, constant = c.training_data_cost[-3:], c.facts.constant_cost
    test = c.evaluation_test
    if len(last) < 3 or not (np.abs(last / constant - 1) < _AT_CONSTANT).all():
        return None
    if test is not None and test.better_than_chance():
        return None
    only = "how frequent each class is" if c.classification else "the mean of what is wanted"
    return Verdict(
        "class-shares",
        f"The training cost stays at {last[-1]:.4g}; knowing only {only} costs {constant:.4g}.",
        evidence={"cost": float(last[-1]), "constant_cost": constant},
    )


def _chance(c: Curves) -> Verdict | None:
    test = c.evaluation_test
    if test is None or c.epoch[-1] < 2 or len(c.epoch) < 3 or test.better_than_chance():
        return None
    if c.learns and test.pvalue < DIFFERENCE_LEVEL:
        return None  # so few evaluation examples that they can't tell; that is said where it is
    if not c.classification and c.evaluation_data_cost[-1] < _EXPLAINS * c.facts.constant_cost:
        return None
    often = f"guessing does as well in {_of_a_hundred(test.pvalue)} tries"
    balanced = test.total != c.evaluation_total
    right = (
        f"a balanced accuracy of {100 * c.balanced_accuracy:.1f} %"
        if balanced
        else f"{test.correct} of {test.total:,} right"
    )
    return Verdict(
        "chance",
        f"No better than chance: {right}, and {often}.",
        evidence={"right": test.correct, "total": test.total, "chance": test.chance, "p": test.pvalue},
    )


def _of_a_hundred(p: float) -> str:
    return "nearly all" if p > 0.995 else f"{100 * p:.2g} of 100"


def _flat(c: Curves) -> Verdict | None:
    recent = c.recent
    if len(recent) == 0 or len(c.epoch) < 5 or np.ptp(recent) > _STILL or not c.progress > 0.9:
        return None
    return Verdict(
        "flat",
        f"The training cost is flat at {c.training_data_cost[-1]:.4g}; an answer that ignores the input costs "
        f"{c.facts.constant_cost:.4g}.",
        evidence={"cost": float(c.training_data_cost[-1])},
    )


def rises(c: Curves) -> Verdict | None:
    """A training cost that goes up."""
    moves = log_steps(c.training_cost)
    if len(moves) < 3 or moves.sum() < 0.02 or (moves > 0).mean() < 0.7 or _little_left(c):
        return None
    rise = float(moves.sum())
    earlier = log_steps(c.training_cost, _EARLIER)[: -len(moves)]
    if len(earlier) >= _WINDOW and rise < 3 * float(earlier.std()) * np.sqrt(len(moves)):
        return None  # a long curve goes up and down by as much all the time
    much = f"by {100 * np.expm1(rise):.0f} %" if rise < np.log(100) else f"to 10^{rise / np.log(10):.0f} times its size"
    text = f"The training cost rises: {much} over the last {quantity(len(moves), 'measurement')}."
    return Verdict("rising", text, evidence={"log_change": rise})


def oscillates(c: Curves) -> Verdict | None:
    """A training cost that goes up and down by more than it falls."""
    moves = log_steps(c.training_cost)
    if len(moves) < 5:
        return None
    up, down = float(moves[moves > 0].sum()), float(-moves[moves < 0].sum())
    turns = (np.sign(moves[1:]) != np.sign(moves[:-1])).mean()
    if turns < 0.5 or up < 0.5 * down or up / len(moves) < 0.02 or _little_left(c):
        return None
    text = "The training cost goes up and down instead of falling."
    return Verdict("oscillating", text, evidence={"up": up, "down": down})


def _little_left(c: Curves) -> bool:
    """Whether what goes up and down is the little that is left."""
    return bool(np.nanmean(c.training_cost[-_WINDOW:]) < _LITTLE_LEFT * c.first_cost)


def improvement(c: Curves) -> tuple[float, float] | None:
    """Points of accuracy gained over the last third, and over how many epochs; None where that could be noise."""
    k = max(len(c.epoch) // 3, 4)
    if len(c.epoch) < 4:
        return None
    if c.evaluation_accuracy[-1] > 1 - max(c.noise, _POINTS) and not c.r2:
        return None  # nothing that could be seen is left to gain
    slope, error = trend(c.evaluation_accuracy[-k:], c.epoch[-k:])
    epochs = float(c.epoch[-1] - c.epoch[-k])
    gained = slope * epochs
    beyond = gained > max(2 * c.noise, _POINTS)
    steady = slope > 3 * error and gained > max(c.noise, _POINTS)
    if not (beyond or steady) or not _evaluation_cost_falls(c, k):
        return None
    return gained, epochs


def improvement_text(c: Curves, gained: float, epochs: float) -> str:
    """How a training ended that was still getting better."""
    much = f"{100 * gained:.1f} points" if not c.r2 else f"{gained:.2g} of R²"
    return f"Ended at {_right(c)}, still improving: {much} in the last {quantity(epochs, 'epoch')}."


def _evaluation_cost_falls(c: Curves, k: int) -> bool:
    """Whether the evaluation cost, which is less noisy than the accuracy, clearly falls over the last k."""
    cost = np.log(np.maximum(c.evaluation_data_cost[-k:], 1e-300))
    slope, error = trend(cost, c.epoch[-k:])
    return slope < -3 * error and slope * float(c.epoch[-1] - c.epoch[-k]) < -_CLEARLY


def _level(c: Curves) -> Verdict | None:
    k = max(len(c.epoch) // 3, 5)
    if len(c.epoch) < 8:
        return None
    slope, error = trend(c.evaluation_accuracy[-k:], c.epoch[-k:])
    gained = abs(slope) * float(c.epoch[-1] - c.epoch[-k])
    moving = gained > max(0.003, c.noise / 2) and abs(slope) > 2 * error
    if moving or improvement(c) is not None or not np.isfinite(gained):
        return None
    return Verdict(
        "level",
        f"Level at {_right(c)} since about epoch {c.epoch[-k]:.3g}.",
        _unsure(c) or _parting(c) or "More of the same training won't change much.",
        "A smaller η now, other widths or λ may." if not c.ended else "",
        {"slope": slope},
    )


def _unsure(c: Curves) -> str:
    """That so few evaluation examples can't tell learning from guessing, where that is so."""
    test = c.evaluation_test
    if test is None or test.better_than_chance() or not c.classification:
        return ""
    return (
        f"With {quantity(c.evaluation_total, 'evaluation example')} that isn't clearly better than chance (p = "
        f"{test.pvalue:.2g})."
    )


def _parting(c: Curves) -> str:
    """That training is well ahead of evaluation, where it is."""
    if not c.classification or not c.gap > max(0.04, 3 * c.noise):
        return ""
    return f"Training is {100 * c.gap:.0f} points ahead of evaluation, so watch for overfitting."


def _right(c: Curves) -> str:
    if c.setting.class_weights and np.isfinite(c.balanced_accuracy):
        return f"a balanced accuracy of {100 * c.balanced_accuracy:.1f} %"
    return f"R² {c.evaluation_accuracy[-1]:.3f}" if c.r2 else f"{100 * c.evaluation_accuracy[-1]:.1f} %"


def _learning(c: Curves) -> Verdict | None:
    moves = log_steps(c.training_cost)
    if len(c.epoch) < 2 or moves.sum() >= 0 or not np.isfinite(c.evaluation_accuracy[-1]):
        return None
    noise = f"{quantity(c.evaluation_total, 'evaluation example')}: ± {100 * c.noise:.1f} points." if not c.r2 else ""
    return Verdict(
        "learning",
        f"Learning: {_right(c)}{'' if c.setting.class_weights else ' right'}, the training cost falls."
        if c.classification
        else f"Learning: {_right(c)}; the training cost is {100 * c.progress:.2g} % of what the mean alone costs.",
        _unsure(c) or _parting(c) or noise,
        "",
        {"gap": c.gap},
    )
