"""The strategy's own trainer: folds judge every example once, and what was trained before time is up counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_trainer import three_classes
from tunelab import Experiment
from tunelab.search import Curve, OutOfTime
from tunelab.search.curve import curve_of
from tunelab.strategy.local_trainer import LocalTrainer

FOLDS = 3


@pytest.fixture
def table(tmp_path: Path) -> Experiment:
    path = three_classes(tmp_path / "table.csv", 120)
    return Experiment(data={"name": str(path)}, network={"hidden": []}, training={"eta": 0.5, "epochs": 4})


def silent(_label: str, _fields: object) -> None:
    """Nobody listens."""


def test_every_example_of_training_and_validation_is_judged_by_a_network_that_has_not_learnt_it(
    table: Experiment,
) -> None:
    heard: list[tuple[str, float]] = []

    def listen(label: str, fields: dict[str, Any]) -> None:
        heard.append((label, fields["evaluation_total"]))

    trainer = LocalTrainer(listen, lambda: None, folds=FOLDS)
    tried = {"one": table, "two": table.changed({"training.eta": 0.1, "initialization.seeds": 2})}
    one, two = trainer.run(tried)
    dataset = trainer.dataset(table)
    pool = len(dataset.training) + len(dataset.validation)
    assert [(curve.label, curve.seeds) for curve in (one, two)] == [("one", FOLDS), ("two", 2 * FOLDS)]
    evaluation = trainer.evaluate(two)
    assert (evaluation.seeds, evaluation.total) == (2, pool)
    assert trainer.evaluate(one).better_than_chance()
    assert heard == [("one", pool)] * 4 + [("two", pool)] * 4


def test_every_fold_has_its_scores_in_the_curve_and_learns_with_its_share_of_the_penalties(table: Experiment) -> None:
    learnt: list[tuple[float, float]] = []
    trainer = LocalTrainer(lambda *_: None, lambda: None, folds=5)
    train = trainer._train

    def noting(tasks: Any, reports: Any) -> Any:
        learnt.extend((e.training.lmbda, e.training.l1) for tried, _ in tasks for e in tried.values())
        return train(tasks, reports)

    trainer._train = noting  # type: ignore[method-assign]
    own = table.changed({"training.lambda": 3.0, "training.l1": 1.0, "initialization.seeds": 2})
    (curve,) = trainer.run({"a": own})
    assert curve.seeds == curve.scores.shape[1] == curve.training_scores.shape[1] == 10
    assert all(lmbda == pytest.approx(3 * l1) and 0.5 < l1 < 2.0 and l1 != 1.0 for lmbda, l1 in learnt)


def test_where_the_time_is_up_those_settings_count_that_all_folds_have_judged(
    table: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is up when the folds of the first setting have been trained."""
    slow = table.changed({"training.epochs": 100_000})
    tried = {"first": table, "second": slow, "third": slow.changed({"training.eta": 0.1})}
    trained: list[str] = []

    def counting(label: str, *rest: Any) -> Curve:
        trained.append(label)
        return curve_of(label, *rest)

    def pulse() -> None:
        if trained.count("first") == FOLDS:
            raise OutOfTime

    monkeypatch.setattr("tunelab.search.stacked_trials.curve_of", counting)
    curves = LocalTrainer(silent, pulse, folds=FOLDS).run(tried)
    assert [curve.label for curve in curves] == list(tried)[: len(curves)]
    assert len(curves) == 1
    assert len(curves[0].epochs) == 4


def test_where_no_setting_was_judged_by_all_folds_that_is_raised(table: Experiment) -> None:
    def pulse() -> None:
        raise OutOfTime

    with pytest.raises(OutOfTime):
        LocalTrainer(silent, pulse, folds=FOLDS).run({"one": table.changed({"training.epochs": 5000})})


def test_settings_on_different_parts_of_the_data_come_back_in_the_order_asked(table: Experiment) -> None:
    tried = {
        "few": table.changed({"data.train": 30}),
        "all": table,
        "few again": table.changed({"data.train": 30, "training.eta": 0.1}),
    }
    curves = LocalTrainer(silent, lambda: None).run(tried)
    assert [curve.label for curve in curves] == list(tried)
    assert np.isfinite([curve.training_cost[-1, 0] for curve in curves]).all()
