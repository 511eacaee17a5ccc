"""Causes that lie in the data: labels that don't match, no signal, unequal classes. No hyper-parameter mends them."""

from __future__ import annotations

import math

import numpy as np
from tunelab.diagnosis.curves import Curves
from tunelab.diagnosis.data_facts import DataFacts
from tunelab.diagnosis.verdict import CERTAIN, LIKELY, Verdict
from tunelab.statistics import binomial_test

__all__ = ["labels_disagree", "no_signal", "unequal_classes"]

_FREQUENT = 0.75  # share of the largest class
_APART = 0.2  # between what neighbours agree on inside of training and from training to evaluation
_ROWS = 50  # training examples, whose neighbours tell, at least
_EXPLAINED = 0.03  # of R²: below, nothing is explained
_SHARED = 20  # examples whose neighbours are looked at, at least


def labels_disagree(c: Curves) -> Verdict | None:
    """Evaluation labels that contradict what training labels teach."""
    f = c.facts
    if _untaught(f):
        return None  # nobody could know them
    near, far = f.training_neighbours, f.evaluation_neighbours
    learnt = c.training_test is not None and c.training_test.better_than_chance()
    below = _below_independence(c)
    guesses = [g for g in (near, f.training_centroids) if g is not None]
    consistent = any(guess.test.better_than_chance() for guess in guesses)
    contradicted = any(guess.test.worse_than_chance() for guess in (far, f.evaluation_centroids) if guess is not None)
    unrelated = (
        near is not None
        and far is not None
        and far.total >= _SHARED
        and far.test.pvalue > 0.05
        and near.accuracy - near.any_agree > 4 * _error(far.any_agree, far.total)
    )
    apart = (
        near is not None
        and far is not None
        and near.accuracy - far.accuracy
        > max(_APART, 5 * math.hypot(_error(near.accuracy, near.total), _error(far.accuracy, far.total)))
        and near.accuracy - float(c.evaluation_accuracy[-1]) > _APART
    )
    no_better = c.evaluation_test is not None and not c.evaluation_test.better_than_chance()
    if (
        not apart
        and not (consistent and contradicted)
        and not (learnt and below is not None)
        and not (consistent and unrelated and no_better)
    ):
        return None
    evidence = {
        "training_accuracy": float(c.training_accuracy[-1]),
        "evaluation_accuracy": float(c.evaluation_accuracy[-1]),
        "p_below": below,
        "neighbours_agree": far.accuracy if far is not None else None,
    }
    against = below is not None or contradicted
    return Verdict(
        "below-chance" if against else "chance",
        f"{100 * c.training_accuracy[-1]:.0f} % of the training examples are right and "
        f"{100 * c.evaluation_accuracy[-1]:.1f} % of the evaluation examples"
        + (": fewer than guessing gets." if against else "."),
        "What training labels teach is wrong on evaluation labels: they are inverted, renamed or shifted.",
        "Look at evaluation examples beside their labels.",
        evidence,
        "labels-disagree",
        None,
        CERTAIN if against and consistent else LIKELY,
    )


def _untaught(facts: DataFacts) -> bool:
    """Whether evaluation has classes that training never shows."""
    pairs = zip(facts.training_counts, facts.evaluation_counts, strict=False)
    return any(not taught and asked for taught, asked in pairs)


def _error(p: float, total: int) -> float:
    return math.sqrt(max(p * (1 - p), 1e-9) / total)


def _below_independence(c: Curves) -> float | None:
    """P(so few right), were answers and labels independent; None where it isn't far below that."""
    counts = c.facts.evaluation_counts
    if c.answers is None or len(counts) != len(c.answers) or not np.isfinite(c.evaluation_accuracy[-1]):
        return None
    total = c.evaluation_total
    expected = float((c.answers / max(c.answers.sum(), 1) * np.array(counts)).sum() / max(sum(counts), 1))
    test = binomial_test(round(float(c.evaluation_accuracy[-1]) * total), total, expected)
    return test.pvalue_below if test.worse_than_chance() else None


def no_signal(c: Curves) -> Verdict | None:
    """Labels that inputs say nothing about: neighbours don't share them, and what is learnt doesn't carry over."""
    f = c.facts
    if c.diverged:
        return None  # what it answers says nothing
    if not c.classification:
        explained = float(c.evaluation_accuracy[-1]) if c.r2 else 1 - c.evaluation_data_cost[-1] / f.constant_cost
        if len(f.r2) < 2 or not max(f.r2) < 0.02 or f.training < _ROWS or not explained < _EXPLAINED:
            return None
    else:
        near, far, test = f.training_neighbours, f.evaluation_neighbours, c.evaluation_test
        if near is None or far is None or test is None or near.total < _ROWS or far.total < _SHARED:
            return None
        if max(f.training_counts, default=0) > _FREQUENT * sum(f.training_counts):
            return None  # neighbours agree anyway
        guesses = [near, far, *(g for g in (f.training_centroids, f.evaluation_centroids) if g is not None)]
        if any(one.better_than_chance() for one in (test, *(guess.test for guess in guesses))):
            return None
    by_heart = bool(c.training_accuracy[-1] > f.chance + 0.15)
    heart = f", though {100 * c.training_accuracy[-1]:.0f} % of the training examples are" if by_heart else ""
    return Verdict(
        "chance",
        f"No more evaluation examples are right than by guessing ({100 * c.evaluation_accuracy[-1]:.1f} %){heart}.",
        "Examples that look alike don't have the same label more often than any others: the labels are shuffled or "
        "shifted against their rows, or the inputs say nothing about them.",
        "Look at some examples beside their labels. No hyper-parameter helps.",
        {
            "training_accuracy": float(c.training_accuracy[-1]),
            "evaluation_accuracy": float(c.evaluation_accuracy[-1]),
            "neighbours_agree": f.training_neighbours.accuracy if f.training_neighbours else None,
            "any_agree": f.training_neighbours.any_agree if f.training_neighbours else None,
        },
        "no-signal",
        None,
        LIKELY,
    )


def unequal_classes(c: Curves) -> Verdict | None:
    """One class so frequent that its name alone is nearly as right as the network."""
    counts, test = c.facts.training_counts, c.plain_test
    if sum(count > 0 for count in counts) < 2 or max(counts) < _FREQUENT * sum(counts):
        return None
    if test is None or test.better_than_chance() or c.setting.class_weights:
        return None
    if c.balanced_accuracy > (1 + 1 / max(len(counts), 1)) / 2:
        return None  # the rare classes are learnt all the same
    share = max(counts) / sum(counts)
    rare = int(np.argmin([count or np.inf for count in counts]))
    recall = "" if c.recalls is None else f" Of class number {rare} {100 * c.recalls[rare]:.0f} % are recognized."
    measured = {"balanced_accuracy": c.balanced_accuracy} if math.isfinite(c.balanced_accuracy) else {}
    if c.recalls is not None and c.answers is not None:
        measured |= {"recalls": c.recalls.tolist(), "predicted_shares": (c.answers / c.answers.sum()).tolist()}
    return Verdict(
        "chance",
        f"{100 * c.evaluation_accuracy[-1]:.1f} % right, and the most frequent class alone is {100 * share:.1f} %."
        f"{recall}",
        "The rare classes are hardly learnt: naming the frequent one always is cheap.",
        "Judge by the balanced accuracy, and weight the classes; or collect more of the rare ones.",
        {"largest_share": share, "training_counts": list(counts), "accuracy": float(c.evaluation_accuracy[-1])}
        | measured,
        "unequal-classes",
        {"data.class_weights": "balanced"},
        LIKELY,
    )
