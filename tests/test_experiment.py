"""One declaration says what an experiment is: its keys, help, defaults, what may be typed, and what fits what."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tomli_w
from conftest import MakeExamples
from pydantic import BaseModel
from tunelab.activations import ACTIVATIONS
from tunelab.costs import COST_FUNCTIONS, COSTS, OUTPUTS
from tunelab.data import Dataset, Examples
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, assemble, stacks
from tunelab.experiment.dotted_keys import changed, full_key, known_keys, parse_setting, parse_settings
from tunelab.experiment.fields import described, value_of
from tunelab.experiment.nested_tables import merged, placed
from tunelab.experiment.preset import PresetFile, parse, schema
from tunelab.experiment.toml_writing import toml_text
from tunelab.experiment.validation_errors import section_of
from tunelab.initialization import BIASES, WEIGHTS

KEYS = sorted(known_keys())


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A table and every table in it."""
    yield model
    for field in model.model_fields.values():
        if inner := section_of(field.annotation):
            yield from sections(inner)


@pytest.fixture
def dataset(make_examples: MakeExamples) -> Dataset:
    """Sixty examples of twelve inputs in three classes."""
    classes = ("0", "1", "2")
    return Dataset("tiny", "tiny", make_examples(60), make_examples(20, seed=1), make_examples(20, seed=2), classes)


# -- one truth --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", list(dict.fromkeys(sections(PresetFile))), ids=lambda s: s.__name__)
def test_every_parameter_has_help_for_a_student(section: type[BaseModel]) -> None:
    for name, field in section.model_fields.items():
        help_text = field.description or ""
        assert len(help_text.split()) >= 3, f"{section.__name__}.{name}"
        assert help_text.endswith("."), f"{section.__name__}.{name}"
        assert "!" not in help_text


def schema_keys(table: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict]]:
    """Every key that a JSON schema speaks of, with what it says of it."""
    for name, said in table["properties"].items():
        inner = next((part["$ref"] for part in [said, *said.get("anyOf", [])] if "$ref" in part), None)
        if inner is None:
            yield prefix + name, said
        else:
            yield from schema_keys(definitions[inner.rsplit("/", 1)[-1]], definitions, f"{prefix}{name}.")


def test_schema_and_keys_are_the_same_parameters_with_the_same_help() -> None:
    whole = schema()
    experiment = {"properties": {name: whole["properties"][name] for name in Experiment.model_fields}}
    found = dict(schema_keys(experiment, whole["$defs"]))
    assert all(said["description"] for said in found.values())
    assert found.pop("data.columns")["type"] == "object"  # its keys are a person's own
    assert sorted(found) == KEYS
    assert all(table["additionalProperties"] is False for table in [whole, *whole["$defs"].values()])


def test_a_columns_name_may_be_anything() -> None:
    settings = ["data.columns.Culmen Length (mm).x=ignore", 'data.columns."a b"=number', "data.columns.3 = category"]
    experiment = changed(Experiment(), dict(map(parse_setting, settings)))
    assert experiment.data.columns == {"Culmen Length (mm).x": "ignore", "a b": "number", "3": "category"}
    assert parse(toml_text(experiment.to_dict()), "mine", "mine.toml").arms[0].experiment == experiment


def test_keys_that_came_later_leave_an_older_records_experiment_as_it_was() -> None:
    assert "task" not in Experiment().to_dict()["data"]
    assert Experiment(data={"task": "regression"}).to_dict()["data"]["task"] == "regression"


def test_the_contracts_keys_are_there_by_the_names_of_files() -> None:
    promised = {
        "data": ["name", "train", "evaluation", "classes"],
        "network": ["hidden", "activation", "output", "cost"],
        "initialization": ["weights", "biases", "seed"],
        "training": ["eta", "lambda", "mini_batch", "epochs", "monitor_every"],
        "training.schedule": ["rule", "patience", "stop_at"],
        "training.early_stopping": ["patience"],
    }
    assert {f"{table}.{key}" for table, keys in promised.items() for key in keys} <= set(KEYS)


def test_what_a_form_a_schema_and_help_offer_is_what_the_tables_hold() -> None:
    tables: dict[str, Any] = {
        "network.activation": ACTIVATIONS,
        "network.output": OUTPUTS,
        "network.cost": COST_FUNCTIONS,
        "initialization.weights": WEIGHTS,
        "initialization.biases": BIASES,
    }
    written = schema()["$defs"]
    for key, table in tables.items():
        section, name = key.split(".")
        about = described()[key]
        assert (about.kind, about.choices) == ("choice", tuple(table))
        assert written[f"{section.title()}Section"]["properties"][name]["enum"] == list(table)
        for entry in table.values():
            assert (entry if isinstance(entry, str) else getattr(entry, "help", "")) in about.help
    assert {output for output, _ in COSTS} == set(OUTPUTS)
    assert {cost for _, cost in COSTS} == set(COST_FUNCTIONS)


