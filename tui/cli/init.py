"""`tunelab init`: what an initialization does to z, before any training."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import typer
from tunelab.tui.cli.options import Json, progress_report

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tunelab.initialization import LayerEffect

__all__ = ["init_command"]

_MOST_WEIGHTS = 50_000_000  # a few seconds, and 400 MB while they are drawn


def init_command(
    sizes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SIZES",
            help="Neurons a layer, inputs first: 784,30,10. One number alone is the inputs of a single neuron. "
            "784,30,10 (or with --data that data's inputs) if not given.",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weights", metavar="SCHEME", help="standard, scaled, truncated, he-normal, … May be repeated."),
    ] = None,
    biases: Annotated[str, typer.Option("--biases", metavar="SCHEME", help="standard or zeros.")] = "standard",
    activation: Annotated[
        str, typer.Option("--activation", metavar="NAME", help="sigmoid, tanh, relu, leaky-relu or linear.")
    ] = "sigmoid",
    active: Annotated[
        int | None,
        typer.Option("--active", metavar="N", help="How many inputs are 1, the others 0; half if not given."),
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="NAME|PATH", help="Take real inputs, from this data set.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="K", min=0, help="Of the networks that are sampled.")] = 0,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the distribution of z for every layer.")] = False,
    as_json: Json = False,
) -> None:
    """Show what an initialization does: per layer σ_z predicted and sampled, and the share of saturated neurons."""
    from tunelab.errors import BadInput
    from tunelab.initialization import Initialization, effects

    if active is not None and data is not None:
        raise BadInput("--active assumes inputs and --data brings real ones: give one of the two")
    inputs: NDArray | None = None  # type: ignore[type-arg]
    layers = _sizes(sizes or [])
    if data is not None:
        inputs, layers = _inputs(data, layers)
    layers = layers or (784, 30, 10)
    if active is not None and not 0 <= active <= layers[0]:
        raise BadInput(f"--active must be from 0 to the {layers[0]:,} inputs, is {active}")
    found = []
    for scheme in weights or ["standard", "scaled"]:
        _known(scheme, biases, activation)
        start = Initialization(layers, scheme, biases)
        layer_effects = effects(start, inputs, active=active, activation=activation, seed=seed)
        found.append((scheme, layer_effects))
    if as_json:
        _print_json(found)
        return
    _print_table(found, layers, inputs is not None, active)
    if plot:
        from tunelab.tui.charts.from_history import z_plotted

        print()
        print(z_plotted(found, colour=sys.stdout.isatty()))


def _sizes(typed: list[str]) -> tuple[int, ...]:
    from tunelab.errors import BadInput, printable

    words = [word for text in typed for word in re.split(r"[\s,x→>-]+", text) if word]
    try:
        sizes = tuple(int(word) for word in words)
    except ValueError:
        raise BadInput(f"SIZES are whole numbers such as 784,30,10, not '{printable(' '.join(typed))}'") from None
    if any(not 1 <= size <= 1_000_000 for size in sizes):
        raise BadInput(f"SIZES: every layer has from 1 to 1,000,000 neurons, not {printable(' '.join(typed))}")
    weights = sum(fan_in * units for fan_in, units in pairwise(sizes))
    if weights > _MOST_WEIGHTS:
        raise BadInput(
            f"SIZES: {printable(' '.join(typed))} has {weights:,} weights; at most {_MOST_WEIGHTS:,} are drawn"
        )
    return (*sizes, 1) if len(sizes) == 1 else sizes


def _inputs(data: str, sizes: tuple[int, ...]) -> tuple[NDArray, tuple[int, ...]]:  # type: ignore[type-arg]
    """Real inputs to look at, and the sizes of a network for them."""
    from tunelab.data import load
    from tunelab.errors import BadInput

    dataset = load(data, report=progress_report(False))
    if sizes and sizes[0] != dataset.features:
        raise BadInput(f"SIZES begin with {sizes[0]:,}, but {dataset.title} has {dataset.features:,} inputs")
    return dataset.training.scaled(slice(0, 1000)), sizes or (dataset.features, 30, dataset.outputs)


def _known(weights: str, biases: str, activation: str) -> None:
    from tunelab.activations import ACTIVATIONS
    from tunelab.errors import BadInput, printable
    from tunelab.initialization import BIASES, WEIGHTS
    from tunelab.suggestions import did_you_mean

    for option, name, known in (
        ("--weights", weights, WEIGHTS),
        ("--biases", biases, BIASES),
        ("--activation", activation, ACTIVATIONS),
    ):
        if name not in known:
            raise BadInput(
                f"{option} has no '{printable(name)}'{did_you_mean(name, known)}; there are {', '.join(known)}"
            )


def _print_json(found: list[tuple[str, list[LayerEffect]]]) -> None:
    for scheme, layer_effects in found:
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
            print(json.dumps(line, ensure_ascii=False))


def _print_table(
    found: list[tuple[str, list[LayerEffect]]], layers: tuple[int, ...], real: bool, active: int | None
) -> None:
    from tunelab.tui.text.tables import aligned

    on = layers[0] // 2 if active is None else active
    inputs = "real inputs" if real else f"{on:,} of {layers[0]:,} inputs at 1, the others at 0"
    print(f"{' → '.join(f'{size:,}' for size in layers)}, {inputs}, before any training")
    rows = [["weights", "layer", "fan-in", "units", "σ_z predicted", "σ_z sampled", "saturated", "mean σ′(z)"]]
    for scheme, layer_effects in found:
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
    print(aligned(rows, right=frozenset(range(1, 8))))
    rules = {effect.saturation for _, layer_effects in found for effect in layer_effects}
    print("saturated: " + "; ".join(sorted(rules)))
