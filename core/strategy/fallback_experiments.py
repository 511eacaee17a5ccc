"""The lecture's questions for a network that does no better than chance, each as experiments to be tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tunelab.experiment import Experiment
from tunelab.strategy.trial_runner import Context

__all__ = ["Question", "questions"]

_ETAS = (0.01, 0.1, 1.0)
_MOST = 4  # times the examples at most, when more of them are tried


@dataclass(frozen=True)
class Question:
    """One suspect: the question, what is tried (label → dotted keys), and why it may have been the reason."""

    question: str
    tries: dict[str, dict[str, Any]]
    why: str


def questions(base: Experiment, context: Context) -> Iterator[Question]:
    """In the lecture's order, each with λ = 0 and three η, since η may have been the reason beside it."""
    network, training = base.network, base.training
    none = len(network.hidden) == 0
    yield _question(
        "Do we need more or fewer hidden neurons?",
        [({"network.hidden": [h]}, f"{h} hidden") for h in ((10, 30, 100) if none else (10, 100))],
        "Without a hidden layer only a straight line can be drawn between two classes.",
    )
    yield _question(
        "Do we need more hidden layers?",
        [({"network.hidden": [30, 30]}, "30 and 30 hidden")],
        "Some things are combinations of combinations.",
    )
    yield _question(
        "Should we train for more epochs?",
        [
            (
                {"network.hidden": [30], "training.epochs": 10 * training.epochs},
                f"30 hidden, {10 * training.epochs} epochs",
            )
        ],
        "A small η needs many steps before anything shows.",
    )
    n = base.data.train or context.data.training
    others = [m for m in (1, 100) if m != training.mini_batch and m <= n]
    yield _question(
        "Are the mini-batches too small?",
        [({"network.hidden": [30], "training.mini_batch": m}, f"30 hidden, m = {m}") for m in others],
        "A few examples give a noisy slope, many give few steps.",
    )
    cost = ("softmax", "log-likelihood") if network.cost == "cross-entropy" else ("sigmoid", "cross-entropy")
    yield _question(
        "Should we use a different cost function?",
        [({"network.hidden": [30], "network.output": cost[0], "network.cost": cost[1]}, f"30 hidden, {cost[1]}")],
        "The quadratic cost learns slowly where an output is saturated at the wrong end.",
    )
    weights = "glorot-uniform" if base.initialization.weights == "scaled" else "scaled"
    yield _question(
        "Should we initialize the weights differently?",
        [
            (
                {"network.hidden": [30], "initialization.weights": weights, "initialization.biases": "zeros"},
                f"30 hidden, {weights} weights",
            )
        ],
        "Where the first weights are too large the neurons start saturated; where they are too small nothing moves.",
    )
    train = min(_MOST * n, context.data.pair_training)
    judged = min(10 * (base.data.evaluation or context.data.evaluation), context.data.pair_evaluation)
    if train > n:
        more = {"network.hidden": [30], "data.train": train, "data.evaluation": judged}
        yield _question(
            "One more that the lecture doesn't ask: were there too few examples?",
            [(more, f"30 hidden, {train:,} examples")],
            "Where classes overlap much, little is learnt from few examples, and less shows on few.",
        )


def _question(question: str, tries: list[tuple[dict[str, Any], str]], why: str) -> Question:
    tried = {
        f"{label}, η = {eta:g}": values | {"training.eta": eta, "training.lambda": 0.0}
        for values, label in tries
        for eta in _ETAS
    }
    return Question(question, tried, why)
