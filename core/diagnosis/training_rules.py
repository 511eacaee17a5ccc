"""Reading curves: diverged, constant, at chance, oscillating, overfitting, learning, level, still improving.

The rules are tried in order, from what is certain to what is a judgement; where nothing can be said yet, that is
what is said. Thresholds are multiples of the noise that the numbers themselves show, wherever that is possible.
"""

from __future__ import annotations

import numpy as np
from tunelab.diagnosis.cost_rules import class_shares, crushed, flat, too_slow, underfitting
from tunelab.diagnosis.curves import Curves, noise, sound, steps, trend
from tunelab.diagnosis.layer_rules import dead, saturated
from tunelab.diagnosis.preflight import Plan, warnings
from tunelab.diagnosis.verdict import Verdict
from tunelab.statistics import binomial_test

__all__ = ["Curves", "verdicts"]

_LITTLE_LEFT = 0.05  # share of the first cost below which its ups and downs are no concern
_CLEARLY = 0.03  # fall of ln(evaluation cost) over the last third that promises more
_WINDOW = 8  # measurements looked at for a level


def verdicts(curves: Curves) -> list[Verdict]:
    """What the curves show, the most important first; never empty."""
    if len(curves.epoch) == 0:
        return [Verdict("nothing-yet", "Nothing is measured yet.")]
    curves = sound(curves)
    stopped = [v for rule in _STOPS if (v := rule(curves)) is not None][:1]
    causes = [v for rule in _CAUSES if (v := rule(curves)) is not None]
    if stopped:  # after something that stops learning altogether, finer judgements mean nothing
        return stopped + ([] if stopped[0].code == "diverged" else causes)
    found = causes + [v for rule in _JUDGEMENTS if (v := rule(curves)) is not None]
    return found or [Verdict("not-clear", "Not clear yet.", "", "A few more epochs will tell.")]


def _diverged(c: Curves) -> Verdict | None:
    if not c.diverged:
        return None
    finite = np.isfinite(c.training_cost)
    when = f"after epoch {c.epoch[finite][-1]:.3g}" if finite.any() else "before the first measurement"
    known = warnings(Plan(c.eta, c.lmbda, c.mini_batch, c.n)) if c.n else []
    if known and known[0].code == "shrink-factor":
        return Verdict("diverged", f"Diverged {when}.", known[0].seen, known[0].advice, known[0].evidence)
    return Verdict(
        "diverged",
        f"Diverged: the cost stopped being a number {when}.",
        f"Steps of η = {c.eta:g}{f' with λ = {c.lmbda:g}' if c.lmbda else ''} overshoot, each further than the last.",
        f"Try η = {c.eta / 10:.3g}.",
        {"epoch": float(c.epoch[-1])},
    )


def _constant(c: Curves) -> Verdict | None:
    if c.answers is None or c.answers.sum() == 0 or len(c.answers) < 2:
        return None
    # Summed over seeds each may have a favourite of its own; with one seed a single class must have it all.
    top = np.sort(c.answers)[::-1]
    share = float(top[: c.seeds].sum() / top.sum())
    few = len(c.answers) > c.seeds
    if share < 0.995 or not few or (c.evaluation_accuracy[-1] > 1.5 * c.chance and c.seeds == 1):
        return None
    what = f"class number {int(np.argmax(c.answers))}" if c.seeds == 1 else "one class"
    if too_slow(c) is not None:
        return Verdict(
            "constant",
            f"It answers {what} whatever it sees, as its first weights happen to.",
            "The training cost falls, but so slowly that the answers haven't changed yet.",
            f"Try η = {c.eta * 10:.3g}.",
            {"share": share, "try_eta": c.eta * 10},
        )
    heavy = c.lmbda > 0 and c.epoch[-1] >= 1
    return Verdict(
        "constant",
        f"It answers {what} whatever it sees ({100 * c.evaluation_accuracy[-1]:.1f} % are right by that).",
        "The biases have won over the weights: "
        + ("λ holds the weights at nearly nothing, or η throws them about." if heavy else "η may throw them about."),
        f"Try η = {c.eta / 10:.3g}" + (" and λ = 0." if c.lmbda else "."),
        {"share": share, "try_eta": c.eta / 10},
    )


def _chance(c: Curves) -> Verdict | None:
    if c.chance <= 0 or c.epoch[-1] < 2 or len(c.epoch) < 3:
        return None
    recent = c.evaluation_accuracy[-3:]
    if not np.isfinite(recent).any() or c.evaluation_total < 1:
        return None
    right = round(float(np.nanmax(recent)) * c.evaluation_total)
    test = binomial_test(right, c.evaluation_total, c.chance)
    if test.better_than_chance():
        return None
    return Verdict(
        "chance",
        f"No better than chance: {right} of {c.evaluation_total:,} right, and guessing does as well in "
        f"{100 * test.pvalue:.2g} of 100 tries.",
        "Nothing is learnt yet that shows on evaluation data.",
        "Shrink the problem for faster answers, and try η ten times larger or smaller.",
        {"right": right, "p": test.pvalue},
    )


