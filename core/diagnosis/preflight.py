"""What can be known before a single step: settings that must fail or will learn slowly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tunelab.activations import ACTIVATIONS
from tunelab.diagnosis.verdict import Verdict
from tunelab.initialization import LayerEffect

__all__ = ["Plan", "on_test_set", "out_of_reach", "shrink_factor", "warnings"]

_MANY_SATURATED = 0.3
_HEAVY_DECAY = 5.0  # e-foldings an epoch
_FULL_MNIST = 50_000


@dataclass(frozen=True)
class Plan:
    """The settings that warnings depend on: η, λ, m and n (training examples)."""

    eta: float
    lmbda: float
    mini_batch: int
    n: int


def shrink_factor(plan: Plan) -> float:
    """1 − ηλ/n: what each step multiplies the weights with, before the gradient has its say."""
    return 1.0 - plan.eta * plan.lmbda / plan.n


def warnings(plan: Plan, effects: Sequence[LayerEffect] = ()) -> list[Verdict]:
    """What is already known of a training from its settings and the effect of its first weights.

    ``effects`` are those of :func:`tunelab.initialization.effects` for the same network, where they are known.
    """
    found = [v for v in (_shrink(plan), _decay(plan)) if v is not None]
    hidden = [effect for effect in effects[:-1] if effect.activation != "linear"]
    for effect in hidden:
        if ACTIVATIONS[effect.activation].bound is not None and effect.saturated_share > _MANY_SATURATED:
            found.append(_saturated(effect))
            break
    return found


def on_test_set() -> Verdict:
    """What is to be said wherever a training is judged on the test set."""
    return Verdict(
        "on-test-set",
        "These evaluation numbers are of the test set.",
        "Whoever chooses by them has no unseen examples left to judge the choice by.",
        "To choose η, λ or anything else, leave data.evaluate_on out.",
    )


def out_of_reach(output: str, lowest: float, largest: float) -> Verdict | None:
    """Wanted outputs that the output neurons can't give: sigmoid and softmax are bounded to (0, 1)."""
    if output == "linear" or (lowest >= 0 and largest <= 1):
        return None
    return Verdict(
        "out-of-reach",
        f"Outputs from {lowest:.3g} to {largest:.3g} are wanted, and {output} outputs stay between 0 and 1.",
        "However long it trains, most of them can't be given.",
        "Try linear outputs.",
        {"lowest": lowest, "largest": largest},
    )


def _shrink(plan: Plan) -> Verdict | None:
    factor = shrink_factor(plan)
    evidence = {"factor": factor}
    if abs(factor) > 1 - 1e-9 and plan.lmbda > 0 and factor < 0:
        what = "grows" if factor < -1 else "only flips its sign"
        return Verdict(
            "shrink-factor",
            f"Each step multiplies every weight by 1 − ηλ/n = {factor:.3g}, so it {what}: this can't learn.",
            "It is known before a single step, whatever the data are.",
            f"Make λ smaller than {plan.n / plan.eta:.3g}, or η smaller than {plan.n / plan.lmbda:.3g}.",
            evidence,
        )
    if factor < 0:
        return Verdict(
            "shrink-factor",
            f"Each step multiplies every weight by 1 − ηλ/n = {factor:.3g}: its sign flips every time.",
            "What a weight has learnt is thrown to the other side at once.",
            f"Make λ much smaller than {plan.n / plan.eta:.3g}.",
            evidence,
        )
    return None


def _decay(plan: Plan) -> Verdict | None:
    # The product of 1 − ηλ/n over an epoch's n/m steps is about exp(−ηλ/m).
    folds = plan.eta * plan.lmbda / plan.mini_batch
    if folds < _HEAVY_DECAY or shrink_factor(plan) < 0:
        return None
    scaled = f" λ = {plan.lmbda:g} may suit {_FULL_MNIST:,} examples; for {plan.n:,} the same λ/n is "
    scaled += f"{plan.lmbda * plan.n / _FULL_MNIST:.3g}."
    return Verdict(
        "lambda-heavy",
        f"λ lets weights fade by e^−{folds:.3g} within an epoch: regularization outweighs what is learnt.",
        "What counts is λ/n, so fewer examples want a smaller λ." + (scaled if plan.n < _FULL_MNIST // 5 else ""),
        "Begin without regularization, λ = 0, until η is found.",
        {"folds_an_epoch": folds},
    )


def _saturated(effect: LayerEffect) -> Verdict:
    return Verdict(
        "saturated-start",
        f"{100 * effect.saturated_share:.0f} % of the neurons of hidden layer {effect.layer} will start saturated "
        f"(σ_z = {effect.predicted_std:.3g}).",
        f"With {effect.fan_in:,} inputs these first weights make z large, its slope small, and learning slow.",
        "Try scaled weights, N(0, 1/fan-in).",
        {"saturated_share": effect.saturated_share, "std": effect.predicted_std},
    )
