"""The script for scikit-learn: MLPClassifier or MLPRegressor with alpha = λ·m/n, for it divides by the batch."""

from __future__ import annotations

from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS
from tunelab.errors import BadInput
from tunelab.snippets.parts import after, before
from tunelab.snippets.recipe import Recipe
from tunelab.snippets.schedules import eta_changes, eta_moves
from tunelab.wording import quantity

__all__ = ["sklearn"]

_IMPORTS = """
import numpy as np
from sklearn.neural_network import {kind}
"""

_BODY = '''

def targets(y):
    """What {kind} is given: {given}"""
    return {targets}


def build(first, x, y):
    """The network."""
    network = {kind}(
        hidden_layer_sizes=SIZES[1:-1],
        activation="{activation}",
        solver="sgd",
        alpha=LAMBDA * M / TRAIN,  # it divides by the batch it sees: LAMBDA/2n sum(w**2) in the end
        batch_size=M,
        learning_rate_init=ETA,
        momentum={momentum},
        nesterovs_momentum={nesterov},
        shuffle=False,
    )
    network.partial_fit(x[:M], targets(y)[:M]{classes})  # makes its parameters, which are then replaced
    for layer, (weights, biases) in enumerate(first):
        network.coefs_[layer][...], network.intercepts_[layer][...] = weights, biases
{forget}    return network


def train(network, x, y, {eta}):
    """One epoch over the examples in the order given."""
{train}

def answer(network, x):
    """The answers, one output a column."""
    return network.{answer}(x){shape}


def parameters(network):
    """(weights, biases) of every layer."""
    return list(zip(network.coefs_, network.intercepts_))
'''


def sklearn(r: Recipe) -> str:
    """The script; :class:`BadInput` where scikit-learn has no such network."""
    net = r.experiment.network
    activation = ACTIVATIONS[net.activation].libraries.get("sklearn")
    if activation is None:
        raise BadInput(f"scikit-learn has no {net.activation} neurons; --for pytorch or keras carries them over")
    if "sklearn" not in COSTS[net.output, net.cost].libraries:
        raise BadInput(
            f"scikit-learn can't judge {net.output} outputs by the {net.cost} cost; --for pytorch or keras can"
        )
    if net.output == "softmax" and r.classes is not None and len(r.classes) == 2:
        raise BadInput(
            "scikit-learn gives two classes one sigmoid output, not a softmax of two; --for pytorch or keras can"
        )
    _check(r)
    notes = []
    if r.train % r.experiment.training.mini_batch and r.experiment.training.lmbda:
        last = r.train % r.experiment.training.mini_batch
        notes.append(
            f"The last mini-batch of an epoch has {quantity(last, 'example')}: there scikit-learn decays weights "
            f"{r.experiment.training.mini_batch / last:.3g} times as much."
        )
    if net.output == "linear":
        kind, given, targets = "MLPRegressor", "the outputs wanted.", "y if y.shape[1] > 1 else y[:, 0]"
        answer, shape, classes = "predict", ".reshape(len(x), -1)", ""
    elif net.output == "sigmoid":
        kind, given = "MLPClassifier", "one-hot rows, which make it sigmoid outputs with a log-loss each."
        targets, answer, shape = "y.astype(int)", "predict_proba", ""
        classes = ", classes=np.arange(SIZES[-1])"
    else:
        kind, given = "MLPClassifier", "a class position each, which makes it a softmax."
        targets, answer, shape = "y.argmax(axis=1)", "predict_proba", ""
        classes = ", classes=np.arange(SIZES[-1])"
    body = _BODY.format(
        kind=kind,
        given=given,
        targets=targets,
        activation=activation,
        classes=classes,
        answer=answer,
        shape=shape,
        **_training(r),
    )
    return before(r, "scikit-learn", _IMPORTS.format(kind=kind), notes) + body + after(r, ", x, y")


def _check(r: Recipe) -> None:
    """Raise :class:`BadInput` where scikit-learn has no such training."""
    t = r.experiment.training
    missing = {
        "training.l1": ("no l1", bool(t.l1)),
        "training.dropout": ("no dropout", bool(r.dropout)),
        "training.clip_norm": ("no clipping of gradients", bool(t.clip_norm)),
        "training.optimizer": ("an Adam whose ε is added before its bias is corrected", t.optimizer == "adam"),
    }
    for key, (what, used) in missing.items():
        if used:
            raise BadInput(f"scikit-learn has {what} ({key}); --for pytorch carries it over")


def _training(r: Recipe) -> dict[str, str]:
    """The lines of the body that depend on how the network is trained, by their place in it."""
    t = r.experiment.training
    moves = eta_moves(t)
    indent = " " * (8 if moves else 4)
    set_eta = ""
    if t.momentum and eta_changes(t):  # it keeps η inside its velocities
        set_eta += f"{indent}ratio = eta / network._optimizer.learning_rate  # η stands inside its velocities\n"
        set_eta += f"{indent}network._optimizer.velocities = [ratio * v for v in network._optimizer.velocities]\n"
    set_eta += f"{indent}network._optimizer.learning_rate = eta  # it has no public way of changing it\n"
    if moves:
        train = "    for start, eta in zip(range(0, len(x), M), etas):\n        rows = slice(start, start + M)\n"
        train += set_eta + "        network.partial_fit(x[rows], targets(y[rows]))\n"
    else:
        train = set_eta + "    network.partial_fit(x, targets(y))\n"
    forget = (
        "    network._optimizer.velocities = [0 * v for v in network._optimizer.velocities]\n" if t.momentum else ""
    )
    return {
        "momentum": "MOMENTUM" if t.momentum else "0.0",
        "nesterov": str(t.nesterov),
        "forget": forget,
        "eta": "etas" if moves else "eta",
        "train": train,
    }
