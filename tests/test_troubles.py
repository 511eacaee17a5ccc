"""Known troubles: a cheap part of the collection is diagnosed at every run of the tests, and its cures are trained.

``python -m tests.benchmarks.diagnosis`` measures the whole of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.diagnosis import events_of, judge, row
from commandline import run_cli
from troubles import CASES, Case
from tunelab.cure_trials import experiments_for, try_cures
from tunelab.data import Dataset, Examples
from tunelab.diagnose import diagnose_experiment
from tunelab.diagnosis import CAUSES, DataFacts, data_facts
from tunelab.experiment import Experiment, train
from tunelab.experiment.preset import available
from tunelab.experiment.preset import find as find_preset
from tunelab.network import Network
from tunelab.records.follow import count_measurements, sample_events
from tunelab.records.history import History
from tunelab.training import Training
from tunelab.training.layer_statistics import layer_statistics
from tunelab.tui.lecture.steps import lecture, steps_of_causes

# Small, and made from a seed: the whole collection takes minutes
QUICK = ("blobs", "xor", "linear", "unequal", "noise", "power", "points", "rings", "moons", "friedman", "bump", "words")
CHEAP = [
    case
    for case in CASES
    if case.half in {"tune", "unseen"} and any(word in case.name.split(" · ")[1].split() for word in QUICK)
]
FAULTY, HEALTHY = [case for case in CHEAP if case.causes], [case for case in CHEAP if not case.causes]


def named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", FAULTY, ids=named)
def test_the_cause_is_named_first_and_its_cure_does_no_harm(case: Case) -> None:
    result = row(case, None)
    assert result.first in case.causes, result.text
    assert not result.harms
    if case.half == "tune":
        assert result.helps in {True, None}
    if case.good is None:  # no hyper-parameter mends data
        assert set(result.cure or ()) <= {"data.standardize", "data.class_weights"}


@pytest.mark.parametrize("case", HEALTHY, ids=named)
def test_nothing_healthy_is_accused(case: Case) -> None:
    assert [verdict.cause for verdict in judge(events_of(case).events) if verdict.cause] == []


def test_every_cause_is_in_the_collection_and_no_other() -> None:
    assert {slug for case in CASES for slug in case.causes} <= set(CAUSES)
    assert len([case for case in CASES if case.causes]) >= 60
    assert len([case for case in CASES if not case.causes]) >= 25
    untested = set(CAUSES) - {slug for case in CASES for slug in case.causes}
    assert untested <= {"one-class"}, untested  # what a loader refuses


# -- one voice, no contradiction --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_faults() -> list[Any]:
    experiment = Experiment(
        data={"train": 300, "evaluation": 100},
        network={"hidden": [10]},
        initialization={"weights": "zeros"},
        training={"eta": 50.0, "epochs": 8},
    )
    return diagnose_experiment(experiment).verdicts


def test_what_must_be_right_first_is_said_first(two_faults: list[Any]) -> None:
    order = list(CAUSES)
    causes = [verdict.cause for verdict in two_faults if verdict.cause]
    assert causes[0] == "identical-neurons"
    assert causes == sorted(causes, key=order.index)


def test_no_two_cures_change_one_parameter(two_faults: list[Any]) -> None:
    keys = [key for verdict in two_faults for key in verdict.cure or {}]
    assert len(keys) == len(set(keys))


CAUSE_PRESETS = [name for name in available() if name.startswith("causes/")]


@pytest.mark.parametrize("name", CAUSE_PRESETS)
def test_a_causes_preset_shows_it(name: str) -> None:
    verdicts = diagnose_experiment(find_preset(name).arms[0].experiment).verdicts
    assert verdicts[0].cause == name.removeprefix("causes/")


@pytest.mark.parametrize("name", CAUSE_PRESETS[::4])
def test_the_second_arm_of_a_causes_preset_is_healthy(name: str) -> None:
    assert [verdict.cause for verdict in diagnose_experiment(find_preset(name).arms[1].experiment).verdicts] == [""]


def test_causes_are_listed_with_what_they_mean_and_a_run_that_shows_them() -> None:
    outcome = run_cli("diagnose", "--causes")
    assert outcome.code == 0
    for cause in CAUSES.values():
        assert cause.name in outcome.out
    assert "tunelab run causes/dead-relu" in outcome.out
    assert {f"causes/{slug}" for slug in CAUSES} == set(CAUSE_PRESETS)


def test_the_page_of_one_cause_leads_to_its_run_and_to_the_lecture() -> None:
    outcome = run_cli("diagnose", "--causes", "dead-relu")
    assert outcome.code == 0
    assert outcome.out.startswith("dead ReLU\n")
    assert "tunelab run causes/dead-relu --plot" in outcome.out
    assert "tunelab learn 2.2" in outcome.out
    misspelt = run_cli("diagnose", "--causes", "deadrelu")
    assert (misspelt.code, "did you mean 'dead-relu'" in misspelt.err) == (2, True)


def test_the_lecture_leads_to_causes_that_there_are() -> None:
    assert set(steps_of_causes()) <= set(CAUSES)
    assert {slug for step in lecture() for slug in step.causes} == set(steps_of_causes())
    assert len(steps_of_causes()) == len(CAUSES)
    assert "tunelab diagnose --causes saturated-start" in run_cli("learn", "1.2").out


# -- the data's own evidence ------------------------------------------------------------------------------


def facts_of(name: str) -> DataFacts:
    from troubles import dataset_of

    case = next(case for case in CASES if case.name == name)
    dataset = dataset_of(case)
    data: dict[str, Any] = {"classes": list(dataset.classes or ()), "training": len(dataset.training)}
    return DataFacts.from_event({"data": data | data_facts(dataset)})


def test_neighbours_share_labels_where_there_is_something_to_learn() -> None:
    healthy, noise = facts_of("healthy blobs · blobs 800"), facts_of("noise · noise 500")
    renamed = facts_of("validation classes renamed · renamed blobs 800")
    for facts, training, evaluation in ((healthy, 1, 1), (noise, 0, 0), (renamed, 1, -1)):
        assert facts.training_neighbours is not None
        assert facts.evaluation_neighbours is not None
        tests = facts.training_neighbours.test, facts.evaluation_neighbours.test
        assert [t.better_than_chance() - t.worse_than_chance() for t in tests] == [training, evaluation]


def test_means_of_classes_tell_where_neighbours_cannot() -> None:
    words = facts_of("topics renamed, ReLU · renamed words 1200 200 4 3")
    assert words.training_centroids is not None
    assert words.evaluation_centroids is not None
    assert words.training_centroids.test.better_than_chance()
    assert words.evaluation_centroids.test.worse_than_chance()


def test_a_class_without_an_example_is_never_guessed() -> None:
    names = ("A", "B", "C")
    rng = np.random.default_rng(0)
    part = Examples(rng.normal(size=(20, 3)).astype(np.float32), np.repeat([0, 1], 10).astype(np.uint8))
    guessed = data_facts(Dataset("few", "few", part, part, part, classes=names))["centroids"]
    assert all(0 <= right <= total and 0 <= by_chance <= 1 for right, total, by_chance in guessed.values())


def test_the_facts_are_the_same_every_time_and_fit_json() -> None:
    from troubles import dataset_of

    dataset = dataset_of(HEALTHY[0])
    assert json.dumps(data_facts(dataset)) == json.dumps(data_facts(dataset))


# -- experiments ------------------------------------------------------------------------------------------


def test_what_helps_when_it_is_tried_becomes_the_cure() -> None:
    case = next(case for case in CASES if case.name == "η = 10⁻⁴ · blobs 800")
    from troubles import dataset_of

    diagnosis = diagnose_experiment(case.experiment(), dataset=dataset_of(case))
    trials = try_cures(diagnosis, dataset=dataset_of(case))
    assert trials.verdict is not None
    assert trials.verdict.cause == "eta-too-small"
    assert trials.verdict.certainty == "certain"
    by_label = {trial.label: trial for trial in trials.trials}
    assert by_label["η = 0.5"].helps
    assert not by_label["η = 1e-05"].helps
    assert by_label["labels shuffled"].change is None


def test_what_is_tried_changes_something_and_begins_with_the_diagnosed_cure() -> None:
    experiment = Experiment(data={"train": 200, "evaluation": 100}, training={"eta": 1e-4, "epochs": 8})
    diagnosis = diagnose_experiment(experiment)
    tries = list(experiments_for(diagnosis).values())
    assert tries[0] == (diagnosis.verdicts[0].cause, diagnosis.verdicts[0].cure)
    assert len({json.dumps(change) for _, change in tries}) == len(tries)
    assert all("training.lambda" not in change for _, change in tries)  # λ = 0 as it is


def test_the_command_tries_and_prints_rows(tmp_path: Path) -> None:
    preset = tmp_path / "slow.toml"
    preset.write_text(
        "[data]\ntrain = 100\nevaluation = 100\n[network]\nhidden = []\n[training]\neta = 0.0001\nepochs = 4\n"
    )
    outcome = run_cli("diagnose", preset, "--try", "--json", "--quiet")
    assert outcome.code == 0
    trials = outcome.of("trial")
    assert {"label", "change", "before", "after", "difference", "half_width", "helps"} <= trials[0].keys()
    assert trials[0]["change"] == outcome.of("verdict")[0]["cure"]
    assert outcome.events[-1]["event"] == "verdict"
    assert outcome.events[-1]["certainty"] == "certain"
    plain = run_cli("diagnose", preset, "--try", "--quiet").out
    assert "before → after" in plain
    assert "--set training.eta=0.3" in plain


# -- records of every kind --------------------------------------------------------------------------------


def older(event: dict[str, Any]) -> dict[str, Any]:
    """An event as the version before wrote it: without facts of the data."""
    event = dict(event)
    if event["event"] == "start":
        new = {"class_counts", "neighbours", "inputs", "targets", "neighbours_r2", "available", "centroids"}
        event["data"] = {key: value for key, value in event["data"].items() if key not in new}
    return event


def one_epoch(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return events[:3]


def interrupted(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return events[: len(events) // 2]


def older_record(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [older(event) for event in events]


def without_start(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return events[1:]


@pytest.mark.parametrize("change", [one_epoch, interrupted, older_record, without_start])
@pytest.mark.parametrize("case", [FAULTY[0], HEALTHY[0], HEALTHY[-1]], ids=named)
def test_less_evidence_means_fewer_claims_and_never_a_crash(
    case: Case, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> None:
    verdicts = History("", change(events_of(case).events)).verdicts()
    assert verdicts
    assert all(verdict.text.endswith(".") and "nan" not in verdict.text for verdict in verdicts)
    if not case.causes:
        assert [verdict.cause for verdict in verdicts if verdict.cause] == []


def test_twenty_thousand_measurements_are_judged_at_once() -> None:
    import time

    rng = np.random.default_rng(0)
    start, initial, *measures = events_of(HEALTHY[0]).events
    events = [start, initial]
    for k in range(20_000):
        event = dict(measures[min(k, len(measures) - 2)])
        events.append(event | {"epoch": k + 1.0, "training_cost": 0.1 + 0.001 * rng.random()})
    history = History("", events)
    began = time.process_time()
    assert history.verdicts()
    assert time.process_time() - began < 1


# -- the evidence of the layers ---------------------------------------------------------------------------


def test_similarity_is_one_for_neurons_that_are_alike_and_small_for_random_ones() -> None:
    rng = np.random.default_rng(0)
    one = np.broadcast_to(rng.normal(size=(1, 50, 1)), (1, 50, 8)).copy()
    weights = [np.concatenate([one, rng.normal(size=(1, 50, 8)), np.zeros((1, 50, 8))]), rng.normal(size=(3, 8, 1))]
    network = Network(weights, [np.zeros((3, 1, 8)), np.zeros((3, 1, 1))])
    x, y = rng.normal(size=(10, 50)), np.ones((10, 1))
    alike = layer_statistics(network, x, y, np.ones(3), np.zeros(3))["similarity"]
    unit = weights[0][1] / np.linalg.norm(weights[0][1], axis=0)
    cosines = unit.T @ unit
    assert alike[:, 0] == pytest.approx([1.0, (cosines.sum() - 8) / 56, 1.0])
    assert np.isnan(alike[:, 1]).all()  # a single neuron is like no other


def test_statistics_of_the_layers_are_taken_rarely_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, measure = [], Training._measure_layers

    def counted(training: Training) -> None:
        taken.append(training.examples)
        measure(training)

    monkeypatch.setattr(Training, "_measure_layers", counted)
    experiment = Experiment(
        data={"name": "points", "train": 1000, "evaluation": 100},
        network={"hidden": [], "output": "linear", "cost": "quadratic"},
        training={"epochs": 13, "eta": 0.01},
    )
    ends = [m.vitals for m in train(experiment)]
    assert taken == [1000, 10_000, 13_000]
    assert len(ends) == 13
    assert all(np.isfinite(vitals["z_rms"]).all() for vitals in ends)
    assert (ends[0]["z_rms"] == ends[8]["z_rms"]).all()
    assert (ends[8]["z_rms"] != ends[9]["z_rms"]).all()


def test_neurons_that_stay_alike_are_measured_whatever_the_settings_say() -> None:
    experiment = Experiment(
        data={"train": 300, "evaluation": 100},
        network={"hidden": [10]},
        initialization={"weights": "constant", "gain": 0.1, "biases": "zeros"},
        training={"epochs": 6, "eta": 0.5},
    )
    events = diagnose_experiment(experiment).history
    events.start["experiment"]["initialization"] = {"weights": "scaled", "gain": 1.0}
    first = events.verdicts()[0]
    assert (first.cause, first.certainty) == ("identical-neurons", "certain")
    assert first.evidence["similarity"] == pytest.approx(1.0, abs=1e-3)


# -- long records -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("measurements", "most", "kept"), [(10, 20, 10), (10, 10, 10), (11, 10, 6), (100, 9, 9)])
def test_a_long_record_is_sampled_evenly_to_its_last_measurement(
    tmp_path: Path, measurements: int, most: int, kept: int
) -> None:
    head = {"run": "r", "arm": "a", "time": 0.0}
    events = [{"event": "resume", **head, "epoch": 0.0, "examples": 0}]
    measure = {"event": "measure", **head} | events_of(HEALTHY[0]).events[-2]
    events += [measure | {"epoch": float(k)} for k in range(1, measurements + 1)]
    place = tmp_path / "events.jsonl"
    place.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert count_measurements(place) == measurements
    sample = list(sample_events(place, most))
    epochs = [event["epoch"] for event in sample if event["event"] == "measure"]
    assert sample[0]["event"] == "resume"
    assert len(epochs) == kept
    assert epochs[-1] == measurements
    assert len(set(np.diff(epochs))) <= 1


# -- before training --------------------------------------------------------------------------------------

BEFORE_A_STEP = {
    "Each step multiplies every weight by": {"training.eta": 100.0, "training.lambda": 50.0},
    "Sigmoid outputs are judged by the log-likelihood": {"network.output": "sigmoid", "network.cost": "log-likelihood"},
    "start saturated": {"initialization.gain": 30.0},
    "First weights are all zero": {"initialization.weights": "zeros"},
    "make one step an epoch": {"training.mini_batch": 200},
    "6 layers of sigmoid neurons": {"network.hidden": [10] * 6},
}


@pytest.mark.parametrize("sentence", BEFORE_A_STEP)
def test_what_is_known_before_a_step_is_said_when_a_run_is_typed(sentence: str, tmp_path: Path) -> None:
    preset = tmp_path / "typed.toml"
    preset.write_text("[data]\ntrain = 200\nevaluation = 50\n[network]\nhidden = [10]\n[training]\nepochs = 1\n")
    settings = [f"--set={key}={value}" for key, value in BEFORE_A_STEP[sentence].items()]
    outcome = run_cli("run", preset, *settings, "--out", tmp_path / "run")
    assert "Note: " in outcome.err
    assert sentence in outcome.err
    assert "Note: " not in run_cli("run", preset, *settings, "--quiet", "--out", tmp_path / "quiet").err


def test_what_the_layers_were_before_the_first_step_accuses_no_later_measurement() -> None:
    experiment = Experiment(
        data={"train": 500, "evaluation": 100},
        network={"hidden": [10]},
        training={"epochs": 8, "eta": 0.5, "clip_norm": 3.0},
    )
    history = diagnose_experiment(experiment).history
    norm = sum(value**2 for value in history.initial["layer_gradient_norm"]) ** 0.5
    assert norm > 0
    live = History("", [history.start, history.initial])
    for epoch in range(1, 5):
        measure = {"event": "measure"} | history.initial | {"event": "measure", "epoch": float(epoch)}
        live.add(measure)
    live.start["experiment"]["training"]["clip_norm"] = norm / 2
    assert "always-clipped" not in [verdict.cause for verdict in live.verdicts()]
    live.add(measure | {"epoch": 5.0, "layer_gradient_norm": [2 * value for value in measure["layer_gradient_norm"]]})
    live.add(measure | {"epoch": 6.0, "layer_gradient_norm": [3 * value for value in measure["layer_gradient_norm"]]})
    assert "always-clipped" in [verdict.cause for verdict in live.verdicts()]
