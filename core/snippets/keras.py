"""The script for Keras: kernel_regularizer L2(λ/(2n)), and losses that are sums over outputs."""

from __future__ import annotations

from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS, OUTPUTS
from tunelab.errors import BadInput
from tunelab.initialization import WEIGHTS
from tunelab.snippets.parts import ANSWERED, after, before
from tunelab.snippets.recipe import Recipe
from tunelab.snippets.schedules import eta_changes, eta_moves

__all__ = ["keras"]

_IMPORTS = """
import keras
import numpy as np
"""

_ADAM = '''

class Adam(keras.optimizers.Adam):
    """Adam as PyTorch and tunelab define it: Keras adds epsilon before the mean square is corrected."""

    def update_step(self, gradient, variable, learning_rate):
        ops, dtype = keras.ops, variable.dtype
        rate = ops.cast(learning_rate, dtype)
        step = ops.cast(self.iterations + 1, dtype)
        at = self._get_variable_index(variable)
        mean, square = self._momentums[at], self._velocities[at]
        gradient = ops.cast(gradient, dtype)
        mean.assign(self.beta_1 * mean + (1 - self.beta_1) * gradient)
        square.assign(self.beta_2 * square + (1 - self.beta_2) * ops.square(gradient))
        root = ops.sqrt(square / (1 - ops.power(ops.cast(self.beta_2, dtype), step)))
        corrected = mean / (1 - ops.power(ops.cast(self.beta_1, dtype), step))
        variable.assign(variable - rate * corrected / (root + self.epsilon))
'''

_ETA = '''

def set_eta(optimizer, eta):
    """Change η{also}."""
{rescale}    optimizer.learning_rate = eta
'''
_RESCALE = """\
    ratio = eta / float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    for velocity in optimizer.momentums:
        velocity.assign(ratio * velocity)
"""

_EVERY_STEP = '''

class EveryStep(keras.callbacks.Callback):
    """Gives each mini-batch its own η."""

    def __init__(self, etas):
        super().__init__()
        self.etas = etas

    def on_train_batch_begin(self, batch, logs=None):
        set_eta(self.model.optimizer, self.etas[batch])
'''

_MASKS = '''

def masks(rng, count):
    """Which neurons are left out, others for each example, as tunelab draws them: a hidden layer's each."""
    left = (rng.random((count, sum(SIZES[1:-1]))) >= DROPOUT).astype(DTYPE) * DTYPE(1 / (1 - DROPOUT))
    return np.split(left, np.cumsum(SIZES[1:-2], dtype=int), axis=1)
'''

_BODY = '''
keras.config.set_floatx("{dtype}")
{functions}

def loss(y, z):
    """The {cost} cost of {output} outputs for each example, from z."""
    return {loss}


def build(first):
    """The network; its last layer gives z, since the loss knows the output function."""
    inputs = a = keras.Input((SIZES[0],))
{masked}    for layer, (weights, _) in enumerate(first):
        last = layer == len(first) - 1
        # Keras' own draw of such weights{gain}: kernel_initializer={own}
        a = keras.layers.Dense(
            weights.shape[1],
            activation=None if last else {activation},
{regularizer}        )(a)
{mask}    model = keras.Model({inputs}, a)
    model.set_weights([p for layer in first for p in layer])
{optimizer}    model.compile(optimizer, loss=loss)
    return model


def train(network, x, y, {arguments}):
    """One epoch over the examples in the order given."""
{set_eta}    network.fit({x}, y, batch_size=M, epochs=1, shuffle=False, verbose=0{callbacks})


def answer(network, x):
    """{answered}"""
    return {answer}


def parameters(network):
    """(weights, biases) of every layer."""
    found = network.get_weights()
    return list(zip(found[::2], found[1::2]))
'''


def keras(r: Recipe) -> str:
    """The script; :class:`BadInput` where Keras has no such training."""
    net, first = r.experiment.network, r.experiment.initialization
    ones = "[x, *(np.ones((len(x), width), DTYPE) for width in SIZES[1:-1])]"
    z = f"network.predict({ones if r.dropout else 'x'}, batch_size=1000, verbose=0)"
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
        **_training(r),
    )
    notes = []
    if r.experiment.training.clip_norm:
        notes.append("Keras divides by a gradient's norm, tunelab and PyTorch by 0.000001 more.")
    return before(r, "Keras 3", _IMPORTS, notes) + body + after(r)


def _training(r: Recipe) -> dict[str, str]:
    """The lines of the body that depend on how the network is trained, by their place in it."""
    t = r.experiment.training
    adam, moves = t.optimizer == "adam", eta_moves(t)
    # What decays weights beside a step isn't part of the gradient that is clipped. Plain steps come to the same with it
    beside = bool(t.lmbda) and (adam or (t.clip_norm > 0 and not t.momentum))
    if t.clip_norm and (t.l1 or (t.lmbda and not beside)):
        with_what = "l1" if t.l1 else "momentum and λ"
        raise BadInput(
            f"Keras clips a gradient with its penalties, tunelab without them, so training.clip_norm with {with_what} "
            "is another training there; --for pytorch carries it over"
        )
    penalties = {
        "l1": "L1 / TRAIN" if t.l1 else "",
        "l2": "LAMBDA / (2 * TRAIN)" if not beside and (t.lmbda or not t.l1) else "",
    }
    used = {name: text for name, text in penalties.items() if text}
    kind = "L2" if list(used) == ["l2"] else "L1L2"
    values = used["l2"] if kind == "L2" else ", ".join(f"{name}={text}" for name, text in used.items())
    regularizer = f"keras.regularizers.{kind}({values}),  # biases are not decayed"
    options = ["ETA"]
    if adam:
        options += ["beta_1=BETAS[0]", "beta_2=BETAS[1]", "epsilon=EPSILON"]
    elif t.momentum:
        options += ["momentum=MOMENTUM", f"nesterov={t.nesterov}"]
    if t.clip_norm:
        options.append("global_clipnorm=CLIP_NORM")
    if beside:
        options.append("weight_decay=LAMBDA / TRAIN")
    optimizer = f"    optimizer = {'Adam' if adam else 'keras.optimizers.SGD'}({', '.join(options)})\n"
    if beside:
        optimizer += '    optimizer.exclude_from_weight_decay(var_names=["bias"])\n'
    rescaled = bool(t.momentum) and eta_changes(t)
    functions = _ADAM if adam else ""
    if rescaled or moves:
        also = ", which Keras keeps inside its velocities" if rescaled else ""
        functions += _ETA.format(also=also, rescale=_RESCALE if rescaled else "")
    functions += (_EVERY_STEP if moves else "") + (_MASKS if r.dropout else "")
    if rescaled:
        optimizer += "    optimizer.build(model.trainable_variables)  # its velocities are there from the start\n"
    once = "    set_eta(network.optimizer, eta)\n" if rescaled else "    network.optimizer.learning_rate = eta\n"
    return {
        "functions": functions,
        "masked": "    left = [keras.Input((width,)) for width in SIZES[1:-1]]\n" if r.dropout else "",
        "mask": "        a = a if last else keras.layers.Multiply()([a, left[layer]])\n" if r.dropout else "",
        "inputs": "[inputs, *left]" if r.dropout else "inputs",
        "regularizer": f"            kernel_regularizer={regularizer}\n" if used else "",
        "optimizer": optimizer,
        "arguments": ("etas" if moves else "eta") + (", rng" if r.dropout else ""),
        "set_eta": "" if moves else once,
        "x": "[x, *masks(rng, len(x))]" if r.dropout else "x",
        "callbacks": ", callbacks=[EveryStep(etas)]" if moves else "",
    }
