"""What the diagnosis says of settings and of curves: each verdict from curves made by hand to deserve it."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import run_cli
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numbers
from tunelab.diagnose import diagnose_experiment, known_before_training
from tunelab.diagnosis import (
    CAUSES,
    Curves,
    DataFacts,
    FirstLayers,
    Setting,
    Verdict,
    at_the_edge,
    constant_cost,
    first_layers,
    preflight,
    verdicts,
)
from tunelab.diagnosis.data_facts import Agreement
from tunelab.experiment import Experiment, load_data
from tunelab.initialization import Initialization, effects
from tunelab.records.history import History
from tunelab.statistics import Accuracy, accuracy_error, binomial_sf, t_quantile
from tunelab.tui.text.comparison_text import leader_sentence

_SETTING = frozenset(Setting.__dataclass_fields__)
_FACTS = frozenset(DataFacts.__dataclass_fields__)


def curves(cost: Any, accuracy: Any = 0.8, **more: Any) -> Curves:
    """Curves of one arm: costs, and accuracies (one for all measurements, or one each); settings and facts by name."""
    costs = np.asarray(cost, np.float64)
    accuracies = np.broadcast_to(np.asarray(accuracy, np.float64), costs.shape).copy()
    setting = {"eta": 0.5} | {key: value for key, value in more.items() if key in _SETTING}
    facts = {"chance": 0.1, "classes": 10} | {key: value for key, value in more.items() if key in _FACTS}
    about: dict[str, Any] = {
        "epoch": np.arange(1.0, len(costs) + 1),
        "training_cost": costs,
        "training_data_cost": costs,
        "evaluation_data_cost": costs,
        "training_accuracy": accuracies,
        "evaluation_accuracy": accuracies,
        "evaluation_total": 1000,
        "setting": Setting(**setting),
        "facts": DataFacts(**facts),
    }
    return Curves(**about | {key: value for key, value in more.items() if key not in _SETTING | _FACTS})


def codes(c: Curves) -> list[str]:
    return [verdict.code for verdict in verdicts(c)]


FALLING = 3 * 0.8 ** np.arange(12)


# -- each verdict from curves that deserve it -------------------------------------------------------------


def test_nothing_is_said_of_nothing() -> None:
    assert codes(curves([])) == ["nothing-yet"]


def test_one_measurement_is_not_clear_yet() -> None:
    assert codes(curves([2.0])) == ["not-clear"]


def test_a_cost_that_is_no_number_any_more_has_diverged() -> None:
    verdict = verdicts(curves([3.0, 40.0, np.nan, np.nan], 0.1, diverged=True))[0]
    assert verdict.code == "diverged"
    assert "after epoch 2" in verdict.text
    assert "η = 0.05" in verdict.advice


def test_a_run_that_diverged_before_its_first_measurement_says_so() -> None:
    verdict = verdicts(curves([np.nan], 0.1, diverged=True))[0]
    assert verdict.code == "diverged"
    assert "before the first measurement" in verdict.text


@pytest.mark.parametrize("correct", [1030, 990, 1009, 983, 967])
def test_the_lectures_failing_run_answers_one_digit_whatever_it_sees(correct: int) -> None:
    answers = np.zeros(10, int)
    answers[3] = 10_000
    found = verdicts(
        curves(
            [30.0] * 4,
            correct / 10_000,
            answers=answers,
            evaluation_total=10_000,
            lmbda=1000.0,
            n=50_000,
            constant_cost=3.25,
        )
    )
    assert [v.code for v in found] == ["constant"]
    assert "class number 3" in found[0].text
    assert found[0].cause == "lambda-too-large"
    assert found[0].cure == {"training.lambda": 0.0}


def test_each_seed_may_have_a_favourite_of_its_own() -> None:
    answers = np.zeros(10, int)
    answers[[1, 4, 7]] = 1000
    assert codes(curves([30.0] * 4, 0.1, answers=answers, seeds=3)) == ["constant"]


def test_one_class_for_nearly_everything_is_no_alarm_where_it_is_right_that_often() -> None:
    assert "constant" not in codes(curves(FALLING, 0.95, answers=np.array([950, 0]), chance=0.5, evaluation_total=950))


def test_guessing_is_called_guessing_with_its_probability() -> None:
    found = verdicts(curves([2.31, 2.30, 2.31, 2.30], [0.09, 0.1, 0.11, 0.1], evaluation_total=100))
    assert [v.code for v in found] == ["chance"]
    assert "11 of 100" in found[0].text
    assert found[0].evidence["p"] == pytest.approx(binomial_sf(11, 100, 0.1))


def test_a_little_above_chance_is_more_than_chance_where_there_are_many_examples() -> None:
    few, many = curves(FALLING, 0.14, evaluation_total=100), curves(FALLING, 0.14, evaluation_total=10_000)
    assert codes(few) == ["chance"]
    assert "chance" not in codes(many)


def test_a_rising_cost_is_rising() -> None:
    found = verdicts(curves(1.2 ** np.arange(8)))
    assert found[0].code == "rising"
    assert "η = 0.05" in found[0].advice


def test_up_and_down_is_oscillating() -> None:
    found = verdicts(curves([2.0, 1.2, 1.9, 1.1, 1.8, 1.2, 1.9, 1.1, 1.9]))
    assert found[0].code == "oscillating"
    assert found[0].cure == {"training.eta": 0.05}


def test_a_falling_cost_with_a_little_noise_does_not_oscillate() -> None:
    noisy = 2 * 0.9 ** np.arange(12) * (1 + 0.005 * np.array([1, -1] * 6))
    assert "oscillating" not in codes(curves(noisy))


def overfitted(**more: Any) -> Curves:
    return curves(
        FALLING,
        np.linspace(0.7, 0.8, 12),
        training_accuracy=np.linspace(0.75, 1.0, 12),
        evaluation_data_cost=np.array([1.5, 1.2, 1.0, 0.9, 0.92, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25]),
        **more,
    )


def test_an_evaluation_cost_that_turns_while_training_goes_on_falling_is_overfitting() -> None:
    found = verdicts(overfitted())
    assert found[0].code == "overfitting"
    assert "since epoch 4" in found[0].text
    assert "Try λ" in found[0].advice
    assert "larger λ" in verdicts(overfitted(lmbda=0.1))[0].advice


def test_accuracy_that_climbs_to_the_last_epoch_is_still_improving_once_it_has_ended() -> None:
    climbing = curves(FALLING, np.linspace(0.6, 0.8, 12), ended=True)
    assert verdicts(climbing)[0].code == "still-improving"
    assert "still-improving" not in codes(curves(FALLING, np.linspace(0.6, 0.8, 12)))


def test_accuracy_that_no_longer_moves_is_level() -> None:
    accuracy = [0.5, 0.7, 0.8, 0.85, *[0.9, 0.901, 0.899, 0.9] * 3]
    found = codes(curves(3 * 0.8 ** np.arange(16), accuracy))
    assert found[0] == "level"
    assert "level" not in codes(curves(3 * 0.8 ** np.arange(16), np.linspace(0.3, 0.9, 16)))


def test_a_falling_cost_is_learning() -> None:
    found = verdicts(curves(FALLING[:4], [0.3, 0.5, 0.6, 0.7]))
    assert [v.code for v in found] == ["learning"]
    assert "70.0 %" in found[0].text


def test_learning_says_how_much_the_evaluation_set_can_tell() -> None:
    found = verdicts(curves(FALLING[:4], [0.3, 0.5, 0.6, 0.9], evaluation_total=100))
    assert "100 evaluation examples: ± 3.0 points" in found[0].text


def test_what_stops_learning_altogether_is_said_alone() -> None:
    answers = np.array([1000] + [0] * 9)
    rising = curves(1.2 ** np.arange(8), 0.1, answers=answers)
    assert codes(rising) == ["constant"]


floats = st.floats(allow_nan=True, allow_infinity=True)
series = st.integers(1, 14).flatmap(lambda k: st.tuples(*[numbers.arrays(np.float64, k, elements=floats)] * 5))


@settings(max_examples=50)
@given(series, st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.5]), st.booleans(), st.booleans())
def test_whatever_the_numbers_are_a_sentence_is_said(
    five: tuple[Any, ...], total: int, chance: float, diverged: bool, ended: bool
) -> None:
    cost, data, evaluation, trained, judged = five
    c = curves(
        cost,
        training_data_cost=data,
        evaluation_data_cost=evaluation,
        training_accuracy=trained,
        evaluation_accuracy=judged,
        evaluation_total=total,
        chance=chance,
        diverged=diverged,
        ended=ended,
    )
    found = verdicts(c)
    assert found
    assert all(v.text.isprintable() and "nan" not in v.text and "inf" not in v.text for v in found)
    assert max(len(v.text) for v in found) < 400


def test_numbers_that_are_missing_prove_nothing() -> None:
    nothing = np.full(12, np.nan)
    found = codes(curves(nothing, nothing, evaluation_data_cost=nothing, ended=True))
    assert found == ["not-clear"]


def test_an_arms_events_become_its_verdict() -> None:
    arm = History("a")
    arm.add({"event": "start", "data": {"classes": list("0123456789")}, "experiment": {"training": {"eta": 2.0}}})
    assert arm.verdicts()[0].code == "nothing-yet"
    for epoch in range(1, 5):
        arm.add({"event": "measure", "epoch": epoch, "training_cost": None, "diverged": True})
    assert arm.verdicts()[0].code == "diverged"
    assert "η = 2" in arm.verdicts()[0].text


# -- before training --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eta", "lmbda", "factor", "codes_wanted"),
    [
        (10.0, 1000.0, -9.0, ["shrink-factor"]),
        (10.0, 20.0, 0.8, ["lambda-heavy"]),
        (100.0, 20.0, -1.0, ["shrink-factor"]),
        (1.0, 20.0, 0.98, []),
    ],
)
def test_the_lectures_four_runs_are_known_before_a_single_step(
    eta: float, lmbda: float, factor: float, codes_wanted: list[str]
) -> None:
    setting = Setting(eta, lmbda, 10, 1000, activation="sigmoid", hidden=(30,))
    assert setting.shrink == pytest.approx(factor)
    found = warnings(setting)
    assert [v.code for v in found] == codes_wanted
    if factor < 0:
        assert f"{factor:g}" in found[0].observation
        assert "can't learn" in found[0].observation
        assert found[0].cure is not None
        assert found[0].cure["training.lambda"] == 0.0


def warnings(setting: Setting, first: FirstLayers | None = None) -> list[Verdict]:
    return preflight(setting, DataFacts(training=setting.n), first)


def test_what_must_fail_says_which_values_would_not() -> None:
    text = warnings(Setting(100.0, 20.0, 10, 1000))[0]
    assert "only flips its sign" in text.observation
    assert "λ smaller than 10" in text.advice
    assert "η smaller than 50" in text.advice
    assert "grows" in warnings(Setting(10.0, 1000.0, 10, 1000))[0].observation


def test_a_factor_between_minus_one_and_zero_flips_signs_and_is_warned_of() -> None:
    assert [v.code for v in warnings(Setting(10.0, 150.0, 10, 1000))] == ["shrink-factor"]


def test_a_lambda_for_the_full_set_is_scaled_for_a_small_one() -> None:
    heavy = warnings(Setting(0.5, 1000.0, 10, 1000))
    assert [v.code for v in heavy] == ["lambda-heavy"]
    assert "λ = 1000 may suit 50,000 examples; for 1,000 the same λ/n is 20." in heavy[0].why


def test_sensible_settings_raise_no_warning() -> None:
    assert warnings(Setting(0.5, 0.1, 10, 1000)) == []
    assert warnings(Setting(0.5, 5.0, 10, 50_000)) == []


def test_first_weights_that_saturate_are_said_and_scaled_ones_are_not() -> None:
    old, new = (
        (
            Setting(0.1, 0.0, 10, 1000, hidden=(30,), activation="sigmoid", weights=scheme),
            first_layers(effects(Initialization((1000, 30, 10), scheme), None, active=500)),
        )
        for scheme in ("standard", "scaled")
    )
    assert [v.cause for v in warnings(*old)] == ["saturated-start"]
    assert "22.4" in warnings(*old)[0].observation
    assert warnings(*old)[0].cure == {"initialization.weights": "scaled"}
    assert warnings(*new) == []


# -- arms against each other ------------------------------------------------------------------------------


def test_ahead_by_more_than_seeds_differ_is_ahead() -> None:
    text = leader_sentence({"old": Accuracy(0.80, 0.01, 3, 1000), "new": Accuracy(0.90, 0.01, 3, 1000)}, 2.0)
    half = 100 * t_quantile(0.05, 4) * math.sqrt(2 * 0.01**2 / 3)
    assert text == f"“new” is ahead of “old” by 10.0 ± {half:.1f} points after 2 epochs."


def test_within_what_seeds_differ_is_no_more_than_noise() -> None:
    text = leader_sentence({"a": Accuracy(0.80, 0.03, 3, 1000), "b": Accuracy(0.81, 0.03, 3, 1000)}, 1.0)
    assert text.endswith("after 1 epoch: no more than noise.")


def test_one_seed_is_judged_by_the_examples_alone_and_says_so() -> None:
    clear = leader_sentence({"a": Accuracy(0.80, 0.0, 1, 1000), "b": Accuracy(0.90, 0.0, 1, 1000)}, 5.0)
    half = 196 * math.hypot(accuracy_error(0.8, 1000), accuracy_error(0.9, 1000))
    assert clear.startswith(f"“b” is ahead of “a” by 10.0 ± {half:.1f} points")
    assert "One seed each" in clear
    close = leader_sentence({"a": Accuracy(0.80, 0.0, 1, 100), "b": Accuracy(0.85, 0.0, 1, 100)}, 5.0)
    assert "no more than noise" in close
    assert "Three seeds" in close


def test_only_the_best_two_are_compared() -> None:
    arms = {"low": Accuracy(0.1, 0.0, 1, 1000)}
    assert leader_sentence(arms, 1.0) == ""
    text = leader_sentence(arms | {"mid": Accuracy(0.5, 0, 1, 1000), "top": Accuracy(0.9, 0, 1, 1000)}, 1.0)
    assert text.startswith("“top” is ahead of “mid” by")


# -- what ignoring the input reaches ----------------------------------------------------------------------

TEN = np.arange(1000) % 10


@pytest.mark.parametrize(
    ("output", "cost", "wanted"),
    [("sigmoid", "cross-entropy", 3.2508), ("softmax", "log-likelihood", 2.3026), ("sigmoid", "quadratic", 0.45)],
)
def test_knowing_only_the_class_shares_costs_what_the_book_of_numbers_says(
    output: str, cost: str, wanted: float
) -> None:
    assert constant_cost(TEN, 10, output, cost) == pytest.approx(wanted, abs=1e-4)


def test_knowing_only_the_mean_costs_half_the_variance() -> None:
    assert constant_cost(np.array([[0.0], [2.0]]), 0, "linear", "quadratic") == pytest.approx(0.5)


def test_a_cost_that_stays_where_the_class_shares_put_it_is_said_with_both_numbers() -> None:
    at_shares = curves([3.30, 3.26, 3.255, 3.252], 0.1, constant_cost=3.2508, lmbda=20.0, n=1000)
    found = verdicts(at_shares)
    assert found[0].evidence["symptom"] == "class-shares"
    assert "3.252" in found[0].observation
    assert "3.251" in found[0].observation
    assert found[0].cause == "lambda-too-large"
    assert "λ = 0" in found[0].advice
    alone = verdicts(curves([3.30, 3.26, 3.255, 3.252], 0.1, constant_cost=3.2508))[0]
    assert (alone.code, alone.cause, alone.cure) == ("class-shares", "", None)  # no cause fits, so none is named
    assert "--try" in alone.advice


def test_a_cost_at_the_class_shares_is_no_alarm_where_answers_are_right() -> None:
    assert "class-shares" not in codes(curves([3.30, 3.26, 3.255, 3.252], 0.4, constant_cost=3.2508))


def test_regression_that_gives_the_mean_for_everything_is_recognised() -> None:
    found = verdicts(curves([2.0, 1.51, 1.5, 1.5, 1.5], 0.08, chance=0.08, classes=0, constant_cost=1.5))
    assert found[0].code == "class-shares"
    assert "the mean of what is wanted" in found[0].observation


def test_dead_relus_are_seen_and_half_of_them_off_is_healthy() -> None:
    flat = {"chance": 0.1, "constant_cost": 2.3026, "activation": "relu"}
    off, half = (np.full((3, 2), share) for share in (0.995, 0.55))
    assert "dead" in codes(curves([2.303] * 5, 0.1, saturated=off, **flat))
    assert "dead" not in codes(curves(FALLING, 0.8, saturated=half, **flat))


def test_saturation_says_whether_first_weights_or_steps_did_it() -> None:
    about: dict[str, Any] = {"constant_cost": 3.25, "activation": "sigmoid", "saturated": np.full((3, 2), 0.9)}
    cost = np.linspace(3.0, 2.5, 8)
    about |= {"hidden": (30,), "eta": 5.0}
    starts = [FirstLayers(np.array([share, 0.1]), np.array([9.0, 1.0])) for share in (0.8, 0.1)]
    first = verdicts(curves(cost, 0.5, first=starts[0], weights="standard", **about))[0]
    later = verdicts(curves(cost, 0.5, first=starts[1], weights="scaled", **about))[0]
    assert (first.cause, later.cause) == ("saturated-start", "eta-too-large")
    assert first.cure == {"initialization.weights": "scaled"}
    assert later.cure == {"training.eta": 0.5}


def test_a_cost_that_hardly_comes_down_is_too_slow_and_a_good_start_is_not() -> None:
    slow = curves(3.2 * 0.99 ** np.arange(10), 0.3, constant_cost=3.25, eta=0.01)
    assert verdicts(slow)[0].code == "too-slow"
    assert verdicts(slow)[0].cure == {"training.eta": 0.3}
    usual = curves(3.2 * 0.99 ** np.arange(10), 0.3, constant_cost=3.25, eta=0.5)
    assert all(v.cause != "eta-too-small" for v in verdicts(usual))  # as slow, and η isn't small
    assert "too-slow" not in codes(curves(3 * 0.7 ** np.arange(4), 0.5, constant_cost=3.25))


def test_lambda_that_crushes_is_named() -> None:
    data = np.array([3.3, 3.0, 2.8, 2.7, 2.7, 2.71, 2.7, 2.7, 2.7])
    found = verdicts(
        curves(data + 0.4, 0.4, training_data_cost=data, constant_cost=3.25, lmbda=20.0, mini_batch=10, n=1000)
    )
    assert found[0].code == "lambda-crushing"
    assert found[0].cure == {"training.lambda": 0.0}


def test_a_level_cost_with_unlearnt_examples_wants_a_larger_network() -> None:
    cost = np.array([3.0, 1.5, 1.2, 1.1, *[1.0, 1.001] * 5])
    found = verdicts(curves(cost, 0.7, constant_cost=3.25, hidden=(2,), activation="sigmoid"))
    assert found[0].cause == "too-little-capacity"
    assert found[0].cure == {"network.hidden": [30]}
    assert "underfitting" not in codes(curves(cost, 0.97, constant_cost=3.25, hidden=(2,), activation="sigmoid"))


def test_the_best_value_at_the_edge_is_suspect_and_inside_it_is_not() -> None:
    low = at_the_edge("η", [0.01, 0.1, 1.0], [0.9, 0.8, 0.1])
    assert low is not None
    assert low.code == "edge"
    assert "down to 0.001" in low.advice
    high = at_the_edge("λ", [0.1, 1.0, 10.0], [0.1, math.nan, 0.9])
    assert high is not None
    assert "up to 100" in high.advice
    assert at_the_edge("η", [0.01, 0.1, 1.0], [0.8, 0.9, 0.1]) is None
    assert at_the_edge("η", [0.01, 0.1, 1.0], [0.9, 0.9, 0.1]) is None
    assert at_the_edge("η", [0.1], [0.9]) is None


def test_a_sentence_must_hold_twice_before_it_takes_anothers_place() -> None:
    arm = History("a")
    data = {"classes": list("0123456789"), "chance": 0.1, "constant_cost": 3.25}
    arm.add({"event": "start", "data": data, "experiment": {"training": {"eta": 0.1}}})
    costs = [*(3 * 0.7 ** np.arange(9)), *(0.25 * 1.5 ** np.arange(1, 9))]
    said = []
    for k, cost in enumerate(costs):
        event = {"epoch": k + 1.0, "training_cost": cost, "training_data_cost": cost, "evaluation_data_cost": cost}
        accuracy = {"training_accuracy": 0.5 + 0.02 * k, "evaluation_accuracy": 0.5 + 0.02 * k}
        arm.add({"event": "measure", "evaluation_total": 1000} | event | accuracy)
        said.append(arm.verdicts()[0].code)
    assert said[-1] == "rising"
    assert sum(a != b for a, b in pairwise(said)) <= 3


# -- the whole: settings, first weights and a brief training ----------------------------------------------


def small(**training: Any) -> Experiment:
    return Experiment(data={"train": 300, "evaluation": 100}, network={"hidden": ()}, training=training)


def test_the_lectures_failing_setting_is_diagnosed_before_and_after() -> None:
    found = diagnose_experiment(small(eta=10.0, lmbda=1000.0, epochs=8))
    assert found.verdicts[0].code in {"diverged", "constant"}
    assert found.verdicts[0].cause == "shrink-factor"
    assert found.verdicts[0].certainty == "certain"
    assert "8 epochs on 300 examples" in found.basis


def test_far_too_small_a_step_is_diagnosed() -> None:
    found = diagnose_experiment(small(eta=1e-4))
    assert found.verdicts[0].cause == "eta-too-small"
    assert found.verdicts[0].cure == {"training.eta": 0.3}


def test_a_good_setting_is_learning() -> None:
    experiment = Experiment(data={"train": 2000, "evaluation": 500}, training={"eta": 0.3, "mini_batch": 32})
    assert [v.cause for v in diagnose_experiment(experiment).verdicts] == [""]


def test_outputs_that_cannot_give_what_is_wanted_are_known_before() -> None:
    network = {"hidden": (), "output": "sigmoid", "cost": "quadratic"}
    experiment = Experiment(data={"name": "points", "train": 200, "evaluation": 100}, network=network)
    (known, *_) = known_before_training(experiment, load_data(experiment))
    assert known.code == "out-of-reach"
    assert known.cure == {"network.output": "linear"}
    assert diagnose_experiment(experiment).verdicts[0].cause == "output-cost-mismatch"


def test_the_command_diagnoses_a_preset_and_a_run(tmp_path: Path) -> None:
    preset = tmp_path / "slow.toml"
    preset.write_text(
        "[data]\ntrain = 200\nevaluation = 100\n[network]\nhidden = []\n[training]\neta = 0.0001\nepochs = 6\n"
    )
    seen = run_cli("diagnose", preset, "--json")
    assert seen.code == 0
    assert "too-slow" in [event["code"] for event in seen.of("verdict")]
    first = seen.of("verdict")[0]
    assert (first["cause"], first["cause_name"], first["cure"]) == (
        "eta-too-small",
        "η too small",
        {"training.eta": 0.3},
    )
    assert all(event["text"] and event["cause"] in {None, *CAUSES} for event in seen.of("verdict"))
    assert run_cli("run", preset, "--quiet", "--out", tmp_path / "run").code == 0
    read = run_cli("diagnose", f"{tmp_path}/run")
    assert "Read from its record: 6 of 6 epochs" in read.out
    assert "falls steadily but slowly" in read.out
    refused = run_cli("diagnose", f"{tmp_path}/run", "--set", "training.eta=1")
    assert refused.code == 2
    assert "change a preset" in refused.err


def test_a_network_that_weighs_rare_classes_isnt_accused_of_naming_the_frequent_one_less_often() -> None:
    rare = {
        "chance": 0.977,
        "classes": 2,
        "training_counts": (2050, 50),
        "evaluation_counts": (440, 10),
        "evaluation_total": 450,
        "training_neighbours": Agreement(2060, 2100, 0.95),
        "class_weights": True,
        "n": 2100,
    }
    cost, accuracy = np.linspace(0.6, 0.5, 20), np.linspace(0.8, 0.84, 20)
    weighed = verdicts(curves(cost, accuracy, balanced_accuracy=0.87, training_balanced_accuracy=0.9, **rare))
    assert not any(verdict.cause for verdict in weighed)
    assert weighed[0].code != "chance"
    assert "balanced accuracy of 87.0 %" in weighed[0].text
    blind = verdicts(curves(cost, accuracy, balanced_accuracy=0.5, training_balanced_accuracy=0.5, **rare))
    assert blind[0].code == "chance"
