"""`tunelab init`: what an initialization does to z, before any training."""

from __future__ import annotations

import re
import sys
from itertools import pairwise

from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS
from tunelab.data import load
from tunelab.errors import BadInput, printable
from tunelab.experiment.other_names import value_hint
from tunelab.initialization import BIASES, WEIGHTS, Initialization, LayerEffect, effects
from tunelab.tui.charts.from_history import z_charts_text
from tunelab.tui.cli.options.searching import InitOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report
from tunelab.tui.text.tables import aligned
from tunelab.wording import did_you_mean, quantity

__all__ = ["init_command"]

_MAX_WEIGHTS = 50_000_000  # a few seconds, and 400 MB while they are drawn


def init_command(options: InitOptions) -> None:
    """Print, per scheme and layer, what the first weights do."""
    active = options.active
    if active is not None and options.data is not None:
        raise BadInput("--active assumes inputs and --data brings real ones: give one of the two")
    inputs: NDArray | None = None  # type: ignore[type-arg]
    layers = _sizes(options.sizes or [])
    if options.data is not None:
        inputs, layers = _inputs(options.data, layers)
    layers = layers or (784, 30, 10)
    if active is not None and not 0 <= active <= layers[0]:
        raise BadInput(f"--active must be from 0 to the {quantity(layers[0], 'input')}, is {active}")
    schemes = []
    for scheme in options.weights or ["standard", "scaled"]:
        _check_names(scheme, options.biases, options.activation)
        start = Initialization(layers, scheme, options.biases)
        layer_effects = effects(start, inputs, active=active, activation=options.activation, seed=options.seed)
        schemes.append((scheme, layer_effects))
    if options.as_json:
        _print_json(schemes)
        return
    _print_table(schemes, layers, inputs is not None, active)
    if options.plot:
        print_text(f"\n{z_charts_text(schemes, colour=sys.stdout.isatty())}")


def _sizes(typed: list[str]) -> tuple[int, ...]:
    words = [word for text in typed for word in re.split(r"[\s,x→>-]+", text) if word]
    try:
        sizes = tuple(int(word) for word in words)
    except ValueError:
        raise BadInput(f"SIZES are whole numbers such as 784,30,10, not '{printable(' '.join(typed))}'") from None
    if any(not 1 <= size <= 1_000_000 for size in sizes):
        raise BadInput(f"SIZES: every layer has from 1 to 1,000,000 neurons, not {printable(' '.join(typed))}")
    weights = sum(fan_in * units for fan_in, units in pairwise(sizes))
    if weights > _MAX_WEIGHTS:
        raise BadInput(
            f"SIZES: {printable(' '.join(typed))} has {weights:,} weights; at most {_MAX_WEIGHTS:,} are drawn"
        )
    return (*sizes, 1) if len(sizes) == 1 else sizes


def _inputs(data: str, sizes: tuple[int, ...]) -> tuple[NDArray, tuple[int, ...]]:  # type: ignore[type-arg]
    """Real inputs to look at, and the sizes of a network for them."""
    dataset = load(data, report=progress_report(False))
    if sizes and sizes[0] != dataset.features:
        raise BadInput(f"SIZES begin with {sizes[0]:,}, but {dataset.title} has {quantity(dataset.features, 'input')}")
    return dataset.training.scaled(slice(0, 1000)), sizes or (dataset.features, 30, dataset.outputs)


def _check_names(weights: str, biases: str, activation: str) -> None:
    for option, key, name, known in (
        ("--weights", "initialization.weights", weights, WEIGHTS),
        ("--biases", "initialization.biases", biases, BIASES),
        ("--activation", "network.activation", activation, ACTIVATIONS),
    ):
        if name not in known:
            hint = value_hint(key, name, known) or did_you_mean(name, known)
            raise BadInput(f"{option} has no '{printable(name)}'{hint}; there are {', '.join(known)}")


def _print_json(schemes: list[tuple[str, list[LayerEffect]]]) -> None:
    for scheme, layer_effects in schemes:
        for effect in layer_effects:
            line = {
                "weights": scheme,
                "layer": effect.layer,
                "fan_in": effect.fan_in,
                "units": effect.units,
                "predicted_std": effect.predicted_std,
                "sampled_std": effect.sampled_std,
                "saturated_share": effect.saturated_share,
                "predicted_saturated_share": effect.predicted_saturated_share,
                "mean_sigma_prime": effect.mean_sigma_prime,
                "dead_units": effect.dead_units,
                "saturated_where": effect.saturation,
            }
            print_json(line)


def _print_table(
    schemes: list[tuple[str, list[LayerEffect]]], layers: tuple[int, ...], real: bool, active: int | None
) -> None:
    on = layers[0] // 2 if active is None else active
    inputs = "real inputs" if real else f"{on:,} of {quantity(layers[0], 'input')} at 1, the others at 0"
    print_text(f"{' → '.join(f'{size:,}' for size in layers)}, {inputs}, before any training")
    rows = [["weights", "layer", "fan-in", "units", "σ_z predicted", "σ_z sampled", "saturated", "mean σ′(z)"]]
    for scheme, layer_effects in schemes:
        rows += [
            [
                scheme,
                str(effect.layer),
                f"{effect.fan_in:,}",
                f"{effect.units:,}",
                f"{effect.predicted_std:.3g}",
                f"{effect.sampled_std:.3g}",
                f"{100 * effect.saturated_share:.1f} %",
                f"{effect.mean_sigma_prime:.3f}",
            ]
            for effect in layer_effects
        ]
    print_text(aligned(rows, right=frozenset(range(1, 8))))
    rules = {effect.saturation for _, layer_effects in schemes for effect in layer_effects}
    print_text("saturated: " + "; ".join(sorted(rules)))
