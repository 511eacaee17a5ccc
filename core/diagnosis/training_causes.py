"""Causes that show in the curves: each rule reads its own evidence and says nothing where it isn't there.

A rule accuses a hyper-parameter only where its value is outside of what is usual as well, since the curves of a good
setting can look like those of a bad one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from tunelab.diagnosis.curves import Curves, log_steps
from tunelab.diagnosis.data_causes import labels_disagree, no_signal, unequal_classes
from tunelab.diagnosis.optimizer_causes import always_clipped, dropout_too_large, momentum_too_high
from tunelab.diagnosis.preflight import FORGETS, random_weights, small_mini_batch
from tunelab.diagnosis.symptoms import improvement, improvement_text, oscillates, rises
from tunelab.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Verdict
from tunelab.wording import quantity

__all__ = ["TRAINING_CAUSES"]

_EARLY = 6  # epochs in which a good training may still have come down little
_MUCH_LEFT = 0.25  # share of the constant answer's cost
_SMOOTH = 0.85  # share of measurements at which the cost fell
_UNLEARNT = 0.1  # training mistakes above which a level cost is too little
_SOME_UNLEARNT = 0.04  # … where the network is narrow, and neighbours make so many fewer
_SETTLED = 0.2  # fall of ln(cost) over the last third, at most
_LONG = 30  # epochs after which a network that isn't narrow may be too small
_MANY_CLASSES = 5  # that two or three neurons can't tell apart well
_UNEXPLAINED = 0.1  # of R², by which neighbours explain more
_OFF = 0.97  # a healthy ReLU layer is off for about half of what it sees
_ALIKE = 0.999  # mean cosine between two neurons' weights
_DRIVEN = 0.3  # growth of the saturated share where large steps are to blame
_NEARLY_ALL = 0.8
_MANY_STEPS, _FEW_PER_EPOCH = 400, 8  # mini-batches in all, and an epoch
_KNOWN = 0.85  # training accuracy, or R²
_WIDE_GAP, _SURE_GAP = 0.115, 0.05  # between training and evaluation accuracy: as it is, and less two errors
_BY_HEART = 0.2  # gap, less two errors, that is overfitting even where the evaluation cost hasn't risen
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
    slow_learner = (c.behind_neighbours > 0 or c.behind_on_evaluation > 0) and not _bottleneck(c)
    behind = far and (slow_learner or _unsteady(c)) and not c.progress < 0.02
    if not (c.diverged or unrest or driven or worse or behind) or (s.eta < s.usual_eta / 3 and not c.diverged):
        return None
    if _bottleneck(c) and not (c.diverged or worse or s.eta > 8 * s.usual_eta):
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


def _bottleneck(c: Curves) -> bool:
    """Whether a hidden layer is so narrow that hardly anything gets through."""
    return bool(c.setting.hidden) and min(c.setting.hidden or (0,)) <= max(2, c.facts.classes // 3)


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
    if c.epoch[-1] < _EARLY and s.eta > s.usual_eta / 20:
        return None  # the first epochs of a training that is a little slow look like this too
    if c.gap - 2 * c.gap_error > _SURE_GAP:
        return None  # it learns its examples by heart already
    falls = (np.diff(np.log(np.maximum(cost, 1e-300))) < 0).mean() >= _SMOOTH
    if not falls or not c.progress > _MUCH_LEFT or (not c.ended and c.epoch[-1] < _EARLY and c.progress < 0.8):
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


def too_little_capacity(c: Curves) -> Verdict | None:
    """A cost that has settled with much still wrong that neighbours would get right, or at a bottleneck."""
    s = c.setting
    if s.hidden is None or c.diverged or s.eta > 8 * s.usual_eta or s.eta < s.usual_eta / 10:
        return None
    if not (_classes_unlearnt(c) if c.classification else _numbers_unexplained(c)):
        return None
    width = max(10, 5 * min(s.hidden)) if s.hidden else 20
    if c.facts.classes > 2:
        width = max(width, 30)
    narrow = _narrow(c)
    kind = f"{quantity(min(s.hidden), 'hidden neuron')}" if s.hidden else "no hidden layer"
    return Verdict(
        "underfitting",
        f"Level with {_rest(c)}.",
        f"With {kind} it can't draw {'the boundary' if c.classification else 'the curve'}."
        if narrow
        else "The network may be too small, or η not right.",
        f"Try {quantity(width, 'hidden neuron')}.",
        {
            "training_accuracy" if c.classification else "training_r2": float(c.training_accuracy[-1]),
            "behind_neighbours": c.behind_neighbours if c.classification else c.unexplained,
            "hidden": list(s.hidden),
        },
        "too-little-capacity",
        {"network.hidden": [width] if len(s.hidden) < 2 else [max(width, h) for h in s.hidden]},
        LIKELY if narrow else POSSIBLE,
    )


def _narrow(c: Curves) -> bool:
    """Whether the network is small by what it is for: no hidden layer, or fewer hidden neurons than classes."""
    hidden = c.setting.hidden
    return _bottleneck(c) or not hidden or min(hidden) <= 0.8 * c.facts.classes


def _settled(c: Curves) -> bool:
    """Whether the cost has come down to where it stays; of a network that isn't narrow only its end can tell."""
    if len(c.recent) == 0 or not float(c.recent[0] - c.recent[-1]) < _SETTLED:
        return False
    return _narrow(c) or (c.ended and c.epoch[-1] >= _LONG and not c.falls)


