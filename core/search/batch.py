"""The mini-batch size: whichever learns most in the same time, with η scaled along (Nielsen, chapter 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search.curve import Curve
from tunelab.search.lambda_search import noise_threshold
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import OutOfTime, Trainer
from tunelab.search.trials import search_settings

__all__ = ["find_mini_batch"]

Array = NDArray[Any]

_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_MEASUREMENTS = 24  # of a training: enough to tell who is there first, and little of its time
_LOOK = 8  # a first look at how fast a size is takes this part of the epochs
_MOST_EPOCHS = 8  # times those of the present m, for whoever is fast


def find_mini_batch(
    base: Experiment, trials: Trainer, *, seeds: int = 3, epochs: int = 4, sizes: Sequence[int] = _SIZES
) -> SearchResult:
    """Search m for ``base``: every size gets the time that the present one needs for ``epochs`` epochs, side by side.

    η is scaled with m, so that a single example counts for as much (η/m stays). Judged by validation accuracy at the
    end of that time; where sizes are tied within noise, by who was there first. ``seconds`` depend on this machine.
    Where the trainer's time is up on the way, what has been tried decides, and the result says so.
    """
    n = len(trials.dataset(base).training)
    present = base.training.mini_batch
    tried = sorted({m for m in sizes if m <= max(n // 10, 1)} | {present})

    def sized(m: int, epochs: int) -> Experiment:
        eta = float(f"{base.training.eta * m / present:.4g}")
        every = max(m, n * epochs // _MEASUREMENTS)
        small = search_settings(base, seeds=seeds, epochs=epochs, monitor_every=every)
        return changed(small, {"training.mini_batch": m, "training.eta": min(eta, 1e6)})

    def label(m: int) -> str:
        return f"m = {m}, η = {sized(m, 1).training.eta:g}"

    # The present size first, then those nearest to it: they have been trained if time is up
    near = sorted(tried, key=lambda m: abs(math.log(m / present)))
    look = max(1, epochs // _LOOK)
    first = _by_size(trials.run({label(m): sized(m, look) for m in near}))
    if present not in first or len(first) < min(2, len(near)):
        raise OutOfTime
    time = float(first[present].seconds[-1]) * epochs / look
    lengths = {m: _epochs_within(time, curve, look, epochs) for m, curve in first.items()} | {present: epochs}
    curves = {m: curve for m, curve in first.items() if lengths[m] == look}
    if more := {label(m): sized(m, lengths[m]) for m in near if lengths.get(m, look) != look}:
        curves |= _by_size(trials.run(more))
    if present not in curves or len(curves) < min(2, len(near)):
        raise OutOfTime
    time = float(curves[present].seconds[-1])
    return replace(_decide(curves, present, time), is_cut_short=len(curves) < len(near))


def _by_size(curves: Sequence[Curve]) -> dict[int, Curve]:
    return {curve.experiment.training.mini_batch: curve for curve in curves}


def _epochs_within(seconds: float, first: Curve, look: int, epochs: int) -> int:
    """How many epochs fill so many seconds, where ``first`` is ``look``; not beyond what whoever is fast may have."""
    one = max(float(first.seconds[-1]), 1e-9) / look
    return max(look, min(math.ceil(seconds / one), _MOST_EPOCHS * epochs))


def _at(curve: Curve, seconds: float) -> Array:
    """Every seed's best score so far after some seconds of training, (R,), between measurements on a line."""
    best = np.maximum.accumulate(curve.scores, axis=0)
    return np.array([np.interp(seconds, curve.seconds, column) for column in best.T])


def _when(curve: Curve, score: float) -> float:
    """Seconds until the mean over seeds reaches a score; infinity where it doesn't."""
    reached = np.flatnonzero(curve.scores.mean(axis=1) >= score)
    return float(curve.seconds[reached[0]]) if len(reached) else math.inf


def _decide(curves: dict[int, Curve], present: int, time: float) -> SearchResult:
    scores = {m: _at(curve, time) for m, curve in curves.items()}
    total, metric = curves[present].noise_total, curves[present].metric
    best = max(scores, key=lambda m: float(scores[m].mean()))
    tied = sorted(
        m for m, s in scores.items() if float(scores[best].mean() - s.mean()) <= noise_threshold(scores[best], s, total)
    )
    level = float(scores[best].mean()) - max(noise_threshold(scores[best], scores[m], total) for m in tied)
    times = {m: _when(curve, level) for m, curve in curves.items()}
    chosen = min(tied, key=lambda m: (times[m], abs(math.log(m / present))))
    eta = curves[chosen].experiment.training.eta
    near = metric.text(level, digits=0)
    rows = []
    for m in sorted(curves):
        arrival = f"{near} after {times[m]:.2g} s" if math.isfinite(times[m]) else f"below {near}"
        more = f" in {time:.2g} s, {arrival}"
        rows.append(
            SearchRow.of_scores(float(m), curves[m].label, scores[m].tolist(), m in tied, more=more, metric=metric)
        )
    because = (
        f"All had the {time:.2g} s that m = {present} needs. m = {chosen} with η = {eta:g} is at "
        f"{metric.text(float(scores[chosen].mean()), digits=1)} by then"
    )
    because += (
        f"; {', '.join(map(str, tied))} are tied within noise, and {chosen} gets near there first."
        if len(tied) > 1
        else ", more than noise above the others."
    )
    largest = max(curves)
    if chosen != largest:
        there = metric.text(float(scores[largest].mean()), digits=1)
        because += f" The largest, {largest}, makes the fewest steps and is at {there}."
    sure = "Seconds are this machine's, and others working on it blur them; sizes next to each other differ little."
    settings = {"training.mini_batch": chosen, "training.eta": eta}
    return SearchResult("batch", float(chosen), (float(tied[0]), float(tied[-1])), because, sure, tuple(rows), settings)
