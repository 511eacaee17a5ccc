"""Pictures of cost functions beside a step's text, computed: local minima over one weight, a valley over two."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS
from tunelab.tui.charts import Axis, ChartSpec, Series, sheet
from tunelab.tui.charts.terminal import page_style

__all__ = ["PictureName", "descent", "minima", "picture_chart", "picture_text", "valley"]

Array = NDArray[np.float64]
PictureName = Literal["", "minima", "valley"]

_INPUTS, _TARGETS = np.array([12.0, -0.5, -0.6, -0.7]), np.array([0.9, 0.8, 0.8, 0.8])
_CURVATURES = np.array([1.0, 40.0])
_STEPS = 30


@cache
def picture_chart(name: PictureName) -> ChartSpec:
    """Return a picture by its name."""
    return minima() if name == "minima" else valley()


def picture_text(name: PictureName, *, colour: bool) -> str:
    """Return a picture as text for a terminal."""
    width, style = page_style(colour=colour)
    sheet_of = sheet(picture_chart(name), min(width, 80), 18, style)
    return sheet_of.ansi() if style.colour else sheet_of.plain()


def descent(gradient: Callable[[Array], Array], start: Array, eta: float, steps: int, momentum: float = 0.0) -> Array:
    """Return the weights (steps + 1, k) on the way down from ``start`` (k,): v ← μ v + g, w ← w − η v."""
    way, v = [start], np.zeros_like(start)
    for _ in range(steps):
        v = momentum * v + gradient(way[-1])
        way.append(way[-1] - eta * v)
    return np.array(way)


def minima() -> ChartSpec:
    """Return the quadratic cost of one sigmoid neuron over its only weight, and where three starts lead.

    One example wants a small positive w, the other three a negative one; there the first saturates the neuron, and its
    gradient is gone.
    """

    def neuron(w: Array) -> tuple[Array, Array]:
        """The activations a and σ′(z), (k, examples)."""
        a = np.outer(w, _INPUTS)
        slope = np.empty_like(a)
        ACTIVATIONS["sigmoid"].forward(a, slope)
        return a, slope

    def cost(w: Array) -> Array:
        a, _ = neuron(w)
        return np.mean((a - _TARGETS) ** 2 / 2, axis=1)

    def gradient(w: Array) -> Array:
        a, slope = neuron(w)
        return np.mean((a - _TARGETS) * slope * _INPUTS, axis=1)

    w = np.linspace(-6.0, 4.0, 400)
    series = [Series(w, cost(w), colour="muted", points=False)]
    for number, start in enumerate((-5.0, -0.5, 3.5)):
        way = descent(gradient, np.array([start]), eta=2.0, steps=1000)[:, 0]
        costs = cost(way)
        label = f"from w = {start:g}: C = {costs[-1]:.3f} at w = {way[-1]:.2g}"
        series.append(Series(way, costs, label.replace("-", "−"), number))
    return ChartSpec("The cost over one weight", Axis("w", (-6.0, 4.0)), Axis("C", (0.0, 0.2)), tuple(series))


def valley() -> ChartSpec:
    """Return the way down a narrow valley, C = (w₁² + 40 w₂²)/2, without momentum and with it."""

    def gradient(w: Array) -> Array:
        return _CURVATURES * w

    angle = np.linspace(0.0, 2 * np.pi, 120)
    series = []
    for radius in (2.0, 5.0, 8.0):
        x, y = radius * np.cos(angle), radius * np.sin(angle) / np.sqrt(_CURVATURES[1])
        series.append(Series(x, y, colour="muted", points=False))
    for number, momentum in enumerate((0.0, 0.7)):
        way = descent(gradient, np.array([-8.5, 1.2]), 0.045, _STEPS, momentum)
        cost = float(np.sum(_CURVATURES * way[-1] ** 2) / 2)
        name = f"μ = {momentum:g}" if momentum else "no momentum"
        series.append(Series(way[:, 0], way[:, 1], f"{name}: C = {cost:.2g} after {_STEPS} steps", number))
    title = "Two weights in a narrow valley, η = 0.045"
    return ChartSpec(title, Axis("w₁", (-9.0, 3.0)), Axis("w₂", (-1.6, 1.6)), tuple(series))
