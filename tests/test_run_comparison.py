"""`tunelab runs compare`: what differs, and whether by more than noise."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import run_cli
from screens import driven, opened
from small_runs import little_data, preset_on, trained
from tunelab.records import Run


def a_run(folder: Path, arms: str) -> Run:
    return trained(preset_on(little_data(folder), arms))


TWO = """
[initialization]
seeds = 3
[training]
epochs = 4
[[arm]]
name = "good: η = 0.5"
training.eta = 0.5
[[arm]]
name = "tiny"
training.eta = 0.0001
"""


def test_two_arms_are_told_apart(tmp_path: Path) -> None:
    run = a_run(tmp_path, TWO)
    outcome = run_cli("runs", "compare", run.name, "--plot")
    assert outcome.code == 0, outcome
    assert outcome.out.startswith("“good: η = 0.5” is ahead of “tiny” by ")
    assert "beyond noise (paired over 3 seeds" in outcome.out
    settings = [line for line in outcome.out.splitlines() if line.startswith("training.eta")]
    assert [line.split() for line in settings] == [["training.eta", "0.5", "0.0001"]]
    assert "initialization.seeds" not in outcome.out  # only what differs
    events = run_cli("runs", "compare", f"{run.name}:tiny", f"{run.name}:good", "--json").events
    (found,) = [e for e in events if e["event"] == "difference"]
    assert found["beyond_noise"] is True
    assert found["first"] == "good: η = 0.5"
    finals = {arm.name: arm.events("done")[-1]["final"]["evaluation_accuracy"] for arm in run.arms}
    assert found["mean"] == pytest.approx(finals["good: η = 0.5"] - finals["tiny"])
    for side in (e for e in events if e["event"] == "side"):
        assert side["final_evaluation_accuracy"]["mean"] == pytest.approx(finals[side["arm"]])


def test_the_same_run_twice_differs_by_nothing(tmp_path: Path) -> None:
    names = [a_run(tmp_path, "[initialization]\nseeds = 3\n[training]\nepochs = 2\n").name for _ in range(2)]
    outcome = run_cli("runs", "compare", *names)
    assert f"“{names[0]}” and “{names[1]}” differ by 0.00" in outcome.out
    assert "no more than noise" in outcome.out
    assert "the same in every parameter" in outcome.out


def test_three_are_compared_with_the_best_and_other_data_is_said(tmp_path: Path) -> None:
    run = a_run(tmp_path, TWO + '[[arm]]\nname = "fewer"\ndata.train = 60\n')
    outcome = run_cli("runs", "compare", run.name)
    assert outcome.out.count("“good: η = 0.5” ") == 2
    assert "Bonferroni" in outcome.out
    assert "the same examples" in outcome.out


def test_slips_get_a_sentence(tmp_path: Path) -> None:
    name = a_run(tmp_path, TWO).name
    for names, said in (
        ([f"{name}:tiny"], "needs two runs, or two arms"),
        ([f"{name}:tinx", name], "did you mean 'tiny'?"),
        ([name[:-1], name], f"did you mean '{name}'?"),
        ([], "is missing"),
    ):
        outcome = run_cli("runs", "compare", *names)
        assert outcome.code == 2
        assert outcome.out == ""
        assert said in outcome.err
        assert outcome.err.count("\n") == 1


def test_arms_of_the_same_name_are_told_apart_by_a_letter_that_is_explained(tmp_path: Path) -> None:
    one, other = (a_run(tmp_path, TWO).name for _ in range(2))
    outcome = run_cli("runs", "compare", one, other)
    assert "“A good: η = 0.5” is ahead of “A tiny”" in outcome.out
    assert "“A good: η = 0.5” and “B good: η = 0.5” differ by 0.00" in outcome.out
    assert f"A is {one}; B is {other}." in outcome.out


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@driven
async def test_the_screen_says_the_same_and_draws_the_curves(tmp_path: Path, size: tuple[int, int]) -> None:
    run = a_run(tmp_path, TWO)
    async with opened(size=size) as lab:
        await lab.press("c")
        await lab.quiet()
        assert "Overlay another run" in lab.app.text_screenshot()
        await lab.press("escape", "b", "c")
        await lab.quiet()
        assert "beyond noise" in lab.app.text_screenshot()
        if size[1] < 34:
            await lab.press("v")
        assert "chance" in lab.app.text_screenshot()
        assert run.arms[1].name in lab.app.text_screenshot()
        await lab.press("escape", "enter", "c")
        await lab.quiet()
        assert "beyond noise" in lab.app.text_screenshot()
