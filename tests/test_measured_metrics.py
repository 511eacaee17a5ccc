"""Unequal classes and numbers: what is measured of them, recorded, and decided by; and weights by class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commandline import run_cli
from small_runs import cut_off, in_small_steps, preset_on, resumed, substance, trained
from tunelab.data import Dataset, Examples
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, assemble, load_data, train
from tunelab.network_inspection import inspect_network
from tunelab.records import Run
from tunelab.tui.text.run_rows import run_row
from tunelab.tui.text.run_text import epoch_line

TRAIN = "[training]\neta = 0.5\nlambda = 0.1\nmini_batch = 7\nepochs = 6\n[initialization]\nseeds = 2\n"


def unequal(n: int, seed: int, share: float = 0.1) -> Examples:
    """Two classes that overlap, the second of them rare."""
    rng = np.random.default_rng(seed)
    targets = (rng.random(n) < share).astype(np.uint8)
    inputs = rng.normal(size=(n, 3)) + 1.5 * targets[:, None]
    return Examples(inputs.astype(np.float32), targets)


def unequal_data() -> Dataset:
    parts = [unequal(n, seed) for seed, n in enumerate((300, 200, 100))]
    return Dataset("rare", "Rare", *parts, classes=("common", "rare"))


def numbers_data() -> Dataset:
    """Prices of about 300 ± 50, standardized."""
    rng = np.random.default_rng(7)

    def part(n: int) -> Examples:
        inputs = rng.normal(size=(n, 3))
        targets = inputs @ [1.0, -0.5, 0.2] + 0.3 * rng.normal(size=n)
        return Examples(inputs.astype(np.float32), targets[:, None].astype(np.float32))

    return Dataset(
        "prices", "Prices", part(200), part(100), part(100), tolerance=0.5, target_mean=(300.0,), target_std=(50.0,)
    )


def npz(folder: Path) -> Path:
    """The unequal data as a file."""
    data = unequal_data()
    arrays = {}
    for name, part in (("train", data.training), ("validation", data.validation), ("test", data.test)):
        arrays |= {f"x_{name}": part.inputs, f"y_{name}": part.targets.astype(np.int64)}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "rare.npz", **arrays)
    return folder / "rare.npz"


def linear(**training: object) -> Experiment:
    network = {"hidden": [4], "output": "linear", "cost": "quadratic", "activation": "tanh"}
    return Experiment(network=network, training={"eta": 0.05, "epochs": 4, **training})


# -- unequal classes --------------------------------------------------------------------------------------


def test_unequal_classes_are_measured_by_the_mean_of_their_recalls() -> None:
    data = unequal_data()
    *_, last = train(Experiment(network={"hidden": [4]}, training={"epochs": 5}, initialization={"seeds": 3}), data)
    score = last.evaluation
    assert last.metric.name == "balanced_accuracy"
    assert score.class_total.tolist() == np.bincount(data.validation.targets).tolist()
    assert (score.class_correct.sum(axis=1) == score.correct).all()
    assert last.evaluation_metric == pytest.approx((score.class_correct / score.class_total).mean(axis=1))
    assert "balanced accuracy" in repr(last)


def test_a_record_of_unequal_classes_says_each_ones_recall(tmp_path: Path) -> None:
    run = trained(preset_on(npz(tmp_path), TRAIN))
    history = run.arms[0].history()
    assert history.data["metric"] == "balanced_accuracy"
    assert history.data["metric_chance"] == 0.5
    assert history.chance > 0.8
    dataset = load_data(run.arms[0].experiment)
    answers = run.arms[0].network().answer(dataset.validation.scaled(slice(None)))
    right = dataset.validation.targets == answers.argmax(axis=-1)
    for position, (name, about) in enumerate(history.done["per_class"].items()):
        here = dataset.validation.targets == position
        assert name == dataset.classes[position]  # type: ignore[index]
        assert about == {"recall": pytest.approx(right[:, here].mean()), "count": int(here.sum())}
    mean = np.mean([about["recall"] for about in history.done["per_class"].values()])
    assert history.done["final"]["evaluation_balanced_accuracy"] == pytest.approx(mean)
    best = np.nanmax(history.values("evaluation_balanced_accuracy"))
    assert history.done["best"]["evaluation_balanced_accuracy"] == best
    assert run_cli("replay", run.name).code == 0


def test_equal_classes_have_no_balanced_accuracy_beside_the_accuracy() -> None:
    *_, last = train(Experiment(data={"train": 200, "evaluation": 100}, training={"epochs": 1}))
    assert last.metric.name == "accuracy"
    assert (last.evaluation_metric == last.evaluation_accuracy).all()


def test_unequal_classes_are_told_by_the_metric_everywhere(tmp_path: Path) -> None:
    arms = TRAIN + "[[arm]]\nname = 'a'\n[[arm]]\nname = 'b'\ntraining.eta = 0.05\n"
    run = trained(preset_on(npz(tmp_path), arms))
    outcome = run_cli("runs", "show", run.name, "--plot").out
    for expected in ("evaluation balanced accuracy", "class (a)", "recall", "Balanced accuracy %", "chance 50 %"):
        assert expected in outcome
    comparison = run_cli("runs", "compare", run.name).out
    assert "final evaluation balanced accuracy" in comparison
    assert "final evaluation accuracy" in comparison
    [difference] = [e for e in run_cli("runs", "compare", run.name, "--json").events if e["event"] == "difference"]
    assert difference["measure"] == "final_evaluation_balanced_accuracy"
    assert "| class | recall | examples |" in run_cli("runs", "export", run.name, "--format", "md").out
    header = run_cli("runs", "export", run.name).out.splitlines()[0].split(",")
    assert {"evaluation_balanced_accuracy", "evaluation_accuracy"} <= set(header)
    inside = inspect_network(run, 0, 0)
    final = run.arms[0].history().latest
    assert inside.recalls.mean() == pytest.approx(final["replicates"]["evaluation_balanced_accuracy"][0])
    line = epoch_line(final, "●")
    assert line.startswith("Epoch 6")
    assert "balanced" in line


def test_a_sweep_of_unequal_classes_maximizes_the_balanced_accuracy(tmp_path: Path) -> None:
    path = tmp_path / "rare.toml"
    path.write_text(f'title = "Rare"\n[data]\nname = "{npz(tmp_path)}"\n[network]\nhidden = [4]\n{TRAIN}')
    outcome = run_cli("sweep", str(path), "--over", "eta=0.01,0.5", "--study", "rare", "--json", "--quiet")
    trials = outcome.of("trial")
    assert [trial["metric"] for trial in trials] == ["balanced_accuracy"] * 2
    assert max(trial["value"] for trial in trials) < 0.95
    assert "evaluation balanced accuracy" in run_cli("sweep", "--study", "rare", "--quiet").out


# -- weights by class -------------------------------------------------------------------------------------


PAIRS = [("sigmoid", "cross-entropy"), ("softmax", "log-likelihood"), ("linear", "quadratic")]


@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_balanced_weights_are_as_if_the_rare_class_had_as_many_examples(output: str, cost: str) -> None:
    few = Examples(np.eye(5, 4, dtype=np.float32), np.array([0, 0, 0, 0, 1], np.uint8))
    rows = np.array([0, 1, 2, 3, 4, 4, 4, 4])
    many = Examples(few.inputs[rows], few.targets[rows])
    ends = []
    for part, weights in ((few, "balanced"), (many, "none")):
        data = Dataset("d", "D", part, part, part, classes=("a", "b"))
        experiment = Experiment(
            data={"class_weights": weights},
            network={"hidden": [3], "output": output, "cost": cost, "precision": "float64"},
            training={"eta": 0.3, "lambda": 0.0, "mini_batch": len(part), "epochs": 20},
        )
        training = assemble([experiment], data)
        *_, last = training
        ends.append((training.parameters(), last.training_cost, last.vitals["gradient_norm"]))
    for ours, wanted in zip(
        ends[0][0].weights + ends[0][0].biases, ends[1][0].weights + ends[1][0].biases, strict=True
    ):
        assert ours == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert ends[0][1] == pytest.approx(ends[1][1])
    assert ends[0][2] == pytest.approx(ends[1][2])


def test_balanced_weights_raise_the_recall_of_the_rare_class() -> None:
    data, recalls = unequal_data(), {}
    for weights in ("none", "balanced"):
        experiment = Experiment(data={"class_weights": weights}, network={"hidden": []}, training={"epochs": 20})
        *_, last = train(experiment, data)
        recalls[weights] = last.evaluation.recalls[0]
    assert recalls["balanced"][1] > recalls["none"][1] + 0.1


def test_a_weighted_run_replays_and_resumes_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)
    rules = "early_stopping = {patience = 2}\nschedule = {rule = 'halve-on-plateau', patience = 1, stop_at = 8}\n"
    preset = preset_on(npz(tmp_path), TRAIN.replace("[init", f"{rules}[init")).with_settings(
        {"data.class_weights": "balanced"}
    )
    whole = trained(preset)
    assert run_cli("replay", whole.name).out.endswith("are the same to the last bit.\n")
    assert substance(resumed(cut_off(preset, 25, monkeypatch))) == substance(whole)


def test_weights_by_class_need_classes() -> None:
    with pytest.raises(BadInput, match=r"data.class_weights: Prices asks for numbers"):
        list(train(linear().changed({"data.class_weights": "balanced"}), numbers_data()))


# -- numbers ----------------------------------------------------------------------------------------------


def test_numbers_are_measured_by_r_squared_and_by_their_error_in_the_labels_unit() -> None:
    data = numbers_data()
    training = assemble([linear()], data)
    *_, last = training
    answers = data.unscaled(training.parameters().answer(data.validation.scaled(slice(None)))[0])
    wanted = data.unscaled(data.validation.targets)
    assert last.evaluation.rmse[0] == pytest.approx(np.sqrt(((answers - wanted) ** 2).mean()), rel=1e-5)
    r2 = 1 - ((answers - wanted) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum()
    assert last.evaluation_metric[0] == pytest.approx(r2, rel=1e-5)
    assert np.isnan(last.evaluation_accuracy).all()
    assert "R² 0." in repr(last)


def test_a_run_of_numbers_is_told_by_r_squared(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(120, 3))
    rows = "".join(f"{a:.4f},{b:.4f},{c:.4f},{300 + 50 * (a - b) + 5 * c:.2f}\n" for a, b, c in x)
    (tmp_path / "prices.csv").write_text("a,b,c,price\n" + rows)
    outcome = run_cli("run", "table", "--data", str(tmp_path / "prices.csv"), "--set", "training.epochs=5", "--json")
    done = outcome.of("done")[0]
    final = done["final"]
    assert "evaluation_accuracy" not in final
    assert "per_class" not in done
    assert final["evaluation_r2"] > 0.5
    assert 0 < final["evaluation_rmse"] < 60
    assert outcome.of("start")[0]["data"]["metric"] == "r2"
    run = Run("last")
    for expected in ("evaluation R²", "RMSE", "R²"):
        assert expected in run_cli("runs", "show", run.name, "--plot").out
    assert "R² " in run_row(run, run.histories())
    assert run_cli("replay", run.name).code == 0
    assert "evaluation R²" in run_cli("runs", "export", run.name, "--format", "md").out


def test_schedules_and_stopping_look_at_r_squared() -> None:
    data = numbers_data()
    wrong = replace(data, validation=Examples(data.validation.inputs, -data.validation.targets))
    *measurements, last = train(linear(early_stopping={"patience": 2}, epochs=50), wrong)
    assert last.reasons == ("early-stop",)
    best = int(np.argmax([m.evaluation_metric[0] for m in [*measurements, last]]))
    assert len(measurements) - best == 2


def test_points_have_accuracies_and_r_squared(tmp_path: Path) -> None:
    run = trained(
        preset_on(Path("points"), TRAIN).with_settings(
            {"network.output": "linear", "network.cost": "quadratic", "data.train": 100, "data.evaluation": 50}
        ),
        out=tmp_path / "points",
    )
    final = Run(run.directory).arms[0].history().done["final"]
    assert {"evaluation_accuracy", "evaluation_r2", "evaluation_rmse", "training_r2"} <= final.keys()
    assert run.arms[0].history().data["metric"] == "accuracy"
