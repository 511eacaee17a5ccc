"""Presets: files with arms that come back as they were, and what a person hears when one can't be used."""

from __future__ import annotations

import contextlib
import math
import os
import string
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from tunelab import paths
from tunelab.errors import BadInput
from tunelab.experiment import Preset
from tunelab.experiment.dotted_keys import known_keys
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.preset import available, find, parse, save

WHOLE = '''
title = "Old and new [bold]weights[/], η = 0.5"
source = "a book"
description = """
Two lines with "quotes"
and a \\\\ backslash.
"""

[data]
name = "mnist"
train = 50000
evaluation = 10000
classes = [0, "7"]

[network]
hidden = [30, 20]
activation = "tanh"
output = "softmax"
cost = "log-likelihood"

[initialization]
weights = "scaled"
biases = "zeros"
seed = 3

[training]
eta = 0.5
lambda = 5
mini_batch = 10
epochs = 30
monitor_every = 1000

[training.schedule]
rule = "halve-on-plateau"
patience = 10
stop_at = 1024

[training.early_stopping]
patience = 10

[[arm]]
name = "old: N(0, 1)"
initialization.weights = "standard"
training.lambda = 0.0

[[arm]]
name = "new"
network.hidden = []
training.schedule.rule = "constant"

[expect]
"old: N(0, 1)".final.evaluation_accuracy = [0.955, 0.970]
"old: N(0, 1)".best.training_cost = [0, 1]
'''


def said(text: str, source: str = "mine.toml") -> str:
    """What is said of a preset that can't be used."""
    with pytest.raises(BadInput) as problem:
        parse(text, "mine", source)
    sentence = str(problem.value)
    assert sentence.isprintable()
    return sentence


def same(one: Preset, other: Preset) -> bool:
    """Whether two presets say the same."""
    return (one.tables, one.arms) == (other.tables, other.arms)


# -- what a file says -------------------------------------------------------------------------------------


def test_lambda_is_scaled_in_the_base_and_in_the_arms_that_have_their_own() -> None:
    preset = parse(
        "[training]\nlambda = 5.0\n[[arm]]\nname = 'a'\n[[arm]]\nname = 'b'\ntraining.lambda = 0.5\n"
        "[[arm]]\nname = 'c'\ntraining.lambda = 0.0",
        "scaled",
        "scaled.toml",
    )
    scaled = preset.with_lambda_scaled(0.02)
    assert [arm.experiment.training.lmbda for arm in scaled.arms] == [0.1, 0.01, 0.0]
    assert [arm.experiment.training.lmbda for arm in preset.arms] == [5.0, 0.5, 0.0]


def test_arms_override_the_base_key_by_key() -> None:
    old, new = parse(WHOLE, "mine", "mine.toml").arms
    assert (old.name, new.name) == ("old: N(0, 1)", "new")
    assert (old.experiment.initialization.weights, new.experiment.initialization.weights) == ("standard", "scaled")
    assert (old.experiment.training.lmbda, new.experiment.training.lmbda) == (0.0, 5.0)
    assert (old.experiment.network.hidden, new.experiment.network.hidden) == ((30, 20), ())
    assert old.experiment.training.eta == new.experiment.training.eta == 0.5
    assert old.experiment.initialization.biases == new.experiment.initialization.biases == "zeros"
    schedules = old.experiment.training.schedule, new.experiment.training.schedule
    assert [(s.rule, s.patience) for s in schedules if s] == [("halve-on-plateau", 10), ("constant", 10)]


def test_title_description_and_expectations() -> None:
    preset = parse(WHOLE, "mine", "mine.toml")
    assert preset.title == "Old and new [bold]weights[/], η = 0.5"
    assert preset.description == 'Two lines with "quotes"\nand a \\ backslash.'
    assert preset.expect["old: N(0, 1)"]["final"] == {"evaluation_accuracy": [0.955, 0.970]}
    assert parse("", "mine", "mine.toml").title == "mine"


def test_an_empty_file_is_the_default_experiment() -> None:
    (arm,) = parse("", "mine", "mine.toml").arms
    assert (arm.name, arm.experiment.data.name, arm.experiment.network.hidden) == ("run", "digits", (30,))