def _rising(c: Curves) -> Verdict | None:
    moves = steps(c.training_cost)
    if len(moves) < 3 or moves.sum() < 0.02 or (moves > 0).mean() < 0.7:
        return None
    rise = moves.sum()
    much = f"by {100 * np.expm1(rise):.0f} %" if rise < np.log(100) else f"to 10^{rise / np.log(10):.0f} times its size"
    return Verdict(
        "rising",
        f"The training cost rises: {much} over the last {len(moves)} measurements.",
        f"Steps of η = {c.eta:g} climb out of the valley instead of going down.",
        f"Try η = {c.eta / 10:.3g}.",
        {"log_change": float(rise)},
    )


def _oscillating(c: Curves) -> Verdict | None:
    moves = steps(c.training_cost)
    if len(moves) < 5:
        return None
    up, down = moves[moves > 0].sum(), -moves[moves < 0].sum()
    turns = (np.sign(moves[1:]) != np.sign(moves[:-1])).mean()
    if turns < 0.5 or up < 0.5 * down or up / len(moves) < 0.02:
        return None
    if np.nanmean(c.training_cost[-_WINDOW:]) < _LITTLE_LEFT * c.first_cost:
        return None  # what goes up and down is the little that is left
    return Verdict(
        "oscillating",
        "The training cost goes up and down instead of falling.",
        f"Steps of η = {c.eta:g} overshoot the bottom of the valley and come back from the other side.",
        f"Try η = {c.eta / 2:.3g}; half of the largest η at which the cost still falls is a good choice.",
        {"up": float(up), "down": float(down)},
    )


def _overfitting(c: Curves) -> Verdict | None:
    if len(c.epoch) < 5:
        return None
    cost = c.evaluation_data_cost
    if not np.isfinite(cost[-1]):
        return None
    best = int(np.nanargmin(cost))
    gap = float(c.training_accuracy[-1] - c.evaluation_accuracy[-1])
    risen = float(cost[-1] / max(cost[best], 1e-100) - 1)
    wide = gap > max(0.04, 2 * noise(c))
    falls_on = c.training_data_cost[-1] < 0.97 * c.training_data_cost[best]
    back_to = np.nanmin(cost[-2:]) / max(cost[best], 1e-100) - 1  # a single measurement may be bad luck
    if not wide or not falls_on or best >= len(cost) - 2 or min(risen, back_to) < 0.03:
        return None
    much = f"by {100 * risen:.0f} %" if risen < 10 else "many times over"
    return Verdict(
        "overfitting",
        f"Overfitting since epoch {c.epoch[best]:.3g}: the evaluation cost has risen {much} "
        f"while training goes on falling; accuracies are {100 * gap:.0f} points apart.",
        "It learns its training examples by heart.",
        ("Try a larger λ" if c.lmbda else "Try λ") + ", more examples, or stop early.",
        {"epoch": float(c.epoch[best]), "gap": gap, "risen": risen},
    )


def _still_improving(c: Curves) -> Verdict | None:
    k = max(len(c.epoch) // 3, 4)
    if not c.ended or len(c.epoch) < 5:
        return None
    slope, error = trend(c.evaluation_accuracy[-k:], c.epoch[-k:])
    gained = slope * float(c.epoch[-1] - c.epoch[-k])
    if not (slope > 3 * error and gained > 0.003) and not (_evaluation_falls(c, k) and gained > 0):
        return None
    return Verdict(
        "still-improving",
        f"Ended at {100 * c.evaluation_accuracy[-1]:.1f} %, still improving: {100 * gained:.1f} points in the last "
        f"{c.epoch[-1] - c.epoch[-k]:.3g} epochs.",
        "It was stopped before it was done.",
        "Give it more epochs, or a larger η.",
        {"slope": slope, "gained": gained},
    )


def _evaluation_falls(c: Curves, k: int) -> bool:
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
    moving = gained > max(0.003, noise(c) / 2) and abs(slope) > 2 * error
    if _still_improving(c) is not None:
        return None
    promised = slope > error and _evaluation_falls(c, k)
    if moving or promised or not np.isfinite(gained):
        return None
    return Verdict(
        "level",
        f"Level at {100 * c.evaluation_accuracy[-1]:.1f} % since about epoch {c.epoch[-k]:.3g}.",
        "More of the same training won't change much.",
        "A smaller η now, other widths or λ may." if not c.ended else "",
        {"slope": slope},
    )


def _learning(c: Curves) -> Verdict | None:
    moves = steps(c.training_cost)
    if len(c.epoch) < 2 or moves.sum() >= 0 or not np.isfinite(c.evaluation_accuracy[-1]):
        return None
    gap = float(c.training_accuracy[-1] - c.evaluation_accuracy[-1])
    parting = gap > max(0.04, 3 * noise(c))
    luck = f"{c.evaluation_total:,} evaluation examples: ± {100 * noise(c):.1f} points."
    return Verdict(
        "learning",
        f"Learning: {100 * c.evaluation_accuracy[-1]:.1f} % right, the training cost falls.",
        (f"Training is {100 * gap:.0f} points ahead of evaluation, so watch for overfitting." if parting else luck),
        "",
        {"gap": gap},
    )


_STOPS = (_diverged, _constant, class_shares, _chance, flat)
"""What stops learning altogether, from what is certain on; the first that holds is said."""

_CAUSES = (dead, saturated, crushed, too_slow)
"""Why it may be so, where the layers or the way of the cost give it away."""

_JUDGEMENTS = (_rising, _oscillating, _overfitting, underfitting, _still_improving, _level, _learning)
"""What else is seen in a training that learns."""
