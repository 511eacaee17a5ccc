"""The search for η: the grid whose lowest training cost decides, the lecture's climb beside it, and what learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from tunelab import Experiment
from tunelab.data import Dataset
from tunelab.data.dataset import Examples
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, OutOfTime, Trials, find_eta
from tunelab.search.climb import climb, course
from tunelab.search.eta import learns

GUESSING = 1.4  # a little above 2 ln 2
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
def test_the_course_of_a_cost_is_a_word(costs: list[float], word: str) -> None:
    assert course(np.array(costs)) == word


# -- the rule, on curves that are written down ------------------------------------------------------------


@dataclass
class Scripted:
    """A trainer whose costs are functions of η alone; guessing costs 1.386 on its 100 examples of two classes.

    What costs less than 1.2 is 90 % right; ``validation`` is the validation cost, the training cost where None.
    """

    cost: Callable[[float], float]
    validation: Callable[[float], float] | None = None
    spread: float = 0.0
    tried: list[float] = field(default_factory=list)
    most: float = np.inf  # trainings for which there is time

    def dataset(self, _experiment: Experiment) -> Dataset:
        part = Examples(np.zeros((100, 2), np.float32), np.arange(100) % 2)
        return Dataset("d", "d", part, part, part, ("a", "b"))

    def run(self, tried: Mapping[str, Experiment], _dataset: Dataset | None = None) -> list[Curve]:
        in_time = list(tried.items())[: int(min(len(tried), self.most - len(self.tried)))]
        if not in_time:
            raise OutOfTime
        return [self._curve(label, experiment) for label, experiment in in_time]

    def _curve(self, label: str, experiment: Experiment) -> Curve:
        eta, R = experiment.training.eta, experiment.initialization.seeds
        self.tried.append(eta)
        end = np.array([self.cost(eta) * (1 + self.spread * seed) for seed in range(R)])
        other = np.array([(self.validation or self.cost)(eta)] * R)
        way = np.linspace(1, 0, 9)[1:, None]
        costs, validation = (
            last + (2.0 - last) * way if np.isfinite(last).all() else last + way for last in (end, other)
        )
        right = np.where(costs < 1.2, 0.9, 0.5)
        (real,) = Trials().run({label: changed(EASY, {"data.train": 10, "data.evaluation": 10, "training.epochs": 1})})
        return replace(
            real,
            experiment=experiment,
            epochs=np.arange(1.0, 9.0),
            seconds=np.arange(8.0),
            training_cost=costs,
            training_data_cost=costs,
            training_accuracy=right,
            evaluation_cost=validation,
            evaluation_data_cost=validation,
            evaluation_accuracy=right,
            diverged=~np.isfinite(end),
            first_cost=np.full(R, 2.0),
        )


@pytest.fixture(autouse=True)
def _no_range_test(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "trainer" in request.fixturenames:
        monkeypatch.setattr("tunelab.search.eta.range_test", lambda *_, **__: type("T", (), {"text": "second"}))


@pytest.fixture
def trainer() -> type[Scripted]:
    return Scripted


def valley(lowest: float, floor: float = 0.2) -> Callable[[float], float]:
    """A cost that is lowest at an η, guessing a thousand times above or below it, and diverges far above."""
    return lambda eta: np.inf if eta > 1000 * lowest else min(GUESSING, floor + 0.4 * abs(np.log10(eta / lowest)))


@pytest.mark.parametrize("most", range(1, 14))
def test_whenever_the_time_is_up_what_was_tried_decides(trainer: type[Scripted], most: int) -> None:
    result = find_eta(EASY, trainer(valley(0.003), most=most))
    tried = [row.value for row in result.rows]
    learning = [row for row in result.rows if "chance" not in row.text and "diverges" not in row.text]
    assert len(tried) == most
    assert result.is_cut_short
    assert bool(learning) == bool(result.settings)
    if learning:  # half of the lowest where that is known to learn, else the lowest itself
        lowest = min((row.value for row in learning), key=valley(0.003))
        assert result.bracket[0] == lowest
        assert result.chosen in (lowest, lowest / 2)


def test_values_in_the_middle_of_the_grid_are_tried_first(trainer: type[Scripted]) -> None:
    scripted = trainer(valley(0.3), most=3)
    result = find_eta(EASY, scripted)
    assert sorted(scripted.tried) == [0.1, 0.3, 1.0]
    assert result.bracket[0] == 0.3


def test_where_nothing_was_tried_in_time_there_is_no_result(trainer: type[Scripted]) -> None:
    with pytest.raises(OutOfTime):
        find_eta(EASY, trainer(valley(1.0), most=0))


def test_half_of_the_eta_with_the_lowest_cost_is_chosen_and_its_bracket_is_the_next_above(
    trainer: type[Scripted],
) -> None:
    result = find_eta(EASY, trainer(valley(1.0)))
    assert (result.chosen, result.bracket) == (0.5, (1.0, 3.0))
    assert result.settings == {"training.eta": 0.5}
    assert [row.value for row in result.rows] == [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
    assert [row.value for row in result.rows if row.good][-1] == 1.0
    assert "lowest at η = 1 (0.2)" in result.because
    assert "The lecture's climb (0.01, 0.1, 1" in result.because


@pytest.mark.parametrize(("lowest", "chosen"), [(1e-5, 5e-6), (1e-6, 5e-7), (1000.0, 500.0)])
def test_the_grid_is_widened_where_the_best_lies_at_its_end(
    trainer: type[Scripted], lowest: float, chosen: float
) -> None:
    result = find_eta(EASY, trainer(valley(lowest)))
    assert result.chosen == pytest.approx(chosen)
    assert ("at the end of what was tried" in result.sure) == (lowest in (1e-6, 1000.0))


def test_a_cost_that_is_low_by_memorizing_does_not_decide(trainer: type[Scripted]) -> None:
    validation: Callable[[float], float] = lambda eta: valley(0.1)(eta)  # noqa: E731
    result = find_eta(EASY, trainer(valley(10.0), validation))
    assert result.bracket[0] == 0.1
    assert "ends lowest at η = 10 (0.2), but by memorizing" in result.because
    assert "that of η = 0.1, which ends lowest" in result.because


def test_no_eta_at_chance_is_chosen(trainer: type[Scripted]) -> None:
    flat = trainer(lambda _: GUESSING)
    result = find_eta(EASY, flat)
    assert result.settings == {}
    assert result.to_dict()["chosen"] is None
    assert "At no η from 1e-06 to 1000" in result.because
    assert {1e-6, 1000.0} <= set(flat.tried)
    assert flat.tried.count(0.01) == 2  # once more, for longer, before giving up


def test_an_eta_whose_half_does_not_learn_is_taken_itself(trainer: type[Scripted]) -> None:
    result = find_eta(EASY, trainer(lambda eta: 0.3 if eta in (1.0, 3.0) else GUESSING if eta < 3 else np.inf))
    assert result.chosen == 1.0
    assert "with 0.5 it doesn't learn in that time" in result.because


def test_the_spread_between_seeds_is_said(trainer: type[Scripted]) -> None:
    assert "the same η, 1, for all 3 seeds" in find_eta(EASY, trainer(valley(1.0), spread=0.1)).sure
    assert "One seed only" in find_eta(EASY, trainer(valley(1.0)), seeds=1).sure


def test_a_few_examples_are_gone_through_often_enough_to_see_something(trainer: type[Scripted]) -> None:
    epochs: list[int] = []

    class Listening(trainer):  # type: ignore[misc, valid-type]
        def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
            epochs.extend(e.training.epochs for e in tried.values())
            curves: list[Curve] = super().run(tried, dataset)
            return curves

    find_eta(changed(EASY, {"training.mini_batch": 10}), Listening(valley(1.0)))
    assert set(epochs) == {50}  # 500 mini-batches of 10 from 100 examples
    epochs.clear()
    find_eta(changed(EASY, {"training.mini_batch": 1}), Listening(valley(1.0)), epochs=9)
    assert set(epochs) == {9}


# -- the climb --------------------------------------------------------------------------------------------

FALLS, RISES, FLAT = ("falls",) * 3, ("rises",) * 3, ("flat",) * 3


def test_the_climb_goes_by_tens_and_then_over_what_lies_between() -> None:
    way = climb({0.001: FALLS, 0.01: FALLS, 0.03: FALLS, 0.1: FALLS, 0.3: FALLS, 1.0: RISES, 3.0: FALLS})
    assert way is not None
    assert way.path == (0.01, 0.1, 1.0, 0.3)
    assert way.threshold == 0.3


def test_the_climb_goes_down_where_the_cost_rises_and_over_flat_ground_where_it_is_flat() -> None:
    down = climb({1e-4: FALLS, 0.001: RISES, 0.01: RISES, 0.1: RISES})
    assert (down.path, down.threshold) == ((0.01, 0.001, 1e-4), 1e-4) if down else False
    up = climb({0.01: FLAT, 0.1: FLAT, 1.0: FALLS, 3.0: RISES, 10.0: RISES})
    assert (up.path, up.threshold) == ((0.01, 0.1, 1.0, 10.0, 3.0), 1.0) if up else False
    assert climb({0.01: RISES, 0.001: FLAT}) is None


# -- real trainings ---------------------------------------------------------------------------------------


def points(make: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]], n: int, judged: int) -> Dataset:
    """``n`` examples to learn from, and others to judge on."""
    inputs, targets = make(np.random.default_rng(2), n + judged)
    x = inputs.astype(np.float32)
    parts = Examples(x[:n], targets[:n]), Examples(x[n:], targets[n:])
    classes = ("a", "b") if targets.ndim == 1 else None
    return Dataset("points", "points", *parts, parts[1], classes, tolerance=0.0 if classes else 0.3)


def xor(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    corners = rng.integers(0, 2, (n, 2))
    return corners + rng.normal(0, 0.15, (n, 2)), (corners[:, 0] ^ corners[:, 1]).astype(np.uint8)


def rare(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    targets = (rng.random(n) < 0.07).astype(np.uint8)
    return rng.normal(0, 1, (n, 4)) + 0.6 * targets[:, None], targets


def wave(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(-2, 2, (n, 1))
    return x, np.sin(2 * x).astype(np.float32)


class On(Trials):
    """Trials on one data set."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._dataset = dataset

    def dataset(self, experiment: Experiment) -> Dataset:  # noqa: ARG002
        return self._dataset


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_on_noisy_xor_with_thirty_examples_to_judge_on_it_learns_with_the_answer(activation: str) -> None:
    base = Experiment(network={"hidden": [6], "activation": activation}, training={"epochs": 150})
    trials = On(points(xor, 300, 30))
    result = find_eta(base, trials)
    (curve,) = trials.run({"answer": changed(base, result.settings | {"initialization.seeds": 3})})
    assert np.median(curve.training_accuracy[-1]) > 0.9


