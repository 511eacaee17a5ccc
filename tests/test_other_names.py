"""Names of other libraries: the error names the key or value that is meant, and what differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import refused, run_cli
from tunelab.experiment import other_names
from tunelab.experiment.fields import described
from tunelab.experiment.other_names import key_hint, value_hint

KEYS = list(described())
NAMES = [
    (key, name)
    for key, groups in other_names._KEYS.items()
    for group in groups
    for name in group.partition("|")[0].split()
]
VALUES = [
    (key, name, meaning.partition("|")[0])
    for key, values in other_names._VALUES.items()
    for names, meaning in values.items()
    for name in names.split()
]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("learning_rate", "training.eta"),
        ("lr", "training.eta"),
        ("training.learning-rate", "training.eta"),
        ("weight_decay", "training.lambda (λ acts as λ/n: lambda = n × weight_decay"),
        ("alpha", "training.lambda (λ acts as λ/n: scikit-learn"),
        ("l2", "training.lambda (λ acts as λ/n: l2(v) in Keras"),
        ("batch_size", "training.mini_batch"),
        ("hidden_layers", "network.hidden (the hidden layers alone"),
        ("epoch", "training.epochs"),
        ("lr_schedule", "training.schedule.rule"),
        ("early_stop", "training.early_stopping.patience"),
        ("loss", "network.cost"),
        ("random_state", "initialization.seed"),
    ],
)
def test_a_key_of_another_library_names_ours(typed: str, key: str) -> None:
    sentence = refused(run_cli("run", "first-look", "--set", f"{typed}=1"))
    assert f"there is no parameter '{typed}'; tunelab calls it {key}" in sentence


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cost=mse", "quadratic"),
        ("cost=BCE", "cross-entropy"),
        ("cost=nll", "log-likelihood"),
        ("weights=xavier", "glorot-uniform' (or glorot-normal"),
        ("weights=kaiming", "he-normal' (or he-uniform"),
        ("weights=xavier_normal", "glorot-normal"),
        ("activation=logistic", "sigmoid"),
    ],
)
def test_a_value_of_another_library_names_ours(setting: str, value: str) -> None:
    assert f"; tunelab calls it '{value}" in refused(run_cli("run", "first-look", "--set", setting))


def test_in_a_preset_too_and_in_an_arm(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[training]\nlearning_rate = 1\n")
    hint = "unknown key 'learning_rate' in [training]; tunelab calls it training.eta"
    assert refused(run_cli("run", path)).endswith(hint)
    path.write_text('[[arm]]\nname = "a"\nnetwork.loss = "mse"\n')
    assert refused(run_cli("run", path)).endswith("unknown key 'loss' in [network]; tunelab calls it network.cost")


@pytest.mark.parametrize(("option", "key"), [("--lr", "training.eta"), ("--epochs", "training.epochs")])
def test_an_option_that_is_a_parameter_says_how_to_set_it(option: str, key: str) -> None:
    sentence = refused(run_cli("run", "first-look", option, "1"))
    assert f"there is no option '{option}'; it is a parameter: --set {key}=VALUE" in sentence


def test_init_knows_them_as_well() -> None:
    assert "tunelab calls it 'he-normal'" in refused(run_cli("init", "10", "--weights", "kaiming"))


def test_every_name_means_one_key_and_is_none_of_ours() -> None:
    names = [name for _, name in NAMES]
    assert len(set(names)) == len(names)
    assert not set(names) & {key.rsplit(".", 1)[-1] for key in KEYS}
    for key, name in NAMES:
        hint = key_hint(name, KEYS)
        assert hint.startswith(f"; tunelab calls it {key}" if key in KEYS else "; tunelab has no "), name


def test_a_parameter_that_is_not_there_yet_is_said_to_be_missing() -> None:
    assert key_hint("dropout_rate", ["training.eta"]) == "; tunelab has no dropout yet"


def test_every_value_is_one_of_ours_where_the_parameter_is() -> None:
    for key, name, value in VALUES:
        choices = described()[key].choices
        assert value in choices, (key, value)
        assert name not in choices, (key, name)
        assert f"'{value}'" in value_hint(key, name, choices)
