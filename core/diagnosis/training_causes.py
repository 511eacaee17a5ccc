"""Causes that show in the curves: each rule reads its own evidence and says nothing where it isn't there.

A rule accuses a hyper-parameter only where its value is outside of what is usual as well, since the curves of a good
setting can look like those of a bad one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from tunelab.diagnosis.capacity_causes import (
    EARLY,
    LONG,
    SURE_GAP,
    UNEXPLAINED,
    is_bottleneck,
    memorizing,
    too_little_capacity,
    unlearnt_text,
)
from tunelab.diagnosis.curves import Curves, log_steps
from tunelab.diagnosis.data_causes import labels_disagree, no_signal, unequal_classes
from tunelab.diagnosis.optimizer_causes import always_clipped, dropout_too_large, momentum_too_high
from tunelab.diagnosis.preflight import FORGETS, random_weights, small_mini_batch
from tunelab.diagnosis.symptoms import improvement, improvement_text, oscillates, rises
from tunelab.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Verdict
from tunelab.wording import quantity

__all__ = ["TRAINING_CAUSES"]

_MUCH_LEFT = 0.25  # share of the constant answer's cost
_SMOOTH = 0.85  # share of measurements at which the cost fell
_OFF = 0.97  # a healthy ReLU layer is off for about half of what it sees
_ALIKE = 0.999  # mean cosine between two neurons' weights
_DRIVEN = 0.3  # growth of the saturated share where large steps are to blame
_NEARLY_ALL = 0.8
_MANY_STEPS, _FEW_PER_EPOCH = 400, 8  # mini-batches in all, and an epoch
_LEARNT = 0.1  # share of the constant answer's cost, below which more epochs bring little


# η, λ, m


def shrinking(c: Curves) -> Verdict | None:
    """λ holds the weights so small that even the training examples aren't learnt."""
    s = c.setting
    if s.lmbda <= 0 or not s.n or s.shrink < 0 or s.own_decay < FORGETS or s.decay * c.epoch[-1] < 2:
        return None
    if c.diverged or not c.progress > 0.2:
        return None
    penalty = float(c.training_cost[-1] - c.training_data_cost[-1])
    return Verdict(
        "lambda-crushing",
        f"The training cost stays at {c.training_data_cost[-1]:.3g} without its penalty: even what it is trained on "
        "isn't learnt.",
        f"λ = {s.lmbda:g} lets the weights fade by e^−{s.decay:.2g} in an epoch, as fast as they learn.",
        "Begin without regularization, λ = 0, until η is found.",
        {"penalty_share": penalty / float(c.training_data_cost[-1]), "folds_an_epoch": s.decay},
        "lambda-too-large",
        {"training.lambda": 0.0},
        LIKELY,
    )


def few_steps(c: Curves) -> Verdict | None:
    """So large a mini-batch that there are too few steps to get anywhere."""
    s = c.setting
    taken = s.steps * c.epoch[-1] if s.n else math.nan
    if not s.steps <= _FEW_PER_EPOCH or not taken < _MANY_STEPS or s.mini_batch < 20 or c.diverged:
        return None
    if not c.progress > 0.15 and improvement(c) is None:
        return None
    return Verdict(
        "few-steps",
        f"{quantity(taken, 'step')} in {quantity(c.epoch[-1], 'epoch')}: with m = {s.mini_batch:,} the weights move "
        f"{s.steps:.0f} time{'' if s.steps == 1 else 's'} an epoch.",
        "The network has hardly begun to learn.",
        "Use m = 10.",
        {"steps": taken, "steps_an_epoch": s.steps, "progress": c.progress},
        "mini-batch-too-large",
        small_mini_batch(s),
        LIKELY,
    )