def test_regression_is_judged_against_the_best_constant_answer() -> None:
    base = Experiment(
        network={"hidden": [12], "activation": "tanh", "output": "linear", "cost": "quadratic"},
        training={"epochs": 60},
    )
    trials = On(points(wave, 200, 50))
    result = find_eta(base, trials)
    (curve,) = trials.run({"answer": changed(base, result.settings)})
    variance = 0.5 * float(np.var(trials.dataset(base).training.targets))
    assert learns(curve, trials.dataset(base)) == [True]
    assert curve.training_data_cost[-1, 0] < 0.2 * variance


def test_a_rare_class_is_learnt_before_an_answer_names_it() -> None:
    """A network may know that a case is likelier without ever calling one: its accuracy is that of guessing."""
    dataset = points(rare, 1000, 1000)
    base = Experiment(network={"hidden": []}, training={"eta": 0.01, "epochs": 15})
    (curve,) = On(dataset).run({"one": base})
    assert curve.evaluation_accuracy[-1, 0] <= np.bincount(dataset.validation.targets).max() / 1000 + 0.003
    assert learns(curve, dataset) == [True]
    (untrained,) = On(dataset).run({"one": changed(base, {"training.eta": 1e-6})})
    assert learns(untrained, dataset) == [False]


def test_a_network_that_cannot_learn_has_no_eta() -> None:
    base = Experiment(network={"hidden": [4]}, initialization={"weights": "zeros", "biases": "zeros"})
    dataset = points(xor, 100, 50)
    noise = replace(dataset, training=Examples(0 * dataset.training.inputs, dataset.training.targets))
    assert find_eta(base, On(noise), seeds=1).settings == {}


def test_relus_that_a_large_step_puts_out_of_action_are_not_chosen() -> None:
    relu = changed(EASY, {"network.hidden": [30], "network.activation": "relu", "data.train": 1000})
    result = find_eta(relu, Trials())
    best = max(row.score for row in result.rows if row.score is not None)
    (curve,) = Trials().run(
        {"answer": changed(relu, result.settings | {"initialization.seeds": 3, "training.epochs": 5})}
    )
    assert curve.final_scores.mean() > best - 0.05


def test_no_experiment_is_changed_by_looking_for_eta() -> None:
    before = EASY.to_dict()
    find_eta(EASY, Trials(), seeds=1)
    assert EASY.to_dict() == before
