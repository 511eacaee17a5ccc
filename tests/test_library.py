"""The core as a library: what a script or a notebook does with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tunelab
from commandline import environment, recorded, run_cli
from conftest import MakeExamples
from tunelab import Experiment, Measurement, train
from tunelab.data import Dataset
from tunelab.errors import BadInput


@pytest.fixture
def dataset(make_examples: MakeExamples) -> Dataset:
    """Sixty examples of twelve inputs in three classes."""
    classes = ("0", "1", "2")
    return Dataset("tiny", "tiny", make_examples(60), make_examples(20, seed=1), make_examples(20, seed=2), classes)


def test_measurements_come_one_by_one_as_it_trains(dataset: Dataset) -> None:
    experiment = Experiment(network={"hidden": [8]}, training={"eta": 0.5, "epochs": 20})
    measurements = []
    for measurement in train(experiment, dataset):
        measurements.append(measurement)
        assert isinstance(measurement, Measurement)
        assert measurement.epoch == len(measurements)
        assert measurement.evaluation_accuracy.shape == (1,)
    assert len(measurements) == 20
    assert measurements[-1].training_cost[0] < measurements[0].training_cost[0] / 2


def test_a_loop_may_be_left_when_enough_is_known(dataset: Dataset) -> None:
    for measurement in train(Experiment(training={"epochs": 1_000_000}), dataset):
        if measurement.epoch >= 3:
            break
    assert measurement.epoch == 3


def test_replicates_are_an_axis(dataset: Dataset) -> None:
    experiment = Experiment(initialization={"seeds": 4}, training={"epochs": 2})
    *_, last = train(experiment, dataset)
    assert last.evaluation_accuracy.shape == (4,)
    assert len(np.unique(last.training_cost)) == 4


def test_an_experiment_can_be_said_in_keys(dataset: Dataset) -> None:
    by_keys = [m.training_cost[0] for m in train(dataset=dataset, training={"eta": 0.25, "epochs": 2})]
    by_object = [m.training_cost[0] for m in train(Experiment(training={"eta": 0.25, "epochs": 2}), dataset)]
    assert by_keys == by_object
    assert len(by_keys) == 2


def test_the_data_an_experiment_names_are_loaded() -> None:
    experiment = Experiment(data={"train": 100, "evaluation": 50}, training={"epochs": 1})
    (measurement,) = train(experiment)
    assert (measurement.training.total, measurement.evaluation.total) == (100, 50)
    assert recorded() == []  # a script leaves no record unless it asks for one


def test_the_same_numbers_as_from_the_command_line() -> None:
    settings = {"data.train": 100, "data.evaluation": 50, "training.epochs": 2, "initialization.weights": "scaled"}
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    told = run_cli("run", "first-look", "--arm", "new: N(0, 1/n)", "--json", "--seeds", "1", *words).of("measure")
    experiment = Experiment(
        data={"train": 100, "evaluation": 50},
        network={"hidden": [30]},
        training={"eta": 0.1, "lmbda": 0.1, "epochs": 2},
    )
    assert [m["training_cost"] for m in told] == [float(m.training_cost[0]) for m in train(experiment)]


def test_what_does_not_fit_is_a_sentence(dataset: Dataset) -> None:
    with pytest.raises(BadInput, match="61 is more than the 60 training examples"):
        train(Experiment(training={"mini_batch": 61}), dataset)


def test_a_copy_with_other_values() -> None:
    experiment = Experiment(training={"eta": 0.5}, initialization={"seeds": 3})
    other = experiment.changed({"training.eta": 0.1, "training.early_stopping.patience": 4, "training.lmbda": 2})
    assert (other.training.eta, other.training.lmbda, experiment.training.eta) == (0.1, 2.0, 0.5)
    assert other.changed({"training.early_stopping": None, "training.lambda": 0.0}).training.early_stopping is None
    with pytest.raises(BadInput, match=r"unknown key 'etaa' in \[training\] \(did you mean 'eta'\?\)"):
        experiment.changed({"training.etaa": 1})


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(),
        Experiment(data={"classes": [0, "1"]}, network={"hidden": []}, training={"schedule": {"patience": 3}}),
        Experiment(training={"eta": 1e-5, "lmbda": 0.25, "monitor_every": 1000}),
    ],
)
def test_an_experiment_shows_as_the_call_that_makes_it(experiment: Experiment) -> None:
    assert eval(repr(experiment)) == experiment
    assert str(experiment) == repr(experiment)


def test_a_measurement_can_be_read(dataset: Dataset) -> None:
    *_, one = train(Experiment(training={"epochs": 2}), dataset)
    assert repr(one).startswith(f"<Measurement after epoch 2: training cost {one.training_cost[0]:.4g}, accuracy ")
    assert repr(one).endswith("; ended: epochs>")
    first, *_ = train(Experiment(initialization={"seeds": 2}, training={"epochs": 2}), dataset)
    low, high = sorted(first.evaluation_cost)
    assert f"evaluation cost {(low + high) / 2:.4g} ({low:.4g} to {high:.4g})" in repr(first)
    assert repr(first).endswith("mean (lowest to highest) of 2 networks>")
    assert repr(first.evaluation).startswith("<Score on 20 examples: data cost ")


def test_names_that_the_core_gives() -> None:
    assert {"Experiment", "train", "load_data", "Preset", "find_eta", "Run", "compare", "Measurement"} <= set(
        tunelab.__all__
    )
    assert set(tunelab.__all__) <= set(dir(tunelab))
    for name in tunelab.__all__:
        assert getattr(tunelab, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tunelab.nothing  # noqa: B018


def test_a_script_of_its_own(tmp_path: Path) -> None:
    """The lines of the README's kind, run as a person would run them: no guard, no warnings, no screen."""
    script = tmp_path / "script.py"
    script.write_text(
        "from tunelab import Experiment, train\n"
        'experiment = Experiment(data={"train": 100, "evaluation": 50}, training={"epochs": 2})\n'
        "for measurement in train(experiment):\n"
        "    print(measurement.epoch, float(measurement.evaluation_accuracy[0]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1.0", "2.0"]