def test_a_preset_comes_back_from_its_file_as_it_was() -> None:
    preset = parse(WHOLE, "mine", "mine.toml")
    assert same(parse(preset.to_toml(), "mine", "mine.toml"), preset)


def test_a_preset_is_written_as_a_person_would() -> None:
    written = parse(WHOLE, "mine", "mine.toml").to_toml()
    assert written.index("[data]") < written.index("[training.schedule]") < written.index("[[arm]]")
    assert '[[arm]]\nname = "new"\nnetwork.hidden = []\ntraining.schedule.rule = "constant"\n' in written
    assert '[expect]\n"old: N(0, 1)".final.evaluation_accuracy = [0.955, 0.97]\n' in written
    assert 'classes = [0, "7"]\n' in written
    assert 'description = """\nTwo lines' in written


@pytest.mark.parametrize("name", available())
def test_a_shipped_preset_comes_back_too_and_says_what_it_shows(name: str) -> None:
    preset = find(name)
    assert same(parse(preset.to_toml(), name, name), preset)
    assert preset.tables["title"]
    assert len(preset.description) > 100
    for arm in preset.arms:
        assert arm.experiment.training.epochs >= 1


def test_lmbda_is_read_as_lambda_in_base_and_arms() -> None:
    text = '[training]\nlmbda = 1\n[[arm]]\nname = "a"\ntraining.lmbda = 2\n[[arm]]\nname = "b"\ntraining.lambda = 3'
    preset = parse(text, "mine", "mine.toml")
    assert [arm.experiment.training.lmbda for arm in preset.arms] == [2, 3]
    assert preset.with_settings({"training.lambda": 4.0}).tables["training"] == {"lambda": 4.0}


def test_settings_change_the_base_and_arms_keep_what_they_set() -> None:
    preset = parse(WHOLE, "mine", "mine.toml").with_settings({"training.lambda": 7, "training.eta": 0.125})
    assert [arm.experiment.training.lmbda for arm in preset.arms] == [0, 7]
    assert [arm.experiment.training.eta for arm in preset.arms] == [0.125, 0.125]
    assert preset.overridden("training.lambda") == ["old: N(0, 1)"]
    assert preset.overridden("training.eta") == []


def test_some_of_the_arms_are_a_preset_of_their_own() -> None:
    whole = parse(WHOLE, "mine", "mine.toml")
    for name in ("old: N(0, 1)", "new"):
        part = whole.only([name])
        assert [arm.name for arm in part.arms] == [name]
        assert same(parse(part.to_toml(), "mine", "mine.toml"), part)
    with pytest.raises(BadInput, match=r"no arm 'nw' \(did you mean 'new'\?\)"):
        whole.only(["nw"])