def test_every_initializer_can_be_asked_for() -> None:
    for name in WEIGHTS:
        assert Experiment(initialization={"weights": name}).initialization.weights == name
    for name in BIASES:
        assert Experiment(initialization={"biases": name}).initialization.biases == name


@pytest.mark.parametrize("key", KEYS)
def test_every_default_survives_its_way_through_a_file(key: str) -> None:
    experiment = Experiment(training={"schedule": {}, "early_stopping": {}})
    default = value_of(experiment.model_dump(mode="json", by_alias=True), key)
    if default is None:  # TOML has no word for nothing: such a key is left out
        assert described()[key].optional
        return
    file = tomli_w.dumps(placed({}, {key: default}))
    read = parse(file, "p", "p.toml").arms[0].experiment
    assert value_of(read.model_dump(mode="json", by_alias=True), key) == default


def test_an_experiment_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Experiment().training.eta = 3.0


def test_lambda_is_lmbda_in_python() -> None:
    by_name = Experiment(training={"lmbda": 0.25})
    assert by_name == Experiment(training={"lambda": 0.25})
    assert by_name.training.lmbda == 0.25
    assert by_name.to_dict()["training"]["lambda"] == 0.25


def test_seeds_count_up_from_the_first() -> None:
    assert Experiment(initialization={"seed": 5, "seeds": 3}).seeds == [5, 6, 7]


# -- what a person types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("training.eta", "training.eta"),
        ("eta", "training.eta"),
        ("lambda", "training.lambda"),
        ("lmbda", "training.lambda"),
        ("training.lmbda", "training.lambda"),
        ("hidden", "network.hidden"),
        ("stop_at", "training.schedule.stop_at"),
        ("schedule.patience", "training.schedule.patience"),
        ("early_stopping.patience", "training.early_stopping.patience"),
        ("seed", "initialization.seed"),
    ],
)
def test_keys_that_may_be_typed(typed: str, meant: str) -> None:
    assert full_key(typed) == meant


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_known_in_full(key: str) -> None:
    assert full_key(key) == key


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("etta", "did you mean 'eta'"),
        ("training.etta", "did you mean 'training.eta'"),
        ("trainin.eta", "did you mean 'training.eta'"),
        ("lamda", "did you mean 'lambda'"),
        ("mini-batch", "did you mean 'mini_batch'"),
        ("patience", "training.schedule.patience or training.early_stopping.patience"),
        ("qqq", "there is no parameter 'qqq'; `tunelab schema`"),
        ("ta", "there is no parameter 'ta'"),
        ("", "there is no parameter ''"),
        (".", "there is no parameter '.'"),
        ("training", "there is no parameter 'training'"),
        ("x\x1b[31m", "there is no parameter 'x�[31m'"),
    ],
)
def test_keys_that_are_not_there_get_the_nearest(typed: str, said: str) -> None:
    with pytest.raises(BadInput) as problem:
        full_key(typed)
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("eta=0.25", "training.eta", 0.25),
        (" eta = 3 ", "training.eta", 3),
        ("lambda=1e-3", "training.lambda", 1e-3),
        ("hidden=[30, 10]", "network.hidden", [30, 10]),
        ("hidden=[]", "network.hidden", []),
        ("weights=he-normal", "initialization.weights", "he-normal"),
        ('weights="he-normal"', "initialization.weights", "he-normal"),
        ("monitor_every=epoch", "training.monitor_every", "epoch"),
        ("monitor_every=1_000", "training.monitor_every", 1000),
        ("data.name=a=b.npz", "data.name", "a=b.npz"),
        ("data.name=", "data.name", ""),
        ("data.name=true", "data.name", True),
        ("eta=1\nepochs = 2", "training.eta", "1\nepochs = 2"),
        (f"eta={'[' * 5000}", "training.eta", "[" * 5000),
        (f"eta={'9' * 5000}", "training.eta", "9" * 5000),
    ],
)
def test_settings_are_toml_values_or_bare_words(text: str, key: str, value: Any) -> None:
    assert parse_setting(text) == (key, value)


@pytest.mark.parametrize("text", ["eta", "", "=3", " =3", "0.5"])
def test_settings_without_key_or_value(text: str) -> None:
    with pytest.raises(BadInput, match="--set takes KEY=VALUE"):
        parse_setting(text)


