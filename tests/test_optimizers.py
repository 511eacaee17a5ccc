"""Momentum, Nesterov, Adam, L1, dropout, clipping: by hand, beside PyTorch, cut off and gone on, in any company."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import MakeExamples
from small_runs import cut_off, in_small_steps, little_data, preset_on, resumed, substance, trained
from tunelab import engine
from tunelab.data.dataset import Array, Examples
from tunelab.engine import checkpointing
from tunelab.initialization import Initialization, initial_network
from tunelab.network import Network
from tunelab.training import Training, numpy_steps
from tunelab.training.dropout import Dropout
from tunelab.training.loop import shuffled
from tunelab.training.optimizers import Adam, Momentum, Nesterov, Optimizer
from tunelab.training.update import Update

SEEDS = (4, 5, 9)
ETA, LAMBDA, L1, CLIP = (0.3, 0.05, 0.3), (1.5, 0.0, 3.0), (0.4, 0.2, 0.0), (0.5, 0.0, 0.05)
MOMENTUM = (0.9, 0.5, 0.8)
N, M, EPOCHS = 45, 10, 20  # 5 steps an epoch, the last of 5 examples: 100 steps

OPTIMIZERS: dict[str, Callable[[list[int]], Optimizer | None]] = {
    "sgd": lambda which: None,
    "momentum": lambda which: Momentum([MOMENTUM[r] for r in which]),
    "nesterov": lambda which: Nesterov([MOMENTUM[r] for r in which]),
    "adam": lambda which: Adam([0.9] * len(which), [0.99] * len(which), [1e-6] * len(which)),
}


def eta(optimizer: str, r: int) -> float:
    """η of a network; Adam's are a thirtieth, for it would wander with such large ones, and rounding grow."""
    return ETA[r] / (30 if optimizer == "adam" else 1)


def built(
    examples: Examples,
    optimizer: str,
    which: tuple[int, ...] = (0, 1, 2),
    *,
    hidden: tuple[int, ...] = (5,),
    share: float = 0.0,
    activation: str = "tanh",
    dtype: type = np.float64,
    **settings: Any,
) -> Training:
    """A training of some of three networks, each with its own numbers."""
    seeds, n, places = [SEEDS[r] for r in which], len(examples), list(which)
    update = Update(
        n,
        [LAMBDA[r] for r in which],
        optimizer=OPTIMIZERS[optimizer](places),
        l1=[L1[r] for r in which],
        clip_norm=[CLIP[r] for r in which],
        dropout=Dropout(seeds, [share + 0.1 * r for r in which]) if share else None,
    )
    start = Initialization((examples.inputs.shape[1], *hidden, 3))
    return Training(
        initial_network(start, seeds, dtype=dtype, activation=activation),
        examples,
        examples,
        eta=[eta(optimizer, r) for r in which],
        lmbda=[LAMBDA[r] for r in which],
        mini_batch=M,
        order=shuffled(seeds, n),
        update=update,
        **({"epochs": EPOCHS} | settings),
    )


def parameters(training: Training) -> list[Array]:
    network = training.parameters()
    return network.weights + network.biases