def dead(c: Curves) -> Verdict | None:
    """Hidden ReLUs that are off on nearly every example: no gradient passes them."""
    s = c.setting
    if s.activation != "relu" or len(c.saturated) < 1 or c.saturated.shape[1] < 2:
        return None
    off = c.saturated[-2:, :-1].min(axis=0)
    layer = int(np.argmax(np.nan_to_num(off)))
    if not off[layer] >= _OFF:
        return None
    cure: dict[str, object] = {"training.eta": s.smaller_eta()}
    cure |= {} if s.weights.startswith("he-") else {"initialization.weights": "he-normal"}
    return Verdict(
        "dead",
        f"{100 * off[layer]:.0f} % of the outputs of hidden layer {layer + 1} are off: its ReLUs are dead.",
        "A ReLU that is off for every example passes no gradient, so it never comes back; a large η throws it there.",
        f"Try η = {cure['training.eta']:g} with he-normal weights, or leaky-relu.",
        {"layer": layer + 1, "off": float(off[layer])},
        "dead-relu",
        cure,
        LIKELY,
    )


def identical(c: Curves) -> Verdict | None:
    """Hidden neurons whose weights are all the same once they have been trained, whatever the first weights were."""
    s = c.setting
    if len(c.similarity) == 0 or c.similarity.shape[1] < 2 or not c.progress > _LEARNT or c.diverged:
        return None
    alike = np.nan_to_num(c.similarity[-1, :-1])
    layer = int(np.argmax(alike))
    if not alike[layer] > _ALIKE or not np.isfinite(c.first.similarity[layer : layer + 1]).all():
        return None
    if not c.first.similarity[layer : layer + 1].sum() > _ALIKE:
        return None  # they have come together in training: that is not how they were drawn
    return Verdict(
        "identical",
        f"The neurons of hidden layer {layer + 1} have all the same weights (mean cosine {alike[layer]:.4g}).",
        "They were drawn alike, get the same gradient and stay alike: the layer is hardly more than one neuron.",
        f"Draw them at random: {random_weights(s)['initialization.weights']} weights.",
        {"layer": layer + 1, "similarity": float(alike[layer])},
        "identical-neurons",
        random_weights(s),
        CERTAIN,
    )


def eta_too_large(c: Curves) -> Verdict | None:
    """Steps that overshoot: diverged, rising, oscillating, driven into saturation, or stuck far above what is usual."""
    s = c.setting
    far = s.eta > 4 * s.usual_eta
    unrest = rises(c) or oscillates(c)
    driven = _driven(c)
    worse = c.progress > 1.05 and not _falls_smoothly(c)
    slow_learner = (c.behind_neighbours > 0 or c.behind_on_evaluation > 0) and not is_bottleneck(c)
    behind = far and (slow_learner or _unsteady(c)) and not c.progress < 0.02
    if not (c.diverged or unrest or driven or worse or behind) or (s.eta < s.usual_eta / 3 and not c.diverged):
        return None
    if is_bottleneck(c) and not (c.diverged or worse or s.eta > 8 * s.usual_eta):
        return None  # so few neurons jump about whatever η is
    if (
        not c.diverged
        and not far
        and not (unrest and (unrest.code == "rising" or not c.progress <= 0.5 or s.eta > 2 * s.usual_eta))
    ):
        return None
    text = unrest.observation if unrest else ""
    if driven:
        text = f"{100 * driven:.0f} % of a hidden layer's outputs have been driven into saturation."
    elif not text and not c.diverged:
        text = f"The training cost stays at {c.training_data_cost[-1]:.3g} with η = {s.eta:g}."
    return Verdict(
        "saturated" if driven else unrest.code if unrest else "overshooting",
        text,
        f"Steps of η = {s.eta:g} overshoot the bottom of the valley.",
        f"Try η = {s.smaller_eta():g}.",
        {"eta": s.eta, "usual_eta": s.usual_eta, "progress": c.progress} | (unrest.evidence if unrest else {}),
        "eta-too-large",
        {"training.eta": s.smaller_eta()},
        CERTAIN if (c.diverged and s.eta > s.usual_eta) or (far and unrest) else LIKELY,
    )


