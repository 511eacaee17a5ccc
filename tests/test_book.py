"""The book's program, followed exactly: its random streams, its order, its costs, and the numbers it published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import refused, run_cli
from small_runs import cut_off, in_small_steps, little_data, preset_on, resumed, substance, trained
from tunelab.book import BookProgram, Place
from tunelab.data.dataset import Dataset, Examples
from tunelab.engine import checkpointing
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, Preset, load_data, train
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.preset import find
from tunelab.initialization import Initialization
from tunelab.records import published_figures
from tunelab.records.published_figures import FIGURES, compare_with_figure, rounding_divergences

BOOK = """
precision = "float64"

[training]
eta = 0.5
lambda = 0.1
mini_batch = 7
epochs = 4

[training.book]
networks_before = 0

[[arm]]
name = "first"

[[arm]]
name = "first, backwards"
training.book.added = "backwards"

[[arm]]
name = "second, two seeds"
initialization.weights = "standard"
initialization.seeds = 2
training.book.networks_before = 1
training.book.epochs_before = 4
"""


@pytest.fixture
def preset(tmp_path: Path) -> Preset:
    """Arms on the same streams, one of them adding backwards."""
    return preset_on(little_data(tmp_path), BOOK)  # which ends inside [network]


# -- streams ----------------------------------------------------------------------------------------------


def test_the_order_is_python_2s_shuffle_of_a_list_that_stays_shuffled() -> None:
    """By hand from random.seed(1): 0.134, 0.847, 0.764, then 0.255, 0.495, 0.449."""
    order = BookProgram([Place(1)]).order(4, 2)
    assert order(0, 0).tolist() == [3, 1, 2, 0]
    assert order(0, 1).tolist() == [2, 3, 0, 1]
    assert order(0, 0).tolist() == [3, 1, 2, 0]  # asked back, as after a resume


def test_a_second_training_goes_on_with_the_list_of_the_first() -> None:
    order = BookProgram([Place(1), Place(1, epochs_before=3)]).order(50, 10)
    assert order(1, 0).tolist() == order(0, 3).tolist()
    assert order(1, 2).tolist() == order(0, 5).tolist()


def test_backwards_means_the_same_mini_batches_added_from_their_end() -> None:
    forwards, backwards = (BookProgram([Place(3, backwards=b)]).order(10, 4)(0, 0).tolist() for b in (False, True))
    assert backwards == [*forwards[3::-1], *forwards[7:3:-1], *forwards[:7:-1]]


def test_first_weights_are_numpys_legacy_stream_with_all_biases_first() -> None:
    """np.random.seed(0) begins 1.764, 0.400, 0.979, 2.241, 1.868, −0.977, 0.950, −0.151, −0.103."""
    network = BookProgram([Place(0)]).first_network(Initialization((2, 2, 1), "standard"))
    assert network.dtype == np.float64
    assert network.biases[0].ravel() == pytest.approx([1.76405235, 0.40015721])
    assert network.biases[1].ravel() == pytest.approx([0.97873798])
    assert network.weights[0][0] == pytest.approx(np.array([[2.2408932, -0.97727788], [1.86755799, 0.95008842]]))
    assert network.weights[1].ravel() == pytest.approx([-0.15135721, -0.10321885])


def test_scaled_weights_are_the_same_draws_over_the_root_of_fan_in_and_a_second_network_follows() -> None:
    sizes = (5, 3, 2)
    large = BookProgram([Place(7), Place(7, networks_before=1)]).first_network(Initialization(sizes, "standard"))
    scaled = BookProgram([Place(7)]).first_network(Initialization(sizes, "scaled"))
    assert np.array_equal(scaled.weights[0][0], large.weights[0][0] / np.sqrt(5))
    assert np.array_equal(scaled.biases[0][0], large.biases[0][0])
    np.random.seed(7)
    np.random.randn(18 + 8)
    assert np.array_equal(large.biases[0][1].ravel(), np.random.randn(3))


# -- data and costs ---------------------------------------------------------------------------------------


def test_pixels_are_256ths_and_other_numbers_are_left_alone() -> None:
    def dataset(scale: float) -> Dataset:
        part = Examples(np.array([[0, 64, 255]], np.uint8), np.array([0]), scale)
        return Dataset("d", "d", part, part, part, ("a", "b"))

    pixels = BookProgram([]).prepared(dataset(1 / 255))
    assert pixels.training.scaled(slice(None), np.float64).tolist() == [[0, 0.25, 255 / 256]]
    assert pixels.validation.scaled(slice(None), np.float64).tolist() == [[0, 0.25, 255 / 256]]
    assert BookProgram([]).prepared(dataset(1.0)).training.scale == 1.0


def test_a_cost_carries_lambda_over_the_size_of_the_data_being_judged(preset: Preset) -> None:
    """120 training and 60 evaluation examples: the evaluation cost carries twice the penalty."""
    measurement = next(train(preset.arms[0].experiment))
    penalty = measurement.training_cost - measurement.training.data_cost
    assert penalty[0] > 1e-4
    assert measurement.evaluation_cost - measurement.evaluation.data_cost == pytest.approx(2 * penalty)
    ours = next(train(changed(preset.arms[0].experiment, {"training.book": None})))
    assert ours.evaluation_cost - ours.evaluation.data_cost == pytest.approx(
        ours.training_cost - ours.training.data_cost
    )


def test_the_test_set_is_judged_on_where_asked_and_it_is_said(preset: Preset) -> None:
    on_test = preset.with_settings({"data.evaluate_on": "test"})
    run = trained(on_test)
    (start,) = run.arms[0].events("start")
    assert (start["data"]["evaluation"], start["data"]["evaluated_on"]) == (30, "test")
    assert [e["code"] for e in run.arms[0].events("verdict")][-1] == "on-test-set"
    assert "evaluated_on" not in trained(preset).arms[0].events("start")[0]["data"]
    with pytest.raises(BadInput, match="has 30 test examples"):
        load_data(changed(on_test.arms[0].experiment, {"data.evaluation": 31}))


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("network.precision", "float32", '"float64"'),
        ("network.activation", "relu", '"sigmoid"'),
        ("initialization.weights", "he-normal", '"scaled" or "standard"'),
        ("initialization.gain", 2.0, "1"),
    ],
)
def test_what_the_book_cant_do_is_said_with_what_would_be_right(key: str, value: Any, right: str) -> None:
    begun = Experiment(network={"precision": "float64"}, training={"book": {}})
    with pytest.raises(BadInput, match=f"{key}: the book's program knows no .* use {key} = {right}"):
        changed(begun, {key: value})


# -- records ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pulses", [1, 17, 40])
def test_a_run_cut_off_goes_on_to_the_same_bits(preset: Preset, pulses: int, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)
    monkeypatch.setattr(checkpointing, "SHARE", np.inf)
    whole = substance(trained(preset))
    run = cut_off(preset, pulses, monkeypatch)
    assert run.state() == "cut off"
    assert substance(resumed(run)) == whole


def test_two_roundings_stay_within_the_last_digits_where_training_is_not_chaotic(preset: Preset) -> None:
    """Whether two orders of summation round differently at all is the processor's business."""
    (parting,) = rounding_divergences(trained(preset))
    assert (parting.arm, parting.epochs) == ("first", (1.0, 2.0, 3.0, 4.0))
    assert max(parting.differences) < 1e-12  # type: ignore[type-var, arg-type]


