"""The end of the wizard: a study in which something was gained, one in which nothing was, one cut by a budget."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from screens import Lab, driven, opened
from scripted_trainer import Script, scripted, three_classes
from textual.widgets import Static
from tunelab import Experiment, paths
from tunelab.strategy.runner import begin, run_to_the_end
from tunelab.strategy.state import StageState, State
from tunelab.tui.screens.wizard import WizardScreen
from tunelab.tui.state.strategy_session import Guide
from tunelab.tui.text import strategy_outcome as outcome
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.finale import Finale


def better(experiment: Experiment) -> float:
    """A larger η and more neurons are better."""
    score = 0.6 + 0.2 * (0.1 < experiment.training.eta < 20) + 0.1 * (sum(experiment.network.hidden) >= 30)
    return score - 0.3 * (len(experiment.data.classes or ()) == 2)  # a two-class score is told by its number


def best_already(experiment: Experiment) -> float:
    """Nothing is better than what it began with."""
    return 0.9 if experiment.training.eta == 0.37 else 0.7


@pytest.fixture(autouse=True)
def no_range_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A range test trains networks of its own; here nothing is trained."""
    monkeypatch.setattr("tunelab.search.eta.range_test", lambda *_, **__: SimpleNamespace(text=""), raising=False)


def study(folder: Path, script: Script, eta: float, *, budget: float | None = None) -> Path:
    """A strategy that has come to its end."""
    table = three_classes(folder / "table.csv", 900)
    asked = Experiment(data={"name": str(table)}, network={"hidden": [8]}, training={"eta": eta, "epochs": 3})
    place = paths.studies() / "mine"
    begin(place, asked, seeds=2, budget=budget)
    run_to_the_end(place, trainer=scripted(script))
    return place


async def at_the_end(lab: Lab, place: Path) -> WizardScreen:
    screen = WizardScreen(lab.state, Guide(place, ThreadPoolExecutor(1)))
    lab.app.push_screen(screen, lab.lab.take)
    await lab.pilot.pause()
    screen._tick()
    await lab.quiet()
    return screen


def says(screen: WizardScreen, where: str) -> str:
    return str(screen.query_one(f"#{where}", Static).content)


@driven
async def test_what_was_gained_stands_first_with_its_errors_and_the_commands_to_do_it_again(tmp_path: Path) -> None:
    place = study(tmp_path, better, 0.01)
    async with opened() as lab:
        screen = await at_the_end(lab, place)
        state = screen.guide.state
        assert state.done is not None
        began, ended = state.done["began"], state.done["ended"]
        assert f"Began at {100 * began['value']:.1f} ± {100 * began['error']:.1f} %" in says(screen, "outcome")
        assert f"ended at {100 * ended['value']:.1f} ± {100 * ended['error']:.1f} %" in says(screen, "outcome")
        assert f"on the same {ended['total']:,} examples" in says(screen, "outcome")
        assert "Test set, used once" in says(screen, "outcome-notes")
        assert "η 0.01 → " in says(screen, "outcome-notes")
        assert "one standard error" in says(screen, "outcome-notes")
        assert "tunelab tune --study mine" in says(screen, "again")
        assert f"tunelab run {place / 'winner.toml'}" in says(screen, "again")
        assert (place / "winner.toml").is_file()
        assert "left out" not in lab.picture.lower()
        points = screen.query_one("#stage-scores", Chart).spec.series[0]
        assert points.x[0] == 0
        assert points.y[0] == pytest.approx(100 * began["value"])
        assert points.y[-1] == pytest.approx(100 * ended["value"])
        await lab.press("enter")
        assert lab.app.screen is lab.lab
        assert lab.state.draft.base.training.eta == state.winner.training.eta


@driven
async def test_where_nothing_was_gained_that_is_the_headline_and_the_own_settings_stay(tmp_path: Path) -> None:
    place = study(tmp_path, best_already, 0.37)
    async with opened(size=(80, 24)) as lab:
        screen = await at_the_end(lab, place)
        assert says(screen, "outcome").startswith("Nothing was gained")
        assert "Nothing was gained" in lab.picture
        assert "Changed" not in says(screen, "outcome-notes")
        await lab.press("enter")
        assert lab.state.draft.base.training.eta == 0.37


def test_a_score_of_two_classes_is_in_no_column_with_that_of_all(tmp_path: Path) -> None:
    state = Guide(study(tmp_path, better, 0.01), ThreadPoolExecutor(1)).state
    scores = outcome.stage_scores(state)
    whole = [score.score for score in scores if score.whole]
    assert len(whole) >= 3
    assert {score["classes"] for score in whole if score} == {3}
    assert {score.score["classes"] for score in scores if score.score and not score.whole} <= {2}


def ended(state: State) -> str:
    return f"{outcome.reason_text(state)} {outcome.left_out_text(state)}"


def test_lack_of_time_is_named_only_where_there_was_a_budget() -> None:
    done = {"reason": "budget", "left_out": ["widen"], "began": None, "ended": None}
    stages = {"widen": StageState("widen", status="left-out", title="More neurons?")}
    assert "lack of time: More neurons?" in ended(State(stages=stages, done=done, budget=60.0))
    without = State(stages=stages, done=done)
    assert "time" not in ended(without)
    assert "Left out: More neurons?" in ended(without)
    assert outcome.stage_scores(without)[0].decided == "left out"


def test_where_only_stages_without_time_to_spare_were_left_out_the_time_is_not_said_to_be_used_up() -> None:
    done = {"reason": "budget", "left_out": ["momentum", "dropout"], "began": None, "ended": None}
    text = outcome.reason_text(State(budget=12.0, done=done))
    assert text == "All stages were done but those that there was no time to spare for."
    assert outcome.reason_text(State(budget=12.0, done=done | {"left_out": ["full"]})) == "The time is used up."


@driven
async def test_r_trains_the_winner_in_the_lab(tmp_path: Path) -> None:
    place = study(tmp_path, better, 0.01)
    async with opened() as lab:
        screen = await at_the_end(lab, place)
        winner = screen.guide.state.winner
        await lab.press("r")
        await lab.until(lambda: lab.ends)
        assert lab.state.view is not None
        assert lab.state.view.run.preset.arms[0].experiment.training.eta == winner.training.eta


@driven
async def test_going_back_from_the_end_asks_again(tmp_path: Path) -> None:
    place = study(tmp_path, better, 0.01)
    async with opened() as lab:
        screen = await at_the_end(lab, place)
        await lab.press("b", "a")
        assert not screen.query_one(Finale).display
        assert screen.guide.state.done is None
