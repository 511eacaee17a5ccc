"""The lecture's experiments as files: complete, measured, and true on drawn digits."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import run_cli
from small_runs import little_data
from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.experiment.preset import available, find, parse
from tunelab.tui.state.draft import Draft

LECTURE = [name for name in available() if name.startswith("lecture/")]

QUICK = [
    "lecture/zeros-and-ones",
    "lecture/failing-run-small",
    "lecture/lambda-lowered",
    "lecture/eta-raised-and-lowered",
    "lecture/eta-threshold",
    "lecture/generator",
]
"""Those that take a fraction of a second each."""

TWO_SETS = """
[data]
name = "digits"
train = 100
evaluation = 50
[network]
hidden = []
[training]
epochs = 1
[expect]
run.final.evaluation_accuracy = [0, 1]
run.on.mnist.final.evaluation_accuracy = [2, 3]
"""


@pytest.mark.parametrize("name", LECTURE)
def test_every_experiment_says_where_it_is_from_what_to_look_at_and_what_to_expect(name: str) -> None:
    preset = find(name)
    assert preset.tables["source"].startswith("The lecture, ")
    assert "Look " in preset.description
    named = [word for word in preset.description.replace("`", " ").split() if word.startswith("lecture/")]
    assert set(named) <= set(LECTURE)
    assert preset.expect.keys() <= {arm.name for arm in preset.arms}
    for bounds in preset.expect.values():
        assert bounds["final"]
        if preset.arms[0].experiment.data.name == "digits":
            assert bounds["on"]["mnist"]["final"].keys() == bounds["final"].keys()


@pytest.mark.parametrize("name", QUICK)
def test_the_quick_ones_come_out_as_expected(name: str) -> None:
    outcome = run_cli("replay", name, "--quiet")
    assert (outcome.code, outcome.err) == (0, "")


def test_they_come_out_as_expected_on_mnist_too(mnist_directory: Path) -> None:
    outcome = run_cli("replay", "lecture/eta-raised-and-lowered", "--data", mnist_directory, "--json", "--quiet")
    assert outcome.code == 0
    wanted = find("lecture/eta-raised-and-lowered").expect["η = 1"]["on"]["mnist"]["final"]["training_cost"]
    (found,) = [e for e in outcome.events if (e.get("arm"), e.get("measure")) == ("η = 1", "training_cost")]
    assert [found["low"], found["high"]] == wanted


def test_another_seed_must_do() -> None:
    assert run_cli("replay", "lecture/lambda-lowered", "--seed", "1234", "--quiet").code == 0


# -- expectations belong to data ------------------------------------------------------------------------------


def two_sets() -> Preset:
    return parse(TWO_SETS, "two", "two.toml")


def test_expectations_move_with_the_data_and_back() -> None:
    moved = two_sets().expecting_on("mnist")
    assert moved.expect["run"]["final"] == {"evaluation_accuracy": [2, 3]}
    assert moved.expect["run"]["on"] == {"digits": {"final": {"evaluation_accuracy": [0, 1]}}}
    assert two_sets().expecting_on("digits").expect == two_sets().expect


def test_expectations_move_with_the_data_on_the_form_too() -> None:
    draft = Draft(two_sets())
    draft.set("data.name", "mnist")
    assert draft.preset.expect["run"]["final"] == {"evaluation_accuracy": [2, 3]}
    draft.set("data.name", "fashion-mnist")
    assert "final" not in draft.preset.expect["run"]


def test_what_is_stated_for_other_data_is_not_checked_here(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TWO_SETS)
    assert run_cli("replay", path, "--quiet").code == 0


def test_data_without_expectations_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TWO_SETS)
    outcome = run_cli("replay", path, "--data", little_data(tmp_path), "--quiet")
    assert outcome.code == 2
    assert "states no expectations for" in outcome.err
    assert "only for digits and mnist" in outcome.err


def test_a_data_set_that_does_not_exist_is_a_slip() -> None:
    with pytest.raises(BadInput, match=r"'mnits' .did you mean 'mnist'"):
        parse(TWO_SETS.replace("on.mnist", "on.mnits"), "two", "two.toml")


def test_a_run_is_replayed_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TWO_SETS)
    run_cli("run", path, "--quiet")
    outcome = run_cli("replay", "last", "--data", "digits")
    assert outcome.code == 2
    assert "are for presets" in outcome.err
