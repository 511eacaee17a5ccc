"""`tunelab tune` and `tunelab find` as a script uses them, and the journal as whoever reads it finds it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from commandline import command, run_cli
from scripted_trainer import scripted
from tunelab import paths
from tunelab.errors import BadInput
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search.trials import Trials, reduced
from tunelab.strategy import journal
from tunelab.strategy.runner import advance, begin, decide, run_to_the_end
from tunelab.strategy.state import fold

LEARNING = scripted(lambda experiment: 0.9 if experiment.training.eta > 0.1 else 0.7)
SMALL = Experiment(data={"train": 400, "evaluation": 200}, network={"hidden": [8]}, training={"epochs": 3})
FEW_SETTINGS = ("--set", "data.train=120", "--set", "data.evaluation=60", "--set", "training.epochs=3")
SMALL_SETTINGS = ("--set", "data.train=400", "--set", "data.evaluation=200", "--set", "training.epochs=3")


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# -- find -------------------------------------------------------------------------------------------------


def test_find_eta_ends_with_what_it_found_and_why() -> None:
    outcome = run_cli("find", "eta", "first-look", *FEW_SETTINGS[:4], "--json", "--seeds", "2")
    assert outcome.code == 0
    *measures, found = outcome.events
    assert {event["event"] for event in measures} == {"measure"}
    assert found["event"] == "found"
    assert found["what"] == "eta"
    low, high = found["bracket"]
    assert found["chosen"] == pytest.approx(low / 2)
    assert low < high
    assert "lowest" in found["because"]
    assert "The lecture's climb" in found["because"]
    assert found["climb"]["path"][0] == 0.01


def test_lambda_searched_on_few_examples_is_answered_for_all_of_them() -> None:
    cheap = ("--set", "network.hidden=[]", "--set", "training.mini_batch=100", "--set", "data.evaluation=100")
    outcome = run_cli("find", "lambda", "first-look", "--set", "data.train=4000", *cheap, "--json", "--seeds", "1")
    found = outcome.events[-1]
    assert "2,000 of 4,000" in outcome.err
    few = found["searched_on"]
    assert few["examples"] == 2000
    assert found["settings"]["training.lambda"] == found["chosen"] == pytest.approx(2 * few["chosen"], rel=0.01)
    assert found["bracket"] == pytest.approx([2 * end for end in few["bracket"]], rel=0.01)
    assert f"For all 4,000 examples that is λ = {found['chosen']:g}" in found["because"]
    assert f"for 2,000 with λ = {few['chosen']:g}" in found["because"]


def test_a_table_for_people_says_what_to_type_next() -> None:
    outcome = run_cli("find", "batch", "first-look", *FEW_SETTINGS[:4], "--seeds", "1")
    assert "★" in outcome.out
    assert "--set training.mini_batch=" in outcome.err


def test_what_to_type_next_holds_what_was_asked_for_and_an_arm_of_its_own_is_said() -> None:
    asked = ("--arm", "new: N(0, 1/n)", *FEW_SETTINGS[:4], "--seeds", "1")
    outcome = run_cli("find", "eta", "first-look", *asked)
    assert "--arm 'new: N(0, 1/n)' --set data.train=120 --set data.evaluation=60 --set training.eta=" in outcome.err
    own = run_cli("find", "eta", "lecture/learning-rates", "--data", "digits", *FEW_SETTINGS[:4], "--seeds", "1")
    assert "--set changes nothing there" in own.err


def test_nothing_is_chosen_by_the_test_set(tmp_path: Path) -> None:
    by_test = changed(SMALL, {"data.evaluate_on": "test"})
    trials = Trials()
    dataset = trials.dataset(reduced(by_test, trials))
    assert np.array_equal(dataset.validation.inputs, trials.dataset(SMALL).validation.inputs)
    state = begin(tmp_path / "study", by_test)
    assert Experiment.model_validate(state.base).data.evaluate_on is None
    by_test_too = (*FEW_SETTINGS, "--set", "data.evaluate_on=test", "--seeds", "1")
    assert "never choose by that" in run_cli("find", "eta", "first-look", *by_test_too).err


def test_what_cannot_be_found_is_one_sentence() -> None:
    outcome = run_cli("find", "width", "first-look")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1


# -- tune -------------------------------------------------------------------------------------------------


def test_the_whole_way_on_few_drawn_digits_keeps_its_budget_and_touches_the_test_set_once(tmp_path: Path) -> None:
    place = tmp_path / "way"
    outcome = run_cli(
        "tune", "--data", "digits", *FEW_SETTINGS, "--budget", "5", "--seeds", "2", "--out", place, "--json"
    )
    assert outcome.code == 0
    stages = [event["stage"] for event in outcome.of("stage")]
    assert stages[:4] == ["baseline", "shrink", "chance", "eta"]
    (end,) = outcome.of("done")
    assert [event["stage"] for event in outcome.of("decision")] == [s for s in stages if s not in end["left_out"]]
    for event in outcome.of("decision"):
        assert {"stage", "chosen", "because", "evidence"} <= set(event)
    assert end["seconds"] < 30  # of 5; a machine may be busy
    # Once where the time sufficed for training in full, else never
    assert len(outcome.of("test")) == (not {"full", "test"} & set(end["left_out"]))
    assert "# The broad strategy on drawn digits" in (place / "report.md").read_text("utf-8")
    assert run_cli("presets", "check", place / "winner.toml").code == 0
    assert paths.studies().exists() is False


def test_a_preset_is_fitted_to_a_table_of_numbers_as_a_run_is(tmp_path: Path) -> None:
    """The preset leaves cost and output open; a table without classes chooses them."""
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{2 * x + 0.1 * e:.3f}" for x, e in zip(rng.normal(size=80), rng.normal(size=80), strict=True)]
    table = tmp_path / "line.csv"
    table.write_text("\n".join(["x,target", *rows]) + "\n", "utf-8")
    outcome = run_cli("tune", "table", "--data", table, "--stop-after", "baseline", "--seeds", "1", "--json", "--quiet")
    assert outcome.code == 0
    assert outcome.events[-1]["began"]["metric"] == "r2"


def test_stop_after_a_stage_and_go_on_later() -> None:
    first = run_cli("tune", *FEW_SETTINGS, "--study", "mine", "--stop-after", "chance", "--json", "--quiet")
    assert [event["stage"] for event in first.of("stage")] == ["baseline", "shrink", "chance"]
    second = run_cli("tune", "--study", "mine", "--stop-after", "eta", "--json", "--quiet")
    assert [event["stage"] for event in second.of("stage")] == ["eta"]
    same = run_cli("tune", *FEW_SETTINGS, "--study", "mine", "--stop-after", "eta", "--json", "--quiet")
    assert same.code == 0
    other = run_cli("tune", "--set", "training.eta=3", "--study", "mine")
    assert other.code == 2
    assert "began with another" in other.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stop-after", "etta"], "there is no stage 'etta' (did you mean 'eta'?)"),
        (["--skip", "nothing"], "there is no stage 'nothing'"),
        (["--budget", "0"], "--budget must be from 1 second"),
        (["--budget", "inf"], "--budget must be from 1 second"),
        (["--set", "training.eta=-1"], "training.eta"),
        (["no-such-preset"], "there is no preset"),
    ],
)
def test_what_cannot_be_tuned_is_one_sentence_and_leaves_nothing(arguments: list[str], words: str) -> None:
    outcome = run_cli("tune", *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert not list(paths.studies().glob("*"))


def test_killed_in_the_middle_it_goes_on_and_nothing_measured_is_lost() -> None:
    place = paths.studies() / "killed"
    process = subprocess.Popen(
        command("tune", *FEW_SETTINGS, "--study", "killed", "--stop-after", "eta", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"TUNELAB_HOME": str(paths.home())},
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "measure" and event["stage"] == "eta":
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = journal.read(place)
    outcome = run_cli("tune", "--study", "killed", "--stop-after", "eta", "--quiet")
    after = journal.read(place)
    assert outcome.code == 0
    assert after[: len(before)] == before
    assert fold(after).stages["eta"].status == "decided"


# -- decisions --------------------------------------------------------------------------------------------


def test_going_back_makes_later_stages_stale_and_they_are_asked_again(tmp_path: Path) -> None:
    begin(tmp_path, SMALL, budget=300, seeds=2)
    for _ in range(3):
        advance(tmp_path, trainer=LEARNING)
        decide(tmp_path, "accept")
    state = decide(tmp_path, "back", stage="shrink", by="person")
    assert state.now is not None
    assert state.now.name == "shrink"
    assert state.stages["chance"].status == "stale"
    state = decide(tmp_path, "change", {"eta": 0.3}, by="person")
    assert state.experiment().training.eta == 0.3
    assert advance(tmp_path, trainer=LEARNING).stages["chance"].status == "asking"


def test_a_value_that_cannot_be_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    begin(tmp_path, SMALL, budget=300, seeds=2)
    advance(tmp_path, trainer=LEARNING)
    before = journal.read(tmp_path)
    with pytest.raises(BadInput, match=r"training\.eta"):
        decide(tmp_path, "change", {"training.eta": -1.0})
    with pytest.raises(BadInput, match="hasn't been reached"):
        decide(tmp_path, "back", stage="widen")
    assert journal.read(tmp_path) == before


def test_the_state_of_every_beginning_of_a_journal_can_be_told(tmp_path: Path) -> None:
    begin(tmp_path, SMALL, budget=300, stop_after="lambda", seeds=2)
    run_to_the_end(tmp_path, trainer=LEARNING)
    events = journal.read(tmp_path)
    for length in range(1, len(events) + 1):
        state = fold(events[:length])
        assert state.asks == (events[length - 1]["event"] == "recommendation" and state.done is None)


def test_a_network_that_cannot_learn_is_brought_to_learn() -> None:
    outcome = run_cli(
        "tune", "--set", "training.eta=10", "--set", "training.lambda=1000", "--set", "data.train=2000",
        "--set", "data.evaluation=500", "--set", "training.epochs=2", "--stop-after", "chance", "--json", "--quiet",
    )  # fmt: skip
    baseline, *_, chance = (event for event in outcome.events if event["event"] == "recommendation")
    assert "no better than guessing" in baseline["because"]
    assert chance["stage"] == "chance"
    assert "it learns" in chance["because"].lower()


def test_what_a_stage_is_about_is_named_even_where_it_stays(tmp_path: Path) -> None:
    begin(tmp_path, SMALL, budget=300, stop_after="eta-again", seeds=2)
    run_to_the_end(tmp_path, trainer=LEARNING)
    stages = fold(journal.read(tmp_path)).stages
    for name, key in (("eta", "training.eta"), ("lambda", "training.lambda"), ("eta-again", "training.eta")):
        decision = stages[name].decision
        assert decision is not None
        assert key in decision["chosen"]


def test_a_search_that_finds_no_eta_recommends_none() -> None:
    few = ("--set", "data.train=10", "--set", "training.lambda=1e9", "--seeds", "1")
    outcome = run_cli("find", "eta", "first-look", *few)
    assert outcome.code == 0
    assert "At no η" in outcome.out
    assert "--set" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lambda", "first-look", "--rule", "low", "--seeds", "2"], "leave --seeds out"),
        (["eta", "first-look", "--rule", "low"], "--rule is for lambda"),
        (["eta", "first-look", "--seeds", "0"], "at least 1"),
    ],
)
def test_options_that_do_not_go_together_are_said(arguments: list[str], words: str) -> None:
    outcome = run_cli("find", *arguments)
    assert outcome.code == 2
    assert words in outcome.err
