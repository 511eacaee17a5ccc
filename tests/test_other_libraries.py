"""The same 100 steps elsewhere: from equal parameters, in equal order, PyTorch and scikit-learn end where we do.

PyTorch's numbers are also kept in ``expected/pytorch_100_steps.txt``, so that this is tested where it isn't
installed. Where it is, ``python tests/test_other_libraries.py`` writes them anew.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tunelab.data.dataset import Array, Examples
from tunelab.network import Network
from tunelab.training import Training

EXPECTED = Path(__file__).parent / "expected" / "pytorch_100_steps.txt"
INPUTS, OUTPUTS = 6, 4
ETA, LAMBDA, M = 0.4, 1.5, 10


@dataclass(frozen=True)
class Case:
    """A network and how many examples it sees. 100 steps: 20 epochs of 5 mini-batches, the last of n − 40."""

    activation: str
    output: str
    cost: str
    hidden: tuple[int, ...]
    n: int = 45

    @property
    def name(self) -> str:
        sizes = "-".join(map(str, (INPUTS, *self.hidden, OUTPUTS)))
        return f"{sizes}/{self.activation}/{self.output}/{self.cost}/n={self.n}"


CASES = [
    Case("sigmoid", "sigmoid", "cross-entropy", (5,)),
    Case("sigmoid", "sigmoid", "cross-entropy", ()),
    Case("relu", "softmax", "cross-entropy", (5, 3)),
    Case("tanh", "softmax", "log-likelihood", (5,)),
    Case("leaky-relu", "linear", "quadratic", (5,)),
]
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

# Everything below is computed by formula: no generator of random numbers whose stream a new version may change.


def waves(*shape: int, frequency: float) -> Array:
    return np.sin(frequency * np.arange(1, np.prod(shape) + 1)).reshape(shape)


def first_parameters(case: Case) -> tuple[list[Array], list[Array]]:
    pairs = list(itertools.pairwise((INPUTS, *case.hidden, OUTPUTS)))
    weights = [waves(*pair, frequency=1.3 + layer) for layer, pair in enumerate(pairs)]
    biases = [waves(1, fan_out, frequency=2.1 + layer) for layer, (_, fan_out) in enumerate(pairs)]
    return weights, biases


def inputs(case: Case) -> Array:
    return waves(case.n, INPUTS, frequency=0.7).astype(np.float32)


def targets(case: Case) -> Array:
    return (np.arange(case.n) ** 2 // 3) % OUTPUTS


def order(case: Case, epoch: int) -> Array:
    return (np.arange(case.n) * (7, 11, 13, 17)[epoch % 4] + epoch) % case.n  # 7, … have no factor in common with n


def ours(case: Case) -> list[Array]:
    """Our parameters after 100 steps, layer by layer, weights then biases."""
    weights, biases = ([p[None] for p in parameters] for parameters in first_parameters(case))
    network = Network(weights, biases, activation=case.activation, output=case.output, cost=case.cost)
    examples = Examples(inputs(case), targets(case))
    training = Training(
        network,
        examples,
        examples,
        eta=[ETA],
        lmbda=[LAMBDA],
        mini_batch=M,
        epochs=20,
        order=lambda replicate, epoch: order(case, epoch),
    )
    list(training)
    return [p[0] for layer in zip(network.weights, network.biases, strict=True) for p in layer]


def by_pytorch(case: Case) -> list[Array]:
    """PyTorch's: SGD, weight_decay λ/n on weights, losses as in REFERENCE's table. float64."""
    import torch
    from torch.nn import functional

    act = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky-relu": lambda z: functional.leaky_relu(z, 0.01),
    }[case.activation]
    loss_of: Any = {
        "sigmoid": lambda z, label: torch.nn.BCEWithLogitsLoss(reduction="sum")(z, one_hot(label)) / len(z),
        "softmax": torch.nn.CrossEntropyLoss(),
        "linear": lambda z, label: 0.5 * torch.nn.MSELoss(reduction="sum")(z, one_hot(label)) / len(z),
    }[case.output]

    def one_hot(label: Any) -> Any:
        return functional.one_hot(label, OUTPUTS).double()

    weights, biases = ([torch.tensor(p, requires_grad=True) for p in ps] for ps in first_parameters(case))
    groups = [{"params": weights, "weight_decay": LAMBDA / case.n}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=ETA)
    x, labels = torch.tensor(inputs(case)).double(), torch.tensor(targets(case))
    steps = 0
    for epoch in range(20):
        for rows in torch.tensor(order(case, epoch)).split(M):
            a = x[rows]
            for w, b in zip(weights[:-1], biases[:-1], strict=True):
                a = act(a @ w + b)
            optimizer.zero_grad()
            loss_of(a @ weights[-1] + biases[-1], labels[rows]).backward()
            optimizer.step()
            steps += 1
    assert steps == 100
    return [p.detach().numpy() for layer in zip(weights, biases, strict=True) for p in layer]


def from_file(case: Case) -> list[Array]:
    """PyTorch's as they were when somebody had it."""
    found = []
    for line in EXPECTED.read_text().splitlines():
        if line.startswith(case.name + " "):
            _, shape, *numbers = line.split(" ")
            found.append(np.array(numbers, np.float64).reshape([int(size) for size in shape.split("x")]))
    return found


