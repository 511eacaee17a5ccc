"""The parameters of an arm as a file, as networks again, and as a hash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.network import Network
from tunelab.records import npz_arrays

__all__ = ["FILE", "parameter_arrays", "read_parameters", "weights_sha256"]

FILE = "parameters.npz"


def parameter_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """Return what the file holds: ``weights_0`` (R, fan_in, fan_out), ``biases_0`` (R, 1, fan_out), …"""
    arrays = {f"weights_{layer}": w for layer, w in enumerate(network.weights)}
    return arrays | {f"biases_{layer}": b for layer, b in enumerate(network.biases)}


def read_parameters(path: Path, experiment: Experiment) -> Network:
    """Return the networks of an arm, R of them, as its training left them.

    Raises FileNotFoundError where there is no such file yet, and :class:`BadInput` where it is damaged.
    """
    try:
        arrays = npz_arrays.unpacked(path)
        layers = range(len(arrays) // 2)
        weights, biases = ([arrays[f"{kind}_{layer}"] for layer in layers] for kind in ("weights", "biases"))
        net = experiment.network
        return Network(weights, biases, activation=net.activation, output=net.output, cost=net.cost)
    except (npz_arrays.Damaged, KeyError, ValueError, IndexError) as problem:
        raise BadInput(f"{printable(path)} is damaged ({printable(problem, 80)})") from None


def weights_sha256(network: Network) -> str:
    """SHA-256 of the parameters as float32: replicate 0 first, layer by layer, weights then biases."""
    digest = hashlib.sha256()
    for r in range(network.replicates):
        for weights, biases in zip(network.weights, network.biases, strict=True):
            digest.update(np.ascontiguousarray(weights[r], np.float32).tobytes())
            digest.update(np.ascontiguousarray(biases[r], np.float32).tobytes())
    return digest.hexdigest()