def by_hand(examples: Examples, optimizer: str, r: int) -> list[Array]:
    """Weights and biases of one network without a hidden layer after all steps, by the formulas."""
    start = Initialization((examples.inputs.shape[1], 3))
    first = initial_network(start, [SEEDS[r]], dtype=np.float64)
    w, b = first.weights[0][0], first.biases[0][0]
    x, y = examples.scaled(slice(None), np.float64), np.eye(3)[examples.targets]
    n, t, mu, rate = len(examples), 0, MOMENTUM[r], eta(optimizer, r)
    remembered = [[np.zeros_like(p), np.zeros_like(p)] for p in (w, b)]
    for epoch in range(EPOCHS):
        order = shuffled([SEEDS[r]], n)(0, epoch)
        for begin in range(0, n, M):
            rows = order[begin : begin + M]
            t += 1
            delta = (1 / (1 + np.exp(-(x[rows] @ w + b))) - y[rows]) / len(rows)
            gradients = [x[rows].T @ delta, delta.sum(axis=0, keepdims=True)]
            norm = np.sqrt(sum((g**2).sum() for g in gradients))
            if CLIP[r]:
                gradients = [g * min(1.0, CLIP[r] / (norm + 1e-6)) for g in gradients]
            gradients[0] = gradients[0] + L1[r] / n * np.sign(w)
            if optimizer == "adam":
                w = (1 - rate * LAMBDA[r] / n) * w
            else:
                gradients[0] = gradients[0] + LAMBDA[r] / n * w
            moved = []
            for p, g, memory in zip((w, b), gradients, remembered, strict=True):
                if optimizer == "adam":
                    memory[0] = 0.9 * memory[0] + 0.1 * g
                    memory[1] = 0.99 * memory[1] + 0.01 * g**2
                    mean, square = memory[0] / (1 - 0.9**t), memory[1] / (1 - 0.99**t)
                    moved.append(p - rate * mean / (np.sqrt(square) + 1e-6))
                elif optimizer == "sgd":
                    moved.append(p - rate * g)
                else:
                    memory[0] = mu * memory[0] + g
                    moved.append(p - rate * (memory[0] if optimizer == "momentum" else g + mu * memory[0]))
            w, b = moved
    assert t == 100
    return [w, b]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_100_steps_are_the_formulas_by_hand(make_examples: MakeExamples, optimizer: str) -> None:
    """Three networks of one stack, each with its own η, λ, l1, limit and momentum; the third is always clipped."""
    examples = make_examples(N)
    training = built(examples, optimizer, hidden=())
    list(training)
    for r in range(3):
        for mine, wanted in zip(parameters(training), by_hand(examples, optimizer, r), strict=True):
            np.testing.assert_allclose(mine[r], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["gelu", "silu", "elu", "selu", "softplus", "tanh"])