def assert_agree(mine: list[Array], theirs: list[Array]) -> None:
    assert len(mine) == len(theirs) > 0
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_an_order_visits_every_example() -> None:
    for case, epoch in itertools.product([*CASES, Case("tanh", "sigmoid", "cross-entropy", (), n=50)], range(20)):
        assert sorted(order(case, epoch)) == list(range(case.n))


def test_training_went_somewhere() -> None:
    """Agreement would mean little if the parameters had hardly moved."""
    for case in CASES:
        before = [p for layer in zip(*first_parameters(case), strict=True) for p in layer]
        assert max(np.abs(b - a).max() for b, a in zip(before, ours(case), strict=True)) > 0.5


@cases
def test_the_numbers_pytorch_gave(case: Case) -> None:
    assert_agree(ours(case), from_file(case))


@cases
def test_pytorch_itself(case: Case) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed; its numbers are tested from a file")
    assert_agree(ours(case), by_pytorch(case))


SKLEARN_CASES = [
    Case("sigmoid", "sigmoid", "cross-entropy", (5,), n=50),
    Case("tanh", "sigmoid", "cross-entropy", (5, 3), n=50),
    Case("relu", "softmax", "log-likelihood", (5,), n=50),
]


@pytest.mark.parametrize("case", SKLEARN_CASES, ids=lambda case: case.name)
def test_scikit_learn_itself(case: Case) -> None:
    """alpha = λm/n, for it divides by the batch it sees; one-hot targets make it sigmoid + binary log-loss."""
    networks = pytest.importorskip("sklearn.neural_network", reason="scikit-learn isn't installed")
    classifier = networks.MLPClassifier(
        case.hidden,
        activation={"sigmoid": "logistic"}.get(case.activation, case.activation),
        solver="sgd",
        alpha=LAMBDA * M / case.n,
        batch_size=M,
        learning_rate_init=ETA,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    x, labels = inputs(case).astype(np.float64), targets(case)
    y = np.eye(OUTPUTS, dtype=int)[labels] if case.output == "sigmoid" else labels
    classifier.partial_fit(x, y, classes=np.arange(OUTPUTS))  # makes its parameters, which are then ours
    for layer, (weights, biases) in enumerate(zip(*first_parameters(case), strict=True)):
        classifier.coefs_[layer][...] = weights
        classifier.intercepts_[layer][...] = biases[0]
    for epoch in range(20):
        rows = order(case, epoch)
        classifier.partial_fit(x[rows], y[rows])
    theirs = [p for w, b in zip(classifier.coefs_, classifier.intercepts_, strict=True) for p in (w, b[None])]
    assert_agree(ours(case), theirs)


def write_expected() -> None:
    """Write PyTorch's numbers anew."""
    import torch

    lines = [
        f"# Parameters after 100 steps by PyTorch {torch.__version__}, float64; written by",
        "# `python tests/test_other_libraries.py`, which says from what start and in what order.",
        "# A line each: case, shape, numbers; layer by layer, weights then biases.",
    ]
    for case in CASES:
        lines += [
            " ".join([case.name, "x".join(map(str, p.shape)), *map(repr, p.ravel().tolist())]) for p in by_pytorch(case)
        ]
    EXPECTED.parent.mkdir(exist_ok=True)
    EXPECTED.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_expected()
