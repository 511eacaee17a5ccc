"""The script for Keras: kernel_regularizer L2(λ/(2n)), and losses that are sums over outputs."""

from __future__ import annotations

from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS, OUTPUTS
from tunelab.initialization import WEIGHTS
from tunelab.snippets.parts import ANSWERED, after, before
from tunelab.snippets.recipe import Recipe

__all__ = ["keras"]

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
    return {answer}


def parameters(network):
    """(weights, biases) of every layer."""
    found = network.get_weights()
    return list(zip(found[::2], found[1::2]))
'''


def keras(r: Recipe) -> str:
    """The script. Every experiment can be carried over."""
    net, first = r.experiment.network, r.experiment.initialization
    z = "network.predict(x, batch_size=1000, verbose=0)"
    squash = OUTPUTS[net.output].libraries.get("keras") if r.classes is None else None
    body = _BODY.format(
        answered=ANSWERED if not squash else "The outputs.",
        answer=squash.format(z=z) if squash else z,
        dtype=net.precision,
        own=WEIGHTS[first.weights].libraries["keras"],
        gain="" if first.gain == 1 else f" (times {first.gain!r})",
        activation=ACTIVATIONS[net.activation].libraries["keras"],
        cost=net.cost,
        output=net.output,
        loss=COSTS[net.output, net.cost].libraries["keras"],
    )
    return before(r, "Keras 3", _IMPORTS, []) + body + after(r)
