"""Ink on paper: from where the pen went to 28×28 grey levels, by MNIST's conventions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["render"]

BOX = 20  # the longer side of a digit fills so many pixels
SIDE = 28
_MARGIN = 4  # around the box while drawing, so that a pen's edge needs no special case
_REACH = 3  # pixels from a pen's centre that its ink can touch
_LIMIT = _REACH - 0.75  # the largest radius, in pixels


def render(places: NDArray[np.float64], radii: NDArray[np.float64], edge: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(n, 784) grey levels of ``places`` (n, samples, 2) as x and y, and ``radii`` (n, samples) of the pen.

    ``edge`` (n, 1): over how many pixels a stroke's edge goes from black to white.
    Like MNIST's pictures (LeCun, Cortes, Burges): the digit is scaled to a box of 20 × 20 pixels, keeping its
    proportions, in grey levels, then moved by whole pixels so that its centre of mass is in the middle.
    """
    return _center_by_mass(_ink(*_fit_box(places, radii), edge))


def _fit_box(
    places: NDArray[np.float64], radii: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r = radii[..., None]
    low, high = (places - r).min(axis=1), (places + r).max(axis=1)
    size = (high - low).max(axis=1)[:, None, None]
    middle = ((low + high) / 2)[:, None, :]
    return (places - middle) * (BOX / size) + BOX / 2, radii * (BOX / size[..., 0])


def _ink(places: NDArray[np.float64], radii: NDArray[np.float64], edge: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(n, BOX, BOX): a pixel is as dark as the nearest place of the pen makes it."""
    n = len(radii)
    wide = BOX + 2 * _MARGIN
    first = np.floor(places).astype(np.intp) - _REACH  # the pixel where a pen's window begins
    window = np.arange(2 * _REACH + 1)
    d = (first + 0.5 - places).astype(np.float32)[..., None] + window.astype(np.float32)
    d *= d
    dark = d[:, :, 1, :, None] + d[:, :, 0, None, :]  # (n, samples, rows, columns)
    np.sqrt(dark, out=dark)
    np.subtract(np.minimum(radii, _LIMIT).astype(np.float32)[..., None, None], dark, out=dark)
    at = ((np.arange(n) * wide)[:, None] + first[..., 1] + _MARGIN) * wide + first[..., 0] + _MARGIN
    paper = np.full(n * wide * wide, -1e9, np.float32)
    np.maximum.at(paper, (at[..., None, None] + window[:, None] * wide + window).ravel(), dark.ravel())
    paper = paper.reshape(n, wide, wide)[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    grey = paper / edge.astype(np.float32)[..., None] + np.float32(0.5)
    return np.floor(np.clip(grey, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _center_by_mass(boxes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 784) with the centre of mass, in whole numbers, at the pixel in the middle."""
    n = len(boxes)
    mass = boxes.astype(np.int64)
    total = np.maximum(mass.sum(axis=(1, 2)), 1)
    pixels = np.arange(BOX)
    offsets = []
    for moment in ((mass.sum(axis=2) * pixels).sum(axis=1), (mass.sum(axis=1) * pixels).sum(axis=1)):
        centre = (2 * moment + total) // (2 * total)  # rounded
        offsets.append(np.clip(SIDE // 2 - centre, 0, SIDE - BOX))
    images = np.zeros((n, SIDE, SIDE), np.uint8)
    rows = offsets[0][:, None, None] + pixels[:, None]
    columns = offsets[1][:, None, None] + pixels
    images[np.arange(n)[:, None, None], rows, columns] = boxes
    return images.reshape(n, SIDE * SIDE)