def test_a_parting_is_the_relative_difference_of_two_recorded_costs(preset: Preset) -> None:
    run = trained(preset)
    path = run.arms[1].events_path
    lines = path.read_text("utf-8").splitlines()
    cost = run.arms[0].events("measure")[2]["training_cost"]
    at = [n for n, line in enumerate(lines) if json.loads(line)["event"] == "measure"][2]
    lines[at] = json.dumps(json.loads(lines[at]) | {"training_cost": 1.25 * cost})
    path.write_text("\n".join([*lines, ""]), "utf-8")
    (parting,) = rounding_divergences(run)
    assert parting.differences[2] == pytest.approx(0.25)


def test_a_run_beside_published_arrays(preset: Preset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(preset)
    measures = run.arms[0].events("measure")
    lists = [[m["evaluation_cost"] for m in measures], [m["evaluation_correct"] for m in measures], [], []]
    monkeypatch.setitem(FIGURES, "trial", {"first": published_figures._Place("it.json", "net")})
    with pytest.raises(BadInput, match=r"no it\.json"):
        compare_with_figure(run, "trial", tmp_path)
    file = tmp_path / "it.json"
    file.write_text(json.dumps({"net": lists}))
    same = compare_with_figure(run, "trial", tmp_path)
    assert [(c.measure, c.epochs, c.largest, c.agrees) for c in same] == [
        ("evaluation_cost", 4, 0.0, True),
        ("evaluation_correct", 4, 0.0, True),
    ]
    lists[1][2] += 1
    file.write_text(json.dumps({"net": lists}))
    assert [(c.largest, c.agrees) for c in compare_with_figure(run, "trial", tmp_path)] == [(0.0, True), (1.0, False)]
    file.write_text(json.dumps({"net": [each[:3] for each in lists]}))
    with pytest.raises(BadInput, match="another version"):
        compare_with_figure(run, "trial", tmp_path)
    file.write_text("[1, 2]")
    with pytest.raises(BadInput, match="isn't as the book published it"):
        compare_with_figure(run, "trial", tmp_path)


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_a_preset_of_the_books_own_seed_with_expectations(figure: str) -> None:
    preset = find(figure)
    assert [arm.name for arm in preset.arms] == list(FIGURES[figure]) == list(preset.expect)
    for arm in preset.arms:
        assert arm.experiment.seeds == [12345678]  # what its scripts give to both generators
        assert arm.experiment.training.book is not None


@pytest.fixture
def figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A figure on little data, as a preset file: what it expects holds, and its second arm is a chaotic one."""
    tables = f'{BOOK}\n[expect]\nfirst.final.epoch = [4, 4]\n"first, backwards".best.evaluation_correct = [1, 60]\n'
    file = tmp_path / "figure.toml"
    file.write_text(f'[data]\nname = "{little_data(tmp_path)}"\n[network]\nhidden = [5]\n{tables}')
    places = {
        "first": published_figures._Place("it.json"),
        "first, backwards": published_figures._Place("it.json", chaotic=True),
    }
    monkeypatch.setitem(FIGURES, "figure", places)
    return file


def test_the_command_checks_what_is_expected_and_shows_how_roundings_part(figure: Path) -> None:
    told = run_cli("book", figure, "--quiet")
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert any(line.split() == ["first", "final", "epoch", "4", "4", "holds"] for line in lines)
    assert any(line.rstrip().endswith("holds (chaotic)") for line in lines)
    assert "How fast two roundings diverge" in told.out
    figure.write_text(figure.read_text().replace("[4, 4]", "[5, 5]"))
    assert run_cli("book", figure, "--quiet").code == 4


def test_the_command_compares_with_what_was_published(figure: Path, tmp_path: Path) -> None:
    arrays = tmp_path / "fig"
    arrays.mkdir()
    assert "no it.json" in refused(run_cli("book", figure, "--published", arrays))
    (arrays / "it.json").write_text("[[], [1, 2, 3, 4], [], []]")
    told = run_cli("book", figure, "--quiet", "--json", "--published", arrays)
    assert told.code == 4
    judged = {e["arm"]: (e["measure"], e["chaotic"], e["held"]) for e in told.of("compared")}
    assert judged == {
        "first": ("evaluation_correct", False, False),
        "first, backwards": ("evaluation_correct", True, True),
    }
    correct = [e["evaluation_correct"] for e in told.of("measure", "first")]
    (arrays / "it.json").write_text(json.dumps([[], correct, [], []]))
    told = run_cli("book", figure, "--published", arrays)
    assert told.code == 0
    assert [line.split()[-2:] for line in told.out.splitlines() if line.startswith("  first  ")] == [["the", "book's"]]


def test_the_command_knows_its_figures() -> None:
    assert "first-look isn't a figure of the book" in refused(run_cli("book", "first-look"))


# -- what the book published ------------------------------------------------------------------------------


def _measures(mnist: Path, preset: str, arm: str, epochs: int) -> list[Any]:
    experiment = next(a.experiment for a in find(preset).arms if a.name == arm)
    return list(train(changed(experiment, {"data.name": str(mnist), "training.epochs": epochs})))


@pytest.mark.parametrize(
    ("arm", "evaluation_cost", "evaluation_correct", "training_cost", "training_correct"),
    [
        (
            "λ = 0",  # fig/overfitting.json
            [2.0762772323329082, 1.8232334122685845, 1.6640751933146665],
            [5887, 6505, 6970],
            [1.8433647860328504, 1.4777434227600235, 1.2072861295975754],
            [690, 749, 812],
        ),
        (
            "λ = 0.1",  # fig/regularized.json
            [2.1903999605374445, 1.935511698609431, 1.7732802465315387],
            [5898, 6512, 6986],
            [3.0054668602173189, 2.630540182112914, 2.3510873884747334],
            [690, 749, 810],
        ),
    ],
)
def test_overfitting_on_1000_images_is_the_books(
    mnist_directory: Path,
    arm: str,
    evaluation_cost: list[float],
    evaluation_correct: list[int],
    training_cost: list[float],
    training_correct: list[int],
) -> None:
    measures = _measures(mnist_directory, "book/overfitting-1000", arm, 3)
    assert [m.evaluation_cost[0] for m in measures] == pytest.approx(evaluation_cost, abs=1e-13)
    assert [m.training_cost[0] for m in measures] == pytest.approx(training_cost, abs=1e-13)
    assert [m.evaluation.correct[0] for m in measures] == evaluation_correct
    assert [m.training.correct[0] for m in measures] == training_correct


@pytest.mark.parametrize(("arm", "correct"), [("new: N(0, 1/n)", 9270), ("old: N(0, 1)", 8643)])
def test_the_first_epoch_of_the_initialization_figure_is_the_books(
    mnist_directory: Path, arm: str, correct: int
) -> None:
    """fig/weight_initialization_30.json; the second network goes on where the first had left the streams."""
    (measured,) = _measures(mnist_directory, "book/initialization-30", arm, 1)
    assert measured.evaluation.correct[0] == correct
