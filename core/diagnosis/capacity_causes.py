"""What a network's size does: too little of it leaves training examples wrong, more than the data bear memorizes."""

from __future__ import annotations

import math

import numpy as np
from tunelab.diagnosis.curves import Curves
from tunelab.diagnosis.verdict import LIKELY, POSSIBLE, Verdict
from tunelab.wording import quantity

__all__ = [
    "EARLY",
    "LONG",
    "SURE_GAP",
    "UNEXPLAINED",
    "is_bottleneck",
    "memorizing",
    "too_little_capacity",
    "unlearnt_text",
]

EARLY = 6  # epochs in which a good training may still have come down little
LONG = 30  # epochs after which a network that isn't narrow may be too small
UNEXPLAINED = 0.1  # of R², by which neighbours explain more
_WIDE_GAP, SURE_GAP = 0.115, 0.05  # between training and evaluation accuracy: as it is, and less two errors
_UNLEARNT = 0.1  # training mistakes above which a level cost is too little
_SOME_UNLEARNT = 0.04  # … where the network is narrow, and neighbours make so many fewer
_SETTLED = 0.2  # fall of ln(cost) over the last third, at most
_MANY_CLASSES = 5  # that two or three neurons can't tell apart well
_KNOWN = 0.85  # training accuracy, or R²
_BY_HEART = 0.2  # gap, less two errors, that is overfitting even where the evaluation cost hasn't risen


def is_bottleneck(c: Curves) -> bool:
    """Whether a hidden layer is so narrow that hardly anything gets through."""
    return bool(c.setting.hidden) and min(c.setting.hidden or (0,)) <= max(2, c.facts.classes // 3)


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
        f"Level with {unlearnt_text(c)}.",
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
    return is_bottleneck(c) or not hidden or min(hidden) <= 0.8 * c.facts.classes


def _settled(c: Curves) -> bool:
    """Whether the cost has come down to where it stays; of a network that isn't narrow only its end can tell."""
    if len(c.recent) == 0 or not float(c.recent[0] - c.recent[-1]) < _SETTLED:
        return False
    return _narrow(c) or (c.ended and c.epoch[-1] >= LONG and not c.falls)


def _classes_unlearnt(c: Curves) -> bool:
    bottleneck, behind = is_bottleneck(c), c.behind_neighbours
    wrong = 1 - float(c.training_accuracy[-1])
    cramped = _narrow(c) and wrong > _SOME_UNLEARNT and (behind > _SOME_UNLEARNT or bottleneck)
    if not (wrong > _UNLEARNT or cramped) or c.gap > (0.15 if bottleneck else max(0.06, 3 * c.noise)):
        return False
    if bottleneck and c.epoch[-1] >= EARLY and (behind > 0.1 or c.facts.classes >= _MANY_CLASSES):
        return True
    return _settled(c) and (behind > 0.03 or (math.isnan(behind) and _narrow(c)))


def _numbers_unexplained(c: Curves) -> bool:
    """R² that stays behind that of neighbours, or behind what one neuron alone can give."""
    if not c.r2 or not c.training_accuracy[-1] < 1 - _UNLEARNT or not c.epoch[-1] >= EARLY or not _settled(c):
        return False
    hidden = c.setting.hidden
    return c.unexplained > UNEXPLAINED or (bool(hidden) and min(hidden or (0,)) == 1 and c.facts.features != 1)


def unlearnt_text(c: Curves) -> str:
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
    wide = c.gap > _WIDE_GAP and sure_gap > SURE_GAP
    return wide or (risen > 0.3 and sure_gap > 0.04)


def _both_parts(c: Curves) -> str:
    """How right training and evaluation examples are."""
    if not c.classification:
        return f"R² is {c.training_accuracy[-1]:.2f} on training examples and {c.evaluation_accuracy[-1]:.2f} on others"
    return (
        f"{100 * c.training_accuracy[-1]:.0f} % of the training examples are right and "
        f"{100 * c.evaluation_accuracy[-1]:.0f} % of the evaluation examples"
    )
