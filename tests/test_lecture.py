"""The lecture: its texts hold together, its questions are answered by runs, and it is done by keys alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from commandline import run_cli
from screens import Lab, driven, opened
from small_runs import trained
from textual.widgets import OptionList, Static
from tunelab.experiment.preset import available, find
from tunelab.network_inspection import output_path_between
from tunelab.records import Run, all_runs
from tunelab.records.history import History
from tunelab.tui.charts.picture import ascii_only
from tunelab.tui.lecture import LectureProgress, Step, grade, lecture
from tunelab.tui.lecture.grading import Observations
from tunelab.tui.lecture.lecture_charts import trials_chart
from tunelab.tui.lecture.progress import Outcome
from tunelab.tui.lecture.steps import Look, flowed
from tunelab.tui.screens.lecture import LectureScreen
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.chart_pair import ChartPair

STEPS = lecture()
ASKING = [step for step in STEPS if step.asks]


def step_of(number: str) -> Step:
    return next(step for step in STEPS if step.number == number)


# -- the texts --------------------------------------------------------------------------------------------


def test_every_preset_of_the_lecture_is_done_in_some_step() -> None:
    done = {step.preset for step in ASKING if step.preset}
    assert done == {name for name in available() if name.startswith("lecture/")}


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.number)
def test_a_step_that_asks_can_be_run_and_answered(step: Step) -> None:
    assert (step.sampled is None) == bool(step.preset)
    assert 2 <= len(step.choice) <= 5
    assert step.look
    assert step.answer
    names = {arm.name for arm in step.experiment().arms} if step.preset else set()
    for look in step.look:
        assert set(look.arms) <= names
        assert all(any(name.startswith(group) for name in names) for group in look.groups)
    for choice in step.choice:
        assert (choice.within is None) != (choice.when == ())
        if choice.within is None:
            assert len(choice.when) == len(step.look)
        words = {word for when in choice.when for word in when.split(" | ")}
        groups = {group for look in step.look for group in look.groups}
        assert words <= names | groups | {"alike", "each", "late", "steeper"}


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.number)
def test_an_experiment_takes_seconds(step: Step) -> None:
    if step.preset:
        work = sum(
            (arm.experiment.data.train or 10**6)
            * arm.experiment.training.epochs
            * arm.experiment.initialization.seeds
            / min(arm.experiment.training.mini_batch, 5)
            for arm in step.experiment().arms
        )
        assert work < 300_000  # about 10 µs each


def test_what_is_indented_stays_and_the_rest_flows() -> None:
    assert (
        flowed("a\nb\n\n    z = w x\n    b\n\n- one\ntwo\n- three") == "a b\n\n    z = w x\n    b\n\n- one two\n- three"
    )


def test_formulas_fit_beside_the_experiment() -> None:
    for step in STEPS:
        for line in f"{step.text}\n{step.answer}".splitlines():
            assert not line.startswith("    ") or len(line) <= 54, line


# -- judging ----------------------------------------------------------------------------------------------


def curves(
    name: str, accuracies: list[float], std: float, costs: list[float] | None = None, eta: float = 0.5
) -> History:
    made = History(name)
    made.add({"event": "start", "seeds": [0, 1, 2], "data": {"classes": list("0123456789")}})
    made.add({"event": "initial", "training_cost": 8.0})
    for epoch, accuracy in enumerate(accuracies, 1):
        cost = (costs or [8.0 - epoch] * 99)[epoch - 1]
        made.add(
            {
                "event": "measure",
                "epoch": float(epoch),
                "eta": eta,
                "evaluation_accuracy": accuracy,
                "evaluation_accuracy_std": std,
                "evaluation_total": 1000,
                "training_cost": cost,
            }
        )
    made.add({"event": "done", "reason": "epochs", "seconds": float(len(accuracies))})
    return made


def right(number: str, *arms: History) -> list[str]:
    step = step_of(number)
    return [step.choice[place].text for place in sorted(grade(step, Observations(arms)).right)]


def test_a_difference_beyond_luck_is_seen_and_one_within_is_not() -> None:
    names = "biases N(0, 1)", "biases 0"
    assert right("1.4", curves(names[0], [0.90], 0.01), curves(names[1], [0.95], 0.01)) == ["biases at 0"]
    assert right("1.4", curves(names[0], [0.95], 0.01), curves(names[1], [0.90], 0.01)) == ["biases from N(0, 1)"]
    alike = right("1.4", curves(names[0], [0.95], 0.03), curves(names[1], [0.94], 0.03))
    assert alike == ["no difference beyond luck"]


def test_an_early_lead_that_is_lost_is_told_from_one_that_is_kept() -> None:
    new = curves("new: N(0, 1/n)", [0.8, 0.9], 0.01)
    assert "still at the end" in right("1.5", curves("old: N(0, 1)", [0.5, 0.6], 0.01), new)[0]
    assert "level at the end" in right("1.5", curves("old: N(0, 1)", [0.5, 0.9], 0.01), new)[0]
    assert right("1.5", curves("old: N(0, 1)", [0.8, 0.9], 0.01), new) == ["no difference at any time"]


def test_the_largest_eta_at_which_the_cost_falls() -> None:
    falls, turns, rises = [3.0, 2.0, 1.0], [3.0, 4.0, 1.0], [9.0, 10.0, 11.0]

    def at(eta: str, costs: list[float]) -> History:
        return curves(f"η = {eta}", [0.5] * 3, 0.01, costs)

    assert right("4.2", at("0.01", falls), at("0.1", falls), at("1", turns), at("10", rises)) == ["0.1"]
    assert right("4.2", at("0.01", falls), at("0.1", falls), at("1", falls), at("10", rises)) == ["1"]
    assert right("4.2", at("0.01", rises), at("0.1", rises)) == []


def test_a_number_that_is_not_finite_is_no_best() -> None:
    none = curves("η = 2.5", [0.1], 0.01, [float("nan")])
    assert right("4.1", curves("η = 0.025", [0.9], 0.01, [0.5]), none) == [
        "η = 0.025: the smallest steps are the most exact"
    ]


def test_what_was_never_measured_answers_nothing() -> None:
    for step in ASKING:
        if step.preset:
            assert grade(step, Observations(arms=[History("η = 1")])).right == frozenset()


def test_a_look_must_be_of_a_kind_that_is_known() -> None:
    with pytest.raises(ValueError, match="kind"):
        Look(kind="guess")  # type: ignore[arg-type]


# -- as text ----------------------------------------------------------------------------------------------


def test_the_list_and_a_step_as_text() -> None:
    listed = run_cli("learn", "--list")
    assert listed.code == 0
    assert all(step.title in listed.out for step in STEPS)
    told = run_cli("learn", "3.3").out
    assert "Predict first" in told
    assert "tunelab run lecture/failing-run-small" in told
    assert max(map(len, run_cli("learn", "--plain").out.splitlines())) <= 90
    assert [e["number"] for e in run_cli("learn", "3", "--json").events] == [f"3.{n}" for n in range(1, 7)]


def test_a_prediction_is_kept_and_compared_with_what_the_run_says() -> None:
    assert run_cli("learn", "3.5", "--predict", "1").code == 0
    outcome = run_cli("learn", "3.5", "--run", "--quiet")
    assert "You predicted “η = 10”. The run says “η = 1”." in outcome.out
    assert "After 10 epochs\n  η = 10 " in outcome.out
    assert "· 3.5" in run_cli("learn", "--list").out
    again = run_cli("learn", "3.5", "--predict", "3")
    assert again.code == 2
    assert "has been run already" in again.err
    assert run_cli("learn", "3.5", "--start-over", "--predict", "3").code == 0
    _, answer = run_cli("learn", "3.5", "--run", "--json", "--quiet").events
    assert (answer["predicted"], answer["right"], answer["answers"]) == (3, True, [3])
    assert Run(answer["run"]).state() == "epochs"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("12",), "has no part '12'"),
        (("1.1", "--predict", "7"), "has the choices 1 to 3"),
        (("--predict", "1"), "is for one step"),
        (("10.1", "--predict", "1"), "is for one step"),
    ],
)
def test_a_slip_is_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    outcome = run_cli("learn", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.err


def test_other_data_are_used_until_somebody_says_otherwise(mnist_directory: Path) -> None:
    assert run_cli("learn", "3.5", "--data", mnist_directory).code == 0
    _, answer = run_cli("learn", "3.5", "--run", "--json", "--quiet").events
    assert Run(answer["run"]).preset.arms[0].experiment.data.name == str(mnist_directory)
    assert run_cli("learn", "--list", "--data", "digits").code == 0
    assert LectureProgress.load().data == ""


def test_data_that_are_not_there_are_said_at_once() -> None:
    outcome = run_cli("learn", "--list", "--data", "mnits")
    assert outcome.code == 2
    assert "mnits" in outcome.err


def test_progress_that_cannot_be_read_is_a_fresh_start() -> None:
    path = Path(os.environ["TUNELAB_HOME"]) / "lecture.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    for text in ("", "[]", "{}", '{"at": "1.1", "outcomes": {"1.1": {"no": 1}}}'):
        path.write_text(text)
        assert LectureProgress.load() == LectureProgress()
    LectureProgress("3.5", {"3.5": Outcome(2, True, "x")}).save()
    assert LectureProgress.load().outcomes["3.5"].right is True


# -- on the screen ----------------------------------------------------------------------------------------


def screen(lab: Lab) -> LectureScreen:
    assert isinstance(lab.app.screen, LectureScreen)
    return lab.app.screen


def said(lab: Lab, where: str) -> str:
    return str(screen(lab).query_one(where, Static).content)


async def at_step(lab: Lab, number: str) -> None:
    progress = LectureProgress.load()
    progress.at = number
    progress.save()
    await lab.press("t")


async def run_step(lab: Lab, *keys: str) -> None:
    before = lab.ends
    await lab.press(*keys)
    await lab.until(lambda: lab.ends > before)
    await lab.quiet()


@driven
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_predict_run_and_see_the_answer(size: tuple[int, int]) -> None:
    async with opened(size=size) as lab:
        await at_step(lab, "3.5")
        assert "Press 1 to 3." in said(lab, "#text")
        await lab.press("r")
        assert "Predict first" in lab.notifications
        assert list(all_runs()) == []
        await run_step(lab, "3", "r")
        assert "▸ 3  η = 1  ✓" in said(lab, "#text")
        assert "As you predicted: “η = 1”." in said(lab, "#result")
        assert "After 10 epochs\n  η = 10 " in said(lab, "#result")
        chart = screen(lab).query_one("#accuracy", Chart)
        assert {series.label for series in chart.spec.series} == {"η = 10", "η = 100", "η = 1"}
        assert "What the run says · drawn digits" in lab.picture
        (run,) = all_runs()
        assert LectureProgress.load().outcomes["3.5"] == Outcome(2, True, run.name)


@driven
async def test_one_goes_on_where_one_stopped_and_sees_the_answer_again() -> None:
    async with opened() as lab:
        await at_step(lab, "3.3")
        await run_step(lab, "1", "r")
        assert "You predicted “it learns: the smaller problem is easier”." in said(lab, "#result")
        await lab.press("escape")
        await lab.press("t")
        await lab.quiet()
        assert "3.3" in str(screen(lab).query_one("#page").border_title)
        assert "You predicted" in said(lab, "#result")
        assert len(list(all_runs())) == 1
        await lab.press("2")
        assert "stands" in lab.notifications
        await lab.press("u")
        assert "Press 1 to 2." in said(lab, "#text")


@driven
async def test_z_is_sampled_without_any_training() -> None:
    async with opened() as lab:
        await at_step(lab, "1.3")
        await run_step(lab, "2", "r")
        assert "As you predicted: “about 1.22”." in said(lab, "#result")
        assert {series.label for series in screen(lab).query_one("#single", Chart).spec.series} == {
            "standard",
            "scaled",
        }
        assert list(all_runs()) == []


def test_how_smooth_an_output_is_between_two_pictures() -> None:
    run = trained(
        find("lecture/lambda-from-below").only(["λ = 0.0001", "λ = 10"]).with_settings({"data.evaluation": 200})
    )
    rough, smooth = output_path_between(run, 0), output_path_between(run, 1)
    assert smooth.steepness < 0.5 * rough.steepness
    assert rough.paths == smooth.paths == 50
    assert rough.output[0] > rough.output[-1]  # it begins at the picture whose digit it is the output for
    slope = np.abs(np.diff(rough.output) / np.diff(rough.t)).max()
    assert 0 < slope < 20


def test_trials_of_a_search_are_drawn_over_their_eta() -> None:
    trials = [
        curves("grid: 1", [0.5, 0.6], 0.01, eta=0.1),
        curves("grid: 2", [0.7], 0.01, eta=1.0),
        curves("random: 1", [0.9], 0.01, eta=0.3),
    ]
    spec = trials_chart(trials)
    drawn = [(each.label, float(each.x[0]), float(each.y[0])) for each in spec.series]
    assert drawn == [("grid", 0.1, 60.0), ("grid", 1.0, 70.0), ("random", 0.3, 90.0)]
    assert spec.x.log


@driven
async def test_steps_contents_and_back() -> None:
    async with opened(size=(80, 24)) as lab:
        await lab.press("t")
        await lab.press("b")
        assert "first step" in lab.notifications
        await lab.press("n")
        assert LectureProgress.load().at == "1.2"
        await lab.press("m")
        await lab.quiet()
        listed = lab.app.screen.query_one(OptionList)
        assert listed.highlighted == 1
        await lab.press("end", "enter")
        assert LectureProgress.load().at == STEPS[-1].number
        assert "nothing to run" not in lab.notifications
        await lab.press("r", "n")
        assert "nothing to run" in lab.notifications
        assert "last step" in lab.notifications
        assert not screen(lab).query_one("#right").display
        await lab.press("escape")
        assert lab.app.screen is lab.lab


@driven
async def test_the_narrow_screen_turns_over_and_changes_the_chart() -> None:
    async with opened(size=(80, 24)) as lab:
        await at_step(lab, "4.1")
        page, side = screen(lab).query_one("#page"), screen(lab).query_one("#right")
        assert (page.display, side.display) == (True, False)
        await lab.press("x")
        assert (page.display, side.display) == (False, True)
        charts = screen(lab).query_one(ChartPair)
        assert (charts.cost.display, charts.accuracy.display) == (True, False)
        await lab.press("c")
        assert (charts.cost.display, charts.accuracy.display) == (False, True)


@driven
async def test_leaving_ends_what_is_trained_and_nothing_is_answered() -> None:
    async with opened() as lab:
        await at_step(lab, "4.1")
        await lab.press("2", "r")
        await lab.until(lambda: list(all_runs()) and lab.state.training)
        await lab.press("escape")
        await lab.until(lambda: not lab.state.training)
        assert LectureProgress.load().outcomes["4.1"].right is None


@driven
async def test_an_experiment_is_taken_into_the_lab() -> None:
    async with opened() as lab:
        await at_step(lab, "1.5")
        await lab.press("o")
        assert lab.state.draft.preset.name == "lecture/large-weights-30"
        assert lab.state.draft.base.data.train == step_of("1.5").settings["data.train"]


@driven
async def test_a_terminal_without_unicode_gets_plain_letters() -> None:
    from tunelab.tui.charts.terminal import Looks

    async with opened(looks=Looks(ascii=True)) as lab:
        await at_step(lab, "1.2")
        assert said(lab, "#text").isascii()


def test_every_letter_of_the_lecture_can_be_spelled_in_ascii() -> None:
    texts = "".join(f"{s.title}{s.text}{s.ask}{s.answer}{s.more}{[c.text for c in s.choice]}" for s in STEPS)
    assert [letter for letter in sorted(set(texts)) if letter != "?" and "?" in ascii_only(letter)] == []
