"""What a training was set to, as far as a diagnosis needs it, and which η is usual for such a network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Setting"]

_USUAL = {"sigmoid": 0.5, "tanh": 0.1} | dict.fromkeys(
    ("relu", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus", "linear"), 0.05
)
_QUADRATIC = 6.0  # times η where a sigmoid output has the quadratic cost, whose gradient is smaller by σ′
_ADAM = 0.001
_LARGEST_FACTOR = 10.0  # by which a large mini-batch raises the usual η, at most; a small one lowers it


@dataclass(frozen=True)
class Setting:
    """η, λ, m, n (training examples, 0: not known) and the network. ``optimizer`` is sgd or adam."""

    eta: float = 0.5
    lmbda: float = 0.0
    mini_batch: int = 10
    n: int = 0
    epochs: float = 0.0
    hidden: tuple[int, ...] | None = None
    activation: str = ""
    output: str = ""
    cost: str = ""
    weights: str = ""
    gain: float = 1.0
    optimizer: str = "sgd"
    momentum: float = 0.0
    dropout: float = 0.0
    clip_norm: float = 0.0
    warm_up: int = 0
    standardize: bool = True
    class_weights: bool = False

    @classmethod
    def from_tables(cls, experiment: Mapping[str, Any], n: int) -> Setting:
        """From an experiment's plain tables, as a start event has them."""
        tables = {name: experiment.get(name) or {} for name in ("data", "network", "initialization", "training")}
        data, network, first, training = tables.values()
        hidden = network.get("hidden")
        return cls(
            eta=float(training.get("eta", 0.0)),
            lmbda=float(training.get("lambda", 0.0)),
            mini_batch=int(training.get("mini_batch", 1)),
            n=n,
            epochs=float(training.get("epochs", 0)),
            hidden=tuple(hidden) if hidden is not None else None,
            activation=str(network.get("activation", "")),
            output=str(network.get("output", "")),
            cost=str(network.get("cost", "")),
            weights=str(first.get("weights", "")),
            gain=float(first.get("gain", 1.0)),
            optimizer=str(training.get("optimizer", "sgd")),
            momentum=float(training.get("momentum", 0.0)),
            dropout=float(training.get("dropout", 0.0)),
            clip_norm=float(training.get("clip_norm", 0.0)),
            warm_up=int((training.get("schedule") or {}).get("warm_up", 0)),
            standardize=bool(data.get("standardize", True)),
            class_weights=data.get("class_weights") == "balanced",
        )

    @property
    def steps(self) -> float:
        """Mini-batches an epoch; NaN where n isn't known."""
        return math.ceil(self.n / self.mini_batch) if self.n else math.nan

    @property
    def decay(self) -> float:
        """e-foldings by which λ alone lets the weights fade in an epoch, about ηλ/m."""
        return self.eta * self.lmbda / self.mini_batch

    @property
    def own_decay(self) -> float:
        """The same at an η that isn't far too large: what λ itself is to blame for."""
        return min(self.eta, 2 * self.usual_eta) * self.lmbda / self.mini_batch

    @property
    def shrink(self) -> float:
        """1 − ηλ/n: what each step multiplies the weights with, before the gradient has its say."""
        return 1.0 - self.eta * self.lmbda / self.n if self.n else 1.0

    @property
    def usual_eta(self) -> float:
        """An η that such a network often learns well with, to within a factor of about 5.

        With momentum μ steps go η/(1 − μ) in the long run, so it is smaller by that.
        """
        if self.optimizer == "adam":
            return _ADAM
        eta = _USUAL.get(self.activation, 0.3) if self.hidden else 0.3
        if self.output == "linear":
            eta = 0.05
        elif self.cost == "quadratic":
            eta *= _QUADRATIC
        return eta * (1 - self.momentum) * min(math.sqrt(self.mini_batch / 10), _LARGEST_FACTOR)

    def smaller_eta(self) -> float:
        """A tenth of η; where that is still far too much, twice the usual η."""
        return float(f"{min(self.eta / 10, 2 * self.usual_eta):.2g}")

    def larger_eta(self) -> float:
        """Ten times η; where that is still far too little, the usual η."""
        return float(f"{max(self.eta * 10, self.usual_eta):.2g}")

    def with_mini_batch(self, m: int) -> Setting:
        """The same with another mini-batch."""
        return replace(self, mini_batch=m)
