"""Causes in what stands beside η, λ and m: momentum, clipping, dropout, a warm-up, weights that SELUs want."""

from __future__ import annotations

import math

import numpy as np
from tunelab.diagnosis.curves import Curves, log_steps
from tunelab.diagnosis.setting import Setting
from tunelab.diagnosis.symptoms import oscillates, rises
from tunelab.diagnosis.verdict import CERTAIN, LIKELY, Verdict
from tunelab.wording import quantity

__all__ = ["always_clipped", "dropout_too_large", "momentum_too_high", "selu_weights", "warm_up_too_long"]

_SELU_WEIGHTS = {"scaled", "truncated", "lecun-uniform", "lsuv"}  # of variance 1/fan-in, or what comes to the same
_LONG = 0.5  # of the epochs, for which a warm-up is no beginning any more
_HIGH, _USUAL = 0.9, 0.9  # a momentum above is rare; what to try instead
_FEW_NEURONS = 10  # left in a step, at least as many as there are classes
_MUCH_LEFT = 0.15  # share of the constant answer's cost


def selu_weights(setting: Setting) -> Verdict | None:
    """SELUs keep z near mean 0 and variance 1 only where weights begin with variance 1/fan-in."""
    if setting.activation != "selu" or not setting.hidden:
        return None
    if setting.weights in _SELU_WEIGHTS and setting.gain == 1:
        return None
    weights = setting.weights + (f" times {setting.gain:g}" if setting.gain != 1 else "")
    return Verdict(
        "selu-weights",
        f"SELUs with {weights} weights.",
        "They keep z near mean 0 and variance 1 only from weights of variance 1/fan-in.",
        "Use scaled weights.",
        {"weights": setting.weights, "gain": setting.gain},
        "selu-weights",
        {"initialization.weights": "scaled"} | ({"initialization.gain": 1.0} if setting.gain != 1 else {}),
        LIKELY,
    )


def warm_up_too_long(setting: Setting) -> Verdict | None:
    """η is below its value for most of the training."""
    if not setting.warm_up or setting.warm_up < _LONG * setting.epochs:
        return None
    shorter = int(setting.epochs) // 10
    return Verdict(
        "warm-up",
        f"η rises for {quantity(setting.warm_up, 'epoch')} of {setting.epochs:g}.",
        "A warm-up is for the first steps, and here most of the training goes by with less than η.",
        f"Try a warm-up of {quantity(shorter, 'epoch')}." if shorter else "Leave the warm-up out.",
        {"warm_up": setting.warm_up, "epochs": setting.epochs},
        "warm-up-too-long",
        {"training.schedule.warm_up": shorter},
        CERTAIN,
    )


def momentum_too_high(c: Curves) -> Verdict | None:
    """A velocity that gathers more than it loses: the cost swings back and forth, or bursts."""
    s = c.setting
    if s.momentum <= _HIGH:
        return None
    unrest = rises(c) or oscillates(c)
    if not (c.diverged or unrest or c.progress > 1.05):
        return None
    period = _period(c)
    eta = min(s.eta, 2 * s.usual_eta * (1 - _USUAL) / (1 - s.momentum))
    cure: dict[str, object] = {"training.momentum": _USUAL}
    cure |= {"training.eta": float(f"{eta:.2g}")} if eta < s.eta else {}
    swing = f", with a period of {period:.2g} epochs" if math.isfinite(period) and not c.diverged else ""
    symptom = unrest.observation if unrest else "The training cost is high."
    return Verdict(
        "momentum",
        "" if c.diverged else f"{symptom[:-1]}{swing}.",
        f"With momentum {s.momentum:g} a gradient is felt for {1 / (1 - s.momentum):.0f} steps, and steps go "
        f"η/(1 − μ) = {s.eta / (1 - s.momentum):.3g}: the velocity carries past the bottom of the valley.",
        "Try " + ", ".join(f"{'μ' if 'momentum' in key else 'η'} = {value:g}" for key, value in cure.items()) + ".",
        {"momentum": s.momentum, "effective_eta": s.eta / (1 - s.momentum), "period": period},
        "momentum-too-high",
        cure,
        LIKELY,
    )


def _period(c: Curves) -> float:
    """Epochs from one peak of the training cost to the next; NaN where there are not two."""
    moves = np.sign(log_steps(c.training_cost))
    peaks = np.flatnonzero((moves[:-1] > 0) & (moves[1:] < 0)) + 1
    if len(peaks) < 2:
        return math.nan
    return float((c.epoch[peaks[-1]] - c.epoch[peaks[0]]) / (len(peaks) - 1))


def always_clipped(c: Curves) -> Verdict | None:
    """A limit below every gradient turns its length into a constant: steps no longer shrink near the bottom."""
    s = c.setting
    if not s.clip_norm or c.gradient_norm.size == 0 or c.diverged:
        return None
    norms = np.sqrt(np.square(c.gradient_norm).sum(axis=1))
    norms = norms[np.isfinite(norms)]
    if not len(norms) or not norms.min() > s.clip_norm or not c.progress > _MUCH_LEFT:
        return None
    limit = float(f"{3 * np.median(norms):.2g}")
    return Verdict(
        "clipped",
        f"Gradients of norm {norms.min():.2g} to {norms.max():.2g} are all clipped to {s.clip_norm:g}.",
        "Then every step is as long as the limit allows, and small steps are all that is left.",
        f"Try clip_norm = {limit:g}, which only stops the outliers.",
        {"clip_norm": s.clip_norm, "lowest_norm": float(norms.min()), "largest_norm": float(norms.max())},
        "always-clipped",
        {"training.clip_norm": limit},
        LIKELY,
    )


def dropout_too_large(c: Curves) -> Verdict | None:
    """So few neurons are left in a step that not even the training examples are learnt."""
    s = c.setting
    if not s.dropout or not s.hidden or c.diverged or not c.progress > _MUCH_LEFT:
        return None
    left = min(s.hidden) * (1 - s.dropout)
    if left >= max(_FEW_NEURONS, c.facts.classes):
        return None
    return Verdict(
        "dropout",
        f"With dropout {s.dropout:g} a layer of {quantity(min(s.hidden), 'neuron')} has {left:.2g} left in a step.",
        "These are too few to tell the examples apart, and training examples stay wrong.",
        "Leave dropout out, or use more hidden neurons.",
        {"left": left, "progress": c.progress},
        "dropout-too-large",
        {"training.dropout": 0.0},
        LIKELY,
    )
