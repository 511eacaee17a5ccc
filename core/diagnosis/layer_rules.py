"""What the layers' vital signs give away: units that are off on every example, and units that are saturated."""

from __future__ import annotations

import math

import numpy as np
from tunelab.activations import ACTIVATIONS
from tunelab.diagnosis.curves import Curves
from tunelab.diagnosis.verdict import Verdict

__all__ = ["dead", "saturated"]

_OFF = 0.97  # a healthy ReLU layer is off for about half of what it sees
_SATURATED = 0.5  # share of a hidden layer's outputs
_NEARLY_ALL = 0.8
_DRIVEN = 0.3  # growth of that share, and share of the blind cost, where large steps are to blame
_LEARNT = 0.1  # share of the blind cost below which saturation holds nothing up


def dead(c: Curves) -> Verdict | None:
    """Hidden ReLUs that are off on nearly every example: no gradient passes them."""
    if c.activation != "relu" or len(c.saturated) < 2 or c.saturated.shape[1] < 2:
        return None
    off = c.saturated[-2:, :-1].min(axis=0)
    layer = int(np.argmax(np.nan_to_num(off)))
    if not off[layer] >= _OFF:
        return None
    return Verdict(
        "dead",
        f"{100 * off[layer]:.0f} % of the outputs of hidden layer {layer + 1} are off: its ReLUs are dead.",
        "A ReLU that is off for every example passes no gradient, so it never comes back; a large η throws them there.",
        f"Try η = {c.eta / 10:.3g} with he-normal weights and zero biases, or leaky-relu.",
        {"layer": layer + 1, "off": float(off[layer])},
    )


def saturated(c: Curves) -> Verdict | None:
    """Hidden sigmoids or tanhs that are mostly saturated while there is much left to learn."""
    activation = ACTIVATIONS.get(c.activation)
    if activation is None or activation.bound is None or len(c.saturated) < 2 or c.saturated.shape[1] < 2:
        return None
    share = c.saturated[-2:, :-1].min(axis=0)
    layer = int(np.argmax(np.nan_to_num(share)))
    done = c.training_data_cost[-1] < _LEARNT * c.constant_cost
    if not share[layer] >= _SATURATED or done:
        return None
    at_first = float(c.saturated_at_first[layer]) if len(c.saturated_at_first) > layer else math.nan
    from_the_start = at_first > _SATURATED
    driven = (
        share[layer] > max(_NEARLY_ALL, at_first + _DRIVEN) and c.training_data_cost[-1] > _DRIVEN * c.constant_cost
    )
    if not from_the_start and not driven:
        return None
    return Verdict(
        "saturated",
        f"{100 * share[layer]:.0f} % of the outputs of hidden layer {layer + 1} are saturated.",
        "Where a neuron is saturated its slope is nearly 0, and its weights hardly learn; "
        + ("so it was from the start." if from_the_start else "the steps were so large that they drove it there."),
        "Try scaled weights, N(0, 1/fan-in)." if from_the_start else f"Try η = {c.eta / 10:.3g}.",
        {"layer": layer + 1, "share": float(share[layer]), "from_the_start": bool(from_the_start)},
    )
