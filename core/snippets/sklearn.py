"""The script for scikit-learn: MLPClassifier or MLPRegressor with alpha = λ·m/n, for it divides by the batch."""

from __future__ import annotations

from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS
from tunelab.errors import BadInput
from tunelab.snippets.parts import after, before
from tunelab.snippets.recipe import Recipe
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
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    network.partial_fit(x[:M], targets(y)[:M]{classes})  # makes its parameters, which are then replaced
    for layer, (weights, biases) in enumerate(first):
        network.coefs_[layer][...], network.intercepts_[layer][...] = weights, biases
    return network


def train(network, x, y, eta):
    """One epoch over the examples in the order given."""
    network._optimizer.learning_rate = eta  # it has no public way of changing it
    network.partial_fit(x, targets(y))


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
    )
    return before(r, "scikit-learn", _IMPORTS.format(kind=kind), notes) + body + after(r, ", x, y")