# -- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[training]\netta = 1", "unknown key 'etta' in [training] (did you mean 'eta'?)"),
        ("[trainig]\neta = 1", "unknown key 'trainig' (did you mean 'training'?)"),
        ("eta = 1", "unknown key 'eta'; it belongs in [training]"),
        ("stop_at = 8", "unknown key 'stop_at'; it belongs in [training.schedule]"),
        ("[training.schedule]\npatence = 1", "unknown key 'patence' in [training.schedule] (did you mean 'patience'?)"),
        ("[training]\neta = 'fast'", "training.eta must be a number, is 'fast'"),
        ("[training]\neta = true", "training.eta must be a number, is true"),
        ("[training]\neta = 1979-05-27", "training.eta must be a number, is 1979-05-27"),
        ("[training]\neta = 0", "training.eta must be greater than 0, is 0"),
        ("[training]\neta = -0.5", "training.eta must be greater than 0, is -0.5"),
        ("[training]\neta = nan", "training.eta must be a finite number, is nan"),
        ("[training]\neta = 1e999", "training.eta must be a finite number, is inf"),
        ("[training]\nlambda = -1", "training.lambda must be at least 0, is -1"),
        ("[training]\nlambda = nan", "training.lambda must be a finite number, is nan"),
        ("[training]\nlambda = 1\nlmbda = 2", "unknown key 'lmbda' in [training] (did you mean 'lambda'?)"),
        ("[training]\nmini_batch = 0", "training.mini_batch must be at least 1, is 0"),
        ("[training]\nmini_batch = 1.5", "training.mini_batch must be a whole number, is 1.5"),
        ("[training]\nepochs = 0", "training.epochs must be at least 1, is 0"),
        ("[training]\nepochs = '3'", "training.epochs must be a whole number, is '3'"),
        ("[training]\nmonitor_every = 0", "training.monitor_every must be 'epoch' or at least 1, is 0"),
        (
            "[training]\nmonitor_every = 'epochs'",
            "training.monitor_every must be 'epoch' or a whole number, is 'epochs' (did you mean 'epoch'?)",
        ),
        ("training = 3", "training must be a table, is 3"),
        ("[[training]]\neta = 3", "training must be a table, is [{'eta': 3}]"),
        ("[network]\nhidden = [30, 0]", "network.hidden[1] must be at least 1, is 0"),
        ("[network]\nhidden = 30", "network.hidden must be a list in square brackets, is 30"),
        ("[network]\nhidden = ['a']", "network.hidden[0] must be a whole number, is 'a'"),
        (
            "[network]\nactivation = 'relo'\noutput = 'x'",
            "network.activation must be one of 'sigmoid', 'tanh', 'relu', 'leaky-relu', 'elu', 'selu', 'gelu', 'silu', "
            "'softplus' or 'linear', is 'relo' "
            "(did you mean 'relu'?)",
        ),
        (
            "[network]\noutput = 'linear'",
            "network.cost: cross-entropy can't judge linear outputs, which aren't probabilities; "
            'with network.output = "linear" use quadratic',
        ),
        ("[data]\nname = ''", "data.name can't be empty, is ''"),
        ("[data]\ntrain = 0", "data.train must be at least 1, is 0"),
        ("[data]\nclasses = 3", "data.classes must be a list in square brackets, is 3"),
        ("[data]\nclasses = [0, true]", "data.classes[1] must be a whole number or a text in quotes, is true"),
        ("[initialization]\nseeds = 0", "initialization.seeds must be at least 1, is 0"),
        ("title = 3", "title must be a text in quotes, is 3"),
        (f"title = '{'x' * 300}'", f"title must have at most 200 characters, is '{'x' * 58}…"),
        ("arm = 3", "arm must be a list in square brackets, is 3"),
        ("arm = false", "arm must be a list in square brackets, is false"),
        ("arm = [3]", "arm[0] must be a table, is 3"),
        ("expect = 3", "expect must be a table, is 3"),
        (
            "expect.rum.final.training_cost = [0, 1]",
            "expect names the arm 'rum' (did you mean 'run'?), but the preset has 'run'",
        ),
        (
            "expect.run.fnal.training_cost = [0, 1]",
            "unknown key 'fnal' in [expect.run] (did you mean 'final'?)",
        ),
        (
            "expect.run.final.training_cost = [1, 0]",
            "expect.run.final.training_cost must be [low, high], is [1, 0]",
        ),
        (
            "expect.run.final.training_cost = [1, 2, 3]",
            "expect.run.final.training_cost must have 2 items, not 3, is [1, 2, 3]",
        ),
    ],
)
def test_what_is_wrong_and_where(text: str, sentence: str) -> None:
    assert said(text) == f"mine.toml: {sentence}"


@pytest.mark.parametrize(
    ("arm", "sentence"),
    [
        ("name = 'a'\ntraining.etta = 1", "arm 'a': unknown key 'etta' in [training] (did you mean 'eta'?)"),
        ("name = 'a'\ntraining.eta = 0", "arm 'a': training.eta must be greater than 0, is 0"),
        ("name = 'a'\ntitle = 'b'", "arm 'a': unknown key 'title'"),
        ("training.eta = 1", "arm 1: name is missing"),
        ("name = ''", "arm 1: name can't be empty, is ''"),
        (f"name = '{'x' * 61}'", f"arm '{'x' * 59}…': name must have at most 60 characters, is '{'x' * 58}…"),
        (
            "name = 'a'\nnetwork.output = 'linear'",
            "arm 'a': network.cost: cross-entropy can't judge linear outputs, which aren't probabilities; "
            'with network.output = "linear" use quadratic',
        ),
    ],
)
def test_what_is_wrong_in_an_arm(arm: str, sentence: str) -> None:
    assert said(f"[[arm]]\n{arm}") == f"mine.toml, {sentence}"


