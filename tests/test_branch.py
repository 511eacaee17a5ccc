"""Going on from where a run was stopped with another η: the same bits up to there, another course from there on."""

from __future__ import annotations

import pytest
from commandline import Inline
from small_runs import in_small_steps, stop_at, trained
from tunelab import engine
from tunelab.errors import BadInput
from tunelab.experiment.preset import parse
from tunelab.records import Run
from tunelab.training import kernel_steps

PRESET = """
[data]
name = "points"
train = 200
evaluation = 100
[network]
hidden = [4]
output = "linear"
cost = "quadratic"
[training]
eta = 0.02
epochs = 6
[[arm]]
name = "a"
[[arm]]
name = "b"
training.eta = 0.04
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that somebody stopped on its way, between two measurements."""
    in_small_steps(monkeypatch)
    monkeypatch.setattr(kernel_steps, "FOLD_EVERY", 4)  # beyond the first measurement
    with monkeypatch.context() as patch:
        patch.setattr(Run, "request", stop_at(17))
        return trained(parse(PRESET, "branching", "branching"))


def test_a_branch_keeps_what_was_measured_and_goes_on_with_another_eta(run: Run) -> None:
    made = engine.branch(run, {"training.eta": 0.005})
    list(engine.resume(made, Inline()).follow())
    assert all(0 < len(arm.events("measure")) < 6 for arm in run.arms)
    for old, new in zip(run.arms, made.arms, strict=True):
        before, after = old.events("measure"), new.events("measure")
        assert [e["training_cost"] for e in after[: len(before)]] == [e["training_cost"] for e in before]
        assert [e["eta"] for e in after[len(before) :]] == [0.005] * (6 - len(before))
        assert new.state() == "epochs"
    origin = Run(made.name).about["origin"]
    assert (origin["run"], origin["values"]) == (run.name, {"training.eta": 0.005})


@pytest.mark.parametrize("training", ["momentum = 0.9", 'optimizer = "adam"\ndropout = 0.2'])
def test_a_branch_takes_velocities_and_masks_along(training: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same values it comes to the unbroken run's numbers; with another η the first steps differ from there."""
    in_small_steps(monkeypatch)
    preset = parse(PRESET.replace("epochs = 6", f"epochs = 6\n{training}"), "branching", "branching")
    whole = trained(preset)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "request", stop_at(25))
        stopped = trained(preset)
    ends = []
    for values in ({"training.epochs": 6}, {"training.eta": 0.001}):
        branch = engine.branch(stopped, values)
        list(engine.resume(branch, Inline()).follow())
        ends.append([arm.events("measure")[-1]["training_cost"] for arm in branch.arms])
    unbroken = [arm.events("measure")[-1]["training_cost"] for arm in whole.arms]
    assert ends[0] == unbroken
    assert all(one != other for one, other in zip(ends[1], unbroken, strict=True))


@pytest.mark.parametrize(
    "values",
    [
        {"training.momentum": 0.5},
        {"training.momentum": 0.0},
        {"training.dropout": 0.3},
        {"training.l1": 0.5, "training.clip_norm": 0.1},
    ],
    ids=["momentum", "none", "dropout", "l1 and clipping"],
)
def test_what_an_optimizer_remembers_begins_anew_where_there_was_none(
    values: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's go on in numpy, and back. One arm has a velocity and one has none; then both are one stack."""
    in_small_steps(monkeypatch)
    monkeypatch.setattr(kernel_steps, "FOLD_EVERY", 4)
    preset = parse(PRESET.replace("training.eta = 0.04", "training.momentum = 0.9"), "branching", "branching")
    with monkeypatch.context() as patch:
        patch.setattr(Run, "request", stop_at(17))
        stopped = trained(preset)
    branch = engine.branch(stopped, values)
    list(engine.resume(branch, Inline()).follow())
    ends = [arm.events("measure")[-1]["training_cost"] for arm in branch.arms]
    assert all(arm.state() == "epochs" for arm in branch.arms)
    plain = engine.branch(stopped, {"training.epochs": 6})
    list(engine.resume(plain, Inline()).follow())
    unchanged = [arm.events("measure")[-1]["training_cost"] for arm in plain.arms]
    assert [one != other for one, other in zip(ends, unchanged, strict=True)] == [any(values.values()), True]


def test_a_branch_with_the_same_values_comes_to_the_bits_of_the_unbroken_run(run: Run) -> None:
    made = engine.branch(run, {"training.epochs": 6})
    list(engine.resume(made, Inline()).follow())
    list(engine.resume(run, Inline()).follow())
    assert [arm.events("done")[-1]["weights_sha256"] for arm in made.arms] == [
        arm.events("done")[-1]["weights_sha256"] for arm in run.arms
    ]


def test_what_would_make_another_network_can_t_change_on_the_way(run: Run) -> None:
    with pytest.raises(BadInput, match=r"network\.hidden can't change on the way"):
        engine.branch(run, {"network.hidden": [8]})


def test_a_run_that_has_ended_leaves_nothing_to_branch_from() -> None:
    job = engine.start(parse(PRESET, "branching", "branching"), Inline())
    list(job.follow())
    with pytest.raises(BadInput, match="left nothing to go on from"):
        engine.branch(job.run, {"training.eta": 0.1})
