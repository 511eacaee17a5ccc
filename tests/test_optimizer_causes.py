"""Causes in momentum, clipping, dropout, warm-ups and SELU's weights: found where they are, quiet where they aren't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import run_cli
from small_runs import little_data
from test_diagnosis import FALLING, curves
from tunelab.diagnosis import Setting, verdicts
from tunelab.diagnosis.curves import Curves
from tunelab.diagnosis.optimizer_causes import selu_weights, warm_up_too_long

SWINGING = np.array([2.0, 3.0, 4.0, 3.0, 2.0, 3.0, 4.0, 3.0, 2.0, 3.0, 4.0, 3.0, 2.0, 3.0])


def causes(c: Curves) -> list[str]:
    return [verdict.cause for verdict in verdicts(c)]


def test_a_momentum_that_swings_is_named_with_its_period() -> None:
    c = curves(SWINGING, 0.3, momentum=0.99, eta=0.1, n=1000, first_cost=3.0)
    verdict = next(v for v in verdicts(c) if v.cause == "momentum-too-high")
    assert "with a period of 4 epochs" in verdict.text
    assert "η/(1 − μ) = 10" in verdict.text
    assert verdict.cure == {"training.momentum": 0.9, "training.eta": 0.06}  # twice what is usual with 0.9
    burst = verdicts(curves([3.0, 40.0, np.nan], 0.1, momentum=0.99, eta=0.5, diverged=True))[0]
    assert (burst.code, burst.cause) == ("diverged", "momentum-too-high")
    assert burst.text.count("iverged") == 1
    assert "momentum-too-high" not in causes(curves(SWINGING, 0.3, momentum=0.9, eta=0.1, n=1000, first_cost=3.0))
    assert "momentum-too-high" not in causes(curves(FALLING, 0.8, momentum=0.99, eta=0.005, n=1000))


def test_with_momentum_the_usual_eta_is_smaller() -> None:
    plain, quick = (Setting(momentum=mu, activation="sigmoid", hidden=(30,)) for mu in (0.0, 0.9))
    assert quick.usual_eta == pytest.approx(plain.usual_eta / 10)


def test_gradients_that_are_all_clipped_are_named() -> None:
    high = np.full(8, 2.5) * 0.99 ** np.arange(8)
    norms = np.full((8, 2), 3.0)
    verdict = next(
        v
        for v in verdicts(curves(high, 0.3, clip_norm=0.01, n=1000, first_cost=3.0, gradient_norm=norms))
        if v.cause == "always-clipped"
    )
    assert verdict.cure == {"training.clip_norm": 13.0}  # three times √(9 + 9)
    assert "always-clipped" not in causes(curves(high, 0.3, clip_norm=5.0, n=1000, gradient_norm=norms))
    assert "always-clipped" not in causes(curves(FALLING * 0.1, 0.9, clip_norm=0.01, n=1000, gradient_norm=norms))


def test_dropout_that_leaves_too_few_neurons_is_named() -> None:
    level = np.full(12, 1.6)
    small: dict[str, Any] = {"hidden": (12,), "n": 1000, "constant_cost": 3.25, "ended": True}
    verdict = next(v for v in verdicts(curves(level, 0.6, dropout=0.5, **small)) if v.cause == "dropout-too-large")
    assert "12 neurons has 6 left" in verdict.text
    assert verdict.cure == {"training.dropout": 0.0}
    assert "dropout-too-large" not in causes(curves(level, 0.6, dropout=0.5, **small | {"hidden": (100,)}))


def test_a_warm_up_of_half_the_epochs_is_too_long() -> None:
    verdict = warm_up_too_long(Setting(warm_up=20, epochs=30))
    assert verdict is not None
    assert verdict.cure == {"training.schedule.warm_up": 3}
    assert warm_up_too_long(Setting(warm_up=3, epochs=30)) is None
    assert warm_up_too_long(Setting(epochs=30)) is None


@pytest.mark.parametrize(
    ("weights", "gain", "named"), [("scaled", 1.0, False), ("scaled", 2.0, True), ("he-normal", 1.0, True)]
)
def test_selus_want_weights_of_their_own(weights: str, gain: float, named: bool) -> None:
    verdict = selu_weights(Setting(activation="selu", hidden=(30,), weights=weights, gain=gain))
    assert (verdict is not None) == named
    assert selu_weights(Setting(activation="relu", hidden=(30,), weights=weights, gain=gain)) is None


def test_a_run_of_selus_with_other_weights_is_warned_of_and_trained(tmp_path: Path) -> None:
    settings = ["activation=selu", "weights=he-normal", "epochs=1", "train=100"]
    words = [word for setting in settings for word in ("--set", setting)]
    outcome = run_cli("run", "table", "--data", little_data(tmp_path), *words)
    assert outcome.code == 0
    assert "Note: SELUs with he-normal weights." in outcome.err
    assert (
        "Note:" not in run_cli("run", "table", "--data", little_data(tmp_path), *words, "--set", "weights=scaled").err
    )
