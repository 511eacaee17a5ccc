"""The script for Keras: kernel_regularizer L2(λ/(2n)), and losses that are sums over outputs."""

from __future__ import annotations

from tunelab.snippets.parts import ANSWERED, after, before
from tunelab.snippets.recipe import Recipe

__all__ = ["keras"]

_ACTIVATIONS = {
    "sigmoid": '"sigmoid"',
    "tanh": '"tanh"',
    "relu": '"relu"',
    "leaky-relu": "lambda z: keras.ops.leaky_relu(z, negative_slope=0.01)",
    "linear": "None",
}
_LOSSES = {
    # Keras' binary cross-entropy is the mean over outputs, the cost their sum
    ("sigmoid", "cross-entropy"): "SIZES[-1] * keras.losses.binary_crossentropy(y, z, from_logits=True)",
    ("sigmoid", "quadratic"): "0.5 * keras.ops.sum(keras.ops.square(keras.ops.sigmoid(z) - y), axis=-1)",
    ("sigmoid", "log-likelihood"): "-keras.ops.sum(y * keras.ops.log_sigmoid(z), axis=-1)",
    ("softmax", "cross-entropy"): "keras.losses.categorical_crossentropy(y, z, from_logits=True)",
    ("softmax", "log-likelihood"): "keras.losses.categorical_crossentropy(y, z, from_logits=True)",
    ("softmax", "quadratic"): "0.5 * keras.ops.sum(keras.ops.square(keras.ops.softmax(z) - y), axis=-1)",
    ("linear", "quadratic"): "0.5 * keras.ops.sum(keras.ops.square(z - y), axis=-1)",
}
_OWN = {
    "standard": "RandomNormal(stddev=1.0)",
    "scaled": 'VarianceScaling(1.0, "fan_in", "untruncated_normal")',
    "truncated": 'VarianceScaling(1.0, "fan_in", "truncated_normal")',
    "lecun-uniform": "LecunUniform()",
    "glorot-normal": 'VarianceScaling(1.0, "fan_avg", "untruncated_normal")  (GlorotNormal truncates)',
    "glorot-uniform": "GlorotUniform()",
    "he-normal": 'VarianceScaling(2.0, "fan_in", "untruncated_normal")  (HeNormal truncates)',
    "he-truncated": "HeNormal()",
    "he-uniform": "HeUniform()",
    "orthogonal": "Orthogonal()",
    "constant": "Ones()",
    "zeros": "Zeros()",
}

_IMPORTS = """
import keras
import numpy as np
"""

_BODY = '''
keras.config.set_floatx("{dtype}")


def loss(y, z):
    """The {cost} cost of {output} outputs for each example, from z."""
    return {loss}


def build(first):
    """The network; its last layer gives z, since the loss knows the output function."""
    model = keras.Sequential([keras.Input((SIZES[0],))])
    for layer, (weights, _) in enumerate(first):
        last = layer == len(first) - 1
        # Keras' own draw of such weights{gain}: kernel_initializer={own}
        model.add(
            keras.layers.Dense(
                weights.shape[1],
                activation=None if last else {activation},
                kernel_regularizer=keras.regularizers.L2(LAMBDA / (2 * TRAIN)),  # biases are not decayed
            )
        )
    model.set_weights([p for layer in first for p in layer])
    model.compile(keras.optimizers.SGD(ETA), loss=loss)
    return model


def train(network, x, y, eta):
    """One epoch over the examples in the order given."""
    network.optimizer.learning_rate = eta
    network.fit(x, y, batch_size=M, epochs=1, shuffle=False, verbose=0)


def answer(network, x):
    """{answered}"""
    return {squash}network.predict(x, batch_size=1000, verbose=0){end}


def parameters(network):
    """(weights, biases) of every layer."""
    found = network.get_weights()
    return list(zip(found[::2], found[1::2]))
'''


def keras(r: Recipe) -> str:
    """The script. Every experiment can be carried over."""
    net, first = r.experiment.network, r.experiment.initialization
    squash = (
        f"keras.ops.convert_to_numpy(keras.ops.{net.output}(" if r.classes is None and net.output != "linear" else ""
    )
    body = _BODY.format(
        answered=ANSWERED if not squash else "The outputs.",
        squash=squash,
        end="))" if squash else "",
        dtype=net.precision,
        own=_OWN[first.weights],
        gain="" if first.gain == 1 else f" (times {first.gain!r})",
        activation=_ACTIVATIONS[net.activation],
        cost=net.cost,
        output=net.output,
        loss=_LOSSES[net.output, net.cost],
    )
    return before(r, "Keras 3", _IMPORTS, []) + body + after(r)
