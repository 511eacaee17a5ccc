"""The form's further parameters: all that are declared, shown when asked for or changed, where they say something."""

from __future__ import annotations

import pytest
from screens import TINY, Lab, driven, opened
from textual.widgets import Label, Select
from tunelab.errors import BadInput
from tunelab.experiment.applicability import applies
from tunelab.experiment.fields import described
from tunelab.experiment.preset import parse
from tunelab.sweeps.search_space import parse_over
from tunelab.sweeps.sweep_plan import short_value
from tunelab.tui.state.draft import Draft
from tunelab.tui.widgets.field import Field
from tunelab.tui.widgets.form import PANELS, panel_keys


def draft(toml: str = "") -> Draft:
    return Draft(parse(toml or TINY, "p", "a test"))


def visible(lab: Lab, panel: str = "hyper") -> set[str]:
    return {field.about.key for field in lab.lab.query_one(f"#{panel}").query(Field) if field.display}


def test_every_declared_parameter_has_a_field_but_for_the_books() -> None:
    keys = [key for name in PANELS for key in panel_keys(name)[0]]
    assert sorted(keys) == sorted(key for key in described() if not key.startswith("training.book."))


@driven
async def test_m_shows_what_applies_and_hides_it_again() -> None:
    async with opened() as lab:
        closed = visible(lab)
        assert closed == set(PANELS["hyper"][2])
        await lab.press("m")
        assert visible(lab) - closed == {
            "training.optimizer",
            "training.momentum",
            "training.l1",
            "training.dropout",
            "training.clip_norm",
            "training.schedule.warm_up",
        }
        assert lab.app.focused is lab.field("training.optimizer").editor
        assert "fewer" in lab.picture
        await lab.press("m")
        assert visible(lab) == closed
        assert lab.app.focused is lab.field("training.eta").editor
        panel = lab.lab.query_one("#hyper")
        await lab.pilot.click("#hyper", offset=(panel.size.width - 4, panel.outer_size.height - 1))
        await lab.pilot.pause()
        assert "training.dropout" in visible(lab)  # a click on the border does the same


@driven
async def test_m_in_a_panel_is_about_that_panel_and_brings_it_into_view_at_any_size() -> None:
    async with opened() as lab:
        for size in ((120, 40), (80, 24), (60, 20)):
            await lab.pilot.resize_terminal(*size)
            await lab.press("3", "m")
            assert {"initialization.gain", "initialization.seed"} <= visible(lab, "first")
            assert "training.momentum" not in visible(lab)
            assert lab.app.focused is lab.field("initialization.gain").editor
            await lab.press("m", "4", "m")
            assert "initialization.gain" not in visible(lab, "first")
            assert "warm-up" in lab.picture
            assert "optimizer" in lab.picture
            await lab.press("m")


@driven
async def test_adam_brings_its_numbers_and_takes_momentum_with_it() -> None:
    async with opened(
        TINY + "\n", draft=draft(TINY.replace("eta = 0.5", "eta = 0.5\nmomentum = 0.9\nnesterov = true"))
    ) as lab:
        assert {"training.momentum", "training.nesterov"} <= visible(lab)  # changed ones need no key
        optimizer = lab.field("training.optimizer").editor
        assert isinstance(optimizer, Select)
        await lab.press("m")
        optimizer.value = "adam"
        await lab.pilot.pause()
        assert {"training.beta1", "training.beta2", "training.epsilon"} <= visible(lab)
        assert not {"training.momentum", "training.nesterov"} & visible(lab)
        training = lab.state.draft.base.training
        assert (training.optimizer, training.momentum, training.nesterov) == ("adam", 0.0, False)
        await lab.press("u")
        assert lab.state.draft.base.training.momentum == 0.9
        assert optimizer.value == "sgd"
        assert {"training.momentum", "training.nesterov"} <= visible(lab)


@driven
async def test_a_share_is_stepped_by_what_is_missing_to_1_and_a_wrong_one_says_so() -> None:
    async with opened() as lab:
        await lab.press("m")
        momentum = lab.field("training.momentum")
        assert momentum.has_class("-default")
        await lab.focus(momentum.editor)
        texts = []
        for key in ("up", "shift+up", "up", "shift+down", "shift+down"):
            await lab.press(key)
            texts.append(lab.state.draft.text("training.momentum"))
        assert texts == ["0.5", "0.95", "0.975", "0.75", "0"]
        await lab.press("up", "question_mark")
        assert "training.momentum" in lab.picture
        await lab.press("escape", "enter", "1", "enter")
        assert "less than 1" in str(momentum.query_one(".complaint", Label).content)
        assert lab.state.draft.text("training.momentum") == "0.5"
        assert not momentum.has_class("-default")
        await lab.press("escape", "u")
        assert lab.state.draft.text("training.momentum") == "0"


def test_a_warm_up_alone_is_a_schedule_and_its_end_ends_the_table() -> None:
    form = draft()
    form.set("training.schedule.warm_up", "2")
    assert form.base.training.schedule is not None
    assert (form.base.training.schedule.rule, form.base.training.schedule.warm_up) == ("constant", 2)
    form.set("training.schedule.rule", "cosine")
    form.set("training.schedule.stop_at", "100")
    form.set("training.schedule.rule", "constant")
    assert form.base.training.schedule.warm_up == 2
    assert "stop_at" not in form.to_toml()
    form.set("training.schedule.warm_up", "0")
    assert form.base.training.schedule is None
    assert form.text("training.schedule.rule") == "constant"
    assert form.text("training.schedule.warm_up") == "0"
    with pytest.raises(BadInput, match="longer than the training"):
        form.set("training.schedule.warm_up", "7")


def test_a_warm_up_keeps_a_schedule_whose_rule_was_left_out() -> None:
    form = draft(TINY.replace("[[arm]]", "[training.schedule]\n[[arm]]", 1))
    form.set("training.schedule.warm_up", "1")
    assert form.base.training.schedule is not None
    assert form.base.training.schedule.rule == "halve-on-plateau"


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        ("step", {"every", "factor", "stop_at"}),
        ("cosine", {"stop_at"}),
        ("halve-on-plateau", {"patience", "stop_at"}),
        ("constant", set()),
    ],
)
def test_a_schedule_has_the_numbers_of_its_rule(rule: str, keys: set[str]) -> None:
    form = draft()
    form.set("training.schedule.rule", rule)
    assert {
        key for key in ("every", "factor", "patience", "stop_at") if form.applies(f"training.schedule.{key}")
    } == keys


def test_a_truth_value_is_a_choice_that_can_be_typed() -> None:
    about = described()["training.nesterov"]
    assert (about.kind, about.choices, about.read("True"), about.read("false")) == (
        "choice",
        ("false", "true"),
        True,
        False,
    )
    form = draft()
    form.set("training.momentum", "0.9")
    form.set("training.nesterov", "true")
    assert form.text("training.nesterov") == "true"
    with pytest.raises(BadInput, match="nesterov"):
        form.set("training.nesterov", "perhaps")


def test_a_truth_value_is_an_axis_of_a_sweep() -> None:
    varied = parse_over("nesterov=true,false")
    assert varied.values == (True, False)
    assert varied.text() == "training.nesterov=true,false"
    assert short_value(True) == "true"


def test_what_a_split_is_matters_to_files_alone() -> None:
    assert applies("data.split_seed", {"data": {"name": "people.csv"}})
    assert not applies("data.split_seed", {"data": {"name": "mnist"}})
    assert not applies("data.split_seed", {})
