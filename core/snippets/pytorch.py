"""The script for PyTorch: SGD with weight_decay = λ/n on the weights, none on the biases."""

from __future__ import annotations

from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS, OUTPUTS
from tunelab.initialization import WEIGHTS
from tunelab.snippets.parts import ANSWERED, after, before
from tunelab.snippets.recipe import Recipe

__all__ = ["pytorch"]

_IMPORTS = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional
"""

_BODY = '''

def build(first):
    """The network, and the optimizer that moves it."""
    modules = []
    for weights, biases in first:
        linear = nn.Linear(*weights.shape, dtype=torch.{dtype})
        with torch.no_grad():
            # PyTorch's own draw of such weights{gain}: {own}
            linear.weight.copy_(torch.from_numpy(weights.T.copy()))
            linear.bias.copy_(torch.from_numpy(biases))
        modules += [linear, {activation}]
    model = nn.Sequential(*modules[:-1])  # the last layer gives z: the loss knows the output function
    named = list(model.named_parameters())
    groups = [
        # C = C0 + LAMBDA/2n sum(w**2), of which the gradient is LAMBDA/n w; biases are not decayed
        {{"params": [p for name, p in named if name.endswith("weight")], "weight_decay": LAMBDA / TRAIN}},
        {{"params": [p for name, p in named if name.endswith("bias")], "weight_decay": 0.0}},
    ]
    return model, torch.optim.SGD(groups, lr=ETA)


def loss(z, y):
    """The mean over a mini-batch of the {cost} cost of {output} outputs."""
    return {loss}


def train(network, x, y, eta):
    """One epoch over the examples in the order given."""
    model, optimizer = network
    for group in optimizer.param_groups:
        group["lr"] = eta
    for rows, wanted in zip(torch.from_numpy(x).split(M), torch.from_numpy(y).split(M)):
        optimizer.zero_grad()
        loss(model(rows), wanted).backward()
        optimizer.step()


def answer(network, x):
    """{answered}"""
    with torch.no_grad():
        return {answer}.numpy()


def parameters(network):
    """(weights, biases) of every layer, as first_parameters gives them."""
    linears = [module for module in network[0] if isinstance(module, nn.Linear)]
    return [(linear.weight.detach().numpy().T, linear.bias.detach().numpy()) for linear in linears]
'''


def pytorch(r: Recipe) -> str:
    """The script. Every experiment can be carried over."""
    net, first = r.experiment.network, r.experiment.initialization
    z = "network[0](torch.from_numpy(x))"
    squash = OUTPUTS[net.output].libraries.get("pytorch") if r.classes is None else None
    body = _BODY.format(
        answered=ANSWERED if not squash else "The outputs.",
        answer=squash.format(z=z) if squash else z,
        dtype=net.precision,
        own=WEIGHTS[first.weights].libraries["pytorch"],
        gain="" if first.gain == 1 else f" (times {first.gain!r})",
        activation=ACTIVATIONS[net.activation].libraries["pytorch"],
        cost=net.cost,
        output=net.output,
        loss=COSTS[net.output, net.cost].libraries["pytorch"],
    )
    return before(r, "PyTorch", _IMPORTS, []) + body + after(r)
