"""Momentum and dropout, asked about after m where there is time for it: with a scripted trainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scripted_trainer import Script, scripted, three_classes
from tunelab import Experiment
from tunelab.strategy.dataset_info import DatasetInfo
from tunelab.strategy.runner import begin, decide, load, reopen, run_to_the_end
from tunelab.strategy.runtime_estimate import modelled
from tunelab.strategy.stages import NAMES, STAGES
from tunelab.strategy.state import State

ASKED = ("momentum", "dropout")


@pytest.fixture(params=[900, 5000], ids=["folds", "held out"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Experiment:
    path = three_classes(tmp_path / "table.csv", request.param)
    return Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.5, "epochs": 3})


def tuned(place: Path, asked: Experiment, script: Script, **how: Any) -> State:
    """Only the stages in question, and what comes of them."""
    begin(place, asked, seeds=2, skip=[name for name in NAMES if name not in (*ASKED, "baseline")], **how)
    return run_to_the_end(place, trainer=scripted(script))


def advice(state: State, name: str) -> dict[str, Any]:
    recommendation = state.stages[name].recommendation
    assert recommendation is not None
    return recommendation


def likes_momentum(experiment: Experiment) -> float:
    return 0.7 + 0.2 * (0.85 < experiment.training.momentum < 0.93)


def test_they_are_asked_after_m_and_before_the_full_problem() -> None:
    assert NAMES[NAMES.index("mini-batch") :][:4] == ("mini-batch", "momentum", "dropout", "full")


def test_momentum_is_taken_where_it_is_better_and_eta_moves_along(tmp_path: Path, asked: Experiment) -> None:
    state = tuned(tmp_path / "study", asked, likes_momentum)
    chosen = advice(state, "momentum")["chosen"]
    assert chosen == {"training.momentum": 0.9, "training.eta": pytest.approx(0.05)}
    assert "more than noise" in advice(state, "momentum")["because"]
    assert state.winner.training.momentum == 0.9


def test_where_nothing_gains_both_stay_and_nothing_changes(tmp_path: Path, asked: Experiment) -> None:
    state = tuned(tmp_path / "study", asked, lambda _: 0.8)
    assert advice(state, "momentum")["chosen"] == {"training.momentum": 0.0}
    assert advice(state, "dropout")["chosen"] == {"training.dropout": 0.0}
    assert state.winner.training == asked.training


def test_a_momentum_that_is_there_is_the_one_to_beat(tmp_path: Path, asked: Experiment) -> None:
    own = asked.changed({"training.momentum": 0.7, "training.nesterov": True})
    state = tuned(tmp_path / "study", own, lambda _: 0.8)
    assert advice(state, "momentum")["chosen"] == {"training.momentum": 0.7}
    assert any("μ = 0.7, the present one" in row["label"] for row in state.stages["momentum"].rows)
    assert state.winner.training == own.training


def test_what_has_neither_is_told_so_and_costs_nothing(tmp_path: Path, asked: Experiment) -> None:
    trained: list[Experiment] = []
    own = asked.changed({"training.optimizer": "adam", "training.eta": 0.01, "network.hidden": []})
    skip = [name for name in NAMES if name not in ASKED]
    begin(tmp_path / "study", own, seeds=2, skip=skip)
    state = run_to_the_end(tmp_path / "study", trainer=scripted(lambda _: 0.8, trained))
    assert "adam has a momentum of its own, beta1" in advice(state, "momentum")["because"]
    assert "no hidden layer" in advice(state, "dropout")["because"]
    assert all(stage.seconds == 0.0 for stage in state.stages.values())
    assert {experiment.training.momentum for experiment in trained} <= {0.0}


def test_dropout_is_asked_about_only_where_training_is_clearly_ahead(
    tmp_path: Path, asked: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def helps(experiment: Experiment) -> float:
        return 0.7 + 0.2 * (experiment.training.dropout == 0.2)

    fits = tuned(tmp_path / "fits", asked, helps)
    assert advice(fits, "dropout")["chosen"] == {"training.dropout": 0.0}
    assert "not clearly ahead of validation" in advice(fits, "dropout")["because"]
    assert "isn't asked about" in advice(fits, "dropout")["because"]
    monkeypatch.setattr("tunelab.search.curve.Curve.training_scores", property(lambda curve: 0 * curve.scores + 0.99))
    overfits = tuned(tmp_path / "overfits", asked, helps)
    assert advice(overfits, "dropout")["chosen"] == {"training.dropout": 0.2}
    assert "Training is clearly ahead of validation (accuracy: 99.0 %" in advice(overfits, "dropout")["because"]


def test_dropout_that_is_there_is_asked_about_whether_or_not_it_overfits(tmp_path: Path, asked: Experiment) -> None:
    own = asked.changed({"training.dropout": 0.6})
    state = tuned(tmp_path / "study", own, lambda e: 0.7 + 0.2 * (e.training.dropout == 0))
    assert advice(state, "dropout")["chosen"] == {"training.dropout": 0.0}


def test_a_gain_that_more_epochs_bring_in_the_same_time_is_no_gain(
    tmp_path: Path, asked: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With momentum an epoch takes three times as long; plain steps come as far in three times the epochs."""
    seconds = "tunelab.strategy.trial_runner.TrialRunner.seconds_of"
    monkeypatch.setattr(seconds, lambda _, experiment: 3.0 if experiment.training.momentum else 1.0)
    state = tuned(tmp_path / "worth it", asked, likes_momentum)
    assert advice(state, "momentum")["chosen"]["training.momentum"] == 0.9
    assert "3.0 times as long" in advice(state, "momentum")["because"]
    short = state.stages["momentum"].experiment["training"]["epochs"]

    def likes_time(experiment: Experiment) -> float:
        return max(likes_momentum(experiment), 0.9 if experiment.training.epochs >= 3 * short else 0.0)

    state = tuned(tmp_path / "not worth it", asked, likes_time)
    assert advice(state, "momentum")["chosen"] == {"training.momentum": 0.0}
    assert "no gain beyond noise, so the present one stays" in advice(state, "momentum")["because"]
    assert advice(state, "momentum")["alternatives"][0]["chosen"]["training.momentum"] == 0.9