def test_100_steps_are_pytorchs(make_examples: MakeExamples, optimizer: str, activation: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed; the formulas by hand are tested above")
    from torch.nn import functional

    examples = make_examples(N)
    R = (0, 1, 2)
    training = built(examples, optimizer, R, hidden=(6, 5), activation=activation)
    first = training.network.select(slice(None))
    list(training)
    act = {name: getattr(functional, name) for name in ("gelu", "silu", "elu", "selu", "tanh")}
    act["softplus"] = lambda z: functional.softplus(z, threshold=100)
    x, y = torch.tensor(examples.scaled(slice(None), np.float64)), torch.tensor(np.eye(3)[examples.targets])
    for r in R:
        weights = [torch.tensor(w[r], requires_grad=True) for w in first.weights]
        biases = [torch.tensor(b[r], requires_grad=True) for b in first.biases]
        groups = [{"params": weights, "weight_decay": LAMBDA[r] / N}, {"params": biases, "weight_decay": 0.0}]
        if optimizer == "adam":
            by: Any = torch.optim.AdamW(groups, lr=eta(optimizer, r), betas=(0.9, 0.99), eps=1e-6)
        else:
            mu = 0.0 if optimizer == "sgd" else MOMENTUM[r]
            by = torch.optim.SGD(groups, lr=eta(optimizer, r), momentum=mu, nesterov=optimizer == "nesterov")
        for epoch in range(EPOCHS):
            order = torch.tensor(shuffled([SEEDS[r]], N)(0, epoch))
            for rows in order.split(M):
                a = x[rows]
                for w, b in zip(weights[:-1], biases[:-1], strict=True):
                    a = act[activation](a @ w + b)
                z = a @ weights[-1] + biases[-1]
                by.zero_grad()
                (functional.binary_cross_entropy_with_logits(z, y[rows], reduction="sum") / len(rows)).backward()
                if CLIP[r]:
                    torch.nn.utils.clip_grad_norm_([*weights, *biases], CLIP[r])
                for w in weights:
                    w.grad += L1[r] / N * w.detach().sign()
                by.step()
        for mine, theirs in zip(parameters(training), [*weights, *biases], strict=True):
            np.testing.assert_allclose(mine[r], theirs.detach().numpy(), rtol=0, atol=1e-12)


# -- what is remembered -----------------------------------------------------------------------------------


def through_a_file(state: dict[str, Array]) -> dict[str, Array]:
    file = io.BytesIO()
    np.savez(file, **state)  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


class Stop(Exception):
    """Ends a training where it stands."""


def train_until(training: Training, pulses: int) -> None:
    left = pulses

    def pulse() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stop

    with pytest.raises(Stop):
        list(training.run(pulse))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stopped_anywhere_each_network_goes_on_alone_to_the_same_bits(
    make_examples: MakeExamples, optimizer: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropout's masks, velocities and counts of steps come back, whoever is beside; the state names what it holds."""
    monkeypatch.setattr(numpy_steps, "_CACHE_BYTES", 1)  # a pulse after every mini-batch
    examples = make_examples(N)
    unbroken = built(examples, optimizer, share=0.2, epochs=3, dtype=dtype)
    list(unbroken)
    for pulses in (0, 3, 7):
        together = built(examples, optimizer, share=0.2, epochs=3, dtype=dtype)
        train_until(together, pulses)
        state = through_a_file(together.state())
        names = {"sgd": set(), "adam": {"mean", "mean_square"}}.get(optimizer, {"velocity"}) | {"steps", "eta"}
        assert {name.removeprefix("optimizer_") for name in state if name.startswith("optimizer")} == names
        for r in range(3):
            alone = built(examples, optimizer, (r,), share=0.2, epochs=3, dtype=dtype)
            alone.restore({name: v[r : r + 1] if v.ndim else v for name, v in state.items()})
            list(alone)
            for mine, wanted in zip(parameters(alone), parameters(unbroken), strict=True):
                np.testing.assert_array_equal(mine[0], wanted[r], err_msg=f"{optimizer}, {pulses} pulses")


ARMS = """
[training]
eta = 0.1
lambda = 0.1
mini_batch = 7
epochs = 4
[[arm]]
name = "momentum"
training.momentum = 0.9
[[arm]]
name = "another momentum"
training.momentum = 0.5
initialization.seeds = 2
[[arm]]
name = "nesterov"
training.momentum = 0.9
training.nesterov = true
training.early_stopping = {patience = 1}
[[arm]]
name = "adam"
training.optimizer = "adam"
training.eta = 0.01
training.l1 = 0.5
[[arm]]
name = "dropout"
training.dropout = 0.3
training.clip_norm = 0.2
[[arm]]
name = "cosine"
training.schedule = {rule = "cosine", warm_up = 1}
training.monitor_every = 50
[[arm]]
name = "plain"
"""


@pytest.mark.parametrize("pulses", [2, 40, 75, 110])
def test_runs_that_were_cut_off_go_on_to_the_same_bits(
    tmp_path: Path, pulses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_steps(monkeypatch)
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    preset = preset_on(little_data(tmp_path), ARMS)
    whole = substance(trained(preset))
    run = cut_off(preset, pulses, monkeypatch)
    assert substance(resumed(run)) == whole
    assert {arm.name: arm.state() for arm in run.arms}["plain"] == "epochs"
    assert engine.check(preset.arms[0].experiment) is None


# -- dropout ----------------------------------------------------------------------------------------------


def test_masks_are_the_same_in_whatever_pieces_they_are_drawn() -> None:
    def pieces(*counts: int) -> list[Array]:
        dropout, start, drawn = Dropout([3, 8], [0.25, 0.5]), 0, []
        for count in counts:
            drawn.append(dropout.masks([0, 1], 2, start, count, [6, 4], np.float32))
            start += count
        return [np.concatenate(parts, axis=1) for parts in zip(*drawn, strict=True)]

    whole = pieces(400)
    for got, wanted in zip(pieces(1, 9, 390), whole, strict=True):
        np.testing.assert_array_equal(got, wanted)
    again = Dropout([3, 8], [0.25, 0.5]).masks([1], 2, 100, 50, [6, 4], np.float32)
    np.testing.assert_array_equal(again[1][0], whole[1][1, 100:150])
    other_epoch = Dropout([3], [0.25]).masks([0], 3, 0, 400, [6, 4], np.float32)
    assert (other_epoch[0][0] != whole[0][0]).any()


def test_a_mask_leaves_out_its_share_and_raises_the_rest_in_proportion() -> None:
    masks = Dropout([0, 1], [0.2, 0.75]).masks([0, 1], 0, 0, 2000, [10], np.float64)[0]
    for mask, share in zip(masks, (0.2, 0.75), strict=True):
        assert set(np.unique(mask)) == {0.0, 1 / (1 - share)}
        assert abs((mask == 0).mean() - share) < 0.02  # of 20,000 draws, six standard deviations
        assert abs(mask.mean() - 1) < 0.04


def test_the_gradient_with_masks_is_the_slope_of_the_masked_cost(make_examples: MakeExamples) -> None:
    """Numerically, for every activation: those that tell their slope by a, and those that don't."""
    examples = make_examples(6)
    x, y = examples.scaled(slice(None), np.float64)[None], np.eye(3)[examples.targets][None]
    for activation in ("sigmoid", "gelu", "relu"):
        start = Initialization((x.shape[2], 5, 4, 3))
        network = initial_network(start, [1], dtype=np.float64, activation=activation)
        masks = Dropout([7], [0.4]).masks([0], 0, 0, 6, [5, 4], np.float64)

        def cost(network: Network = network, masks: list[Array] = masks) -> float:
            a = x
            for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
                z = a @ w + b
                a = z.copy()
                if layer < 2:
                    network.activation.apply(a)
                    a *= masks[layer]
            return float(network.output.cost(z, y).sum())

        gradient = network.flat_gradient(x, y, 1.0, masks).copy()
        for place in range(0, len(gradient), 7):
            kept, small = network.parameters[place], 1e-6
            ends = []
            for side in (small, -small):
                network.parameters[place] = kept + side
                ends.append(cost())
            network.parameters[place] = kept
            assert abs((ends[0] - ends[1]) / (2 * small) - gradient[place]) < 1e-7


def test_dropout_leaves_scoring_and_networks_without_a_hidden_layer_alone(make_examples: MakeExamples) -> None:
    examples = make_examples(N)
    training = built(examples, "sgd", (0,), share=0.5)
    first, second = training.measure(), training.measure()
    np.testing.assert_array_equal(first.evaluation.data_cost, second.evaluation.data_cost)
    with_share, without = (built(examples, "sgd", (0,), hidden=(), share=share) for share in (0.5, 0.0))
    list(with_share), list(without)
    np.testing.assert_array_equal(parameters(with_share)[0], parameters(without)[0])


def test_a_penalty_includes_l1_and_the_update_ratio_is_of_the_optimizers_own_step(make_examples: MakeExamples) -> None:
    examples = make_examples(N)
    training = built(examples, "adam", epochs=2)
    *_, last = training
    network = training.parameters()
    squares = sum((w**2).sum(axis=(1, 2)) for w in network.weights)
    sums = sum(np.abs(w).sum(axis=(1, 2)) for w in network.weights)
    penalty = np.array(LAMBDA) / (2 * N) * squares + np.array(L1) / N * sums
    np.testing.assert_allclose(last.penalty, penalty, rtol=1e-12)
    ratio = last.vitals["update_ratio"]
    assert ratio.shape == (3, 2)
    assert ((ratio > 0) & (ratio < 10 * np.array(ETA)[:, None])).all()


def test_what_fades_in_memory_becomes_0_before_it_makes_arithmetic_slow(make_examples: MakeExamples) -> None:
    """An input that is never on again leaves a velocity that 0.9 a step would bring below what float32 holds well."""
    training = built(make_examples(N), "momentum", (0,), dtype=np.float32, epochs=1)
    update = training._update
    assert update is not None
    (velocity,) = update._working
    velocity[:5] = 1e-33
    update._clean()
    assert not velocity[:5].any()