def _classes_unlearnt(c: Curves) -> bool:
    bottleneck, behind = _bottleneck(c), c.behind_neighbours
    wrong = 1 - float(c.training_accuracy[-1])
    cramped = _narrow(c) and wrong > _SOME_UNLEARNT and (behind > _SOME_UNLEARNT or bottleneck)
    if not (wrong > _UNLEARNT or cramped) or c.gap > (0.15 if bottleneck else max(0.06, 3 * c.noise)):
        return False
    if bottleneck and c.epoch[-1] >= _EARLY and (behind > 0.1 or c.facts.classes >= _MANY_CLASSES):
        return True
    return _settled(c) and (behind > 0.03 or (math.isnan(behind) and _narrow(c)))


def _numbers_unexplained(c: Curves) -> bool:
    """R² that stays behind that of neighbours, or behind what one neuron alone can give."""
    if not c.r2 or not c.training_accuracy[-1] < 1 - _UNLEARNT or not c.epoch[-1] >= _EARLY or not _settled(c):
        return False
    hidden = c.setting.hidden
    return c.unexplained > _UNEXPLAINED or (bool(hidden) and min(hidden or (0,)) == 1 and c.facts.features != 1)


def _rest(c: Curves) -> str:
    """How much is still wrong, and how much is of the nearest neighbours."""
    if not c.classification:
        text = f"R² {c.training_accuracy[-1]:.2g} of training examples"
        return text + (f", where the nearest neighbours come to {c.facts.r2[0]:.2g}" if c.unexplained > 0 else "")
    wrong = 100 * (1 - float(c.training_accuracy[-1]))
    text = f"{wrong:.0f} % of its training examples still wrong"
    near = c.facts.training_neighbours
    if near is None or not c.behind_neighbours > 0:
        return text
    return f"{text}, where the nearest neighbour gets {100 * (1 - near.accuracy):.0f} % wrong"


def memorizing(c: Curves) -> Verdict | None:
    """Training examples learnt by heart: too few of them where more are at hand, else overfitting."""
    s, f = c.setting, c.facts
    cost = c.evaluation_data_cost
    if len(c.epoch) < 4 or not c.training_accuracy[-1] > _KNOWN or not np.isfinite(cost[-1]):
        return None
    best = int(np.nanargmin(cost))
    risen = float(min(cost[-1], np.nanmin(cost[-2:])) / max(cost[best], 1e-100) - 1)
    more = f.available >= 2 * s.n > 0
    sure_gap = c.gap - 2 * c.gap_error
    if not (_learnt_by_heart(c, sure_gap, risen) if c.classification else c.r2 and sure_gap > _BY_HEART):
        return None
    if not more and risen < 0.1 and sure_gap < _BY_HEART:
        return None
    text = _both_parts(c)
    if risen > 0.05:
        much = f"by {100 * risen:.0f} %" if risen < 10 else "many times over"
        text += f"; the evaluation cost has risen {much} since epoch {c.epoch[best]:.3g}"
    evidence = {
        "gap": c.gap,
        "gap_error": c.gap_error,
        "risen": risen,
        "epoch": float(c.epoch[best]),
        "available": f.available,
    }
    if more:
        count = min(f.available, max(10 * s.n, 2000))
        return Verdict(
            "overfitting",
            f"{text}.",
            f"It learns its {quantity(s.n, 'training example')} by heart, and {f.available:,} are at hand.",
            f"Train on {count:,} of them.",
            evidence,
            "too-few-examples",
            {"data.train": count},
            LIKELY,
        )
    lmbda = float(f"{max(0.005 * s.n, 3 * s.lmbda):.2g}")
    return Verdict(
        "overfitting",
        f"Overfitting: {text}.",
        "It learns its training examples by heart.",
        f"Try {'a larger λ' if s.lmbda else 'λ'}, {lmbda:g}, more examples, or stop early.",
        evidence,
        "overfitting",
        {"training.lambda": lmbda},
        LIKELY,
    )


def _learnt_by_heart(c: Curves, sure_gap: float, risen: float) -> bool:
    wide = c.gap > _WIDE_GAP and sure_gap > _SURE_GAP
    return wide or (risen > 0.3 and sure_gap > 0.04)


def _both_parts(c: Curves) -> str:
    """How right training and evaluation examples are."""
    if not c.classification:
        return f"R² is {c.training_accuracy[-1]:.2f} on training examples and {c.evaluation_accuracy[-1]:.2f} on others"
    return (
        f"{100 * c.training_accuracy[-1]:.0f} % of the training examples are right and "
        f"{100 * c.evaluation_accuracy[-1]:.0f} % of the evaluation examples"
    )


def too_few_epochs(c: Curves) -> Verdict | None:
    """Ended by its number of epochs while evaluation was getting better by more than noise."""
    s = c.setting
    if not c.ended or c.reason not in {"", "epochs"} or c.diverged:
        return None
    gain = improvement(c)
    unlearnt = c.behind_neighbours if c.classification else c.unexplained
    if gain is None and c.falls and unlearnt > _UNEXPLAINED and c.epoch[-1] < _LONG:
        gain = (0.0, float(c.epoch[-1] - c.epoch[-len(c.recent)]))
    if gain is None or c.progress < _LEARNT:
        return None
    gained, epochs = gain
    more = int(max(10, 4 * math.ceil(c.epoch[-1])))
    return Verdict(
        "still-improving",
        improvement_text(c, gained, epochs)
        if gained
        else f"Ended while the training cost still falls, with {_rest(c)}.",
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
