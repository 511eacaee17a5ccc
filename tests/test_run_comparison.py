"""`tunelab runs compare`: what differs, and whether by more than noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commandline import run_cli
from screens import driven, opened
from small_runs import little_data, preset_on, trained
from tunelab.diagnosis.difference import Sample, difference, interval
from tunelab.diagnosis.student import quantile, two_sided
from tunelab.records import Run


@pytest.mark.parametrize(
    ("degrees", "t"), [(1, 12.7062), (2, 4.30265), (3, 3.18245), (4, 2.77645), (9, 2.26216), (30, 2.04227)]
)
def test_students_t_as_in_the_tables(degrees: int, t: float) -> None:
    assert quantile(0.05, degrees) == pytest.approx(t, rel=1e-5)
    assert two_sided(t, degrees) == pytest.approx(0.05, abs=1e-6)
    assert two_sided(0.0, degrees) == 1.0


def drawn(rng: np.random.Generator, mean: float, n: int, luck: np.ndarray | float = 0.0) -> Sample:
    values = np.clip(mean + luck + rng.normal(0, 0.01, n), 0, 1)
    return Sample(f"{mean}", dict(enumerate(values.tolist())), 1000)


@pytest.mark.parametrize("same", [True, False])
def test_no_difference_is_called_one_about_as_seldom_as_it_says(same: bool) -> None:
    rng = np.random.default_rng(1)
    called = 0
    for _ in range(1000):
        one, other = drawn(rng, 0.9, 4), drawn(rng, 0.9, 4)
        found = difference(one, other, same_data=same)
        assert found is not None
        called += found.beyond
        assert found.beyond == (found.p < 0.05)
    assert called <= 75  # 50 ± 7 of a thousand; rounding the degrees of freedom down makes it fewer


def test_pairing_sees_what_the_luck_of_seeds_hides() -> None:
    rng = np.random.default_rng(2)
    luck = rng.normal(0, 0.05, 6)
    quiet = [
        Sample(n, dict(enumerate((m + luck + rng.normal(0, 0.001, 6)).tolist())), 1000)
        for n, m in (("a", 0.8), ("b", 0.79))
    ]
    paired, unpaired = (difference(*quiet, same_data=same) for same in (True, False))
    assert paired is not None
    assert unpaired is not None
    assert (paired.how, unpaired.how) == ("paired", "unpaired")
    assert paired.beyond
    assert not unpaired.beyond
    assert paired.mean == pytest.approx(0.01, abs=0.002)


def test_many_comparisons_widen_each() -> None:
    rng = np.random.default_rng(3)
    one, other = drawn(rng, 0.9, 5), drawn(rng, 0.88, 5)
    alone, among = (difference(one, other, same_data=True, comparisons=k) for k in (1, 10))
    assert alone is not None
    assert among is not None
    assert among.half > alone.half
    assert among.p == pytest.approx(min(1.0, 10 * alone.p))


def test_one_seed_knows_only_its_examples() -> None:
    one, other = Sample("a", {0: 0.95}, 100), Sample("b", {0: 0.90}, 100)
    found = difference(one, other, same_data=True)
    assert found is not None
    assert found.how == "examples"
    assert not found.beyond
    assert interval(one).half == pytest.approx(1.96 * (0.95 * 0.05 / 100) ** 0.5)
    assert difference(Sample("a", {0: 1.0}), Sample("b", {0: 2.0}), same_data=True) is None


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
        assert "Lay another run over" in lab.app.text_screenshot()
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
