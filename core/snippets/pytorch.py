"""The script for PyTorch: SGD or AdamW with weight_decay = λ/n on the weights, none on the biases."""

from __future__ import annotations

from tunelab.activations import ACTIVATIONS
from tunelab.costs import COSTS, OUTPUTS
from tunelab.initialization import WEIGHTS
from tunelab.snippets.parts import ANSWERED, after, before
from tunelab.snippets.recipe import Recipe
from tunelab.snippets.schedules import eta_moves

__all__ = ["pytorch"]

_IMPORTS = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional
"""

_DROPOUT = '''

class Dropout(nn.Module):
    """Multiplies by its mask, while training."""

    mask = None

    def forward(self, a):
        return a * self.mask if self.training else a


def set_masks(model, rng, count):
    """Draw which neurons are left out, others for each example, as tunelab draws them."""
    left = (rng.random((count, sum(SIZES[1:-1]))) >= DROPOUT).astype(DTYPE) * DTYPE(1 / (1 - DROPOUT))
    layers = [module for module in model if isinstance(module, Dropout)]
    for layer, mask in zip(layers, np.split(left, np.cumsum(SIZES[1:-2], dtype=int), axis=1)):
        layer.mask = torch.from_numpy(mask)
'''

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
        modules += [linear, {activation}{dropout}]
    model = nn.Sequential(*modules[:-{dropped}])  # the last layer gives z: the loss knows the output function
    named = list(model.named_parameters())
    groups = [
        # C = C0 + LAMBDA/2n sum(w**2), of which the gradient is LAMBDA/n w; biases are not decayed
        {{"params": [p for name, p in named if name.endswith("weight")], "weight_decay": LAMBDA / TRAIN}},
        {{"params": [p for name, p in named if name.endswith("bias")], "weight_decay": 0.0}},
    ]
    return model, torch.optim.{optimizer}


def loss(z, y):
    """The mean over a mini-batch of the {cost} cost of {output} outputs."""
    return {loss}


def train(network, x, y, {arguments}):
    """One epoch over the examples in the order given{each}."""
    model, optimizer = network
{set_eta}    for rows, wanted{eta} in zip(torch.from_numpy(x).split(M), torch.from_numpy(y).split(M){etas}):
{at_step}        optimizer.zero_grad()
        loss(model(rows), wanted).backward()
{after_gradient}        optimizer.step()


def answer(network, x):
    """{answered}"""
{evaluate}    with torch.no_grad():
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
        **_training(r),
    )
    return before(r, "PyTorch", _IMPORTS, []) + (_DROPOUT if r.dropout else "") + body + after(r)


def _training(r: Recipe) -> dict[str, str]:
    """The lines of the body that depend on how the network is trained, by their place in it."""
    t = r.experiment.training
    moves = eta_moves(t)
    lines = '{indent}for group in optimizer.param_groups:\n{indent}    group["lr"] = eta\n'
    at_step = lines.format(indent=" " * 8) if moves else ""
    after_gradient = ""
    if r.dropout:
        at_step += "        set_masks(model, rng, len(rows))\n"
    if t.clip_norm:
        after_gradient += "        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)\n"
    if t.l1:
        after_gradient += '        for p in optimizer.param_groups[0]["params"]:  # the slope of L1/n sum(abs(w))\n'
        after_gradient += "            p.grad.add_(p.detach().sign(), alpha=L1 / TRAIN)\n"
    optimizer = "SGD(groups, lr=ETA)"
    if t.momentum:
        optimizer = f"SGD(groups, lr=ETA, momentum=MOMENTUM, nesterov={t.nesterov})"
    elif t.optimizer == "adam":
        optimizer = "AdamW(groups, lr=ETA, betas=BETAS, eps=EPSILON)"
    return {
        "optimizer": optimizer,
        "dropout": ", Dropout()" if r.dropout else "",
        "dropped": "2" if r.dropout else "1",
        "arguments": ("etas" if moves else "eta") + (", rng" if r.dropout else ""),
        "each": ", each mini-batch with an η of its own" if moves else "",
        "set_eta": ("    model.train()\n" if r.dropout else "") + ("" if moves else lines.format(indent=" " * 4)),
        "eta": ", eta" if moves else "",
        "etas": ", etas" if moves else "",
        "at_step": at_step,
        "after_gradient": after_gradient,
        "evaluate": "    network[0].eval()\n" if r.dropout else "",
    }