def test_two_arms_of_one_name() -> None:
    assert said("[[arm]]\nname = 'a'\n[[arm]]\nname = 'a'") == "mine.toml: two arms are called 'a', names must differ"


def test_a_measure_that_is_misspelt_is_found_before_a_replay() -> None:
    sentence = said("expect.run.final.evaluation_acuracy = [0, 1]")
    assert "expect.run.final.evaluation_acuracy must be one of 'epoch', " in sentence
    assert sentence.endswith("(did you mean 'evaluation_accuracy'?)")


@pytest.mark.parametrize(
    "text",
    [
        "eta = ",
        "[training\neta = 1",
        "[training]\n[training]",
        "a = 1\na = 2",
        "\x00",
        "title = 'a\x1b[31mb'",
        f"a = {'[' * 5000}",
        f"a = {'{b = ' * 3000}",
        f"a{'.a' * 3000} = 1",
        f"training.epochs = {'9' * 5000}",
        f"training.epochs = 0x{'f' * 5000}",
        "training.epochs = 0xffffffffffffffffff",
    ],
    ids=lambda text: text[:12],
)
def test_what_is_not_toml(text: str) -> None:
    assert said(text).startswith("mine.toml isn't a preset: it is not valid TOML, ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('title = "a\\u001b[2Jb"', "title has a control character (U+001B) in it; leave it out"),
        ('title = "a\\nb"', "title must be one line, is 'a�b'"),
        ('description = "a\\rb"', "description has a control character (U+000D) in it; leave it out"),
        ('data.name = "a\\u0000.npz"', "data.name has a control character (U+0000) in it; leave it out"),
        ('data.classes = ["\\u0007"]', "data.classes has a control character (U+0007) in it; leave it out"),
        ('[[arm]]\nname = "a\\u009bb"', "arm.name has a control character (U+009B) in it; leave it out"),
        ('[[arm]]\nname = "a\\u202eb"', "arm.name has a control character (U+202E) in it; leave it out"),
        ('[[arm]]\nname = "a\\tb"', "an arm's name must be one line, is 'a�b'"),
        ('"\\u001b[31m" = 1', "�[31m has a control character (U+001B) in it; leave it out"),
        ('expect."\\u001b".final = {}', "expect.� has a control character (U+001B) in it; leave it out"),
    ],
)
def test_nothing_that_speaks_to_the_terminal_gets_in(text: str, sentence: str) -> None:
    assert said(text) == f"mine.toml: {sentence}"


def test_markup_and_foreign_letters_are_only_text() -> None:
    preset = parse('title = "[red]η[/] 数字 1\u00a0000"\n[[arm]]\nname = "[link=x]λ[/link]"', "mine", "mine.toml")
    assert preset.title == "[red]η[/] 数字 1\u00a0000"
    assert preset.arms[0].name == "[link=x]λ[/link]"


def test_control_characters_in_a_files_own_name_are_not_repeated() -> None:
    assert said("x = 1", source="\x1b[31mx.toml") == "�[31mx.toml: unknown key 'x'"


# -- where presets are ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("first-loook", "there is no preset 'first-loook' (did you mean 'first-look'?); `tunelab presets` lists them"),
        ("", "there is no preset ''; `tunelab presets` lists them"),
        ("\x1b[31m", "there is no preset '�[31m'; `tunelab presets` lists them"),
        ("../first-look", "there is no file ../first-look"),
        ("~nobody-of-this-name/x.toml", "there is no file ~nobody-of-this-name/x.toml"),
        ("nowhere/x.toml", "there is no file nowhere/x.toml"),
    ],
)
def test_presets_that_are_not_there(name: str, sentence: str) -> None:
    with pytest.raises(BadInput) as problem:
        find(name)
    assert str(problem.value) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\xff", "it is not UTF-8 text"),
        (b"\xff\xfet\x00", "it is not UTF-8 text"),
        (b"<html></html>", "it is not valid TOML"),
    ],
)
def test_files_that_are_no_presets(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=f"isn't a preset: {sentence}"):
        find(str(path))


def test_a_file_too_large_for_a_preset_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadInput, match=r"x\.toml can't be read: it is larger than any of ours, 1,000,001 bytes"):
        find(str(path))


