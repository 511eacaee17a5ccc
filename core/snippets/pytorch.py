"""The script for PyTorch: SGD with weight_decay = λ/n on the weights, none on the biases."""

from __future__ import annotations

from tunelab.snippets.parts import ANSWERED, after, before
from tunelab.snippets.recipe import Recipe

__all__ = ["pytorch"]

_ACTIVATIONS = {
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky-relu": "nn.LeakyReLU(0.01)",
    "linear": "nn.Identity()",
}
_LOSSES = {
    ("sigmoid", "cross-entropy"): 'functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(z)',
    ("sigmoid", "quadratic"): "0.5 * (torch.sigmoid(z) - y).square().sum() / len(z)",
    ("sigmoid", "log-likelihood"): "-(y * functional.logsigmoid(z)).sum() / len(z)",
    ("softmax", "cross-entropy"): "functional.cross_entropy(z, y)",
    ("softmax", "log-likelihood"): "functional.cross_entropy(z, y)",
    ("softmax", "quadratic"): "0.5 * (torch.softmax(z, dim=1) - y).square().sum() / len(z)",
    ("linear", "quadratic"): "0.5 * (z - y).square().sum() / len(z)",
}
_OWN = {
    "standard": "nn.init.normal_(w)",
    "scaled": "nn.init.normal_(w, std=fan_in**-0.5)",
    "truncated": "nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s) with s = fan_in**-0.5 / 0.8796",
    "lecun-uniform": 'nn.init.kaiming_uniform_(w, nonlinearity="linear")',
    "glorot-normal": "nn.init.xavier_normal_(w)",
    "glorot-uniform": "nn.init.xavier_uniform_(w)",
    "he-normal": 'nn.init.kaiming_normal_(w, nonlinearity="relu")',
    "he-truncated": "nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s) with s = (2 / fan_in)**0.5 / 0.8796",
    "he-uniform": 'nn.init.kaiming_uniform_(w, nonlinearity="relu")',
    "orthogonal": "nn.init.orthogonal_(w)",
    "constant": "nn.init.constant_(w, 1.0)",
    "zeros": "nn.init.zeros_(w)",
}

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
        return {squash}network[0](torch.from_numpy(x)){end}.numpy()


def parameters(network):
    """(weights, biases) of every layer, as first_parameters gives them."""
    linears = [module for module in network[0] if isinstance(module, nn.Linear)]
    return [(linear.weight.detach().numpy().T, linear.bias.detach().numpy()) for linear in linears]
'''


def pytorch(r: Recipe) -> str:
    """The script. Every experiment can be carried over."""
    net, first = r.experiment.network, r.experiment.initialization
    squash = (
        ""
        if r.classes is not None
        else {"sigmoid": "torch.sigmoid(", "softmax": "functional.softmax("}.get(net.output, "")
    )
    body = _BODY.format(
        answered=ANSWERED if not squash else "The outputs.",
        squash=squash,
        end="" if not squash else ")" if net.output == "sigmoid" else ", dim=1)",
        dtype=net.precision,
        own=_OWN[first.weights],
        gain="" if first.gain == 1 else f" (times {first.gain!r})",
        activation=_ACTIVATIONS[net.activation],
        cost=net.cost,
        output=net.output,
        loss=_LOSSES[net.output, net.cost],
    )
    return before(r, "PyTorch", _IMPORTS, []) + body + after(r)