def _driven(c: Curves) -> float:
    """The share of a hidden layer that training has driven into saturation; 0 where it hasn't."""
    if c.setting.activation not in {"sigmoid", "tanh"} or len(c.saturated) < 1 or c.saturated.shape[1] < 2:
        return 0.0
    share = np.nan_to_num(c.saturated[-2:, :-1].min(axis=0))
    layer = int(np.argmax(share))
    before = float(c.first.saturated[layer]) if len(c.first.saturated) > layer else math.nan
    driven = share[layer] > max(_NEARLY_ALL, before + _DRIVEN) and c.progress > 0.3
    return float(share[layer]) if driven else 0.0


def _falls_smoothly(c: Curves) -> bool:
    moves = log_steps(c.training_data_cost)
    return len(moves) > 2 and bool((moves < 0).mean() >= _SMOOTH)


def _unsteady(c: Curves) -> bool:
    """Whether the cost jumps from measurement to measurement by a tenth or more."""
    moves = log_steps(c.training_data_cost)
    return len(moves) > 3 and bool(np.abs(np.diff(moves)).mean() > 0.2) and bool((moves > 0).any())


def eta_too_small(c: Curves) -> Verdict | None:
    """The cost falls at every measurement and has hardly come down."""
    s, cost = c.setting, c.training_data_cost
    if (
        few_steps(c) is not None
        or s.eta > s.usual_eta / 4
        or len(cost) < 3
        or not np.isfinite(cost).all()
        or c.diverged
    ):
        return None
    if c.epoch[-1] < EARLY and s.eta > s.usual_eta / 20:
        return None  # the first epochs of a training that is a little slow look like this too
    if c.gap - 2 * c.gap_error > SURE_GAP:
        return None  # it learns its examples by heart already
    falls = (np.diff(np.log(np.maximum(cost, 1e-300))) < 0).mean() >= _SMOOTH
    if not falls or not c.progress > _MUCH_LEFT or (not c.ended and c.epoch[-1] < EARLY and c.progress < 0.8):
        return None
    moved = c.moved
    slow = f" An epoch's steps move no layer by more than {100 * moved:.2g} % of its size." if moved < 1 else ""
    return Verdict(
        "too-slow",
        f"The training cost falls steadily but slowly: {cost[-1]:.3g} after {quantity(c.epoch[-1], 'epoch')}.",
        f"Steps of η = {s.eta:g} are small.{slow}",
        f"Try η = {s.larger_eta():g}.",
        {"cost": float(cost[-1]), "progress": c.progress, "moved": moved if math.isfinite(moved) else None},
        "eta-too-small",
        {"training.eta": s.larger_eta()},
        LIKELY,
    )


# Capacity, regularization, patience


def too_few_epochs(c: Curves) -> Verdict | None:
    """Ended by its number of epochs while evaluation was getting better by more than noise."""
    s = c.setting
    if not c.ended or c.reason not in {"", "epochs"} or c.diverged:
        return None
    gain = improvement(c)
    unlearnt = c.behind_neighbours if c.classification else c.unexplained
    if gain is None and c.falls and unlearnt > UNEXPLAINED and c.epoch[-1] < LONG:
        gain = (0.0, float(c.epoch[-1] - c.epoch[-len(c.recent)]))
    if gain is None or c.progress < _LEARNT:
        return None
    gained, epochs = gain
    more = int(max(10, 4 * math.ceil(c.epoch[-1])))
    return Verdict(
        "still-improving",
        improvement_text(c, gained, epochs)
        if gained
        else f"Ended while the training cost still falls, with {unlearnt_text(c)}.",
        "It was stopped before it was done.",
        f"Give it {quantity(more, 'epoch')}.",
        {"gained": gained, "epochs": epochs, "noise": c.noise},
        "too-few-epochs",
        {"training.epochs": more},
        LIKELY if s.n else POSSIBLE,
    )


TRAINING_CAUSES: tuple[Callable[[Curves], Verdict | None], ...] = (
    labels_disagree,
    no_signal,
    unequal_classes,
    shrinking,
    few_steps,
    identical,
    dead,
    momentum_too_high,
    eta_too_large,
    always_clipped,
    eta_too_small,
    dropout_too_large,
    too_little_capacity,
    memorizing,
    too_few_epochs,
)
"""Every rule that reads curves."""
