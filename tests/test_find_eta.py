"""The threshold rule for η: what counts as falling, and that a search stops below where it no longer does."""

from __future__ import annotations

import numpy as np
import pytest
from tunelab import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Trials
from tunelab.search.eta import course, find_eta

EASY = Experiment(data={"train": 300, "evaluation": 100}, network={"hidden": []})


@pytest.mark.parametrize(
    ("costs", "word"),
    [
        ([7.0, 4.0, 3.0, 2.5, 2.2, 2.0], "falls"),
        ([7.0, 4.0, 3.1, 3.2, 2.9, 2.8, 2.85, 2.7], "falls"),  # the ups and downs of mini-batches
        ([7.0, 7.0, 6.999, 6.998], "flat"),
        ([7.0, 3.0, 6.0, 2.5, 5.5, 2.8, 6.0, 2.9], "oscillates"),
        ([7.0, 2.0, 4.0, 5.0, 6.0, 6.5], "rises"),  # falling at first and rising then isn't falling
        ([7.0, 9.0, 20.0, 50.0], "rises"),
        ([7.0, 9.0, float("nan"), float("nan")], "diverges"),
    ],
)
def test_what_a_cost_does_is_told_in_a_word(costs: list[float], word: str) -> None:
    assert course(np.array(costs)) == word


def test_half_of_the_largest_eta_that_falls_is_chosen_and_nothing_above_the_threshold() -> None:
    found = find_eta(EASY, Trials())
    good = [row.value for row in found.rows if row.good]
    bad = [row.value for row in found.rows if not row.good]
    assert found.chosen == max(good) / 2
    assert found.bracket == (max(good), min(bad))
    assert max(good) < min(bad)
    assert found.settings == {"training.eta": found.chosen}


def test_a_start_that_is_far_too_large_goes_down_until_the_cost_falls() -> None:
    from_above, from_below = (find_eta(EASY, Trials(), start=start) for start in (1000.0, 0.01))
    assert 0.4 <= from_above.chosen / from_below.chosen <= 2.5


def test_relus_that_a_large_step_puts_out_of_action_do_not_count_as_falling() -> None:
    relu = changed(EASY, {"network.hidden": [30], "network.activation": "relu", "data.train": 1000})
    found = find_eta(relu, Trials())
    best = max(row.score for row in found.rows if row.score is not None)
    chosen_near = min(found.rows, key=lambda row: abs(np.log(row.value / found.chosen)))
    assert chosen_near.score is not None
    assert chosen_near.score > best - 0.05


def test_no_experiment_is_changed_by_looking_for_eta() -> None:
    before = EASY.to_dict()
    find_eta(EASY, Trials())
    assert EASY.to_dict() == before
