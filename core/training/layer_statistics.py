"""How the layers fare while they learn: the spread of z, saturation, gradients, and how far a step moves weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS
from tunelab.costs import OUTPUTS
from tunelab.network import Network

__all__ = ["LAYER_STATISTICS", "layer_statistics"]

Array = NDArray[Any]

LAYER_STATISTICS = ("z_rms", "saturated_share", "gradient_norm", "update_ratio")
"""What :func:`layer_statistics` gives for each layer."""


def layer_statistics(
    network: Network, x: Array, y: Array, eta: Array, decay: Array, weights: Array | None = None
) -> dict[str, Array]:
    """Return each statistic as (R, layers), measured on a few examples.

    ``x`` (n, inputs) and ``y`` (n, outputs) are those examples; ``eta`` (R,) is the learning rate, ``decay`` (R,)
    is λ/n, ``weights`` (n,) is by which each example counts. ``z_rms`` is the root mean square of z,
    ``saturated_share`` the share of z where the unit is saturated, ``gradient_norm`` ‖∂C/∂w‖ with its penalty,
    ``update_ratio`` η‖∂C/∂w‖/‖w‖: a step that moves weights by about a thousandth of themselves is a healthy one.
    """
    R, n = network.replicates, len(x)
    hidden = ACTIVATIONS[network.names["activation"]]
    last = ACTIVATIONS[OUTPUTS[network.names["output"]].neuron]
    zs = network.layers(x)
    stacked_x, stacked_y = (np.broadcast_to(part, (R, *part.shape)) for part in (x, y))
    factor = 1.0 / n if weights is None else weights.reshape(1, n, 1) / n
    gradients, _ = network.gradient(stacked_x, stacked_y, factor)
    statistics: dict[str, list[Array]] = {name: [] for name in LAYER_STATISTICS}
    for layer, (z, w, dw) in enumerate(zip(zs, network.weights, gradients, strict=True)):
        activation = last if layer == len(zs) - 1 else hidden
        statistics["z_rms"].append(np.sqrt(np.square(z, dtype=np.float64).mean(axis=(1, 2))))
        statistics["saturated_share"].append(activation.saturated(z).mean(axis=(1, 2)))
        slope = dw.astype(np.float64) + decay.reshape(-1, 1, 1) * w
        norm = np.sqrt(np.square(slope).sum(axis=(1, 2)))
        size = np.sqrt(np.square(w, dtype=np.float64).sum(axis=(1, 2)))
        statistics["gradient_norm"].append(norm)
        statistics["update_ratio"].append(eta * norm / np.where(size > 0, size, np.nan))
    return {name: np.stack(values, axis=1) for name, values in statistics.items()}
