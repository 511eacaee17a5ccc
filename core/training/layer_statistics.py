"""How the layers fare while they learn: z, saturation, gradients, how far a step moves weights, and how alike they are.

Measured on a few examples, at measuring points that are thousands of examples apart: a few per cent of the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS
from tunelab.costs import OUTPUTS
from tunelab.network import Network

__all__ = ["LAYER_STATISTICS", "layer_statistics"]

Array = NDArray[Any]

LAYER_STATISTICS = ("z_rms", "saturated_share", "gradient_norm", "update_ratio", "similarity")
"""What :func:`layer_statistics` gives for each layer."""


def layer_statistics(
    network: Network, x: Array, y: Array, eta: Array, decay: Array, weights: Array | None = None
) -> dict[str, Array]:
    """Return each statistic as (R, layers), measured on a few examples.

    ``x`` (n, inputs) and ``y`` (n, outputs) are those examples; ``eta`` (R,) is the learning rate, ``decay`` (R,)
    is λ/n, ``weights`` (n,) is by which each example counts. ``z_rms`` is the root mean square of z,
    ``saturated_share`` the share of z where the unit is saturated, ``gradient_norm`` ‖∂C/∂w‖ with its penalty,
    ``update_ratio`` η‖∂C/∂w‖/‖w‖: a step that moves weights by about a thousandth of themselves is a healthy one.
    ``similarity`` is the mean cosine between the weights of two of the layer's neurons: near 0 for random ones, 1 for
    neurons that are all the same, NaN for a single one.
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
        slope = dw + decay.reshape(-1, 1, 1).astype(w.dtype) * w if decay.any() else dw
        norm = np.sqrt(_squares(slope).sum(axis=1))
        squares = _squares(w)
        size = np.sqrt(squares.sum(axis=1))
        statistics["gradient_norm"].append(norm)
        statistics["update_ratio"].append(eta * norm / np.where(size > 0, size, np.nan))
        statistics["similarity"].append(_similarity(w, np.sqrt(squares)))
    return {name: np.stack(values, axis=1) for name, values in statistics.items()}


def _squares(w: Array) -> Array:
    """Σ w² of each neuron's weights, (R, units) float64."""
    squares: Array = np.einsum("rfu,rfu->ru", w, w, dtype=np.float64)
    return squares


def _similarity(w: Array, norms: Array) -> Array:
    """The mean cosine between the weights of two neurons, (R,), from (R, fan_in, units) and their norms.

    With unit vectors u_j the cosines of all pairs add up to ‖Σ_j u_j‖² − units: one pass over the weights.
    """
    units = norms.shape[1]
    if units < 2:
        return np.full(len(norms), np.nan)
    inverse = np.where(norms > 0, 1 / np.where(norms > 0, norms, 1), 0.0)
    total = np.matmul(w, inverse[:, :, None].astype(w.dtype))
    pairs = np.square(total, dtype=np.float64).sum(axis=(1, 2)) - (norms > 0).sum(axis=1)
    return np.where(norms.any(axis=1), pairs / (units * (units - 1)), 1.0)