def test_a_directory_and_a_file_that_cannot_be_read_are_no_presets(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(BadInput, match=r"x\.toml can't be read: "):
        find(str(tmp_path / "x.toml"))
    (tmp_path / "y.toml").symlink_to("y.toml")
    with pytest.raises(BadInput, match=r"y\.toml can't be read: "):
        find(str(tmp_path / "y.toml"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_is_not_permitted(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.touch(mode=0)
    with pytest.raises(BadInput, match="can't be read: permission denied"):
        find(str(path))


def test_a_preset_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbf[training]\r\neta = 0.25\r\n")
    assert find(str(path)).arms[0].experiment.training.eta == 0.25


def test_a_saved_preset_is_found_listed_and_not_overwritten_by_accident() -> None:
    preset = parse(WHOLE, "mine", "mine.toml")
    path = save(preset, "mine")
    assert path == paths.presets() / "mine.toml"
    assert "mine" in available()
    assert same(find("mine"), preset)
    with pytest.raises(BadInput, match="there is a preset 'mine' already"):
        save(preset.only(["new"]), "mine")
    assert same(find("mine"), preset)
    save(preset.only(["new"]), "mine", replace_old=True)
    assert len(find("mine").arms) == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("name", ["first-look", "", "../x", "a/b", ".x", "a b", "x\x1b", "x" * 101, "η", "con..x"])
def test_names_that_a_preset_cannot_have(name: str) -> None:
    with pytest.raises(BadInput) as problem:
        save(parse(WHOLE, "mine", "mine.toml"), name)
    assert str(problem.value).isprintable()
    assert not paths.presets().exists()


def test_saving_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="can't be written: not a directory"):
        save(parse(WHOLE, "mine", "mine.toml"), "mine")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


# -- anything at all --------------------------------------------------------------------------------------

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.sampled_from(
    [
        *("title", "description", "arm", "expect", "name", "final", "run", "constant", "linear", "epoch", "lmbda"),
        *sorted({part for key in known_keys() for part in key.split(".")}),
    ]
)
scalars = (
    st.none().map(lambda _: math.nan)
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.times()
    | st.datetimes()
    | text
    | words
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | text, inner, max_size=4),
    max_leaves=8,
)
plausible = st.sampled_from([1, 2, 0.5, [], [3], "softmax", "tanh", "scaled", "zeros", 1000, "a", "digits", "epoch"])
settings_of_keys = st.dictionaries(st.sampled_from(sorted(known_keys())), plausible | values, max_size=5)


def refusal(file: str) -> str:
    """The sentence with which a text is refused, '' for a preset that is fine; anything else raised is a failure."""
    try:
        preset = parse(file, "any", "any.toml")
    except BadInput as problem:
        return str(problem)
    assert same(parse(preset.to_toml(), "any", "any.toml"), preset)
    return ""


def is_sentence(said: str) -> bool:
    """Whether it is one line that begins with the file, or nothing."""
    return said.isprintable() and (said.startswith("any.toml") or not said)


@given(st.dictionaries(words | text, values, max_size=5))
def test_any_tables_are_a_preset_or_a_sentence(tables: dict[str, Any]) -> None:
    assert is_sentence(refusal(tomli_w.dumps(tables)))


@given(settings_of_keys, st.lists(settings_of_keys, max_size=3))
def test_any_values_of_known_keys_are_a_preset_or_a_sentence(base: dict[str, Any], arms: list[dict[str, Any]]) -> None:
    tables = placed({}, base)
    if arms:
        tables["arm"] = [placed({"name": f"arm {position}"}, arm) for position, arm in enumerate(arms)]
    assert is_sentence(refusal(tomli_w.dumps(tables)))


@given(st.text(alphabet=string.printable + "η\x1b\u202e", max_size=60))
def test_any_text_is_a_preset_or_a_sentence(file: str) -> None:
    assert is_sentence(refusal(file))


@given(content=st.binary(max_size=80), cut=st.integers(0, len(WHOLE)))
def test_any_bytes_in_a_file_are_a_preset_or_a_sentence(
    content: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    for whole in (content, WHOLE.encode()[:cut] + content):
        path.write_bytes(whole)
        with contextlib.suppress(BadInput):
            assert find(str(path)).name == "any"