@pytest.mark.parametrize("budget", [3.0, 1e6])
def test_they_have_time_only_where_it_can_be_spared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Experiment, budget: float
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def slow(experiment: Experiment) -> float:
        now[0] += 0.02
        return likes_momentum(experiment)

    begin(tmp_path / "study", asked, seeds=2, budget=budget)
    state = run_to_the_end(tmp_path / "study", trainer=scripted(slow))
    status = {name: state.stages[name].status for name in (*ASKED, "mini-batch", "full")}
    if budget < 10:
        assert {status[name] for name in ASKED} == {"left-out"}
        assert status["full"] == "decided"
        assert "can be spared" in advice(state, "momentum")["because"]
    else:
        assert set(status.values()) == {"decided"}


def test_a_study_that_began_before_these_stages_opens_and_goes_on_to_its_own_end(
    tmp_path: Path, asked: Experiment
) -> None:
    place = tmp_path / "study"
    begin(place, asked, seeds=2, budget=100.0, stop_after="baseline")
    run_to_the_end(place, trainer=scripted(likes_momentum))
    path = place / "journal.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    lines[0]["stages"] = [name for name in NAMES if name not in ASKED]
    lines[0]["titles"] = {stage.name: stage.title for stage in STAGES if stage.name not in ASKED}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert list(load(place).stages) == lines[0]["stages"]
    reopen(place)
    state = run_to_the_end(place, trainer=scripted(likes_momentum))
    assert state.done is not None
    assert (state.done["reason"], state.done["left_out"]) == ("finished", [])
    state = decide(place, "back", stage="lambda", by="person")
    assert state.stages["full"].status == "stale"
    assert run_to_the_end(place, trainer=scripted(likes_momentum)).done is not None


def test_l1_is_that_of_a_view_as_lambda_is(tmp_path: Path) -> None:
    """Penalties are divided by n: on fewer examples both are smaller along with it, and the asked problem keeps its."""
    path = three_classes(tmp_path / "table.csv", 9000)
    own = Experiment(
        data={"name": str(path)}, network={"hidden": [8]}, training={"l1": 6.3, "lambda": 63.0, "epochs": 3}
    )
    trained: list[Experiment] = []
    begin(tmp_path / "study", own, seeds=2, stop_after="shrink")
    state = run_to_the_end(tmp_path / "study", trainer=scripted(lambda _: 0.8, trained))
    small = [e for e in trained if e.data.train and e.data.train < 5000]
    assert small
    assert all(e.training.l1 == pytest.approx(e.training.lmbda / 10) for e in trained)
    n = int(state.about["data"]["training"])
    assert all(e.training.l1 == pytest.approx(6.3 * min(e.data.train or n, n) / n) for e in small)
    assert state.winner.training.l1 == 6.3


def test_what_the_kernel_leaves_to_numpy_is_planned_to_take_longer() -> None:
    data = DatasetInfo("t", ("a", "b"), ("a", "b"), 784, 1000, 1000, 1000, 1000, outputs=2)
    for hidden in ([], [30], [200]):
        plain = Experiment(network={"hidden": hidden})
        for setting in ({"training.momentum": 0.9}, {"training.dropout": 0.2}, {"training.optimizer": "adam"}):
            assert modelled([plain.changed(setting)], data) > 2 * modelled([plain], data)
