"""How far the training cost has come: stuck at the class shares, flat, far too slow, crushed by λ, too small a network.

The yardstick is what the best answer that ignores the input costs: below it something is learnt, at it nothing is.
"""

from __future__ import annotations

import math

import numpy as np
from tunelab.diagnosis.curves import Array, Curves, noise
from tunelab.diagnosis.layer_rules import dead, saturated
from tunelab.diagnosis.verdict import Verdict
from tunelab.statistics import binomial_test

__all__ = ["class_shares", "crushed", "flat", "too_slow", "underfitting"]

_AT = 0.03  # this near the blind cost is at it
_STILL = 0.01  # change of ln cost over the last third that counts as none
_MUCH_LEFT = 0.25  # share of the blind cost
_LITTLE_MOVED = 0.03  # of its own size a layer moves in an epoch where η is far too small
_EARLY, _HARDLY_BEGUN = 6, 0.8  # epochs; share of the blind cost
_SMOOTH = 0.85  # share of measurements at which the cost fell
_UNLEARNT = 0.1  # training mistakes above which a level cost is too little
_FORGETS = 0.3  # e-foldings an epoch by which λ alone would let the weights fade


def _recent(c: Curves) -> Array:
    """ln of the data cost over the last third of the measurements, at least 4; empty where some isn't known."""
    cost = c.training_data_cost[-max(len(c.epoch) // 3, 4) :]
    return np.log(cost) if len(cost) >= 4 and np.isfinite(cost).all() and (cost > 0).all() else np.zeros(0)


def _guesses(c: Curves) -> bool:
    """Whether what is right could be luck."""
    last = c.evaluation_accuracy[-3:]
    if c.chance <= 0 or c.evaluation_total < 1 or not np.isfinite(last).all():
        return True
    right = round(float(last.max()) * c.evaluation_total)
    return not binomial_test(right, c.evaluation_total, c.chance).better_than_chance()


def class_shares(c: Curves) -> Verdict | None:
    """A cost that stays where knowing only the class shares (or only the mean) puts it."""
    last = c.training_data_cost[-3:]
    if len(last) < 3 or not (np.abs(last / c.constant_cost - 1) < _AT).all() or not _guesses(c):
        return None
    only = "how frequent each class is" if c.answers is not None else "the mean of what is wanted"
    return Verdict(
        "class-shares",
        f"The training cost stays at {last[-1]:.4g}; knowing only {only} costs {c.constant_cost:.4g}.",
        "The biases have learnt what is frequent; the weights nothing about the inputs yet.",
        "Try λ = 0 first, then η ten times smaller or larger." if c.lmbda else "Try η ten times larger, then smaller.",
        {"cost": float(last[-1]), "constant_cost": c.constant_cost},
    )


def flat(c: Curves) -> Verdict | None:
    """A cost that doesn't move though hardly anything is learnt."""
    recent = _recent(c)
    if len(recent) == 0 or len(c.epoch) < 5 or np.ptp(recent) > _STILL:
        return None
    if not c.training_data_cost[-1] > 0.9 * c.constant_cost:
        return None
    crushing = crushed(c) is not None
    return Verdict(
        "flat",
        f"The training cost is flat at {c.training_data_cost[-1]:.4g}.",
        f"An answer that ignores the input costs {c.constant_cost:.4g}, so next to nothing is learnt.",
        "Try λ = 0." if crushing else f"Try η = {c.eta * 10:.3g}, and look at the first weights.",
        {"cost": float(c.training_data_cost[-1]), "try_eta": c.eta if crushing else c.eta * 10},
    )


def too_slow(c: Curves) -> Verdict | None:
    """η too small: the cost falls at every measurement and has hardly come down."""
    cost = c.training_data_cost
    if len(cost) < 4 or not np.isfinite(cost).all() or not cost[-1] > _MUCH_LEFT * c.constant_cost:
        return None
    if not c.ended and c.epoch[-1] < _EARLY and cost[-1] < _HARDLY_BEGUN * c.constant_cost:
        return None  # the first epochs of a good training look like this too
    moves = np.diff(np.log(np.maximum(cost, 1e-300)))
    # λ alone makes a cost settle; what settles isn't slow
    recent = _recent(c)
    fallen = float(recent[0] - recent[-1])
    settles = fallen < _STILL and not _hardly_moves(c)
    if (moves < 0).mean() < _SMOOTH or settles or c.diverged:
        return None
    moved = _moved(c)
    slow = f" An epoch's steps move no layer by more than {100 * moved:.2g} % of its size." if moved < 1 else ""
    return Verdict(
        "too-slow",
        f"The training cost falls steadily but slowly: {cost[-1]:.3g} after {c.epoch[-1]:.3g} epochs.",
        f"Steps of η = {c.eta:g} are small.{slow}",
        f"Try η = {c.eta * 10:.3g}.",
        {"cost": float(cost[-1]), "fallen": fallen, "moved": moved if math.isfinite(moved) else None},
    )


def _moved(c: Curves) -> float:
    """How far an epoch's steps would move the layer that moves most, as a share of its size; inf where not known."""
    if c.update_ratio.size == 0 or c.n == 0 or not np.isfinite(c.update_ratio[-1]).any():
        return math.inf
    return float(np.nanmax(c.update_ratio[-1])) * c.n / c.mini_batch


def _hardly_moves(c: Curves) -> bool:
    return _moved(c) < _LITTLE_MOVED


def _level(c: Curves) -> bool:
    """Whether the cost has come to where it will stay."""
    recent = _recent(c)
    if len(recent) == 0 or len(c.epoch) < 6:
        return False
    half = len(recent) // 2
    return bool(recent[:half].mean() - recent[half:].mean() < 0.03) and not _hardly_moves(c)


def crushed(c: Curves) -> Verdict | None:
    """λ holds the weights so small that even the training examples aren't learnt."""
    if c.lmbda <= 0 or len(c.epoch) < 4 or not c.training_data_cost[-1] > 0.2 * c.constant_cost or _hardly_moves(c):
        return None
    penalty = float(c.training_cost[-1] - c.training_data_cost[-1])
    share = penalty / float(c.training_data_cost[-1])
    folds = c.eta * c.lmbda / c.mini_batch if c.n else 0.0
    if folds < _FORGETS or folds * c.epoch[-1] < 2 or dead(c) is not None or saturated(c) is not None:
        return None
    return Verdict(
        "lambda-crushing",
        f"The training cost stays at {c.training_data_cost[-1]:.3g} without its penalty: even what it is trained on "
        "isn't learnt.",
        f"λ = {c.lmbda:g} pulls the weights back as fast as they learn.",
        f"Try λ = {c.lmbda / 10:.3g}, or none until η is found.",
        {"penalty_share": share, "folds_an_epoch": folds},
    )


def underfitting(c: Curves) -> Verdict | None:
    """A cost that has settled with training examples still unlearnt, where nothing else is to blame."""
    wrong = 1 - float(c.training_accuracy[-1])
    gap = float(c.training_accuracy[-1] - c.evaluation_accuracy[-1])
    if not wrong > _UNLEARNT or not gap < max(0.06, 3 * noise(c)) or not _level(c):
        return None
    if any(rule(c) is not None for rule in (crushed, too_slow, dead, saturated)):
        return None
    return Verdict(
        "underfitting",
        f"Level with {100 * wrong:.0f} % of its training examples still wrong.",
        "Perhaps the network is too small, or η too large to settle: curves alone rarely tell which.",
        "Try more hidden neurons, then a smaller η.",
        {"training_accuracy": 1 - wrong, "gap": gap},
    )