def test_the_last_of_several_settings_counts() -> None:
    assert parse_settings(["eta=1", "lmbda=5", "training.eta=2"]) == {"training.eta": 2, "training.lambda": 5}


def test_placing_and_merging_leave_the_originals_alone() -> None:
    tree = {"training": {"eta": 1.0, "schedule": {"patience": 3, "rule": "constant"}}}
    original = copy.deepcopy(tree)
    assert placed(tree, {"training.eta": 2.0, "data.name": "x"}) == {
        "training": {"eta": 2.0, "schedule": {"patience": 3, "rule": "constant"}},
        "data": {"name": "x"},
    }
    assert placed(tree, {"training.schedule.rule": None}) == {"training": {"eta": 1.0, "schedule": {"patience": 3}}}
    assert merged(tree, {"training": {"schedule": {"patience": 8}}}) == {
        "training": {"eta": 1.0, "schedule": {"patience": 8, "rule": "constant"}}
    }
    assert tree == original


def test_changing_one_key() -> None:
    first = Experiment()
    second = changed(first, {"training.eta": 0.125})
    assert (first.training.eta, second.training.eta) == (0.5, 0.125)
    with pytest.raises(BadInput, match=r"training\.eta must be greater than 0, is -1"):
        changed(first, {"training.eta": -1})


# -- from an experiment to its training -------------------------------------------------------------------


def small(**training: Any) -> Experiment:
    """A network of four hidden neurons."""
    return Experiment(network={"hidden": [4]}, training={"epochs": 1} | training)


def test_arms_of_one_shape_are_stacked() -> None:
    arms = [small(eta=0.1), small(eta=0.2), small(mini_batch=20), small(eta=0.3)]
    assert stacks(arms) == [[0, 1, 3], [2]]


@pytest.mark.parametrize("other", [{"epochs": 2}, {"monitor_every": 10}, {"mini_batch": 5}])
def test_what_changes_the_shape_of_a_training_is_not_stacked(other: dict[str, Any]) -> None:
    assert stacks([small(), small(**other)]) == [[0], [1]]


def test_stacks_are_split_until_every_worker_has_one() -> None:
    arms = [small(eta=0.1 * (i + 1)) for i in range(5)]
    for workers in range(1, 8):
        pieces = stacks(arms, workers)
        assert sorted(position for piece in pieces for position in piece) == [0, 1, 2, 3, 4]
        assert len(pieces) == min(workers, 5)


def test_a_stack_gives_each_arm_what_it_asked_for(dataset: Dataset) -> None:
    arms = [
        Experiment(network={"hidden": [4]}, initialization={"seeds": 2}, training={"eta": 0.5, "lambda": 1.0}),
        Experiment(network={"hidden": [4]}, initialization={"seed": 7, "weights": "standard"}, training={"eta": 2.0}),
    ]
    training = assemble(arms, dataset)
    assert training.eta.tolist() == [0.5, 0.5, 2.0]
    assert training.lmbda.tolist() == [1.0, 1.0, 0.0]
    alone = assemble([arms[1]], dataset)
    for stacked, single in zip(training.network.weights, alone.network.weights, strict=True):
        np.testing.assert_array_equal(stacked[2:], single)


def test_float64_is_float64(dataset: Dataset) -> None:
    training = assemble([Experiment(network={"hidden": [4], "precision": "float64"})], dataset)
    assert training.network.dtype == np.float64


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (small(mini_batch=61), "training.mini_batch: 61 is more than the 60 training examples; use at most 60"),
        (Experiment(network={"hidden": [100_000] * 3}), "network.hidden"),
        (Experiment(network={"hidden": [100_000]}, initialization={"seeds": 1000}), "network.hidden"),
    ],
)
def test_what_does_not_fit_the_data(experiment: Experiment, said: str, dataset: Dataset) -> None:
    with pytest.raises(BadInput) as problem:
        assemble([experiment], dataset)
    assert str(problem.value).startswith(said)


@pytest.mark.parametrize("cost", ["cross-entropy", "log-likelihood"])
def test_costs_of_classes_cannot_judge_points(cost: str) -> None:
    part = Examples(np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32))
    points = Dataset("points", "points", part, part, part, tolerance=0.1)
    experiment = Experiment(network={"cost": cost}, training={"mini_batch": 2})
    with pytest.raises(BadInput, match=r'network\.cost = "quadratic"'):
        assemble([experiment], points)
    assemble([changed(experiment, {"network.cost": "quadratic", "network.output": "linear"})], points)
